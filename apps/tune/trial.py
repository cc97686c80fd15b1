"""One trial: a short training, judged by validation digits after each epoch."""

from collections.abc import Callable

import tensorflow.compat.v1 as tf1

from nn.data.digits import Digits
from nn.networks.registry import get_network
from nn.runtime.signals import Stop
from nn.training.evaluation import Scores, evaluate
from nn.training.graph import TrainingGraph, build_training_graph
from nn.training.record import NoRecord
from nn.training.settings import Settings
from nn.training.trainer import Trainer
from nn.training.workers import loaded_session


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
    DivergedError, UserError and Interrupted as train does. It writes no checkpoints.
    """
    settings.check_batch_size(len(training))
    network = get_network(settings.network, settings.hidden)
    graph = build_training_graph(network, settings.recipe, count=len(training), seed=settings.seed)

    def judge(session: tf1.Session, graph: TrainingGraph, digits: Digits) -> Scores:
        scores = evaluate(session, graph, digits)
        report(scores)
        return scores

    with loaded_session(graph, settings, training, stop) as (session, worker):
        trainer = Trainer(
            session, graph, settings, len(training), NoRecord(), worker, quiet, evaluate=judge
        )
        trainer.run_epochs(validation)
