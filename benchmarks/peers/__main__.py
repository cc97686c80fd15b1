"""Measures the speed and memory of this project beside the tools that you would use instead.

    make benchmark                                      every row, in about half an hour
    make benchmark-quick                                a few rows, without PyTorch and others
    python -m benchmarks.peers --rows dense-64 start

Each contender runs in a process of its own. In each repeat the contenders run once each, in turn,
so that a slow minute of the machine slows all of them. A ratio compares two runs of one repeat: it
is the speed of this project divided by the speed of a peer's best setting (*). The benchmark prints
the median ratio, the smallest and the largest. It stops running a setting (-) if in both of the
first two repeats another setting of the same contender was more than 1.5 times as fast. Memory is
the peak resident memory of a contender's process.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from benchmarks.peers import results, scaling
from benchmarks.peers.race import OURS, race, ratios
from benchmarks.peers.rows import CSV, KERAS, ONNX, TORCH, rows
from benchmarks.peers.shop import Shop
from nn.prediction.runtimes import LITERT, TENSORFLOW
from nn.runtime.startup import import_tensorflow, run_command

NETWORKS = ("dense", "basic_cnn")
SAMPLE = "samples/3_pen.webp"
QUICK = ("dense-128", "csv", "start", "latency-dense", "batches-dense-1024", "folder")


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Measures; returns the exit status."""
    import_tensorflow()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder)
        shop.make(
            options.data or ("auto" if options.quick else "mnist"),
            NETWORKS,
            500 if options.quick else 10_000,
        )
        found = {"machine": results.machine(), "rows": []}
        for row in measure(shop, options):
            found["rows"].append(row)
            if options.results:  # after each row: a later error loses no row
                results.write(options.results, found)
        if not (options.quick or options.rows):
            found["scaling"] = scaling.measure(folder, options.repeats)
            print("\n".join(scaling.lines(found["scaling"])))
    minutes = (time.perf_counter() - started) / 60
    count = sum("not_measured" not in row for row in found["rows"])
    print(f"\n{count} rows in {minutes:.0f} minutes")
    if options.results:
        keep(found, options.results)
    return 0


def keep(found: dict, path: Path) -> None:
    """Writes the JSON file, and draws the charts beside it."""
    charts = [path.with_suffix(".png")]
    results.write(path, found)
    results.draw(found["rows"], charts[0])
    if "scaling" in found:
        charts.append(path.with_name(f"{path.stem}_scaling.png"))
        scaling.draw(found["scaling"], charts[1])
    print("Wrote", *[path, *charts])


def parse_arguments() -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = rows("", {}, CSV)
    add = parser.add_argument
    add("--rows", nargs="+", choices=names, metavar="ROW", help=f"these only: {', '.join(names)}")
    add(
        "--repeats",
        type=_positive,
        default=5,
        metavar="N",
        help="runs of each contender in a row (default: 5)",
    )
    add("--quick", action="store_true", help=f"these, twice: {', '.join(QUICK)}")
    add("--data", metavar="DATA",
        help="see --data of train_neural_network.py (default: mnist; --quick: auto)")  # fmt: skip
    add("--results", type=_file, metavar="FILE", help="write a JSON file, and charts beside it")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not number:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found {text}")
    return number


def _file(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():  # checked here: the first row takes minutes
        raise argparse.ArgumentTypeError(f"{path.parent} is no folder; create it first")
    return path


def measure(shop: Shop, options: argparse.Namespace) -> Iterator[dict]:
    """Measures row by row: prints each, and yields it as the JSON file holds it."""
    chosen = options.rows or (QUICK if options.quick else None)
    table = rows(str(shop.path), scripts(shop), CSV)
    for name in tqdm(chosen or table, disable=None, leave=False):
        row = table[name]
        if reason := why_not(name, asked_for=bool(options.rows)):
            tqdm.write(f"{row.name}\n   not measured: {reason}\n")
            yield results.not_measured(row, reason)
            continue
        if options.quick:
            row = replace(row, contenders=[each for each in row.contenders if each.quick])
        measured = race(row, 2 if options.quick else options.repeats)
        compared = ratios(row, measured)
        tqdm.write("\n".join(results.lines(row, measured, compared)) + "\n")
        sys.stdout.flush()  # a row takes minutes; a log file shows it at once
        yield results.as_json(row, measured, compared)


def why_not(name: str, asked_for: bool) -> str | None:
    """Returns why a row is not measured on this machine, or None if it is.

    asked_for: whether the user named the row in --rows.
    """
    from nn.runtime.sessions import BFLOAT16, precision_for_this_cpu  # imports TensorFlow

    if name == "csv" and not CSV.exists():  # as with --data bundled
        return f"there is no {CSV}: python -m nn.mnist"
    # Emulated, that row alone takes an hour, and nobody would train like this.
    if name == "cnn-bfloat16" and not asked_for and precision_for_this_cpu(BFLOAT16) != BFLOAT16:
        return f"this CPU would emulate it; --rows {name} does"
    return None


def scripts(shop: Shop) -> dict[tuple[str, str], list[str]]:
    """Contender and setting → the arguments of a Python process that loads a model and reads one
    picture."""
    here = Path(__file__).parent
    own = ["load_saved_model.py", SAMPLE, "--model", "SavedModel/1", "--runtime"]
    found = {(OURS, runtime): [*own, runtime] for runtime in (TENSORFLOW, LITERT)}
    found["import tensorflow", ""] = ["-c", "import tensorflow"]
    for name, script, ending in (
        (KERAS, "keras", "keras"), (TORCH, "torch", "pt"), (ONNX, "onnx", "onnx")
    ):  # fmt: skip
        model = str(shop.path / f"basic_cnn.{ending}")
        found[name, ""] = [str(here / f"{script}_script.py"), model, SAMPLE]
    return found


if __name__ == "__main__":
    sys.exit(main())
