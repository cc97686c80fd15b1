"""Fills a disk under each command that writes, then frees space and gives the command again."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.drill import Row
from benchmarks.faults.trainings import (
    DENSE,
    PROJECT,
    SCRIPT,
    Ending,
    Kind,
    differences,
    finish,
    link,
    run,
    start,
    write_given,
)

REASON = os.strerror(errno.ENOSPC)
AT_ONCE = 2
DISK_BYTES = 64 << 20  # more than a command writes
FILLER = "filler"
ONE_LINE = re.compile(rf"error: (run|out|pages|out\.csv)\b.*: .*{REASON}\)?")

READ = (str(PROJECT / "load_saved_model.py"), "samples", "--runtime", "litert", "--model", "model")
CONVERT = ("-m", "nn.mnist", "--from", "own", "--to", "out", "--quiet")
FULL_COUNTS = {
    Kind("the disk is full at a moment of a training", DENSE): 12,
    Kind("the disk is full: `load_saved_model.py --csv`", (*READ, "--csv", "out.csv")): 6,
    Kind("the disk is full: `load_saved_model.py --explain`", (*READ, "--explain", "pages")): 6,
    Kind("the disk is full: `python -m nn.mnist`", CONVERT): 6,
    Kind("the disk is full: `python -m nn.export`",
         ("-m", "nn.export", "--from", "model/1", "--to", "out")): 4,
}  # fmt: skip
PRINTING = (READ, (*READ, "--json"), CONVERT, (SCRIPT, "--list-networks"), DENSE)
HAPPENS = (
    f'status 2, one line with the file and "{REASON}", no temporary file; later all is written'
)
HAPPENS_TO_OUTPUT = f'status 2, and one line: "error: standard output: {REASON}"'


def full_disk(scale: float, folder: Path) -> Iterator[Row]:
    """Fills the disk that commands write to, at places from the first byte to the last one, and
    what their standard output leads to."""
    given = folder / "given"
    write_given(given)
    shutil.copytree(PROJECT / "SavedModel" / "1", given / "model" / "1")
    if not _can_mount(folder / "probe"):
        print("full_disk: skipped, mounting a tmpfs is not permitted here", file=sys.stderr)
    else:
        for number, (kind, full) in enumerate(FULL_COUNTS.items()):
            count = max(1, round(scale * full))
            survived = _fill_many(kind, count, folder / str(number), given)
            yield Row(kind.fault, count, survived, HAPPENS)
    count = max(1, round(scale * len(PRINTING)))
    survived = sum(_print_nowhere(PRINTING[number], folder, given) for number in range(count))
    yield Row("standard output is full, as in `> /dev/full`", count, survived, HAPPENS_TO_OUTPUT)


def _can_mount(folder: Path) -> bool:
    try:
        with _disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """A disk of its own, in memory, at a new folder while the block runs."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def _fill_many(kind: Kind, count: int, folder: Path, given: Path) -> int:
    """Fills the disk at so many places of what a command writes, evenly spread; returns how often
    it was survived."""
    with _disk(folder / "whole"):
        link(given, folder / "whole")
        finished = run(kind.command(folder / "whole"), folder / "whole")
        if finished.returncode:
            raise RuntimeError(finished.stderr)
        whole = Ending.of(finished, folder / "whole")
        size = shutil.disk_usage(folder / "whole").used

    def survives(number: int) -> bool:
        free = round(size * (number + 0.5) / count)
        found = _fill(kind, folder / str(number), given, free, whole)
        for line in found:
            print(f"{kind.fault}, {free:,} bytes free: {line}", file=sys.stderr)
        return not found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(survives, range(count)))


def _fill(kind: Kind, folder: Path, given: Path, free: int, whole: Ending) -> list[str]:
    """Gives a command while so many bytes are free, and again with space; returns what is not as it
    should be."""
    with _disk(folder):
        link(given, folder)
        with open(folder / FILLER, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - free)
        found = _objections(run(kind.command(folder), folder), ONE_LINE)
        left = [path.relative_to(folder) for path in folder.rglob("*")]
        found += [f"left over: {name}" for name in left if re.search(r"^\.|temp", name.name)]
        (folder / FILLER).unlink()
        return found + differences(run(kind.command(folder), folder), folder, whole)


def _print_nowhere(command: Sequence[str], folder: Path, given: Path) -> bool:
    """Whether a command says in one line that its standard output is full."""
    place = folder / "printing"
    link(given, place)
    with open("/dev/full", "w") as full:
        finished = finish(start(command, place, full))
    shutil.rmtree(place)
    found = _objections(finished, re.compile(rf"error: standard output: {REASON}"))
    for line in found:
        print(f"{' '.join(command)} > /dev/full: {line}", file=sys.stderr)
    return not found


def _objections(finished: subprocess.CompletedProcess, expected: re.Pattern) -> list[str]:
    """Why a process has not ended with status 2 and one line of this pattern."""
    found = []
    if finished.returncode != 2:
        found.append(f"status {finished.returncode}")
    lines = finished.stderr.splitlines()
    if not lines or not expected.fullmatch(lines[-1]):
        found.append(f"said {lines[-1:]}")
    if "Traceback" in finished.stderr or sum(line.startswith("error") for line in lines) != 1:
        found.append(f"said more: {lines}")
    return found
