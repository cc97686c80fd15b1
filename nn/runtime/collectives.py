"""Sums over the workers of a cluster: a server in each worker, and one op that adds up a vector.

The server listens on all interfaces and asks nobody who they are: whoever reaches its port can run
any graph in this process. So it starts only if the user sets TF_CONFIG.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.cluster import Cluster
from nn.runtime.lost_workers import PATIENCE_SECONDS, lost_workers_named
from nn.runtime.sessions import reason_of
from nn.runtime.signals import Stop

log = logging.getLogger(__name__)

# A worker that ends stays so long: another may still fetch its part of the last sum from it, or ask
# who is lost.
FAREWELL_SECONDS = 2.0
_GROUP = 1  # all workers are one group
# Which sum an op computes: of a step, of the variables, of a row of numbers from each worker.
STEP, STATE, ROWS = 1, 2, 3


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
            lost_workers_named(session, cluster),
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
