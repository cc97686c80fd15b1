"""Trains a network that helps those which read digits, then scores it, as train.py does for these.

Such a network finds ink, or reads rows of digits. What differs between them is a Lesson.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from nn.networks.registry import Task, get_network
from nn.runtime.signals import Stop, raise_if_stopped
from nn.training.checkpoints import Checkpoints
from nn.training.graph import build_training_graph
from nn.training.ink_evaluation import evaluate_ink
from nn.training.ink_pictures import compose_pictures
from nn.training.record import FolderRecord
from nn.training.row_evaluation import evaluate_rows
from nn.training.row_strips import compose_strips
from nn.training.run_folder import Epoch, RunFolder
from nn.training.settings import Settings
from nn.training.trainer import EpochScores, Trainer
from nn.training.workers import loaded_session


@dataclass(frozen=True)
class Lesson:
    """What a helper learns from, and how it is scored. Its data has images, labels, a length and
    sha256().

    compose: data to train on, or to score it on: digits, a count of pictures, and a key → data, as
    compose_pictures makes it; evaluate: a session, a graph and data → scores.
    """

    compose: Callable[..., Any]
    evaluate: Callable[..., EpochScores]


LESSONS = {
    Task.FIND_INK: Lesson(compose_pictures, evaluate_ink),
    Task.READ_ROWS: Lesson(compose_strips, evaluate_rows),
}


@dataclass(frozen=True)
class HelperResult:
    """A finished run: its history; the scores of its last weights on test pictures, which it never
    saw; its variables by name, float32, without what only training needs."""

    history: list[Epoch]
    test: Any
    weights: dict[str, np.ndarray]

    @property
    def seconds(self) -> float:
        """The time of all epochs, without validation."""
        return sum(row.seconds for row in self.history)


def train_helper(
    settings: Settings,
    training: Any,
    validation: Any,
    test: Any,
    run: RunFolder,
    *,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> HelperResult:
    """Trains to the last epoch, from the run's newest checkpoint if it has one.

    training, validation, test: data that the network's Lesson composed. The other arguments, and
    what is raised, are those of nn.training.train.train.
    """
    settings.check_batch_size(len(training))
    network = get_network(settings.network)
    evaluate = LESSONS[network.task].evaluate
    graph = build_training_graph(network, settings.recipe, count=len(training), seed=settings.seed)
    with loaded_session(graph, settings, training, stop) as (session, worker):
        record = FolderRecord(run, graph, network)
        trainer = Trainer(
            session, graph, settings, len(training), record, worker, quiet, evaluate=evaluate
        )
        history = trainer.run_epochs(validation)
    # An export computes in float32, so the scores are computed in float32 too.
    with tf1.Session(graph=graph.graph) as session:
        Checkpoints(run, graph).restore_newest(session)
        weights = session.run({variable.op.name: variable for variable in graph.network})
        result = HelperResult(history, evaluate(session, graph, test), weights)
    raise_if_stopped(stop)
    return result
