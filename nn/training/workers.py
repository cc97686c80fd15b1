"""A training's workers: one alone, or several that agree between two chunks of steps.

Within a chunk the workers' gradients add up (nn/training/graph.py). All workers must run the same
steps in the same chunks, or they would wait for each other forever. So they agree on each chunk's
size and on when to stop, and they all start an epoch from the chief's variables.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import nn
from nn.errors import UserError
from nn.runtime.cluster import Cluster
from nn.runtime.collectives import ROWS, STATE, all_reduce, cluster_session
from nn.runtime.sessions import training_session_config
from nn.runtime.signals import Stop
from nn.training.graph import TrainingGraph
from nn.training.settings import Settings

_ROW_NUMBERS = 8  # int32 numbers that workers tell each other at once: a SHA-256


class TrainingData(Protocol):
    """What a network trains on: images and labels, as its objective has them."""

    @property
    def images(self) -> np.ndarray: ...

    @property
    def labels(self) -> np.ndarray: ...

    def sha256(self) -> str: ...


class SingleWorker:
    """A training in one process. stop: returns the number of a signal that came, or None."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def stop(self) -> int | None:
        """The number of the signal that ends the training now; None if none came."""
        return self._stop()

    def chunk_steps(self, proposed: int) -> int:
        """The number of steps in the next chunk. proposed: what this worker would take."""
        return proposed

    def share_state(self) -> None:
        """Gives all workers the chief's variables."""


class ClusterWorker(SingleWorker):
    """One of several workers. They must all call the same methods in the same order."""

    def __init__(
        self, session: tf1.Session, graph: TrainingGraph, cluster: Cluster, stop: Stop
    ) -> None:
        super().__init__(stop)
        self._session = session
        self._cluster = cluster
        with graph.graph.as_default():
            self._row = tf1.placeholder(tf.int32, [_ROW_NUMBERS], "row")
            place = tf.one_hot(cluster.index, cluster.count, dtype=tf.int32)
            self._table = all_reduce(place[:, None] * self._row, cluster, ROWS)
            self._share = _assign_chiefs(graph.saved, cluster)

    def stop(self) -> int | None:
        """The number of the first signal that came to any worker; None if none came."""
        signals = self._rows_of_all([self._stop() or 0])[:, 0]
        return next((int(signum) for signum in signals if signum), None)

    def chunk_steps(self, proposed: int) -> int:
        """What the chief proposes."""
        return int(self._rows_of_all([proposed])[0, 0])

    def share_state(self) -> None:
        """As SingleWorker says. Workers that are equal machines have these values already; others
        round differently, and would drift apart."""
        self._session.run(self._share)

    def check_equal(self, settings: Settings, data: TrainingData) -> None:
        """Raises UserError if a worker has other code, settings or data to train on than the chief.
        The error names it."""
        digests = {
            "version": version_sha256(),
            "set of options": hashlib.sha256(json.dumps(vars(settings)).encode()).hexdigest(),
            "data set": data.sha256(),
        }
        for name, digest in digests.items():
            rows = self._rows_of_all(np.frombuffer(bytes.fromhex(digest), np.int32))
            if others := np.flatnonzero((rows != rows[0]).any(1)).tolist():
                raise UserError(
                    f"{self._cluster.named(others[0])} has another {name} than worker 0; start "
                    "all workers with the same version, data and options"
                )

    def _rows_of_all(self, row: "list[int] | np.ndarray") -> np.ndarray:
        """The rows of all workers: at most _ROW_NUMBERS int32 numbers → [workers, _ROW_NUMBERS]."""
        padded = np.zeros(_ROW_NUMBERS, np.int32)
        padded[: len(row)] = row
        return self._session.run(self._table, {self._row: padded})


@contextmanager
def loaded_session(
    graph: TrainingGraph,
    settings: Settings,
    data: TrainingData,
    stop: Stop,
    cluster: Cluster | None = None,
) -> Iterator[tuple[tf1.Session, SingleWorker]]:
    """A session that holds the data and the initial variables, and this process as a worker.

    cluster: the workers that train together, if this process is one of several. Raises UserError as
    ClusterWorker.check_equal does.
    """
    towers = cluster.workers_here if cluster else settings.recipe.towers
    config = training_session_config(settings.precision, towers)
    with (
        cluster_session(graph.graph, cluster, config, stop)
        if cluster
        else tf1.Session(graph=graph.graph, config=config)
    ) as session:
        session.run(graph.initialize)
        session.run(graph.load, {graph.feed.images: data.images, graph.feed.labels: data.labels})
        worker = SingleWorker(stop)
        if cluster:
            worker = ClusterWorker(session, graph, cluster, stop)
            worker.check_equal(settings, data)
        yield session, worker


def _assign_chiefs(variables: list[tf.Variable], cluster: Cluster) -> tf.Operation:
    """The op that assigns the chief's values, to the bit: all bits travel as int32 numbers."""
    words = [tf.reshape(tf.bitcast(variable, tf.int32), [-1]) for variable in variables]
    own = tf.concat(words, 0)
    chiefs = all_reduce(own if cluster.is_chief else tf.zeros_like(own), cluster, STATE)
    parts = tf.split(chiefs, [word.shape.num_elements() for word in words])
    return tf.group(*(
        variable.assign(_of_words(part, variable))
        for part, variable in zip(parts, variables, strict=True)
    ))  # fmt: skip


def _of_words(words: tf.Tensor, variable: tf.Variable) -> tf.Tensor:
    shape = variable.shape.as_list()
    if variable.dtype.size == 8:
        shape = [*shape, 2]
    return tf.bitcast(tf.reshape(words, shape), variable.dtype)


def version_sha256() -> str:
    """A hash of the code of nn and of TensorFlow's version."""
    folder = Path(nn.__file__).parent
    digest = hashlib.sha256(tf.__version__.encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
