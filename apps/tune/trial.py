"""One trial: a short training, judged by validation digits after each epoch."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import tensorflow.compat.v1 as tf1

from nn.data.digits import Digits
from nn.networks.registry import get_network
from nn.runtime.sessions import training_session_config
from nn.runtime.signals import Stop
from nn.training.evaluation import Scores, evaluate
from nn.training.graph import TrainingGraph, build_training_graph
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.train import Trainer


def train_trial(
    settings: Settings,
    training: Digits,
    validation: Digits,
    report: Callable[[Scores], None],
    *,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> None:
    """Trains to the last epoch, as nn.training.train.train does, but knows no test digits.

    report: gets the validation scores after each epoch; what it raises ends the training. Raises
    DivergedError, UserError and Interrupted as train does. The checkpoints are gone afterwards.
    """
    settings.check_batch_size(len(training))
    network, recipe = get_network(settings.network, settings.hidden), settings.recipe
    graph = build_training_graph(network, recipe, count=len(training), seed=settings.seed)
    config = training_session_config(settings.precision, recipe.towers)

    def judge(session: tf1.Session, graph: TrainingGraph, digits: Digits) -> Scores:
        scores = evaluate(session, graph, digits)
        report(scores)
        return scores

    with (
        tempfile.TemporaryDirectory(prefix="tune-") as folder,
        tf1.Session(graph=graph.graph, config=config) as session,
    ):
        run = RunFolder(Path(folder))
        run.checkpoints.mkdir()
        session.run(graph.initialize)
        feed = {graph.feed.images: training.images, graph.feed.labels: training.labels}
        session.run(graph.load, feed)
        trainer = Trainer(session, graph, settings, len(training), run, stop, quiet, evaluate=judge)
        trainer.run_epochs(validation)
