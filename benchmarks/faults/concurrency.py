"""Commands that write into one folder at once, and a reader beside them."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.drill import Row
from benchmarks.faults.trainings import (
    DENSE,
    PROJECT,
    SCRIPT,
    TIMEOUT_SECONDS,
    finish,
    link,
    run,
    start,
    write_given,
)
from nn.errors import ModelError
from nn.versions import read_card

SHORT = (*DENSE, "--epochs", "2")  # the last one counts
READ = (str(PROJECT / "load_saved_model.py"), "samples", "--model", "out", "--runtime", "litert")
FULL_COUNT_OF_EXPORTS, FULL_COUNT_OF_CONVERSIONS = 6, 12


def concurrency(scale: float, folder: Path) -> Iterator[Row]:
    """Exports twice into one folder while a reader reads there; converts digits twice at once."""
    given = folder / "given"
    write_given(given)
    exports, reads = _export_many(max(1, round(scale * FULL_COUNT_OF_EXPORTS)), folder, given)
    yield Row(
        "two trainings export into one folder at once", len(exports), sum(exports),
        "both versions are whole, under numbers of their own",
    )  # fmt: skip
    yield Row(
        "a model is read while others are exported beside it", len(reads), sum(reads),
        "each reading is that of a whole version",
    )  # fmt: skip
    count = max(1, round(scale * FULL_COUNT_OF_CONVERSIONS))
    survived = sum(
        _convert_twice(folder / f"conversion-{number}", given) for number in range(count)
    )
    yield Row(
        "two `python -m nn.mnist` write into one folder at once", count, survived,
        "the four files of one of them, whole",
    )  # fmt: skip


def _export_many(count: int, folder: Path, given: Path) -> tuple[list[bool], list[bool]]:
    """Lets two trained runs export at once, again and again into the same folder, and reads with
    what is there meanwhile. Returns whether each pair of exports, and each reading, was right."""
    place = folder / "exports"
    link(given, place)
    trained = run(SHORT, place)
    if trained.returncode:
        raise RuntimeError(trained.stderr)
    exports, readings = [], []
    for number in range(count):
        for each in "ab":
            ignored = shutil.ignore_patterns("exported.json")
            shutil.copytree(place / "run", place / f"{number}{each}", ignore=ignored)
        pair = [
            start((SCRIPT, "--resume", f"{number}{each}", "--saved-model", "out"), place)
            for each in "ab"
        ]
        end = time.monotonic() + TIMEOUT_SECONDS
        while any(process.poll() is None for process in pair) and time.monotonic() < end:
            readings.append(run(READ, place))
        ended = [finish(process) for process in pair]
        exports.append(
            all(each.returncode == 0 and not each.stderr for each in ended)
            and _versions_are(place / "out", 2 * number + 3)
        )
        if not exports[-1]:
            print(f"{place / 'out'}: {[each.stderr for each in ended]}", file=sys.stderr)
    expected = run(READ, place).stdout  # all versions are of equal weights
    return exports, [_is_right(each, expected) for each in readings]


def _versions_are(folder: Path, count: int) -> bool:
    """Whether a folder holds the versions 1 to `count`, all whole, and nothing else."""
    names = sorted(path.name for path in folder.iterdir())
    try:
        for name in names:
            read_card(folder / name)
    except ModelError as error:
        print(error, file=sys.stderr)
        return False
    return names == sorted(str(number) for number in range(1, count + 1))


def _is_right(finished, expected: str) -> bool:
    if finished.returncode or finished.stdout != expected:
        print(f"read {finished.stdout!r}: {finished.stderr}", file=sys.stderr)
        return False
    return True


def _convert_twice(place: Path, given: Path) -> bool:
    """Whether two conversions of different digits, at once, leave the four files of one."""
    link(given, place)
    pair = [
        start(("-m", "nn.mnist", "--from", name, "--to", "written", "--quiet"), place)
        for name in ("MNIST", "own")
    ]
    ended = [finish(process) for process in pair]
    written = _contents(place / "written")
    is_one = any(written == _contents(place / name) for name in ("MNIST", "own"))
    is_right = is_one and all(each.returncode == 0 for each in ended)
    if not is_right:
        names = {name: len(content) for name, content in written.items()}
        print(f"{names}: {[each.stderr for each in ended]}", file=sys.stderr)
    shutil.rmtree(place)
    return is_right


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
