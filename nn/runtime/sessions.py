"""The numbers that matrix products and convolutions are trained with: float32 or bfloat16.

A session rewrites its graph for bfloat16: it casts what goes into these ops, oneDNN computes them,
and variables, sums and losses stay float32
(https://www.tensorflow.org/guide/graph_optimization, auto mixed precision).
"""

import os
from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from nn.errors import UserError
from nn.runtime.processors import processors

FLOAT32, BFLOAT16 = PRECISIONS = ("float32", "bfloat16")
_CPU_FLAGS = {"avx512_bf16", "amx_bf16"}


def fastest(preferred: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The preferred precision, or float32 where the CPU does not compute in bfloat16, or does not
    say so, as Linux does: emulated, it is slower; and where TensorFlow is to do without oneDNN."""
    if not _has_onednn():
        return FLOAT32
    try:
        flags = set(cpuinfo.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        flags = set()
    return preferred if flags & _CPU_FLAGS else FLOAT32


def session_config(precision: str, towers: int = 1) -> tf1.ConfigProto:
    """What makes a session compute so. Raises UserError where it would not, without a word.

    towers: of a graph that trains; its ops share the processors, not each op all of them.
    """
    config = tf1.ConfigProto()
    if towers > 1:
        set_for_small_ops(config, threads=max(1, processors() // towers))
    if precision == BFLOAT16:
        if not _has_onednn():
            raise UserError(
                "bfloat16 is computed by oneDNN, which TF_ENABLE_ONEDNN_OPTS=0 switches off; unset "
                "it, or train with --precision float32"
            )
        options = config.graph_options.rewrite_options
        options.auto_mixed_precision_onednn_bfloat16 = options.ON
    return config


def _has_onednn() -> bool:
    return os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0"


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
