"""How a session computes: its threads, and float32 or bfloat16.

Precision: a session rewrites its graph for bfloat16. It casts the inputs of matrix products and
convolutions, which oneDNN then computes; variables, sums and losses stay float32
(https://www.tensorflow.org/guide/graph_optimization, auto mixed precision).

Threads: TensorFlow gives all sessions of a process the threads of its first session. So after a
Predictor, whose ops run in one thread each, a training in the same notebook or server has one
thread for each op as well. Set TF_OVERRIDE_GLOBAL_THREADPOOL=1 in the environment before the
process's first session, and each session has threads of its own. nn.runtime.startup sets it for the
scripts; this module changes no environment. docs/performance.md has the measurements.

Two trainings give the same bits in the same number of threads. TensorFlow keeps a oneDNN
convolution for the next session that needs one of the same shape, in the number of threads that it
was made for; so a training that must repeat another to the bit needs a process of its own.
"""

import os
from itertools import pairwise
from pathlib import Path

import tensorflow.compat.v1 as tf1
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from nn.errors import UserError
from nn.runtime.processors import available_processors

FLOAT32, BFLOAT16 = PRECISIONS = ("float32", "bfloat16")
FORKED = (
    "this process was forked from one that uses TensorFlow, whose threads a fork does not copy: it "
    "would hang; start the process with multiprocessing.get_context('spawn') instead, and make a "
    "Predictor there"
)
_session_process: int | None = None  # the process that made the first session
_BFLOAT16_CPU_FLAGS = {"avx512_bf16", "amx_bf16"}


def precision_for_this_cpu(preferred: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The preferred precision where the CPU computes in bfloat16, otherwise float32.

    It is float32, too, where TensorFlow is to work without oneDNN, and where the system does not
    describe its CPU in `cpuinfo`, as Linux does: emulated bfloat16 is slower than float32.
    """
    if not _has_onednn():
        return FLOAT32
    try:
        flags = set(cpuinfo.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        flags = set()
    return preferred if flags & _BFLOAT16_CPU_FLAGS else FLOAT32


def training_session_config(precision: str, towers: int = 1) -> tf1.ConfigProto:
    """The configuration of a session that trains in a precision of PRECISIONS.

    towers: the number of towers in the graph. Each gets its share of the processors' threads.
    Raises UserError where the session would compute in float32 although `precision` is bfloat16,
    and RuntimeError in a process where it would hang, as `claim_process` does.
    """
    claim_process()
    config = tf1.ConfigProto()
    if towers > 1:
        configure_for_small_ops(config, threads_per_op=max(1, available_processors() // towers))
    if precision == BFLOAT16:
        if not _has_onednn():
            raise UserError(
                "bfloat16 is computed by oneDNN, which TF_ENABLE_ONEDNN_OPTS=0 switches off; unset "
                "it, or train with --precision float32"
            )
        options = config.graph_options.rewrite_options
        options.auto_mixed_precision_onednn_bfloat16 = options.ON
    return config


def configure_for_small_ops(config: tf1.ConfigProto, threads_per_op: int) -> None:
    """Makes a session run a graph of many small ops faster (docs/performance.md, "Threads").

    It runs each op in `threads_per_op` threads: the threads that share one small op mostly wait for
    each other. And it fuses no matrix product with the op that follows it: oneDNN would copy the
    weights of such a product into an order of its own at each call.
    """
    config.intra_op_parallelism_threads = threads_per_op
    config.graph_options.rewrite_options.remapping = RewriterConfig.OFF


def claim_process() -> None:
    """Notes that this process is about to make a session. Raises RuntimeError in a forked child of
    a process that has made one: the child lacks TensorFlow's threads, so its session would hang."""
    global _session_process
    if _session_process is None:
        _session_process = os.getpid()
    elif _session_process != os.getpid():
        raise RuntimeError(FORKED)


def _has_onednn() -> bool:
    return os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0"


def reason_of(error: Exception) -> str:
    """Why TensorFlow raised an error, in one line without a path.

    Where an operation fails, its message has the operation's place in the source before the reason,
    and a stack trace behind it. Where a file fails, it is `path; reason`.
    """
    lines = str(error).splitlines() or [type(error).__name__]
    reasons = (line for before, line in pairwise(lines) if before.startswith("Node: "))
    return next(reasons, lines[0]).rpartition("; ")[2]
