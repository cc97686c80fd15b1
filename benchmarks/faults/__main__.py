"""Provokes faults again and again: the table of docs/reliability.md.

    python -m benchmarks.faults                      everything: 25 minutes on 2 cores
    python -m benchmarks.faults --scale 0.05         a twentieth of the tries, at least one of each
    python -m benchmarks.faults --only kills         one drill

A fault is survived if the answer or the one line of the error is right, the exit status is the
documented one, nothing is lost, and nothing is left over. Standard error says what a try that was
not survived ended with.

exit status: 0; 1 if a fault was not survived each time it was tried; 2 after wrong usage
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import result_files
from benchmarks.faults.drill import Drill, Row
from nn.runtime.file_locks import in_use

# A drill is the function of this name in the module of this name. The two lists run beside each
# other, and take about the same time: together they leave neither of two processors idle.
SIDE_BY_SIDE = (
    ("kills",),
    ("full_disk", "concurrency", "damage", "inputs", "large_pictures", "clients"),
)  # fmt: skip
DRILLS = (*SIDE_BY_SIDE[0], *SIDE_BY_SIDE[1])
WIDTH, FAULT_WIDTH = 80, 60  # columns of a terminal; of them for the name of a fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments(arguments)
    print(f"{'fault':{FAULT_WIDTH}}{'tried':>9}{'survived':>10}", flush=True)
    chosen = [
        [name for name in names if name in (options.only or DRILLS)] for names in SIDE_BY_SIDE
    ]
    context = multiprocessing.get_context("fork")  # the drills need Linux anyway
    processes = [
        context.Process(target=run_all, args=(names, options)) for names in chosen if names
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return 1 if any(process.exitcode for process in processes) else 0


def run_all(names: Sequence[str], options: argparse.Namespace) -> None:
    """Runs drills, one after the other; exits with status 1 if a fault was not survived."""
    is_whole = True
    for name in names:
        started, rows = time.perf_counter(), []
        for row in shown(run(load(name), options.scale)):
            rows.append(row._asdict())
            is_whole &= row.survived == row.tried
            seconds = round(time.perf_counter() - started)
            found = {"scale": options.scale, "seconds": seconds, "rows": rows}
            write(options.results, name, found)  # after each row: a drill may take long
    sys.exit(0 if is_whole else 1)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--scale", type=float, default=1.0, metavar="SHARE",
        help="the share of the full number of tries (default: 1)")  # fmt: skip
    add("--only", nargs="+", choices=DRILLS, metavar="DRILL",
        help=f"run these alone, of {', '.join(DRILLS)}")  # fmt: skip
    result_files.add_results_option(parser, result_files.FAULTS)
    return parser.parse_args(arguments)


def load(name: str) -> Drill:
    """The drill of this name; what it needs is imported only now."""
    return getattr(import_module(f"benchmarks.faults.{name}"), name)


def run(drill: Drill, scale: float) -> Iterator[Row]:
    """Yields the rows of a drill, which has an empty folder until its last one."""
    with tempfile.TemporaryDirectory(prefix="digits-faults-") as folder:
        yield from drill(scale, Path(folder))


def shown(rows: Iterable[Row]) -> Iterator[Row]:
    """Yields the rows, and prints each: its fault and numbers, then what a user sees."""
    for row in rows:
        numbers = f"{row.fault:{FAULT_WIDTH}}{row.tried:>9,}{row.survived:>10,}\n"
        indent = " " * 4
        happens = textwrap.fill(row.happens, WIDTH, initial_indent=indent, subsequent_indent=indent)
        print(f"{numbers}{happens}\n", end="", flush=True)  # at once: two processes print
        yield row


def write(path: Path | None, name: str, found: dict[str, Any]) -> None:
    """Replaces what a result file says of one drill, and keeps the rest."""
    if path is None:
        return
    with in_use(path.parent, os.O_RDONLY):  # two processes write
        known = result_files.read(path)["drills"] if path.exists() else {}
        order = [each for each in DRILLS if each in known or each == name]
        drills = {each: found if each == name else known[each] for each in order}
        result_files.write(path, {"drills": drills})


def table(found: dict[str, Any]) -> Iterator[str]:
    """Yields the Markdown table of a result file, line by line."""
    yield "fault | tried | survived | what happens"
    yield "--- | ---: | ---: | ---"
    for drill in found["drills"].values():
        for row in drill["rows"]:
            yield f"{row['fault']} | {row['tried']:,} | {row['survived']:,} | {row['happens']}"


if __name__ == "__main__":
    sys.exit(main())
