"""Trains a network from its first step or its newest checkpoint, epoch by epoch; then scores it."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sized
from typing import Protocol

import tensorflow.compat.v1 as tf1
from tqdm import tqdm

from nn.confidence.calibration import Calibration
from nn.data.digits import Digits
from nn.errors import DivergedError
from nn.networks.quantization import round_weights
from nn.networks.registry import get_network
from nn.runtime.sessions import training_session_config
from nn.runtime.signals import Interrupted, Stop
from nn.training.checkpoints import Checkpoints
from nn.training.evaluation import Result, calibrated_scores, evaluate
from nn.training.found_digits import JudgingPictures
from nn.training.graph import Totals, TrainingGraph, build_training_graph
from nn.training.run_folder import Epoch, RunFolder
from nn.training.settings import Settings
from nn.training.start_weights import restore_weights
from nn.training.tensorboard import summaries

log = logging.getLogger(__name__)

# A run logs at most this many epochs, and the last, so that the log of a long run fits a screen.
MAX_REPORTED_EPOCHS = 25
# A signal is handled between two chunks of steps, so Ctrl-C waits for a chunk to end. Longer ones
# gain nothing: a session.run costs some 0.2 ms.
CHUNK_SECONDS = 0.25
FIRST_CHUNK_STEPS = 16  # before a step's time is known
MAX_CHUNK_GROWTH = 8.0  # from one chunk to the next, in case a time was measured too short


def train(
    settings: Settings,
    training: Digits,
    validation: Digits,
    test: Digits,
    run: RunFolder,
    *,
    extras: Digits | None = None,
    pictures: JudgingPictures | None = None,
    start: str | None = None,
    calibration: Calibration | None = None,
    is_quantized: bool = False,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> Result:
    """Trains to the last epoch, from the run's newest checkpoint if it has one.

    extras: extra pictures to train on, or None; Result.training_images leaves them out, the
    training accuracy counts them. pictures: composed pictures of the validation digits, for which
    the thresholds must hold too, or None. start: the prefix of the files of an export's weights,
    from which the first step starts; None starts from random weights. calibration: that of an
    earlier run; None fits one to the validation digits, if there are any. is_quantized: whether the
    network is scored with weights that are rounded to int8, as it is then exported; the checkpoints
    keep the weights as they were trained. stop: asked between two chunks of steps and after the
    scoring; if it returns a signal's number, raises Interrupted, with a checkpoint written before.
    The test digits are scored once, after the last epoch. Raises DivergedError if the loss or a
    logit is not a finite number. Raises UserError if a batch is too large, or if the run's folder
    is damaged or cannot be written.
    """
    settings.check_batch_size(len(training))
    taught = training.joined(extras) if extras else training
    network = get_network(settings.network, settings.hidden)
    graph = build_training_graph(network, settings.recipe, count=len(taught), seed=settings.seed)
    config = training_session_config(settings.precision, settings.recipe.towers)
    with tf1.Session(graph=graph.graph, config=config) as session:
        session.run(graph.initialize)
        if start:
            restore_weights(session, graph, start)
        feed = {graph.feed.images: taught.images, graph.feed.labels: taught.labels}
        session.run(graph.load, feed)
        trainer = Trainer(session, graph, settings, len(taught), run, stop, quiet)
        history = trainer.run_epochs(validation)
    # An exported model computes in float32, so the scores are computed in float32 too.
    with tf1.Session(graph=graph.graph) as session:
        Checkpoints(run, graph).restore_newest(session)
        if is_quantized:
            round_weights(session, graph.weights)
        scores = calibrated_scores(session, graph, validation, test, calibration, pictures)
        result = Result(len(training), history, *scores, session.run(graph.weights[0]))
    if signum := stop():
        raise Interrupted(signum)
    return result


class EpochScores(Protocol):
    """What an epoch reports of the validation data."""

    @property
    def loss(self) -> float: ...

    @property
    def accuracy(self) -> float: ...


class Trainer:
    """Takes the steps of one run in a session that holds its data set.

    count: images in the data set. evaluate: scores the network on validation data.
    """

    def __init__(
        self,
        session: tf1.Session,
        graph: TrainingGraph,
        settings: Settings,
        count: int,
        run: RunFolder,
        stop: Stop,
        quiet: bool,
        evaluate: Callable[..., EpochScores] = evaluate,
    ) -> None:
        self._evaluate = evaluate
        self._session = session
        self._graph = graph
        self._settings = settings
        self._steps_per_epoch = settings.recipe.steps_per_epoch(count)
        self._run = run
        self._stop = stop
        self._quiet = quiet
        self._checkpoints = Checkpoints(run, graph)

    def run_epochs(self, validation: Sized) -> list[Epoch]:
        """Runs the epochs that are left; returns the history of all. Raises as `train` does."""
        history = self._resume()
        network = get_network(self._settings.network, self._settings.hidden)
        with summaries(self._run, self._session, self._graph, network, history) as summarize:
            while len(history) < self._settings.epochs:
                epoch = self._run_epoch(len(history) + 1, validation)
                history.append(epoch)
                _report(epoch, self._settings.epochs)
                summarize(epoch)
                # Writes the history first: a run can resume if its history is newer than its
                # checkpoint, but not if it is older.
                self._run.write_history(history)
                self._session.run(self._graph.start_epoch)
                self._checkpoints.save(self._session, self._step())
                if signum := self._stop():
                    raise Interrupted(signum)
        return history

    def _resume(self) -> list[Epoch]:
        """Restores the newest whole checkpoint, if any; returns the history of its finished
        epochs."""
        if not self._checkpoints.resume(self._session):
            return []
        history = self._run.read_history(self._step() // self._steps_per_epoch)
        if len(history) >= self._settings.epochs:
            log.info(f"Training is finished: all {len(history)} epochs are done")
        else:
            log.info(f"Resuming at step {self._step():,}")
        return history

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
            for totals in run_steps(self._session, self._graph, self._steps_per_epoch - done):
                finished_steps = (int(totals.step) - 1) % self._steps_per_epoch + 1
                self._check(totals)
                accuracy = self._accuracy(totals, finished_steps)
                loss = totals.loss / finished_steps
                bar.set_postfix_str(f"loss {loss:.4f}, accuracy {accuracy:.2%}", refresh=False)
                bar.update(finished_steps - bar.n)
                if finished_steps < self._steps_per_epoch and (signum := self._stop()):
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
    """Runs `steps` steps in chunks of about CHUNK_SECONDS; yields the totals after each chunk.

    All steps must belong to one epoch. The size of the chunks changes no result: the totals go
    through the loop one step at a time.
    """
    size = FIRST_CHUNK_STEPS
    while steps:
        size = min(size, steps)
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
