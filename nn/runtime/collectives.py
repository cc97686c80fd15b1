"""Sums over the workers of a cluster: a server in each worker, and one op that adds up a vector.

The server listens on all interfaces and asks nobody who they are: whoever reaches its port can run
any graph in this process. So it starts only if the user sets TF_CONFIG.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, NoReturn

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.cluster import Cluster
from nn.runtime.sessions import reason_of
from nn.runtime.signals import Stop

log = logging.getLogger(__name__)

# A sum waits so long for the slowest worker. The longest pause in training is the chief's at the
# end of an epoch: it validates and writes a checkpoint.
PATIENCE_SECONDS = 60
WATCH_SECONDS = 0.5  # between two looks at whether all workers still run
STUCK_SECONDS = 2.0  # a session that is closed has ended its run long before
_ADVICE = "to go on, start all workers again with --resume and the run's folder"
# A worker that ends stays so long: another may still fetch its part of the last sum from it, or ask
# who is lost.
FAREWELL_SECONDS = 2.0
_GROUP = 1  # all workers are one group
# Which sum an op computes: of a step, of the variables, of a row of numbers from each worker.
STEP, STATE, ROWS = 1, 2, 3
# What TensorFlow raises if another worker is lost, stopped, or computes something else.
_FAULTS = (
    tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
    tf.errors.DeadlineExceededError, tf.errors.InternalError, tf.errors.InvalidArgumentError,
)  # fmt: skip


def all_reduce(vector: tf.Tensor, cluster: Cluster, key: int) -> tf.Tensor:
    """The sum of all workers' vectors, in each worker: the same shape and dtype.

    A ring of sends and receives (Patarasuk and Yuan 2009, J. Parallel Distrib. Comput. 69). Every
    worker must run this op equally often, in the same order. key: tells the sums of a program
    apart. If a worker does not come within PATIENCE_SECONDS, the op fails.
    """
    return tf.raw_ops.CollectiveReduce(
        input=vector, group_size=cluster.count, group_key=_GROUP, instance_key=key,
        merge_op="Add", final_op="Id", subdiv_offsets=[0], timeout_seconds=PATIENCE_SECONDS,
    )  # fmt: skip


def add_up(tensors: Any, cluster: Cluster, key: int) -> Any:
    """The sums over all workers of a structure of tensors, in the same structure.

    They travel as one float32 vector, so whole numbers above 2^24 are rounded.
    """
    flat = tf.nest.flatten(tensors)
    vector = tf.concat([tf.reshape(tf.cast(tensor, tf.float32), [-1]) for tensor in flat], 0)
    sums = tf.split(all_reduce(vector, cluster, key), [t.shape.num_elements() for t in flat])
    shaped = [
        tf.cast(tf.reshape(part, tensor.shape), tensor.dtype)
        for part, tensor in zip(sums, flat, strict=True)
    ]
    return tf.nest.pack_sequence_as(tensors, shaped)


@contextmanager
def cluster_session(
    graph: tf.Graph, cluster: Cluster, config: tf1.ConfigProto, stop: Stop
) -> Iterator[tf1.Session]:
    """A session that computes in this worker, and whose sums go over all workers.

    Starts this worker's server and waits for the others'. Raises UserError, in one line, if the
    server cannot start, or if a worker is lost; and Interrupted as Cluster.wait does.
    """
    # Who joins the workers to a group: the server must know this, and not only the session.
    config.experimental.collective_group_leader = "/job:worker/replica:0/task:0"
    # Without it a session waits for the devices of all workers, and may use them.
    config.device_filters.append(f"/job:worker/task:{cluster.index}")
    server = _server(cluster, config)
    cluster.wait(stop)
    log.info(f"{cluster.count} workers train together; this is worker {cluster.index}")
    try:
        with (
            tf1.Session(server.target, graph, config) as session,
            _watched(session, cluster),
        ):
            yield session
    finally:
        time.sleep(FAREWELL_SECONDS)


def _server(cluster: Cluster, config: tf1.ConfigProto) -> tf.distribute.Server:
    port = cluster.addresses[cluster.index].rpartition(":")[2]
    try:
        server = tf.distribute.Server(
            {"worker": list(cluster.addresses)},
            job_name="worker", task_index=cluster.index, config=config,
        )  # fmt: skip
    except tf.errors.OpError as error:
        raise UserError(
            f"{cluster.named(cluster.index)}: its server cannot start ({reason_of(error)}); is "
            f"port {port} in use?"
        ) from None
    log.warning(
        f"warning: worker {cluster.index} of {cluster.count} listens on port {port} of all "
        "interfaces, without authentication; use it in a trusted network only"
    )
    return server


@contextmanager
def _watched(session: tf1.Session, cluster: Cluster) -> Iterator[None]:
    """Ends what runs in the session if a worker is lost: raises UserError, which names the worker.

    TensorFlow itself notices at once that a process has ended while it receives from it. While it
    waits for that process to begin or to fetch something, it notices nothing before
    PATIENCE_SECONDS. So a thread looks for ended and silent processes too, and closes the session.
    If the chief ends before the first steps, TensorFlow asks it for their number again and again,
    and nothing stops that: then the thread ends this process.
    """
    over = Event()
    lost: list[int] = []

    def watch() -> None:
        ended: list[int] = []
        answered = time.monotonic()
        while not over.wait(WATCH_SECONDS):
            before = ended
            silent = cluster.silent()
            ended = cluster.ended() if silent else []
            if not silent:
                answered = time.monotonic()
            # Twice: others may end their training a little earlier.
            if (ended and before) or time.monotonic() - answered > PATIENCE_SECONDS:
                lost.extend(ended or silent)
                # Closing waits for what runs.
                Thread(target=session.close, daemon=True).start()
                if not over.wait(STUCK_SECONDS):
                    _end_process(_report(cluster, lost))

    watcher = Thread(target=watch, name="cluster watch", daemon=True)
    watcher.start()
    try:
        yield
    except (RuntimeError, UserError, *_FAULTS) as error:  # the first two, if it was just closed
        if isinstance(error, _FAULTS) and not lost:
            lost.extend(cluster.silent())
        if lost:
            raise UserError(_report(cluster, lost)) from None
        if isinstance(error, tf.errors.DeadlineExceededError):
            raise UserError(
                f"some worker added nothing to a sum for {PATIENCE_SECONDS} s; {_ADVICE}"
            ) from None
        raise
    finally:
        over.set()
        watcher.join()


def _report(cluster: Cluster, lost: Sequence[int]) -> str:
    return f"{', '.join(map(cluster.named, lost))} no longer answers; {_ADVICE}"


def _end_process(problem: str) -> NoReturn:
    """Ends this process as a UserError would, while its main thread waits within TensorFlow. Every
    file of a run is whole or not there at any moment."""
    print(f"error: {problem}", file=sys.stderr, flush=True)
    os._exit(2)
