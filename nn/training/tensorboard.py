"""Summaries of a run for TensorBoard: curves, histograms of the weights, two graphs.

TensorBoard names a run after the folder of its events, and draws equal tags of different runs in
one chart. So training and validation write the same tags into two folders of the run's.
"""

import math
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.networks.inference import build_inference_graph
from nn.networks.registry import Network
from nn.runtime.sessions import reason_of
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
    with (
        EventFile(run.training_events, graph.graph) as training,
        EventFile(run.validation_events, build_inference_graph(network)) as validation,
    ):

        def write_scalars(row: Epoch) -> None:
            _add_scalars(training, row.epoch, row.loss, row.accuracy)
            _add_scalars(validation, row.epoch, row.validation_loss, row.validation_accuracy)

        def summarize(row: Epoch) -> None:
            write_scalars(row)
            training.write_summary(tf1.Summary.FromString(session.run(histograms)), row.epoch)
            training.flush()
            validation.flush()

        for row in () if written else history:
            write_scalars(row)
        yield summarize


class EventFile:
    """A file of events for TensorBoard, with a graph; to be used in a `with` statement.

    tf1.summary.FileWriter writes in a thread of its own, which shows a traceback where the disk is
    full. The file is what FileWriter writes: records of Event, the first with the file's version
    (tensorflow/core/util/event.proto). Each method raises UserError if the file cannot be written.
    """

    def __init__(self, folder: Path, graph: tf.Graph) -> None:
        # TensorBoard reads files with `tfevents` in their names, in the order of the names. The
        # nanoseconds keep two starts within a second apart.
        seconds, host = int(time.time()), socket.gethostname()
        if folder.exists() and not folder.is_dir():
            raise UserError(
                f"{folder}: expected a folder for TensorBoard's events, found a file; move it away"
            )
        self._path = folder / f"events.out.tfevents.{seconds}.{host}.{time.time_ns()}"
        with _naming(self._path):
            folder.mkdir(exist_ok=True)
            self._records = tf.io.TFRecordWriter(str(self._path))
        self._write(file_version="brain.Event:2")
        self._write(graph_def=graph.as_graph_def(add_shapes=True).SerializeToString())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        with _naming(self._path):
            self._records.close()

    def write_summary(self, summary: tf1.Summary, step: int) -> None:
        """Adds a summary, under a step on TensorBoard's horizontal axis."""
        self._write(summary=summary, step=step)

    def flush(self) -> None:
        """Hands everything to the operating system, so that TensorBoard can read it."""
        with _naming(self._path):
            self._records.flush()

    def _write(self, **fields) -> None:
        with _naming(self._path):
            self._records.write(tf1.Event(wall_time=time.time(), **fields).SerializeToString())


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns what TFRecordWriter raises into a UserError that names the file: Python's own errors
    for some of TensorFlow's."""
    try:
        yield
    except (tf.errors.OpError, OSError, IndexError, RuntimeError, ValueError) as error:
        raise UserError(f"{path}: cannot be written ({reason_of(error)})") from None


def _add_scalars(events: EventFile, epoch: int, loss: float, accuracy: float) -> None:
    """Writes an epoch's loss in nats and its accuracy, 0 to 1. Leaves out NaN, which stands for
    "no validation digits"."""
    values = [
        tf1.Summary.Value(tag=tag, simple_value=value)
        for tag, value in (("loss", loss), ("accuracy", accuracy))
        if math.isfinite(value)
    ]
    events.write_summary(tf1.Summary(value=values), epoch)
