"""A server in a process of its own, for the tests of apps/serve."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from conftest import ROOT, load_in_this_process

SAMPLES = [path for path in sorted(ROOT.glob("samples/*.*")) if path.suffix not in (".py", ".csv")]
NUMBERS = sorted(path for path in ROOT.glob("samples/numbers/*.*") if path.suffix != ".csv")
# The limits of the tests: shorter waits, and a shorter queue.
STALL_SECONDS, MAX_IN_WORK = 2, 8
START = f"""
import sys
from apps.serve import limits
limits.STALL_SECONDS, limits.MAX_IN_WORK = {STALL_SECONDS}, {MAX_IN_WORK}
from apps.serve.__main__ import main
sys.exit(main())
"""


class Server:
    """A running server. client: of httpx, for its address; said: what it has printed."""

    def __init__(self, process: subprocess.Popen, said: list[str]) -> None:
        self.process, self.said = process, said
        self.port = int(next(line for line in said if line.startswith("Serving")).split(":")[-1])
        # A connection for each request: the server closes one that stays idle.
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            timeout=120,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def read(self, *files: tuple[str, bytes], number: bool = False) -> httpx.Response:
        """Uploads files to /read."""
        query = "?number=true" if number else ""
        return self.client.post(f"/read{query}", files=[("file", each) for each in files])

    def predict(self, asked: Any) -> httpx.Response:
        """Asks for a prediction: JSON, or text as it is."""
        content = asked if isinstance(asked, str) else json.dumps(asked)
        return self.client.post("/v1/models/digits:predict", content=content)

    def metric(self, line: str) -> float:
        """The value of a line of /metrics, 0 where there is no such line yet."""
        lines = self.client.get("/metrics").text.splitlines()
        return next((float(each.split()[-1]) for each in lines if each.startswith(f"{line} ")), 0.0)

    def wait_for(self, line: str, value: float) -> None:
        """Waits until a line of /metrics has a value."""
        end = time.monotonic() + 60
        while self.metric(line) != value:
            assert time.monotonic() < end, f"{line} is {self.metric(line)}, not {value}"
            time.sleep(0.01)


@contextmanager
def serving(tmp_path: Path, *options: str, folder: Path = ROOT) -> Iterator[Server]:
    """A server in a folder of the project, in which TensorFlow cannot be imported."""
    (tmp_path / "tensorflow.py").write_text("raise AssertionError('TensorFlow is imported')")
    process = subprocess.Popen(
        [sys.executable, "-c", START, "--port", "0", *options],
        cwd=folder, env={"PYTHONPATH": str(tmp_path)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line.rstrip("\n"))
            if line.startswith("Serving on"):
                break
        server = Server(process, said)
        server.client.get("/healthz")
        yield server
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def read_by_the_script(*arguments: str) -> list[dict]:
    """What load_saved_model.py --json prints, each input named by its file's name alone."""
    finished = load_in_this_process(*arguments, "--json", "--runtime", "litert")
    readings = [json.loads(line) for line in finished.stdout.splitlines()]
    return [reading | {"input": Path(reading["input"]).name} for reading in readings]
