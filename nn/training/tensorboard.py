"""Summaries of a run for TensorBoard: curves, histograms of the weights, two graphs.

TensorBoard names a run after the folder of its events, and draws equal tags of different runs in
one chart. So training and validation write the same tags into two folders of the run's.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import tensorflow.compat.v1 as tf1

from nn.networks.inference import build_inference_graph
from nn.networks.registry import Network
from nn.training.graph import TrainingGraph
from nn.training.run_folder import Epoch, RunFolder


@contextmanager
def summaries(
    run: RunFolder,
    session: tf1.Session,
    graph: TrainingGraph,
    network: Network,
    history: Sequence[Epoch],
) -> Iterator[Callable[[Epoch], None]]:
    """Yields a function that writes an epoch's scalars and the present weights.

    history: the epochs that are done. They are written first if the run has no summaries of them,
    as when an older version began the run. TensorBoard shows one graph for each folder: the whole
    training graph for training, the much smaller graph that predicts for validation.
    """
    written = run.training_events.exists()
    with graph.graph.as_default():
        histograms = tf1.summary.merge([
            tf1.summary.histogram(f"weights/{weights.op.name}", weights)
            for weights in graph.weights
        ])  # fmt: skip
    predicting = build_inference_graph(network)
    # TensorFlow names the files by the second: a second start within it would erase the first's.
    suffix = f".{time.time_ns()}"
    with (
        predicting.as_default(),  # without a graph around it, a FileWriter raises
        tf1.summary.FileWriter(
            str(run.training_events), graph.graph, filename_suffix=suffix
        ) as training,
        tf1.summary.FileWriter(
            str(run.validation_events), predicting, filename_suffix=suffix
        ) as validation,
    ):

        def write_scalars(row: Epoch) -> None:
            _add_scalars(training, row.epoch, row.loss, row.accuracy)
            _add_scalars(validation, row.epoch, row.validation_loss, row.validation_accuracy)

        def summarize(row: Epoch) -> None:
            write_scalars(row)
            training.add_summary(session.run(histograms), row.epoch)
            training.flush()
            validation.flush()

        for row in () if written else history:
            write_scalars(row)
        yield summarize


def _add_scalars(writer: tf1.summary.FileWriter, epoch: int, loss: float, accuracy: float) -> None:
    """Writes an epoch's loss in nats and its accuracy, 0 to 1. Leaves out NaN, which stands for
    "no validation digits"."""
    values = [
        tf1.Summary.Value(tag=tag, simple_value=value)
        for tag, value in (("loss", loss), ("accuracy", accuracy))
        if math.isfinite(value)
    ]
    writer.add_summary(tf1.Summary(value=values), epoch)
