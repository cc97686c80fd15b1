"""Changes the code at random places, and checks whether a test notices: a check of the tests.

    python -m benchmarks.mutation                              all areas: over an hour on 2 cores
    python -m benchmarks.mutation --only data --count 20
    python -m benchmarks.mutation --again FILE --tests tests/data
                           make the changes again that FILE lists as not noticed, with these tests

cosmic-ray makes small changes: it reverses a comparison, makes a number one higher, negates a
condition, or takes out a loop. First the tests run once, to find out which of them execute which
line. Then, after each change, the tests that execute its line run, the quickest first, for about a
minute. If they all pass, the change is written to --unnoticed. Look at it: a test is missing, or
the change makes no difference to a user. Write the test, then use --again; with --tests, the first
step is left out.

The changes are made in copies of the project. requirements/mutation.txt names what it needs.

exit status: 0; 2 after wrong usage, if a test fails without a change, or if FILE is of other code
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from cosmic_ray.work_item import MutationSpec, WorkerOutcome

from benchmarks import result_files
from benchmarks.mutation.areas import AREAS, table
from benchmarks.mutation.changes import Mutant, key, possible_changes, test_all, to_mutant
from benchmarks.mutation.covering import PROCESSES, learn
from nn.errors import UserError
from nn.runtime.startup import run_command

PROJECT = Path(__file__).parents[2]
COPIED = (
    "nn", "tests", "apps", "benchmarks", "docs", "MNIST", "SavedModel", "samples", "requirements",
    "pyproject.toml", "requirements.txt", "train_neural_network.py", "load_saved_model.py",
    "README.md", "CHANGELOG.md", "Makefile",
)  # fmt: skip
MAX_SECONDS = 60  # of the tests that meet a change, as long as they took unchanged
# What is counted in each area. Noticed at first: before --again.
COUNTS = ("changes", "noticed_at_first", "noticed", "timed_out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments(arguments)
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Makes the changes, and prints how many the tests notice."""
    known = result_files.read(options.again) if options.again else None
    with tempfile.TemporaryDirectory(prefix="digits-mutation-") as folder:
        copies = [copy_project(Path(folder) / str(number)) for number in range(PROCESSES)]
        areas = options.only or (known["areas"] if known else AREAS)
        changes = {area: choose(area, options, copies[0], known) for area in areas}
        tests = {} if options.tests else learn(copies[0])
        mutants = [
            to_mutant(area, change, tests, MAX_SECONDS, options.tests)
            for area in areas
            for change in changes[area]
        ]
        found = known or {"seed": options.seed, "areas": {}}
        judge(mutants, copies, found, options, is_again=known is not None)
    print(*table(found), sep="\n")
    return 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--count", type=int, default=60, metavar="N", help="changes in each area (default: 60)")
    add("--seed", type=int, default=0, metavar="N",
        help="another seed makes other changes (default: 0)")  # fmt: skip
    add("--only", nargs="+", choices=AREAS, metavar="AREA",
        help=f"change these alone, of {', '.join(AREAS)}")  # fmt: skip
    add("--again", type=Path, metavar="FILE",
        help="make only the changes that no test noticed, by a file of --results")  # fmt: skip
    add("--tests", nargs="+", default=[], metavar="TEST",
        help="these meet each change, whatever they execute; named as for pytest")  # fmt: skip
    add("--unnoticed", type=Path, default=Path("unnoticed.diff"), metavar="FILE",
        help="where to write what no test noticed (default: unnoticed.diff)")  # fmt: skip
    result_files.add_results_option(parser, result_files.MUTATION)
    return parser.parse_args(arguments)


def copy_project(folder: Path) -> Path:
    """Copies what the tests need into a new folder; returns it."""
    folder.mkdir()
    for name in COPIED:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, folder)
    return folder


def choose(
    area: str, options: argparse.Namespace, project: Path, known: dict[str, Any] | None
) -> list[MutationSpec]:
    """Draws --count changes of an area's code at random, or takes those that `known` lists as not
    noticed. Raises UserError if the code has no such change."""
    possible = possible_changes(area, project)
    if known is None:
        count = min(options.count, len(possible))
        return Random(f"{options.seed} {area}").sample(possible, count)
    unnoticed = known["areas"].get(area, {"unnoticed": []})["unnoticed"]
    found = [change for change in possible if key(change) in unnoticed]
    if len(found) < len(unnoticed):
        raise UserError(
            f"{options.again}: made from other code: some of its changes of {area} cannot be made; "
            "draw new ones, without --again"
        )
    return found


def judge(
    mutants: list[Mutant],
    copies: list[Path],
    found: dict[str, Any],
    options: argparse.Namespace,
    *,
    is_again: bool,
) -> None:
    """Makes the changes, and counts in `found` what the tests notice.

    All changes take long, so the files of --results and --unnoticed are written after each one.
    """
    with options.unnoticed.open("w", encoding="utf-8") as file:
        for mutant, result in zip(mutants, test_all(mutants, copies), strict=True):
            if result.worker_outcome is not WorkerOutcome.NORMAL:
                raise RuntimeError(f"{key(mutant.change)} could not be tested:\n{result.output}")
            empty = {**dict.fromkeys(COUNTS, 0), "unnoticed": []}
            row = found["areas"].setdefault(mutant.area, empty)
            if is_again:
                row["unnoticed"].remove(key(mutant.change))
            else:
                row["changes"] += 1
                row["noticed_at_first"] += result.is_killed
            row["noticed"] += result.is_killed
            row["timed_out"] += result.output == "timeout"
            if not result.is_killed:
                row["unnoticed"].append(key(mutant.change))
                file.write(f"{mutant.command}\n{result.diff}\n\n")
                file.flush()
            result_files.write(options.results, found)


if __name__ == "__main__":
    sys.exit(main())
