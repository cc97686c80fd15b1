"""Moves a run on, an epoch at a time: chunks of steps, validation, checkpoints."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import tensorflow.compat.v1 as tf1
from tqdm import tqdm

from nn.data.digits import Digits
from nn.errors import DivergedError, UserError
from nn.runtime.signals import Interrupted, Stop
from nn.training.checkpoints import Checkpoints
from nn.training.evaluation import evaluate
from nn.training.graph import TrainingGraph
from nn.training.loop import Totals
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings

log = logging.getLogger(__name__)

# A signal is handled between two chunks, so a chunk is what Ctrl-C waits for. Longer ones gain
# nothing: a session.run costs some 0.2 ms.
CHUNK_SECONDS = 0.25


@dataclass(frozen=True)
class Epoch:
    """A row of the history. Losses in nats; accuracies 0 to 1; NaN where there are no
    validation digits."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    def scalars(self) -> dict[str, float]:
        """TensorBoard's tags, and their values, where there are any."""
        scalars = {
            "training/loss": self.loss,
            "training/accuracy": self.accuracy,
            "validation/loss": self.validation_loss,
            "validation/accuracy": self.validation_accuracy,
        }
        return {tag: value for tag, value in scalars.items() if math.isfinite(value)}


class Trainer:
    """Moves one run on: its session, and what tells where it stands."""

    def __init__(
        self,
        session: tf1.Session,
        graph: TrainingGraph,
        settings: Settings,
        steps_per_epoch: int,
        run: RunFolder,
        stop: Stop,
        quiet: bool,
    ) -> None:
        self._session = session
        self._graph = graph
        self._settings = settings
        self._steps_per_epoch = steps_per_epoch
        self._run = run
        self._stop = stop
        self._quiet = quiet
        self._checkpoints = Checkpoints(run, graph)

    def resume(self) -> list[Epoch]:
        """Restores the newest checkpoint, if any; returns the history of its finished epochs."""
        if not self._checkpoints.restore_latest(self._session):
            return []
        log.info("Resuming at step %s", f"{self._step():,}")
        finished = self._step() // self._steps_per_epoch
        try:
            return [Epoch(**row) for row in self._run.read_history(finished)]
        except TypeError:
            raise UserError(f"{self._run.history_file}: not the columns of a history") from None

    def run_epoch(self, number: int, validation: Digits) -> Epoch:
        """Runs what is left of an epoch, then validates.

        Raises Interrupted, after a checkpoint, or DivergedError.
        """
        started = time.perf_counter()
        name = f"{self._settings.network}, epoch {number}/{self._settings.epochs}"
        totals = self._run_steps(name)
        seconds = float(totals.seconds) + time.perf_counter() - started
        scores = evaluate(self._session, self._graph, validation) if len(validation) else None
        return Epoch(
            epoch=number,
            step=int(totals.step),
            loss=float(totals.loss) / self._steps_per_epoch,
            accuracy=self._accuracy(totals, self._steps_per_epoch),
            validation_loss=scores.loss if scores else math.nan,
            validation_accuracy=scores.accuracy if scores else math.nan,
            seconds=round(seconds, 3),
        )

    def close_epoch(self) -> None:
        """Sets the epoch's totals to 0 and writes a checkpoint. Raises Interrupted."""
        self._session.run(self._graph.start_epoch)
        self._checkpoints.save(self._session, self._step())
        if signum := self._stop():
            raise Interrupted(signum)

    def _run_steps(self, name: str) -> Totals:
        started = time.perf_counter()
        done = self._step() % self._steps_per_epoch
        disable = True if self._quiet else None  # None: no bar where there is no terminal
        with tqdm(
            desc=name,
            initial=done,
            total=self._steps_per_epoch,
            bar_format="{l_bar}{bar}| {remaining} left{postfix}",
            leave=False,
            disable=disable,
        ) as bar:
            for totals in run_steps(self._session, self._graph, self._steps_per_epoch - done):
                finished = (int(totals.step) - 1) % self._steps_per_epoch + 1
                self._check(totals)
                bar.set_postfix_str(
                    f"loss {totals.loss / finished:.4f}, "
                    f"accuracy {self._accuracy(totals, finished):.2%}",
                    refresh=False,
                )
                bar.update(finished - bar.n)
                if finished < self._steps_per_epoch and (signum := self._stop()):
                    seconds = time.perf_counter() - started
                    self._session.run(self._graph.add_seconds, {self._graph.feed.seconds: seconds})
                    self._checkpoints.save(self._session, self._step())
                    raise Interrupted(signum)
        return totals

    def _check(self, totals: Totals) -> None:
        if not math.isfinite(totals.loss):
            raise DivergedError(
                f"the loss is no longer a finite number at step {totals.step:,}; try a lower "
                f"--learning-rate (it is {self._settings.learning_rate:g})"
            )

    def _accuracy(self, totals: Totals, steps: int) -> float:
        return 1 - int(totals.errors) / (steps * self._settings.batch_size)

    def _step(self) -> int:
        return int(self._session.run(self._graph.totals.step))


def run_steps(session: tf1.Session, graph: TrainingGraph, steps: int) -> Iterator[Totals]:
    """Runs `steps` steps in chunks of about CHUNK_SECONDS; yields the totals after each.

    How steps fall into chunks changes no number: the totals go through the loop one by one.
    """
    size = 16
    while steps:
        size = min(size, steps)
        started = time.perf_counter()
        yield session.run(graph.train, {graph.feed.steps: size})
        steps -= size
        size = max(1, int(size * min(8.0, CHUNK_SECONDS / (time.perf_counter() - started))))
