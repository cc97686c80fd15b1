"""Trains a network from its first step, or its newest checkpoint, to its last weights' scores."""

import logging
import math
from dataclasses import asdict, dataclass, replace

import numpy as np
import tensorflow.compat.v1 as tf1

from nn.confidence.calibration import Calibration
from nn.data.digits import Digits
from nn.errors import UserError
from nn.networks.registry import get_network
from nn.runtime.sessions import training_session_config
from nn.runtime.signals import Interrupted, Stop
from nn.training.checkpoints import Checkpoints
from nn.training.epochs import Epoch, Trainer
from nn.training.evaluation import Scores, evaluate
from nn.training.graph import TrainingGraph, build_training_graph
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.tensorboard import summaries

log = logging.getLogger(__name__)

REPORTS = 25  # at most so many lines a run, plus the last


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
    extras: Digits | None = None,
    calibration: Calibration | None = None,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> Result:
    """Trains to the last epoch, from the run's newest checkpoint where it has one.

    extras: to train with too, which are not counted among the digits, and may be none. calibration:
    of a run before; None fits one to the validation digits, if there are any. stop:
    asked between two chunks of steps; a signal's number ends the run with a checkpoint and
    raises Interrupted. The test digits are scored once, after the last epoch. Raises DivergedError
    where the loss is no longer a finite number, and UserError where the run's folder is damaged.
    """
    check_batch_size(settings, len(training))
    pictures = training.joined(extras) if extras else training
    steps_per_epoch = settings.recipe.steps_per_epoch(len(pictures))
    network = get_network(settings.network, settings.hidden)
    graph = build_training_graph(network, settings.recipe, count=len(pictures), seed=settings.seed)
    config = training_session_config(settings.precision, settings.recipe.towers)
    with tf1.Session(graph=graph.graph, config=config) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: pictures.images, graph.feed.labels: pictures.labels}
        session.run(graph.load, feed)
        trainer = Trainer(session, graph, settings, steps_per_epoch, run, stop, quiet)
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
    # What predicts computes in float32: so the scores do.
    with tf1.Session(graph=graph.graph) as session:
        Checkpoints(run, graph).restore_latest(session)
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
