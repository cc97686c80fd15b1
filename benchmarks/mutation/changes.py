"""The changes: cosmic-ray makes each in a copy of the project, and runs its tests there."""

import multiprocessing
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, WorkResult
from tqdm import tqdm

from benchmarks.mutation.areas import AREAS
from benchmarks.mutation.covering import TestsByLine

# A change that makes its tests last so much longer than they took unchanged counts as noticed.
TIMEOUT_FACTOR, START_SECONDS = 3, 60
UNKNOWN_SECONDS = 180  # of an area's tests, in other processes
# In a type hint, where | is no operator, each change ends the import.
LEFT_OUT = "BitOr"


class Mutant(NamedTuple):
    """A change of the code, the command that tests it, and how long that takes unchanged."""

    area: str
    change: MutationSpec
    command: str
    seconds: float


def key(change: MutationSpec) -> list[Any]:
    """Identifies a change: its file, cosmic-ray's operator, and the number of this operator's
    change in the file."""
    return [str(change.module_path), change.operator_name, change.occurrence]


def possible_changes(area: str, project: Path) -> list[MutationSpec]:
    """All changes that cosmic-ray can make in an area's files, in a fixed order."""
    files = sorted(file for pattern in AREAS[area] for file in project.glob(pattern))
    with tempfile.TemporaryDirectory() as folder:
        work = WorkDB(f"{folder}/work.sqlite", WorkDB.Mode.create)
        before = Path.cwd()
        os.chdir(project)  # cosmic-ray's names of files are relative
        init([file.relative_to(project) for file in files], work, {})
        os.chdir(before)
        changes = [item.mutations[0] for item in work.work_items]
        work.close()
    changes = [change for change in changes if LEFT_OUT not in change.operator_name]
    return sorted(changes, key=lambda change: (str(change.module_path), change.operator_name,
                                               change.occurrence))  # fmt: skip


def to_mutant(
    area: str, change: MutationSpec, tests: TestsByLine, max_seconds: float, told: Sequence[str]
) -> Mutant:
    """Chooses the tests to run after a change.

    They are `told`, the tests that the user named. Without these, they are the tests that execute
    its lines, the quickest first, as many as run in max_seconds. If only other processes execute
    these lines, they are all tests of the area.
    """
    lines = range(change.start_pos[0], change.end_pos[0] + 1)
    file = str(change.module_path)
    chosen, total = list(told), 0.0
    for test in sorted({test for line in lines for test in tests.get((file, line), [])}):
        if chosen and total + test.seconds > max_seconds:
            break
        total += test.seconds
        chosen.append(test.name)
    words = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider",
             *(chosen or [f"tests/{area}"])]  # fmt: skip
    return Mutant(area, change, shlex.join(words), total or UNKNOWN_SECONDS)


def test_all(mutants: Sequence[Mutant], copies: Sequence[Path]) -> Iterator[WorkResult]:
    """Makes each change in one of the copies of the project, and tests it there."""
    context = multiprocessing.get_context("spawn")
    free = context.Queue()
    for copy in copies:
        free.put(copy)
    with ProcessPoolExecutor(len(copies), context, _enter, (free,)) as pool:
        yield from tqdm(pool.map(_test, mutants), total=len(mutants), desc="changes")


def _enter(free: "multiprocessing.Queue[Path]") -> None:
    os.chdir(free.get())


def _test(mutant: Mutant) -> WorkResult:
    timeout = START_SECONDS + TIMEOUT_FACTOR * mutant.seconds
    return mutate_and_test([mutant.change], mutant.command, timeout)
