"""Trains a finder of ink on composed pictures, then scores it: what train.py does for networks that
read digits."""

from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf1

from nn.networks.registry import get_network
from nn.runtime.sessions import training_session_config
from nn.runtime.signals import Interrupted, Stop
from nn.training.checkpoints import Checkpoints
from nn.training.graph import build_training_graph
from nn.training.ink_evaluation import InkScores, evaluate_ink
from nn.training.ink_pictures import InkPictures
from nn.training.run_folder import Epoch, RunFolder
from nn.training.settings import Settings
from nn.training.train import Trainer


@dataclass(frozen=True)
class FinderResult:
    """A finished run: its history; the scores of its last weights on test pictures, which it never
    saw; its variables by name, float32, without what only training needs."""

    history: list[Epoch]
    test: InkScores
    weights: dict[str, np.ndarray]

    @property
    def seconds(self) -> float:
        """The time of all epochs, without validation."""
        return sum(row.seconds for row in self.history)


def train_finder(
    settings: Settings,
    training: InkPictures,
    validation: InkPictures,
    test: InkPictures,
    run: RunFolder,
    *,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> FinderResult:
    """Trains to the last epoch, from the run's newest checkpoint if it has one.

    The other arguments, and what is raised, are those of nn.training.train.train.
    """
    settings.check_batch_size(len(training))
    network, recipe = get_network(settings.network), settings.recipe
    graph = build_training_graph(network, recipe, count=len(training), seed=settings.seed)
    config = training_session_config(settings.precision, recipe.towers)
    with tf1.Session(graph=graph.graph, config=config) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: training.images, graph.feed.labels: training.labels}
        session.run(graph.load, feed)
        trainer = Trainer(
            session, graph, settings, len(training), run, stop, quiet, evaluate=evaluate_ink
        )
        history = trainer.run_epochs(validation)
    # An export finds ink in float32, so the scores are computed in float32 too.
    with tf1.Session(graph=graph.graph) as session:
        Checkpoints(run, graph).restore_newest(session)
        weights = session.run({variable.op.name: variable for variable in graph.network})
        result = FinderResult(history, evaluate_ink(session, graph, test), weights)
    if signum := stop():
        raise Interrupted(signum)
    return result
