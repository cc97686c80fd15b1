"""Runs several contenders on the same work, in turn, each in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from nn.errors import UserError

OURS = "this project"
# A setting is given up if it has less than this share of another setting's speed, in each of the
# first REPEATS_TO_JUDGE repeats.
SLOW_SHARE, REPEATS_TO_JUDGE = 2 / 3, 2


@dataclass(frozen=True)
class Contender:
    """A tool that does the work, in one setting.

    target: the module and function that benchmarks/peers/worker.py calls with the options. needs:
    the package that must be installed; None needs none. quick: whether --quick runs it.
    """

    name: str
    target: tuple[str, str]
    options: dict[str, Any]
    setting: str = ""
    needs: str | None = None
    quick: bool = True

    @property
    def there(self) -> bool:
        """Whether the package that it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None


@dataclass(frozen=True)
class Row:
    """One row of the table: the same work, done by this project and by its peers.

    unit: of the speeds, for example images/s. goals: peer → how many times as fast as the peer's
    best setting this project aims to be. repeats: the runs of each contender; None takes the usual
    number. warm_ups: the runs before these, which do not count.
    """

    name: str
    unit: str
    contenders: Sequence[Contender]
    goals: dict[str, float]
    repeats: int | None = None
    warm_ups: int = 1


@dataclass
class Measured:
    """What the runs of a contender measured, in their order.

    Each run has "seconds", and "work": the images, files, megabytes or multiply-adds that it did.
    """

    contender: Contender
    runs: list[dict[str, float]] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """The speed of each run: work a second."""
        return [run["work"] / run["seconds"] for run in self.runs]

    @property
    def rate(self) -> float:
        """The median speed: work a second."""
        return statistics.median(self.rates)

    def last(self, name: str) -> float | None:
        """Returns a value that the last run measured; None if it did not measure this value."""
        return self.runs[-1].get(name)


@dataclass(frozen=True)
class Ratio:
    """How many times as fast this project was as a peer's best setting.

    values: one for each repeat. goal: the median that this project aims at, if any.
    """

    peer: Measured
    values: list[float]
    goal: float | None

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        return None if self.goal is None else self.median >= self.goal


class Worker:
    """The process of a contender, which runs benchmarks/peers/worker.py."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 close() closes it
        module, function = contender.target
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.worker", module, function,
             json.dumps(contender.options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
            env={"TF_CPP_MIN_LOG_LEVEL": "3", **_environment()},
        )  # fmt: skip

    def answer(self) -> dict:
        """Reads the next answer of the process. Raises UserError if the process has ended."""
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:] or ["it printed no error"]
            setting = f" ({self._contender.setting})" if self._contender.setting else ""
            raise UserError(f"{self._contender.name}{setting}: ended too early: {last[0]}")
        return json.loads(line)

    def run(self) -> dict:
        """Has the process do the work once; returns what it measured."""
        with suppress(BrokenPipeError):  # the process has ended: `answer` says so
            self._process.stdin.write("run\n")
            self._process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """Ends the process: kills it if it does not end within 10 s."""
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def _environment() -> dict[str, str]:
    """Returns the environment of this process without this project's own thread setting."""
    own = "TF_OVERRIDE_GLOBAL_THREADPOOL"
    return {name: value for name, value in os.environ.items() if name != own}


@contextmanager
def workers(contenders: Sequence[Contender]) -> Iterator[list[Worker]]:
    """Starts a process for each contender, and yields the processes when all are ready."""
    with ExitStack() as stack:
        started = []
        for contender in contenders:  # all at once: each takes some 10 s, untimed
            worker = Worker(contender)
            stack.callback(worker.close)
            started.append(worker)
        for worker in started:
            worker.answer()
        yield started


def race(row: Row, repeats: int) -> list[Measured]:
    """Runs the contenders whose packages are installed, in turn; returns what they measured.

    Each runs row.repeats times, or else `repeats` times. A setting that is given up runs less
    often. Raises UserError if a contender fails.
    """
    measured = [Measured(contender) for contender in row.contenders if contender.there]
    with workers([each.contender for each in measured]) as processes:
        running = list(zip(measured, processes, strict=True))
        for repeat in range(row.warm_ups + (row.repeats or repeats)):
            for each, process in running:
                found = process.run()
                if repeat >= row.warm_ups:
                    each.runs.append(found)
            if repeat + 1 == row.warm_ups + REPEATS_TO_JUDGE:
                running = [pair for pair in running if _promising(pair[0], measured)]
    return measured


def _promising(setting: Measured, measured: Sequence[Measured]) -> bool:
    """Whether a setting may be its contender's best: no other was much faster in every repeat.

    Settings of this project are never given up: a row that has several of them shows them all.
    """
    if setting.contender.name == OURS:
        return True
    others = [each for each in measured if each.contender.name == setting.contender.name]
    return not any(
        all(
            mine < SLOW_SHARE * theirs
            for mine, theirs in zip(setting.rates, other.rates, strict=True)
        )
        for other in others
    )


def given_up(setting: Measured, measured: Sequence[Measured]) -> bool:
    """Whether a setting was given up: another contender ran more often."""
    return len(setting.runs) < max(len(each.runs) for each in measured)


def ratios(row: Row, measured: Sequence[Measured]) -> list[Ratio]:
    """Compares this project's best setting with the best of each peer, repeat by repeat."""
    own = [each for each in measured if each.contender.name == OURS]
    ours = max(own, key=lambda each: each.rate)
    names = dict.fromkeys(each.contender.name for each in measured)
    found = []
    for name in names:
        if name == OURS:
            continue
        settings = [
            each
            for each in measured
            if each.contender.name == name and not given_up(each, measured)
        ]
        best = max(settings, key=lambda each: each.rate)
        values = [our / theirs for our, theirs in zip(ours.rates, best.rates, strict=True)]
        found.append(Ratio(best, values, row.goals.get(name)))
    return found
