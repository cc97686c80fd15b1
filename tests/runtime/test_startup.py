"""The start of the scripts: what TensorFlow says while it is imported, closed streams."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, run_script

from nn.runtime.startup import run_command
from nn.runtime.whole_files import naming, replacing

IMPORT = "from nn.runtime.startup import import_tensorflow; import_tensorflow()"
# What import_tensorflow needs of TensorFlow.
LOGGING = """
from types import SimpleNamespace
logging = SimpleNamespace(ERROR=40, set_verbosity=lambda level: None)
compat = SimpleNamespace(v1=SimpleNamespace(logging=logging))
"""
NOTICE = "I0000 port.cc:153] oneDNN custom operations are on."
# TensorFlow aborts with such a line on a CPU that it was not built for. A notice has this name too.
LAST_WORDS = "F cpu_feature_guard.cc:38] TensorFlow was compiled to use AVX instructions"


@pytest.fixture
def tensorflow_that(tmp_path):
    """Runs code with a TensorFlow whose import runs other code; returns the finished process."""

    def run(imported: str, code: str = IMPORT, **options):
        package = tmp_path / "tensorflow"
        package.mkdir()
        (package / "__init__.py").write_text(f"import os, signal\n{imported}\n{LOGGING}")
        return run_script("-c", code, PYTHONPATH=f"{tmp_path}:{ROOT}", **options)

    return run


@pytest.mark.parametrize(
    ("death", "status"),
    [("os.abort()", signal.SIGABRT), ("os.kill(os.getpid(), signal.SIGKILL)", signal.SIGKILL)],
)
def test_what_tensorflow_said_before_it_crashed_is_shown(tensorflow_that, death, status):
    finished = tensorflow_that(f"os.write(2, {LAST_WORDS!r}.encode()); {death}")
    assert finished.stderr == LAST_WORDS
    assert finished.returncode == -status


def test_a_script_whose_tensorflow_aborts_shows_why_and_ends_with_134(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        f"import os\nos.write(2, {LAST_WORDS!r}.encode() + b'\\n')\nos.abort()\n"
    )
    # A shell reports a process that a signal ended as 128 plus the signal's number.
    command = f"PYTHONPATH={tmp_path} {sys.executable} load_saved_model.py samples/3_pen.png"
    finished = subprocess.run(
        f"{command}; exit $?", shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert LAST_WORDS in finished.stderr.splitlines()
    assert finished.returncode == 134


def test_known_notices_are_dropped_and_other_lines_are_not(tensorflow_that):
    finished = tensorflow_that(f"os.write(2, b'{NOTICE}\\nW something new\\n')")
    assert finished.returncode == 0
    assert finished.stderr == "W something new\n"


UNNOTICED = """
import os, sys
from nn.runtime.startup import import_tensorflow_unnoticed
before = dict(os.environ)
import_tensorflow_unnoticed()
print(sys.modules["tensorflow"].level, os.environ == before)
"""
TELL_LEVEL = "level = os.environ.get('TF_CPP_MIN_LOG_LEVEL')"


@pytest.fixture
def no_level(monkeypatch):
    """TensorFlow's log level is not set, as in a user's shell."""
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


def test_the_library_drops_notices_and_leaves_the_environment(tensorflow_that, no_level):
    said = f"{TELL_LEVEL}; os.write(2, b'{NOTICE}\\nW something new\\n')"
    finished = tensorflow_that(said, UNNOTICED)
    assert (finished.stdout, finished.stderr) == ("3 True\n", "W something new\n")


def test_the_library_keeps_the_level_that_the_program_chose(tensorflow_that):
    finished = tensorflow_that(TELL_LEVEL, UNNOTICED, TF_CPP_MIN_LOG_LEVEL="1")
    assert finished.stdout == "1 True\n"


def test_the_library_changes_nothing_where_tensorflow_is_imported(tensorflow_that, no_level):
    said = f"{TELL_LEVEL}; os.write(2, b'{NOTICE}\\n')"
    finished = tensorflow_that(said, f"import tensorflow\n{UNNOTICED}")
    assert (finished.stdout, finished.stderr) == ("None True\n", f"{NOTICE}\n")


@pytest.mark.parametrize("program", ["sys.executable = '/usr/bin/true'", "sys.frozen = True"])
def test_the_library_starts_no_program_that_embeds_python(tensorflow_that, no_level, program):
    refused = "subprocess.Popen.__init__ = lambda *arguments, **options: sys.exit('started')"
    code = f"import subprocess, sys\n{refused}\n{program}\n{UNNOTICED}"
    finished = tensorflow_that(f"{TELL_LEVEL}; os.write(2, b'{NOTICE}\\n')", code)
    assert (finished.stdout, finished.stderr) == ("3 True\n", f"{NOTICE}\n")


def test_what_tensorflow_said_in_the_library_before_it_crashed_is_shown(tensorflow_that, no_level):
    finished = tensorflow_that(f"os.write(2, {LAST_WORDS!r}.encode()); os.abort()", UNNOTICED)
    assert (finished.returncode, finished.stderr) == (-signal.SIGABRT, LAST_WORDS)


def test_an_import_that_fails_shows_what_was_said_and_raises(tensorflow_that):
    finished = tensorflow_that("os.write(2, b'no such library\\n'); raise ImportError('broken')")
    assert finished.returncode == 1
    assert finished.stderr.startswith("no such library\nTraceback")
    assert finished.stderr.endswith("ImportError: broken\n")


def test_no_process_is_left_behind(tensorflow_that):
    wait = "import os\ntry: os.waitpid(-1, 0)\nexcept ChildProcessError: print('none')"
    finished = tensorflow_that("", f"{IMPORT}\n{wait}")
    assert (finished.stdout, finished.stderr) == ("none\n", "")


def test_where_no_process_can_be_started_tensorflow_is_imported_all_the_same(tensorflow_that):
    code = f"import sys; sys.executable = '/nonexistent'; {IMPORT}; print('done')"
    finished = tensorflow_that(f"os.write(2, b'{NOTICE}\\n')", code)
    assert (finished.stdout, finished.stderr) == ("done\n", "")


def with_standard_error_closed(code: str) -> str:
    """Code that runs other code in a process whose standard error is closed."""
    return f"import os, sys; os.close(2); os.execv(sys.executable, ['python', '-c', {code!r}])"


@pytest.mark.parametrize(
    "first", ["", "from nn.runtime import startup; startup.make_output_safe()"]
)
def test_tensorflow_is_imported_with_standard_error_closed(tensorflow_that, first):
    code = with_standard_error_closed(f"{first}\n{IMPORT}\nprint('imported')")
    finished = tensorflow_that("try: os.write(2, b'W said\\n')\nexcept OSError: pass", code)
    assert (finished.returncode, finished.stdout) == (0, "imported\n")


def test_a_message_to_a_closed_standard_error_does_not_become_a_result():
    code = """
import sys
from nn.runtime.startup import make_output_safe
make_output_safe()
print("a message", file=sys.stderr)
print("a result")
"""
    finished = run_script("-c", with_standard_error_closed(code))
    assert (finished.returncode, finished.stdout) == (0, "a result\n")


def test_the_real_import_prints_nothing():
    finished = run_script("-c", IMPORT, TF_USE_LEGACY_KERAS="1")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


# Where a script imports argparse, Ctrl-C comes; the sleep would go on if it had no effect.
CTRL_C = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
COMMANDS = [
    ["load_saved_model.py", "samples/3_pen.webp"],
    ["train_neural_network.py", "--list-networks"],
    ["-m", "nn.mnist", "--from", "nowhere"],
    ["-m", "nn.export", "--from", "nowhere", "--to", "nowhere"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_during_the_imports_ends_as_it_does_later(command, tmp_path):
    (tmp_path / "argparse.py").write_text(CTRL_C)
    finished = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=30,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        # Where the tests run in the background, SIGINT is ignored, and would stay so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "Stopped\n")


def test_ctrl_c_is_ignored_in_a_background_job_and_raises_once_a_command_runs(tmp_path):
    code = """
import os, signal
from nn.runtime import early_stop
from nn.runtime.startup import run_command
signal.signal(signal.SIGINT, signal.SIG_IGN)
early_stop.end_at_ctrl_c()
os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
early_stop.end_at_ctrl_c()
def command():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        print("cleaned up")
print(run_command(command))
"""
    finished = run_script("-c", code)
    assert finished.stdout == "cleaned up\n130\n"
    assert finished.stderr == "Stopped\n"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("load_saved_model.py missing.png >&- 2>&- <&-", 1),
        ("train_neural_network.py --list-networks >&- 2>&- <&-", 0),
        ("-m nn.mnist --from nowhere >&- 2>&- <&-", 2),
        ("-m nn.mnist --from nowhere 2>&-", 2),  # its error is no result
        ("-m nn.mnist --from nowhere <&-", 2),
    ],
)
def test_a_closed_stream_changes_no_exit_status(command, status):
    command = f"{sys.executable} {command}"
    finished = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == status
    assert finished.stdout == ""
    assert (finished.stderr == "") == ("2>&-" in command)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
@pytest.mark.parametrize(
    "command",
    [
        ["load_saved_model.py", "samples/3_pen.webp", "--json"],
        ["load_saved_model.py", "samples/3_pen.webp", "--csv", "CSV"],  # not the CSV file's error
        ["train_neural_network.py", "--list-networks"],
    ],
)
def test_a_full_disk_behind_standard_output_is_one_line_and_2(command, tmp_path):
    command = [str(tmp_path / "out.csv") if word == "CSV" else word for word in command]
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [sys.executable, *command], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert finished.returncode == 2
    *said, last = finished.stderr.splitlines()
    assert last == "error: standard output: No space left on device"
    assert not any("Error" in line for line in said)


def test_a_full_disk_names_the_file(tmp_path, capsys):
    def fill() -> int:
        with naming(tmp_path / "results.csv"), replacing(tmp_path / "results.csv"):
            raise OSError(errno.ENOSPC, "No space left on device")

    assert run_command(fill) == 2
    expected = f"error: {tmp_path / 'results.csv'}: No space left on device\n"
    assert capsys.readouterr().err == expected
    assert not list(tmp_path.iterdir())
