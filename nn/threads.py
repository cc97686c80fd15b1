"""How many threads a session gives each of its ops."""

import os

import tensorflow as tf


def limit_threads(config: tf.compat.v1.ConfigProto, count: int) -> None:
    """Has a session share an op out among `count` threads at most, of its own.

    By itself TensorFlow gives all sessions of a process the threads of the first, so that what
    suits one would be every other's too. That is asked before a process's first session; where one
    came before, this has its threads.
    """
    config.intra_op_parallelism_threads = count
    os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
