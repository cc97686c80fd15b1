"""Compares how runtimes answer to the same pixels: the certificate of docs/parity.md.

    python -m benchmarks.parity
    python -m benchmarks.parity --count 2 --runtimes "tf.saved_model.load" "Predictor in LiteRT"
    python -m benchmarks.parity --inputs pixels/                        for another process
    python -m benchmarks.parity --answers "TensorFlow 2.18" answers.npz

The reference is the SavedModel in a session. All runtimes get the same pixels: MNIST's test digits,
the pictures of samples/, and those that benchmarks/handwriting composes, decoded once; and their
pages where load_saved_model.py would look closer. The table says how many digits and how many
statuses (`ok` or `unsure`, at the default threshold) differ, and by how much a probability does at
most.

exit status: 0; 1 if a digit differs, or a status whose probability is not close to the threshold;
2 after an error, or if what a runtime needs is missing
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from benchmarks import result_files
from benchmarks.held_out import held_out
from benchmarks.parity import needs
from benchmarks.parity.compare import Answers, Comparison, compare
from nn.confidence.thresholds import choose, least_probability, percent
from nn.data.digits import NO_DIGIT
from nn.errors import UserError
from nn.pictures.sources import as_source
from nn.runtime.startup import import_tensorflow, run_command
from nn.versions import find_version, read_card, thresholds_of

if TYPE_CHECKING:
    from benchmarks.parity.inputs import InputSet
    from benchmarks.parity.runtimes import Runtime

SAMPLES = result_files.FOLDER.parent / "samples"
NO_PICTURES = (".csv", ".py")  # other files in it
# The results say which versions of these are compared.
PACKAGES = ("tensorflow", "ai-edge-litert", "onnxruntime", "tf2onnx")


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Compares, or says what is missing, before anything is measured; returns the exit status."""
    import_tensorflow()
    runtimes = chosen(options)
    if missing := list(needs.missing({name: each.needs for name, each in runtimes.items()})):
        print(*(f"error: {line}" for line in missing), sep="\n", file=sys.stderr)
        return 2
    found = certify(options, runtimes)
    result_files.write(options.results, found)
    print("\n".join((*table(found), "", *different(found))))
    return 0 if all(row["agrees"] for row in found["rows"]) else 1


def parse_arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    add("--data", default="mnist", metavar="DATA", help="see --data of train_neural_network.py")
    add("--count", type=int, default=43, metavar="N",
        help="how many pictures of each kind to compose (default: 43)")  # fmt: skip
    add("--runtimes", nargs="*", metavar="NAME", help="compare these alone (default: all)")
    add("--answers", nargs=2, action="append", default=[], metavar=("NAME", "FILE"),
        help="compare the answers in a file of docs/parity.md, too")  # fmt: skip
    add("--inputs", type=Path, metavar="DIR", help="also write the pixels to DIR")
    result_files.add_results_option(parser, result_files.PARITY)
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> "dict[str, Runtime]":
    """The runtimes that the options name. Raises UserError, or OSError at a missing file."""
    from benchmarks.parity.app_runtimes import page_in_chromium, served  # late: with TensorFlow
    from benchmarks.parity.runtimes import RUNTIMES, Runtime, from_file

    known = RUNTIMES | {
        "page in Chromium": Runtime(page_in_chromium, needs.PAGE),
        "server": Runtime(served, needs.SERVER),
    }
    names = known if options.runtimes is None else options.runtimes
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"no runtime is called {unknown[0]!r}; choose from {', '.join(known)}")
    for _, file in options.answers:
        Path(file).open("rb").close()  # raises at once where there is none
    given = {name: from_file(Path(file)) for name, file in options.answers}
    return {name: known[name] for name in names} | given


def certify(options: argparse.Namespace, runtimes: "Mapping[str, Runtime]") -> dict[str, Any]:
    """Runs and compares the runtimes; returns the content of the --results file. Raises
    UserError."""
    from benchmarks.parity import inputs  # late: with TensorFlow
    from benchmarks.parity.runtimes import session

    version = find_version(options.model)
    card = read_card(version)
    digits = held_out(options.data, "test")
    paths = sorted(path for path in SAMPLES.iterdir() if path.suffix not in NO_PICTURES)
    samples = [as_source(path) for path in paths if path.is_file()]
    with session(version) as reference:
        sets = [
            inputs.rows("digits", digits),
            *inputs.looks("samples", samples, reference),
            *inputs.looks("composed", inputs.composed(digits, options.count), reference),
        ]
        expected = [Answers.of(each.run(reference)) for each in sets]
    if options.inputs:
        write_inputs(options.inputs, sets)
    least = least_probability(choose(thresholds_of(card), None), None)
    rows = measure(version, sets, expected, runtimes, least)
    total = len(runtimes) * len(sets)
    return {
        "weights_sha256": card["weights_sha256"],
        "versions": {
            each.name: each.version
            for each in sorted(distributions(), key=lambda each: each.name)
            if each.name in PACKAGES
        },
        "least_probability": least,
        "rows": [
            {"runtime": name, "set": which, "agrees": row.agrees(), **asdict(row)}
            for name, which, row in tqdm(rows, total=total, disable=None, leave=False)
        ],
    }


def measure(
    version: Path,
    sets: Sequence["InputSet"],
    expected: Sequence[Answers],
    runtimes: Mapping[str, "Runtime"],
    least: float,
) -> Iterator[tuple[str, str, Comparison]]:
    """Yields the name of each runtime, the name of each set, and how the answers compare.

    expected: the reference's answers to each set. least: how probable an answer must be to be `ok`.
    Raises UserError if a runtime has no answers to any set.
    """
    for name, runtime in runtimes.items():
        compared = 0
        with runtime.opened(version) as answer:
            for every, reference in zip(sets, expected, strict=True):
                count = min(len(every), runtime.most or len(every))
                places = np.linspace(0, len(every) - 1, count).astype(int)
                chosen = every.chosen(places)
                found = answer(chosen)
                if found is not None:
                    compared += 1
                    part = reference.chosen(places)
                    yield name, every.name, compare(chosen.names, part, Answers.of(found), least)
        if not compared:
            expected_names = ", ".join(each.name for each in sets)
            raise UserError(f"{name}: expected answers to one of {expected_names}, found none")


def write_inputs(folder: Path, sets: Sequence["InputSet"]) -> None:
    """Writes a file of arrays for each set: the name of the signature, and its inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in sets:
        np.savez(folder / f"{each.name}.npz", signature=np.array(each.signature), **each.arrays)


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of a Markdown table: a row for each runtime and set. found: the content of
    the --results file."""
    yield "runtime | inputs | compared | other digit | other status | largest difference"
    yield "--- | --- | ---: | ---: | ---: | ---:"
    for row in found["rows"]:
        yield (
            f"{row['runtime']} | {row['set']} | {row['inputs']:,} | {row['digits']} | "
            f"{row['statuses']} | {row['largest']:.1e}"
        )


def different(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line for each input whose digit or status differs."""
    yield f"An answer is ok from {percent(found['least_probability'])} on."
    for row in found["rows"]:
        for each in row["different"]:
            digits, statuses, shares = each["digits"], each["statuses"], each["probabilities"]
            sides = (
                f"{'no digit' if digit == NO_DIGIT else digit} {status} {share:.7f}"
                for digit, status, share in zip(digits, statuses, shares, strict=True)
            )
            yield (
                f"{row['runtime']}, {each['name']}: {' → '.join(sides)}, "
                f"{each['distance']:.1e} from the threshold"
            )


if __name__ == "__main__":
    sys.exit(main())
