"""Kills a worker at random moments, and starts all again from the checkpoint."""

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.distributed.hosts import Host, start_workers

SCRIPT = "train_neural_network.py"
# Small digits, many epochs: a worker is killed in steps, in validation and while the chief writes.
EPOCHS = 100
OPTIONS = ("--network", "dense", "--epochs", EPOCHS)
MAX_SECONDS_BEFORE_KILL = 4.0


class Killed(NamedTuple):
    """What followed a kill. seconds: until all others had ended; ended_well: whether each of them
    did, as `ends_well` says."""

    worker: int
    seconds: float
    ended_well: bool


def kill_workers(
    hosts: Sequence[Host], count: int, data: str, seed: int
) -> tuple[list[Killed], set[str]]:
    """Trains until workers were killed `count` times; returns what followed, and the hashes of the
    weights of all runs, which the uninterrupted one begins.

    After each kill all workers start again from the checkpoint. A run that reaches its end is
    followed by another.
    """
    chance = random.Random(seed)
    killed: list[Killed] = []
    with tempfile.TemporaryDirectory() as folder:
        hashes = {_finish(Path(folder, "whole"), hosts, data)}
        print(f"uninterrupted: {hashes}", flush=True)
        runs = 0
        while len(killed) < count:
            runs += 1
            run = Path(folder, f"run-{runs}")
            while len(killed) < count:
                processes = start_workers(hosts, _arguments(run, data))
                found = _kill_one(processes, run, chance)
                if found is None:
                    break
                killed.append(found)
                print(f"kill {len(killed)}: {found}", flush=True)
            hashes.add(_finish(run, hosts, data))
            print(f"run {runs}: {hashes}", flush=True)
    return killed, hashes


def _arguments(run: Path, data: str) -> list:
    if (run / "config.json").exists():
        return [SCRIPT, "--resume", run]
    return [
        SCRIPT, "--data", data, *OPTIONS, "--run-dir", run, "--saved-model", run / "SavedModel"
    ]  # fmt: skip


def _finish(run: Path, hosts: Sequence[Host], data: str) -> str:
    """Trains a run to its end; returns the hash of its weights."""
    for process in start_workers(hosts, _arguments(run, data)):
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors)
    return json.loads((run / "SavedModel" / "1" / "model_card.json").read_text())["weights_sha256"]


def _kill_one(processes: list[subprocess.Popen], run: Path, chance: random.Random) -> Killed | None:
    """Kills one of the workers at a random moment after they have met; None if they ended first."""
    chief = processes[0]
    assert chief.stdout is not None
    if not any("train together" in line for line in chief.stdout):
        return _ended(processes)
    time.sleep(chance.uniform(0, MAX_SECONDS_BEFORE_KILL))
    victim = chance.randrange(len(processes))
    others = [process for process in processes if process is not processes[victim]]
    if any(process.poll() is not None for process in processes):
        return _ended(processes)
    processes[victim].kill()
    killed = time.perf_counter()
    said = [_reported(process) for process in others]
    seconds = time.perf_counter() - killed
    for process in processes:
        process.communicate()
    statuses = [process.returncode for process in others]
    is_trained = _epochs_in(run) == EPOCHS
    ended_well = all(
        ends_well(victim, is_trained, status, lines)
        for status, lines in zip(statuses, said, strict=True)
    )
    if not ended_well:
        print(f"status {statuses}: {said}", flush=True)
    return Killed(victim, round(seconds, 2), ended_well)


def ends_well(victim: int, is_trained: bool, status: int, lines: Sequence[str]) -> bool:
    """Whether a worker ends as it should after another was killed.

    It must end with status 2 and one line that names the victim. After the last epoch, workers no
    longer need each other: then it may also end with status 0 and no line.

    victim: the number of the killed worker; is_trained: whether all epochs were done; lines: on
    standard error, without warnings.
    """
    if status == 0:
        return is_trained and not lines
    return status == 2 and len(lines) == 1 and lines[0].startswith(f"error: worker {victim} ")


def _epochs_in(run: Path) -> int:
    """The number of epochs that a run's history lists."""
    history = run / "history.csv"
    return len(history.read_text(encoding="utf-8").splitlines()) - 1 if history.exists() else 0


def _ended(processes: list[subprocess.Popen]) -> None:
    """Waits until all have ended. Raises RuntimeError if one failed that nobody killed."""
    for process in processes:
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors)


def _reported(process: subprocess.Popen) -> list[str]:
    """What a process reports before it ends, without warnings."""
    assert process.stderr is not None
    return [line for line in process.stderr if not line.startswith("warning: ")]
