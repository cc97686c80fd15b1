"""Kills trainings at random moments, as a lack of memory or a power cut does, and resumes them."""

import random
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from benchmarks.distributed.hosts import here
from benchmarks.distributed.kills import kill_workers
from benchmarks.faults.drill import Row
from benchmarks.faults.trainings import (
    DENSE,
    FOLDERS,
    SCRIPT,
    Ending,
    Kind,
    differences,
    finish,
    link,
    run,
    start,
    wait_for_first_line,
    write_given,
)
from nn.training.run_folder import COMPARISON

SEED = 0
AT_ONCE = 2  # trainings
KILLS_EACH = 8  # of one training: all but the first hit a resumed one

TRAINING = Kind("a training is killed", DENSE)
EXPORT = Kind("a training is killed while it draws plots and exports", DENSE)
REFIT = Kind("a `--refit` is killed", (*DENSE, "--refit"))
COMPARE = Kind(
    "a `--compare` is killed",
    (SCRIPT, "--data", "MNIST", "--compare", "dense", "tiny", "--epochs", "20", *FOLDERS),
    COMPARISON,
)
OWN = Kind(
    "a training on own digits is killed",
    (SCRIPT, "--data", "own", "--start-from", "start", "--epochs", "1", "--batch-size", "16",
     *FOLDERS),
)  # fmt: skip
WHOLE = "whole"  # the training of a kind that nothing interrupts
NOT_EXPORTED = shutil.ignore_patterns("exported.json", "*.png")
FULL_COUNTS = {TRAINING: 34, EXPORT: 20, REFIT: 14, COMPARE: 12, OWN: 10}
FULL_COUNT_OF_WORKERS = 10
HAPPENS = (
    "`--resume` ends with the weights, history and files of an undisturbed run, and one export"
)
HAPPENS_TO_WORKERS = (
    "the other ends with status 2 and one line that names it, or with 0 if all epochs were done; "
    "`--resume` on both ends with the weights of an undisturbed run"
)


class Place(NamedTuple):
    """Where trainings of a kind run: a folder, what each starts with, and a trained run, which
    EXPORT goes on with."""

    kind: Kind
    folder: Path
    given: Path
    trained: Path

    def new(self, name: str) -> Path:
        """A folder for one training."""
        made = self.folder / name
        link(self.given, made)
        if self.kind is EXPORT:
            shutil.copytree(self.trained, made / "run", ignore=NOT_EXPORTED)
        return made


def kills(scale: float, folder: Path) -> Iterator[Row]:
    """Kills trainings of each kind, a hundred times in all at scale 1."""
    print(f"kills: seed {SEED}", file=sys.stderr, flush=True)
    given = folder / "given"
    write_given(given)
    for number, (kind, full) in enumerate(FULL_COUNTS.items()):
        place = Place(kind, folder / str(number), given, folder / "trained")
        whole, seconds = _train_whole(place)
        if kind is TRAINING:
            shutil.copytree(place.folder / WHOLE / "run", place.trained)
            shutil.copytree(place.folder / WHOLE / "out", given / "start")  # for OWN
        count = max(1, round(scale * full))
        survived = _kill_many(place, count, whole, seconds)
        yield Row(kind.fault, count, survived, HAPPENS)
        shutil.rmtree(place.folder)
    count = max(1, round(scale * FULL_COUNT_OF_WORKERS))
    with redirect_stdout(sys.stderr):
        killed, hashes = kill_workers(here(2), count, "bundled", SEED)
    survived = sum(kill.ended_well for kill in killed) if len(hashes) == 1 else 0
    yield Row("one of two workers is killed", len(killed), survived, HAPPENS_TO_WORKERS)


def _train_whole(place: Place) -> tuple[Ending, float]:
    """Trains without a fault: what is left, and the seconds from its first line to its end."""
    folder = place.new(WHOLE)
    process = start(place.kind.command(folder), folder)
    wait_for_first_line(process)
    begun = time.perf_counter()
    ending = Ending.of(finish(process), folder)
    if ending.status:
        raise RuntimeError(ending.errors)
    return ending, time.perf_counter() - begun


def _kill_many(place: Place, count: int, whole: Ending, seconds: float) -> int:
    """Kills trainings until that was done `count` times; returns how often it was survived."""
    firsts = range(0, count, KILLS_EACH)

    def survived(first: int) -> int:
        chance = random.Random(f"{SEED} {place.kind.fault} {first}")
        return _kill_few(place, first, min(KILLS_EACH, count - first), whole, seconds, chance)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(survived, firsts))


def _kill_few(
    place: Place, first: int, count: int, whole: Ending, seconds: float, chance: random.Random
) -> int:
    """Kills a training `count` times, resumed after each, and lets it end. One that ends before it
    is killed is followed by another. Returns how many of the kills were survived."""
    done = 0
    while done < count:
        folder, before = place.new(f"{first}-{chance.randrange(10**6)}"), done
        while done < count and _kill(place.kind, folder, chance.uniform(0, seconds)):
            done += 1
        found = differences(run(place.kind.command(folder), folder), folder, whole)
        shutil.rmtree(folder)
        if found:
            print(f"{place.kind.fault}, after {done - before} kills:", *found, sep="\n    ",
                  file=sys.stderr)  # fmt: skip
            return before
    return done


def _kill(kind: Kind, folder: Path, seconds: float) -> bool:
    """Starts a training or goes on with it, and kills it so long after its first line. Returns
    whether it still ran then."""
    process = start(kind.command(folder), folder)
    wait_for_first_line(process)
    time.sleep(seconds)
    is_running = process.poll() is None
    process.kill()
    process.communicate()
    return is_running
