"""What the scripts set for the whole process at their start; a library must not set it.

Standard streams take any character, TensorFlow's environment variables are set, and TensorFlow is
imported without its usual notices. Only import_tensorflow_unnoticed is for the library: it leaves
the environment as it was.
"""

import errno
import io
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import IO

from nn.errors import UserError
from nn.runtime.early_stop import raise_at_ctrl_c
from nn.runtime.printable import printable

# TensorFlow's C++ code prints these at import to everybody who has no GPU, or has a modern CPU.
# TF_CPP_MIN_LOG_LEVEL does not silence them: they come before TensorFlow sets up its logging.
_NOTICES = ("absl::InitializeLog", "cudart_stub.cc", "oneDNN custom operations", "cuda_executor",
            "cpu_feature_guard", "To enable the following instructions",
           "Created TensorFlow Lite XNNPACK delegate")  # fmt: skip

# What to install for a package, where that is not its own name.
_INSTALLS = {
    **dict.fromkeys(["onnx", "tf2onnx"], "-r requirements/onnx.txt"),
    **dict.fromkeys(["fastapi", "uvicorn", "prometheus_client", "python_multipart", "starlette"],
                    "-r requirements/serve.txt"),
    "kserve": "-r requirements/kserve.txt",
    **dict.fromkeys(["optuna", "sqlalchemy"], "-r requirements/tune.txt"),
    **dict.fromkeys(["pyspark", "py4j", "pyarrow"], "-r requirements/cluster.txt"),
    "sklearn": "scikit-learn", "skimage": "scikit-image", "PIL": "pillow",
}  # fmt: skip
# What writing to standard output fails with; such an error names no file.
_OUTPUT_ERRORS = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF, errno.EDQUOT)

# The program of the watcher, a process that watches the import. Its standard input is a pipe from
# the importing process. Its descriptor 1 is the file that holds what TensorFlow has written so far.
# If the pipe closes before a byte arrives, the import has crashed. Then the watcher copies the
# whole file to standard error, because a line that looks like a notice may tell why.
_WATCHER = """
import os
if not os.read(0, 1):
    os.lseek(1, 0, os.SEEK_SET)
    while part := os.read(1, 65536):
        os.write(2, part)
"""


def make_output_safe() -> None:
    """Lets standard output and error take any character: they escape what they cannot show.

    A closed standard stream is opened on the null device. If standard error stayed closed, `print`
    would write messages to standard output, and the next file to be opened would get descriptor 2
    and receive TensorFlow's messages.
    """
    # In this order each gets its own descriptor: open takes the lowest free number.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def log_to_standard_error(quiet: bool = False) -> None:
    """Shows what nn logs on standard error; quiet: only warnings and errors."""
    logger = logging.getLogger("nn")
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


def run_command(command: Callable[[], int]) -> int:
    """Runs a command and returns the exit status of the process.

    Without an error it is the command's own. After a UserError, or an OSError such as a full disk,
    it is 2, and one line on standard error says why. It is 2, too, if an optional package is
    missing, or memory. After Ctrl-C it is 130. It is 0 if the pipe behind standard output is
    closed: its reader, `| head` for example, has all that it wants.
    """
    try:
        raise_at_ctrl_c()
        status = command()
        sys.stdout.flush()  # here at the latest a full disk shows
        return status
    except UserError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "nn"):  # a fault of this project
            raise
        install = _INSTALLS.get(package, package)
        print(f"error: this needs {package}, which is not installed: pip install {install}",
              file=sys.stderr)  # fmt: skip
        return 2
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _discard_output()
        return 0
    except MemoryError:
        print("error: not enough memory for this", file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename
        if where is None and error.errno in _OUTPUT_ERRORS:  # nn's own files are named
            _discard_output()
            where = "standard output"
        reason = error.strerror or error
        print(printable(f"error: {where}: {reason}" if where else f"error: {reason}"),
              file=sys.stderr)  # fmt: skip
        return 2


def _discard_output() -> None:
    """Points standard output at the null device: Python would write its unwritten rest at exit, and
    fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def set_environment() -> None:
    """Sets TensorFlow's environment variables for a process, unless the user has set them; before
    TensorFlow is imported."""
    # 3 silences the log of the C++ code, errors too: Python raises each of these errors as well,
    # and only the Python exception names the cause.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN has faster CPU kernels. By default TensorFlow uses them only if the CPU has AVX-512
    # VNNI; with AVX2 alone they train 1.1 to 1.4 times as fast as TensorFlow's other kernels.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Each session gets threads of its own (nn/runtime/sessions.py). This must be set before the
    # first session of the process.
    os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")


def import_tensorflow() -> None:
    """Sets the environment and imports TensorFlow; drops the notices that it is known to print,
    passes on every other line.

    If the import crashes, the watcher shows everything that TensorFlow has printed so far, notices
    included. Where no watcher can be started, that is lost.
    """
    set_environment()
    with notices_dropped(watch=True):
        import tensorflow as tf
    # At each call of a TF1 function TensorFlow warns that it is deprecated. This project uses TF1
    # style on purpose, so it hides these warnings.
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)


def import_tensorflow_unnoticed() -> None:
    """Imports TensorFlow for a library: drops the same notices if a watcher can be started, and
    leaves the environment as it was.

    It does nothing if the program has imported TensorFlow. If the program has set
    TF_CPP_MIN_LOG_LEVEL, that level stays. Otherwise the variable is 3 during the import, and is
    removed afterwards. TensorFlow's C++ code has read it by then, and logs nothing from then on.
    """
    if "tensorflow" in sys.modules:
        return
    level = "TF_CPP_MIN_LOG_LEVEL"
    is_ours = level not in os.environ
    os.environ.setdefault(level, "3")
    try:
        # Without a watcher, what TensorFlow says before it crashes would be lost.
        with notices_dropped(watch=True) if _can_watch() else nullcontext():
            import tensorflow  # noqa: F401 - now it is imported
    finally:
        if is_ours:
            os.environ.pop(level, None)


def _can_watch() -> bool:
    """Whether sys.executable is a Python that can run the watcher. In a frozen program or one that
    embeds Python it is that program, which would start a second time."""
    name = os.path.basename(sys.executable or "").lower()  # noqa: PTH119 - pathlib is not imported
    return name.startswith("python") and not getattr(sys, "frozen", False)


@contextmanager
def notices_dropped(watch: bool = False) -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ code too, until the block ends; then
    shows it without the known notices. watch: another process shows it if this one crashes."""
    try:
        sys.stderr.flush()
        standard_error = os.dup(2)
        held_back = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    except (AttributeError, OSError):  # standard error is closed, or there is no place for a file
        yield
        return
    with held_back as captured:
        watcher = _start_watcher(captured) if watch else None
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

    A handler in this process would not do: a process that is killed runs no handlers. The watcher
    uses some 10 ms of another processor while TensorFlow's import takes 2 to 4 s.
    """
    command = [sys.executable or "python3", "-I", "-S", "-c", _WATCHER]
    try:
        # start_new_session: Ctrl-C and signals to the process group do not reach the watcher.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=captured, start_new_session=True
        )
    except OSError:
        return None
