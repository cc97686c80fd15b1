"""The page of apps/draw and the server of apps/serve as runtimes: in a real browser, and in a
process of its own."""

import base64
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.parity.inputs import Arrays, InputSet
from benchmarks.parity.runtimes import AnswerSet
from nn.errors import UserError

OUTPUTS = ("digits", "probabilities", "reason_codes")
PAGES_AT_ONCE = 8  # of 512×512 pixels, 8 MB of JSON
MAX_UPLOAD_MB = 64
# Runs a signature on one input after the other. Bytes come as base64, which is quick to send.
RUN_IN_PAGE = """async ({ signature, count, arrays }) => {
  const types = { "|u1": Uint8Array, "<i4": Int32Array };
  const values = arrays.map(({ name, type, shape, text }) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return { name, shape: [1, ...shape], all: new types[type](bytes.buffer) };
  });
  const found = [];
  for (let place = 0; place < count; place += 1) {
    const inputs = {};
    for (const { name, shape, all } of values) {
      const size = shape.reduce((product, side) => product * side, 1);
      inputs[name] = [all.slice(place * size, (place + 1) * size), shape];
    }
    const outputs = await globalThis.page.reader.run(signature, inputs);
    found.push({
      digits: outputs.digits[0],
      probabilities: [...outputs.probabilities],
      reason_codes: outputs.reason_codes?.[0],
    });
  }
  return found;
}"""


@contextmanager
def page_in_chromium(version: Path) -> Iterator[AnswerSet]:
    """The page, which runs the version's digits.tflite with LiteRT.js."""
    from apps.draw.browser import chromium, served_page, wait_until_ready
    from apps.draw.site import write_site

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "site"
        write_site(folder, version)
        with served_page(folder) as address, chromium() as browser:
            page = browser.new_page()
            page.goto(address)
            wait_until_ready(page)

            def run(name: str, arrays: Arrays) -> Arrays:
                given = [
                    {"name": key, "type": array.dtype.str, "shape": array.shape[1:],
                     "text": base64.b64encode(np.ascontiguousarray(array)).decode()}
                    for key, array in arrays.items()
                ]  # fmt: skip
                count = len(next(iter(arrays.values())))
                asked = {"signature": name, "count": count, "arrays": given}
                return _columns(page.evaluate(RUN_IN_PAGE, asked))

            yield lambda inputs: inputs.run(run)


@contextmanager
def served(version: Path) -> Iterator[AnswerSet]:
    """The server, asked as TensorFlow Serving's clients ask."""
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.serve", "--model", str(version), "--port", "0",
         "--max-upload-mb", str(MAX_UPLOAD_MB)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr
        address = address_of_server(process.stderr)

        def run(name: str, arrays: Arrays) -> Arrays:
            body = {
                "signature_name": name,
                "inputs": {key: array.tolist() for key, array in arrays.items()},
            }
            asked = urllib.request.Request(
                f"{address}/v1/models/digits:predict", json.dumps(body).encode()
            )
            with urllib.request.urlopen(asked) as answer:
                outputs = json.load(answer)["outputs"]
            return {key: np.array(outputs[key]) for key in OUTPUTS if key in outputs}

        def answer_set(inputs: InputSet) -> Arrays:
            return inputs.run(run, PAGES_AT_ONCE if inputs.signature == "pages" else None)

        yield answer_set
    finally:
        process.terminate()
        process.wait()


def address_of_server(said: Iterable[str]) -> str:
    """The address that the server prints. Raises UserError, with all lines, if none has it."""
    lines = []
    for line in said:
        if line.startswith("Serving on "):
            return line.split()[-1]
        lines.append(line)
    raise UserError(f"the server did not start:\n{''.join(lines).strip()}")


def _columns(rows: list[dict]) -> Arrays:
    """A list of N answers → arrays of N."""
    return {
        name: np.array([row[name] for row in rows])
        for name in OUTPUTS
        if rows[0].get(name) is not None
    }
