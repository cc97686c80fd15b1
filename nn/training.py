"""Trains a network: epochs of chunks of steps, validation, checkpoints, history."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from nn.calibration import Calibration
from nn.checkpoints import Checkpoints, RunFolder
from nn.data import Digits
from nn.errors import DivergedError, UserError
from nn.evaluation import Scores, evaluate
from nn.graph import Totals, TrainingGraph, build_training_graph
from nn.networks import get_network
from nn.settings import Settings
from nn.signals import Interrupted, Stop
from nn.summaries import summaries

tf1 = tf.compat.v1
log = logging.getLogger(__name__)

# A signal is handled between two chunks, so a chunk is what Ctrl-C waits for. Longer ones gain
# nothing: a session.run costs some 0.2 ms.
CHUNK_SECONDS = 0.25
REPORTS = 25  # at most so many lines a run, plus the last


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


@dataclass(frozen=True)
class Result:
    """A finished run: how many digits it trained on, its history, its last weights' scores.

    calibration: its scaling is in these scores, and goes into the export. first_layer: those
    weights of the first layer, float32 [784, units] or [size, size, 1, filters]; seconds: of
    training, without validation.
    """

    training_images: int
    history: list[Epoch]
    validation: Scores | None
    test: Scores
    calibration: Calibration
    first_layer: np.ndarray
    seconds: float


def train(
    settings: Settings,
    training: Digits,
    validation: Digits,
    test: Digits,
    run: RunFolder,
    *,
    calibration: Calibration | None = None,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> Result:
    """Trains to the last epoch, from the run's newest checkpoint where it has one.

    calibration: of a run before; None fits one to the validation digits, if there are any. stop:
    asked between two chunks of steps; a signal's number ends the run with a checkpoint and
    raises Interrupted. The test digits are scored once, after the last epoch. Raises DivergedError
    where the loss is no longer a finite number, and UserError where the run's folder is damaged.
    """
    check_batch_size(settings, len(training))
    steps_per_epoch = settings.recipe.steps_per_epoch(len(training))
    network = get_network(settings.network, settings.hidden)
    graph = build_training_graph(network, settings.recipe, count=len(training), seed=settings.seed)
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: training.images, graph.feed.labels: training.labels}
        session.run(graph.load, feed)
        trainer = _Trainer(session, graph, settings, steps_per_epoch, run, stop, quiet)
        history = trainer.resume()
        with summaries(run.events, session, graph, network) as summarize:
            while len(history) < settings.epochs:
                epoch = trainer.run_epoch(len(history) + 1, validation)
                history.append(epoch)
                _report(epoch, settings.epochs)
                summarize(epoch.epoch, epoch.scalars())
                # The history first: a checkpoint older than it is resumed without harm.
                run.write_history([asdict(row) for row in history])
                trainer.close_epoch()
        result = _result(session, graph, history, training, validation, test, calibration)
        if signum := stop():
            raise Interrupted(signum)
        return result


def _result(
    session: tf1.Session,
    graph: TrainingGraph,
    history: list[Epoch],
    training: Digits,
    validation: Digits,
    test: Digits,
    calibration: Calibration | None,
) -> Result:
    held_out = evaluate(session, graph, validation) if len(validation) else None
    if calibration is None and held_out:
        digits = f"{held_out.count:,} validation digits"
        calibration = Calibration.fit(held_out.logits, held_out.labels, digits)
    calibration = calibration or Calibration()
    return Result(
        len(training),
        history,
        held_out and replace(held_out, scaling=calibration.scaling),
        replace(evaluate(session, graph, test), scaling=calibration.scaling),
        calibration,
        session.run(graph.weights[0]),
        sum(row.seconds for row in history),
    )


def check_batch_size(settings: Settings, count: int) -> None:
    """Raises UserError where a batch is more than the `count` training digits."""
    if settings.batch_size > count:
        raise UserError(
            f"a batch of {settings.batch_size:,}, as {settings.network} would train, is more than "
            f"the {count:,} training digits; try a smaller --batch-size"
        )


class _Trainer:
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


def _report(epoch: Epoch, epochs: int) -> None:
    if epoch.epoch % math.ceil(epochs / REPORTS) and epoch.epoch != epochs:
        return
    validation = (
        f"   validation {epoch.validation_loss:.4f} {epoch.validation_accuracy:7.2%}"
        if math.isfinite(epoch.validation_loss)
        else ""
    )
    log.info(
        f"Epoch {epoch.epoch:2d}/{epochs}   loss {epoch.loss:.4f} {epoch.accuracy:7.2%}"
        f"{validation}   {epoch.seconds:5.1f} s"
    )
