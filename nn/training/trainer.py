"""Takes a run's steps, epoch by epoch, in chunks between which it hears signals."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sized
from typing import Protocol

import tensorflow.compat.v1 as tf1
from tqdm import tqdm

from nn.errors import DivergedError
from nn.runtime.signals import Interrupted, raise_if_stopped
from nn.training.evaluation import evaluate
from nn.training.graph import Totals, TrainingGraph
from nn.training.record import Record
from nn.training.run_folder import Epoch
from nn.training.settings import Settings
from nn.training.workers import SingleWorker

log = logging.getLogger(__name__)

# A run logs at most this many epochs, and the last, so that the log of a long run fits a screen.
MAX_REPORTED_EPOCHS = 25
# A signal is handled between two chunks of steps, so Ctrl-C waits for a chunk to end. Longer ones
# gain nothing: a session.run costs some 0.2 ms.
CHUNK_SECONDS = 0.25
FIRST_CHUNK_STEPS = 16  # before a step's time is known
MAX_CHUNK_GROWTH = 8.0  # from one chunk to the next, in case a time was measured too short


class EpochScores(Protocol):
    """What an epoch reports of the validation data."""

    @property
    def loss(self) -> float: ...

    @property
    def accuracy(self) -> float: ...


class Trainer:
    """Takes the steps of one run in a session that holds its data set.

    count: images in the data set. record: what keeps the training. worker: this process, as one of
    the training's workers or alone. evaluate: scores the network on validation data.
    """

    def __init__(
        self,
        session: tf1.Session,
        graph: TrainingGraph,
        settings: Settings,
        count: int,
        record: Record,
        worker: SingleWorker,
        quiet: bool,
        evaluate: Callable[..., EpochScores] = evaluate,
    ) -> None:
        self._evaluate = evaluate
        self._session = session
        self._graph = graph
        self._settings = settings
        self._steps_per_epoch = settings.recipe.steps_per_epoch(count)
        self._record = record
        self._worker = worker
        self._quiet = quiet

    def run_epochs(self, validation: Sized) -> list[Epoch]:
        """Runs the epochs that are left; returns the history of all. Raises as `train` does."""
        history = self._record.resume(self._session, self._steps_per_epoch)
        self._worker.share_state()
        first = self._announce_first()
        with self._record.of_epochs(self._session, history) as keep:
            for number in range(first, self._settings.epochs + 1):
                epoch = self._run_epoch(number, validation)
                history.append(epoch)
                _report(epoch, self._settings.epochs)
                self._session.run(self._graph.start_epoch)
                keep(history)
                raise_if_stopped(self._worker.stop)
                self._worker.share_state()
        self._worker.share_state()  # the others stay until the chief has closed its record
        return history

    def _announce_first(self) -> int:
        """The number of the first epoch that is not finished; logs where a resumed run goes on."""
        step = self._step()
        finished = step // self._steps_per_epoch
        if finished >= self._settings.epochs:
            log.info(f"Training is finished: all {finished} epochs are done")
        elif step:
            log.info(f"Resuming at step {step:,}")
        return finished + 1

    def _run_epoch(self, number: int, validation: Sized) -> Epoch:
        """Runs what is left of an epoch, then validates.

        Raises Interrupted, after a checkpoint, or DivergedError.
        """
        started = time.perf_counter()
        totals = self._run_steps(f"epoch {number}/{self._settings.epochs}")
        seconds = float(totals.seconds) + time.perf_counter() - started
        scores = self._evaluate(self._session, self._graph, validation) if len(validation) else None
        return Epoch(
            epoch=number,
            step=int(totals.step),
            loss=float(totals.loss) / self._steps_per_epoch,
            accuracy=self._accuracy(totals, self._steps_per_epoch),
            validation_loss=scores.loss if scores else math.nan,
            validation_accuracy=scores.accuracy if scores else math.nan,
            seconds=round(seconds, 3),
        )

    def _run_steps(self, name: str) -> Totals:
        """Runs what is left of an epoch, under a progress bar; returns the epoch's totals."""
        started = time.perf_counter()
        done = self._step() % self._steps_per_epoch
        with tqdm(
            desc=f"{self._settings.network}, {name}",
            initial=done,
            total=self._steps_per_epoch,
            bar_format="{l_bar}{bar}| {remaining} left{postfix}",
            leave=False,
            disable=True if self._quiet else None,  # None: no bar if there is no terminal
        ) as bar:
            left = self._steps_per_epoch - done
            for totals in run_steps(self._session, self._graph, left, self._worker.chunk_steps):
                finished_steps = (int(totals.step) - 1) % self._steps_per_epoch + 1
                self._check(totals)
                accuracy = self._accuracy(totals, finished_steps)
                loss = totals.loss / finished_steps
                bar.set_postfix_str(f"loss {loss:.4f}, accuracy {accuracy:.2%}", refresh=False)
                bar.update(finished_steps - bar.n)
                if finished_steps < self._steps_per_epoch and (signum := self._worker.stop()):
                    seconds = time.perf_counter() - started
                    self._session.run(self._graph.add_seconds, {self._graph.feed.seconds: seconds})
                    self._record.save(self._session)
                    self._worker.share_state()  # the others stay until the chief has saved it
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


def run_steps(
    session: tf1.Session,
    graph: TrainingGraph,
    steps: int,
    agreed: Callable[[int], int] = lambda size: size,
) -> Iterator[Totals]:
    """Runs `steps` steps in chunks of about CHUNK_SECONDS; yields the totals after each chunk.

    All steps must belong to one epoch. The size of the chunks changes no result: the totals go
    through the loop one step at a time. agreed: the size of a chunk that this worker proposes → the
    size that all take.
    """
    size = FIRST_CHUNK_STEPS
    while steps:
        size = agreed(min(size, steps))
        started = time.perf_counter()
        yield session.run(graph.train, {graph.feed.steps: size})
        steps -= size
        seconds = time.perf_counter() - started
        size = max(1, int(size * min(MAX_CHUNK_GROWTH, CHUNK_SECONDS / seconds)))


def _report(epoch: Epoch, epochs: int) -> None:
    """Logs an epoch's line; in a long run only every few epochs, and the last."""
    if epoch.epoch % math.ceil(epochs / MAX_REPORTED_EPOCHS) and epoch.epoch != epochs:
        return
    validation = ""
    if math.isfinite(epoch.validation_loss):
        validation = f"   validation {epoch.validation_loss:.4f}, {epoch.validation_accuracy:6.2%}"
    log.info(
        f"Epoch {epoch.epoch:2d}/{epochs}   loss {epoch.loss:.4f}, accuracy {epoch.accuracy:6.2%}"
        f"{validation}   {epoch.seconds:5.1f} s"
    )
