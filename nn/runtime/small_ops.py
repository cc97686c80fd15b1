"""How a session is set for a graph of many small ops, of which several run at once."""

import os

import tensorflow as tf
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig


def set_for_small_ops(config: tf.compat.v1.ConfigProto, threads: int) -> None:
    """Shares each op out among a few threads, and keeps products as they are.

    docs/performance.md has the measurements. To be called before a process's first session: where
    one came before, this has its threads.
    """
    # Threads that share one small op mostly wait for each other.
    config.intra_op_parallelism_threads = threads
    # By itself TensorFlow gives all sessions the threads of the first; what suits this one would be
    # every other's too. So each session is to have threads of its own.
    os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
    # A product fused with what follows it has oneDNN copy the weights into an order of its own
    # first, at each call.
    config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
