"""Several contenders at the same work, each in a process of its own, one run of each in turn."""

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
# A setting is given up where it was slower than this share of another's speed, this often.
SLOW, REPEATS_TO_JUDGE = 2 / 3, 2


@dataclass(frozen=True)
class Contender:
    """One who does the work, in one of its settings.

    target: the module and function that benchmarks/peers/worker.py calls with the options; needs: a
    package that has to be there. quick: whether it runs where only some are to.
    """

    name: str
    target: tuple[str, str]
    options: dict[str, Any]
    setting: str = ""
    needs: str | None = None
    quick: bool = True

    @property
    def there(self) -> bool:
        return self.needs is None or find_spec(self.needs) is not None


@dataclass(frozen=True)
class Row:
    """One line of the table: the same work, by this project and by others.

    unit: what there is so many of a second; goals: of each other contender, how many times as fast
    as its best setting this project is to be. repeats: runs of each, where they are other than the
    usual. warm_ups: runs that do not count.
    """

    name: str
    unit: str
    contenders: Sequence[Contender]
    goals: dict[str, float]
    repeats: int | None = None
    warm_ups: int = 1


@dataclass
class Measured:
    """What a contender's runs came to, in their order: each has "seconds", and "work", how many
    units it did."""

    contender: Contender
    runs: list[dict[str, float]] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [run["work"] / run["seconds"] for run in self.runs]

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def last(self, name: str) -> float | None:
        """What the last run said of something."""
        return self.runs[-1].get(name)


@dataclass(frozen=True)
class Ratio:
    """How many times as fast this project was as another's best setting: each repeat's."""

    peer: Measured
    values: list[float]
    goal: float | None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        return None if self.goal is None else self.median >= self.goal


class Worker:
    """A contender's process."""

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
        """The next line of its answers. Raises UserError where it has died."""
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:] or ["it said nothing"]
            setting = f" ({self._contender.setting})" if self._contender.setting else ""
            raise UserError(f"{self._contender.name}{setting}: ended too early: {last[0]}")
        return json.loads(line)

    def run(self) -> dict:
        """Does the work once."""
        with suppress(BrokenPipeError):  # where it has died, there is no answer either
            self._process.stdin.write("run\n")
            self._process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """Ends the process."""
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def _environment() -> dict[str, str]:
    """This process's environment without the setting of threads that suits only this project."""
    own = "TF_OVERRIDE_GLOBAL_THREADPOOL"
    return {name: value for name, value in os.environ.items() if name != own}


@contextmanager
def workers(contenders: Sequence[Contender]) -> Iterator[list[Worker]]:
    """Processes that are ready."""
    with ExitStack() as stack:
        started = []
        for contender in contenders:  # at once: that is some 10 s each, and not timed
            worker = Worker(contender)
            stack.callback(worker.close)
            started.append(worker)
        for worker in started:
            worker.answer()
        yield started


def race(row: Row, repeats: int) -> list[Measured]:
    """Runs each contender that is there, in turn, `repeats` times; a setting that is given up less
    often. Raises UserError where one fails."""
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
    """Whether it might be its contender's best: no other one was much faster in every repeat. This
    project has no choice of settings: where it runs in several, all are to be known."""
    if setting.contender.name == OURS:
        return True
    others = [each for each in measured if each.contender.name == setting.contender.name]
    return not any(
        all(mine < SLOW * theirs for mine, theirs in zip(setting.rates, other.rates, strict=True))
        for other in others
    )


def given_up(setting: Measured, measured: Sequence[Measured]) -> bool:
    """Whether others ran more often."""
    return len(setting.runs) < max(len(each.runs) for each in measured)


def ratios(row: Row, measured: Sequence[Measured]) -> list[Ratio]:
    """This project's, to each other's best setting."""
    ours = next(each for each in measured if each.contender.name == OURS)
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
