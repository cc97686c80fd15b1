"""What the scripts do at their start, and a library must not: TensorFlow without its notices,
output that takes any character."""

import os
import sys
import tempfile

# What TensorFlow's C++ code says at import to everybody who has no GPU, or has a modern CPU.
# No environment variable silences it, because it comes before the logging is set up.
_NOTICES = ("absl::InitializeLog", "cudart_stub.cc", "oneDNN custom operations", "cuda_executor",
            "cpu_feature_guard", "To enable the following instructions")  # fmt: skip


def make_output_safe() -> None:
    """Lets standard output and error take any character: what they cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")


def import_tensorflow() -> None:
    """Imports TensorFlow; drops the lines it is known to print, passes on every other."""
    # 3: what goes wrong in C++ is raised in Python too, and only there it names its cause.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow's faster CPU kernels. By itself it takes them only where AVX-512 VNNI is; with
    # AVX2 alone they train 1.1 to 1.4 times as fast.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Each session has threads of its own, as nn/prediction/session.py wants it: later it may be too
    # late.
    os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as captured:
        standard_error = os.dup(2)
        os.dup2(captured.fileno(), 2)
        try:
            import tensorflow as tf
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
            captured.seek(0)
            for line in captured.read().decode(errors="replace").splitlines():
                if not any(notice in line for notice in _NOTICES):
                    print(line, file=sys.stderr)
    # Each call of a TF1 function is announced as deprecated; TF1 style is what this is about.
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
