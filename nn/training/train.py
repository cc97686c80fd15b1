"""Trains a network from its first step or its newest checkpoint, epoch by epoch; then scores it."""

from dataclasses import replace

import tensorflow.compat.v1 as tf1

from nn.confidence.calibration import Calibration
from nn.data.digits import Digits
from nn.networks.quantization import round_weights
from nn.networks.registry import get_network
from nn.runtime.cluster import Cluster
from nn.runtime.signals import Stop, raise_if_stopped
from nn.training.checkpoints import Checkpoints
from nn.training.evaluation import Result, calibrated_scores
from nn.training.found_digits import JudgingPictures
from nn.training.graph import TrainingGraph, build_training_graph
from nn.training.record import FolderRecord, NoRecord
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.start_weights import restore_weights
from nn.training.trainer import Trainer
from nn.training.workers import loaded_session


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
    cluster: Cluster | None = None,
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
    keep the weights as they were trained. cluster: the workers that train together, with this one
    as their chief; `follow` is for the others. stop: asked between two chunks of steps and after
    the scoring; if it returns a signal's number, raises Interrupted, with a checkpoint written
    before. The test digits are scored once, after the last epoch. Raises DivergedError if the loss
    or a logit is not a finite number. Raises UserError if a batch is too large, if the run's folder
    is damaged or cannot be written, or if a worker is lost.
    """
    settings.check_batch_size(len(training))
    taught = training.joined(extras) if extras else training
    graph = _graph(settings, len(taught), cluster)
    record = FolderRecord(run, graph, get_network(settings.network, settings.hidden))
    with loaded_session(graph, settings, taught, stop, cluster) as (session, worker):
        if start:
            restore_weights(session, graph, start)
        trainer = Trainer(session, graph, settings, len(taught), record, worker, quiet)
        history = trainer.run_epochs(validation)
    # An exported model computes in float32, so the scores are computed in float32 too.
    with tf1.Session(graph=graph.graph) as session:
        Checkpoints(run, graph).restore_newest(session)
        if is_quantized:
            round_weights(session, graph.weights)
        scores = calibrated_scores(session, graph, validation, test, calibration, pictures)
        result = Result(len(training), history, *scores, session.run(graph.weights[0]))
    raise_if_stopped(stop)
    return result


def follow(
    settings: Settings,
    training: Digits,
    cluster: Cluster,
    *,
    extras: Digits | None = None,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> None:
    """Trains beside the chief, which calls `train` with the same settings and digits.

    It starts from the chief's variables and keeps nothing. The arguments, and what is raised, are
    those of `train`.
    """
    taught = training.joined(extras) if extras else training
    graph = _graph(settings, len(taught), cluster)
    with loaded_session(graph, settings, taught, stop, cluster) as (session, worker):
        trainer = Trainer(session, graph, settings, len(taught), NoRecord(), worker, quiet)
        trainer.run_epochs(validation=())


def _graph(settings: Settings, count: int, cluster: Cluster | None) -> TrainingGraph:
    network, recipe = get_network(settings.network, settings.hidden), settings.recipe
    if cluster:
        recipe = replace(recipe, towers=cluster.count)  # each worker is a tower
    return build_training_graph(network, recipe, count=count, seed=settings.seed, cluster=cluster)
