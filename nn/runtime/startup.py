"""What the scripts set for the whole process when they start, and a library must not: standard
streams that take any character, TensorFlow's environment, TensorFlow without its usual notices."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

# TensorFlow's C++ code prints these at import to everybody who has no GPU, or has a modern CPU.
# No environment variable silences them: they come before TensorFlow sets up its logging.
_NOTICES = ("absl::InitializeLog", "cudart_stub.cc", "oneDNN custom operations", "cuda_executor",
            "cpu_feature_guard", "To enable the following instructions")  # fmt: skip

# The program of the process that watches the import. Its standard input is a pipe from the process
# that imports, its standard output the file that holds what TensorFlow has written so far. If the
# pipe ends without a word, the import has crashed. Then the watcher shows all of the file: a line
# that looks like a notice may be the one that tells why.
_WATCHER = """
import os
if not os.read(0, 1):
    os.lseek(1, 0, os.SEEK_SET)
    while part := os.read(1, 65536):
        os.write(2, part)
"""


def make_output_safe() -> None:
    """Lets standard output and error take any character: they escape what they cannot show.

    A closed standard stream is opened on the null device. Otherwise `print` would write messages to
    standard output instead, and the next file to be opened would receive TensorFlow's messages.
    """
    # In this order each gets its own descriptor: open takes the lowest free number.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def import_tensorflow() -> None:
    """Imports TensorFlow; drops the notices that it is known to print, passes on every other line.

    A crash during the import, too, shows what TensorFlow printed before it.
    """
    # 3: Python raises every error of the C++ code as well, and only there it names its cause.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow's faster CPU kernels. By default TensorFlow takes them only where the CPU has
    # AVX-512 VNNI; with AVX2 alone they train 1.1 to 1.4 times as fast.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Each session gets threads of its own (nn/runtime/sessions.py). This must be set before the
    # first session of the process.
    os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
    with _notices_dropped():
        import tensorflow as tf
    # TensorFlow warns at each call of a TF1 function that it is deprecated; TF1 style is what this
    # project is about.
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)


@contextmanager
def _notices_dropped() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ code too, until the block ends; then
    shows it without the known notices."""
    try:
        sys.stderr.flush()
        standard_error = os.dup(2)
    except (AttributeError, OSError):  # standard error is closed: nothing can be shown
        yield
        return
    with tempfile.TemporaryFile() as captured:
        watcher = _start_watcher(captured)
        os.dup2(captured.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
            if watcher:
                watcher.communicate(b"done")
            captured.seek(0)
            for line in captured.read().decode(errors="replace").splitlines():
                if not any(notice in line for notice in _NOTICES):
                    print(line, file=sys.stderr)


def _start_watcher(captured: IO[bytes]) -> subprocess.Popen | None:
    """Starts the process that shows `captured` if this process crashes; None if it cannot start.

    No handler within this process would do: a process that is killed runs none. The watcher uses
    some 10 ms of another processor while TensorFlow's import takes 2 to 4 s.
    """
    command = [sys.executable or "python3", "-I", "-S", "-c", _WATCHER]
    try:
        # A session of its own: Ctrl-C, and a signal to the process group, do not reach it.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=captured, start_new_session=True
        )
    except OSError:
        return None
