"""Notices that another worker of a cluster is lost, and ends what waits for it.

TensorFlow itself notices at once that a process has ended while it receives from it. While it waits
for that process to begin or to fetch something, it notices nothing before PATIENCE_SECONDS. So a
thread looks for ended and silent processes too, and closes the session.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import NoReturn

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.cluster import Cluster

# A sum waits so long for the slowest worker. The longest pause in training is the chief's at the
# end of an epoch: it validates and writes a checkpoint.
PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.5  # between two looks at whether all workers still run
_STUCK_SECONDS = 2.0  # a session that is closed has ended its run long before
_ADVICE = "to go on, start all workers again with --resume and the run's folder"
# What TensorFlow raises if another worker is lost, stopped, or computes something else.
_FAULTS = (
    tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
    tf.errors.DeadlineExceededError, tf.errors.InternalError, tf.errors.InvalidArgumentError,
)  # fmt: skip


@contextmanager
def lost_workers_named(session: tf1.Session, cluster: Cluster) -> Iterator[None]:
    """Raises UserError, which names the worker, if one is lost while the block runs."""
    over = Event()
    lost: list[int] = []
    watcher = Thread(target=_watch, args=(session, cluster, over, lost), daemon=True)
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


def _watch(session: tf1.Session, cluster: Cluster, over: Event, lost: list[int]) -> None:
    """Adds to `lost` the workers that end or fall silent before `over` is set, and closes the
    session.

    If the chief is lost before the first steps, TensorFlow asks it for their number again and
    again, and nothing stops that: then this process ends.
    """
    ended: list[int] = []
    answered = time.monotonic()
    while not over.wait(_LOOK_SECONDS):
        before, silent = ended, cluster.silent()
        ended = cluster.ended() if silent else []
        if not silent:
            answered = time.monotonic()
        # Twice: others may end their training a little earlier.
        if (ended and before) or time.monotonic() - answered > PATIENCE_SECONDS:
            lost.extend(ended or silent)
            Thread(target=session.close, daemon=True).start()  # it waits for what runs
            if not over.wait(_STUCK_SECONDS):
                _end_process(_report(cluster, lost))
            return


def _report(cluster: Cluster, lost: Sequence[int]) -> str:
    return f"{', '.join(map(cluster.named, lost))} no longer answers; {_ADVICE}"


def _end_process(problem: str) -> NoReturn:
    """Ends this process as a UserError would, while its main thread waits within TensorFlow. Every
    file of a run is whole or not there at any moment."""
    print(f"error: {problem}", file=sys.stderr, flush=True)
    os._exit(2)
