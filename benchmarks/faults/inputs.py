"""Damaged pictures and data files, thousands of each format: one answer or one error for each.

Each format is read in a process of its own, with a limit of memory, and of time for each file. Run
as a module, this file is that process.
"""

import gzip
import io
import json
import logging
import random
import resource
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.faults.drill import Row
from benchmarks.faults.mutations import mutated
from benchmarks.faults.seed_files import data_files, picture_files
from benchmarks.memory import peak_megabytes

ROOT = Path(__file__).parents[2]
SEED = 20261130
FULL_COUNT = 10_000  # files, of all formats together
FULL_RUN, FULL_BROKEN = 100_000, 1_000  # pictures of one run, and how many of them are broken
MAX_SECONDS = 60  # for one file, on a busy machine; the signal ends the process
MAX_ADDRESS_BYTES = 6 * 2**30  # a process that asks for more gets a MemoryError
MAX_MEMORY_MB = 1024  # that a process may hold
MAX_GROWTH_MB = 30  # of a long run, from its first tenth to its end
LONG_RUN = "long run"


def inputs(scale: float, folder: Path) -> Iterator[Row]:
    """Yields a row for each format, one for all of a long run, and one for the memory."""
    print(f"inputs: seed {SEED}", file=sys.stderr)
    kinds = [*picture_files(), *data_files()]
    count = max(1, round(scale * FULL_COUNT / len(kinds)))
    peaks = []
    for kind in kinds:
        found = _in_a_process(kind, count, folder)
        peaks.append(found["peak_mb"])
        yield Row(f"damaged {kind.strip('.-')} files", count, found["survived"], _seen(found))
    pictures = max(200, round(scale * FULL_RUN))
    found = _in_a_process(LONG_RUN, pictures, folder)
    yield Row("broken pictures in a long run", pictures, found["survived"], _seen(found))
    peaks.append(found["peak_mb"])
    fits = sum(peak < MAX_MEMORY_MB for peak in peaks)
    yield Row("memory of these", len(peaks), fits, f"at most {max(peaks)} MB are held")


def _in_a_process(kind: str, count: int, folder: Path) -> dict:
    """What the process of a format reports; a process that dies or hangs has read nothing."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults.inputs", kind, str(count), str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if finished.returncode == 0:
        found = json.loads(finished.stdout)
        if finished.stderr:  # a library has written past this project
            found["survived"] = 0
            found["failures"].append(f"on standard error: {finished.stderr.splitlines()[0]}")
        return found
    last = (finished.stderr.splitlines() or [f"signal {-finished.returncode}"])[-1]
    return {"survived": 0, "peak_mb": 0, "failures": [f"the process died: {last}"], "seen": {}}


def _seen(found: dict) -> str:
    """What a user sees: the kinds of answers, then the first faults."""
    seen = ", ".join(f"{number:,} {what}" for what, number in found["seen"].items())
    return "; ".join([seen, *found["failures"][:3]])


def main(kind: str, count: int, folder: Path) -> None:
    """Reads `count` damaged files of a format; prints what was found as JSON."""
    logging.getLogger("nn").addHandler(logging.NullHandler())  # hints, of good files too
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_BYTES, MAX_ADDRESS_BYTES))
    pictures, data = picture_files(), data_files()
    if kind == LONG_RUN:
        seen, failures = _long_run(pictures["PNG"], count)
    elif kind in pictures:
        seen, failures = _read_each(kind, pictures[kind], count, _picture_reader())
    else:
        seen, failures = _read_each(kind, data[kind], count, _data_reader(kind, folder))
    survived = count - len(failures)
    peak_mb = round(peak_megabytes())
    print(json.dumps({"survived": survived, "peak_mb": peak_mb, "failures": failures,
                      "seen": dict(seen.most_common())}))  # fmt: skip


def _read_each(
    kind: str, seeds: list[bytes], count: int, read: Callable[[bytes], str]
) -> tuple[Counter[str], list[str]]:
    """What was seen of each damaged file, and what should not have been."""
    rng, seen, failures = random.Random(f"{SEED} {kind}"), Counter[str](), list[str]()
    for place in range(count):
        content = _damaged(kind, seeds, rng)
        signal.alarm(MAX_SECONDS)
        try:
            seen[read(content)] += 1
        except Exception as error:
            failures.append(f"file {place}: {type(error).__name__}: {error}")
            Path(tempfile.gettempdir(), f"fault-{kind.strip('.-')}-{place}").write_bytes(content)
    signal.alarm(0)
    return seen, failures


def _damaged(kind: str, seeds: list[bytes], rng: random.Random) -> bytes:
    """A damaged file. A packed one is damaged as it is, or packed again from damaged content: its
    checksum would find out nearly all other damage."""
    seed = rng.choice(seeds)
    if not kind.endswith((".gz", ".npz")) or rng.random() < 0.3:
        return mutated(seed, seeds, rng)
    if kind.endswith(".gz"):
        unpacked = gzip.decompress(seed)
        return gzip.compress(mutated(unpacked, [unpacked], rng), 1)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as good, zipfile.ZipFile(file, "w") as archive:
        for name in good.namelist():
            array = good.read(name)
            archive.writestr(name, mutated(array, [array], rng) if rng.random() < 0.4 else array)
    return file.getvalue()


def _picture_reader() -> Callable[[bytes], str]:
    """Reads the bytes of a picture as a digit, and one in eight as a number too."""
    from nn.prediction.predictor import Predictor

    predictor = Predictor(ROOT / "SavedModel" / "1", runtime="litert")

    def read(content: bytes) -> str:
        (reading,) = predictor.read_bytes([("a", content)], 1)
        if len(content) % 8 == 0:
            (number,) = predictor.read_numbers([content])
            _check_reason(number.status, number.reason, "<bytes 1>: ")
        return _check_reason(reading.status, reading.reason, "a: ")

    return read


def _data_reader(kind: str, folder: Path) -> Callable[[bytes], str]:
    """Reads a data file as a prediction does, and as a training does."""
    from nn.data.data_files import iter_rows
    from nn.data.data_sets import read_set
    from nn.errors import DataError

    path = folder / f"train{kind}"

    def read(content: bytes) -> str:
        path.write_bytes(content)
        said = []
        for use in (iter_rows, read_set):
            try:
                found = use(path)
                if use is iter_rows:
                    _check_rows(found)
                said.append("read")
            except DataError as error:
                said.append(_check_reason("error", str(error), str(path)))
        path.unlink()
        return said[0]

    return read


def _check_rows(blocks: Iterator) -> None:
    """Raises ValueError where a row is neither an image nor an error, or is both."""
    last = 0
    for rows in blocks:
        lines = sorted([*rows.lines, *(line for line, _ in rows.errors)])
        if rows.images.shape != (len(rows.lines), 28, 28) or lines != sorted(set(lines)):
            raise ValueError(f"rows {lines[:3]} have images of {rows.images.shape}")
        if lines and lines[0] <= last:
            raise ValueError(f"line {lines[0]} after line {last}")
        last = lines[-1] if lines else last


def _check_reason(status: str, reason: str | None, start: str) -> str:
    """The status. Raises ValueError where an error has no reason, or one of several lines."""
    if status == "error" and not (
        reason and reason.startswith(start) and len(reason.splitlines()) == 1
    ):
        raise ValueError(f"not one line that names the file: {reason!r}")
    return status


def _long_run(seeds: list[bytes], count: int) -> tuple[Counter[str], list[str]]:
    """One run over many pictures, some of them broken: each has its own reading, in order, and the
    memory does not grow."""
    from nn.prediction.predictor import Predictor

    rng, broken_step = random.Random(SEED), FULL_RUN // FULL_BROKEN
    good = seeds[1]

    def pictures() -> Iterator[tuple[str, bytes]]:
        for place in range(count):
            is_broken = place % broken_step == broken_step // 2
            yield str(place), good[: rng.randrange(len(good) // 2)] if is_broken else good

    seen, failures, early_mb = Counter[str](), list[str](), 0
    with Predictor(ROOT / "SavedModel" / "1", runtime="litert") as predictor:
        for place, reading in enumerate(predictor.read_bytes(pictures())):
            is_broken = place % broken_step == broken_step // 2
            if reading.input != str(place) or (reading.status == "error") != is_broken:
                failures.append(f"picture {place} is {reading.status}, called {reading.input}")
            seen[reading.status] += 1
            if place == count // 10:
                early_mb = _held_mb()
    if seen.total() != count:
        failures.append(f"{seen.total()} readings")
    if (grown := _held_mb() - early_mb) > MAX_GROWTH_MB:
        failures.append(f"the memory has grown by {grown} MB")
    return seen, failures


def _held_mb() -> int:
    """The memory that the process holds at the moment."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 2**20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
