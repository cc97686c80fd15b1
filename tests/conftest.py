"""What tests share: the scripts, as processes and within this one; small data; models; MNIST.

A process costs four seconds, most of which import TensorFlow, and a model takes as long to be
restored. So a test starts a process only where a fresh one is what it tests.
"""

import atexit
import csv
import fcntl
import io
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import load_saved_model
import train_neural_network
from nn.data.csv_files import CSV_NAMES, read_folder
from nn.data.digits import Digits
from nn.errors import UserError
from nn.runtime import sealed_json

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the scripts do
os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")  # likewise

# Hypothesis makes up inputs: in `make test` the same ones each time, in `make test-faults` many new
# ones. A machine of CI may be slow.
settings.register_profile("same", max_examples=50, derandomize=True, deadline=None, database=None)
settings.register_profile("many", max_examples=2000, deadline=None)
settings.load_profile("same")

ROOT = Path(__file__).parent.parent
MNIST = ROOT / "MNIST"


# Runs a script, and prints what it has imported.
RUN = """
import runpy, sys
sys.argv = ["load_saved_model.py", *sys.argv[1:]]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    print(*{name.partition(".")[0] for name in sys.modules})
    sys.exit(end.code)
"""


def run_script(*arguments, cwd: Path = ROOT, timeout: int = 240, **environment: str):
    """Runs a script or module of the project as users do; returns the finished process."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def train(*arguments, **options):
    """Runs train_neural_network.py."""
    return run_script(ROOT / "train_neural_network.py", *arguments, **options)


def load(*arguments, **options):
    """Runs load_saved_model.py."""
    return run_script(ROOT / "load_saved_model.py", *arguments, **options)


def write_csv_folder(folder: Path, training: Digits, test: Digits) -> Path:
    """Writes the four CSV files, as any tool might."""
    folder.mkdir(parents=True, exist_ok=True)
    for digits, images_name, labels_name in (
        (training, CSV_NAMES[0], CSV_NAMES[1]),
        (test, CSV_NAMES[2], CSV_NAMES[3]),
    ):
        np.savetxt(folder / images_name, digits.images.reshape(len(digits), -1), "%d", ",")
        np.savetxt(folder / labels_name, digits.labels, "%d")
    return folder


def run_graph(build: Callable, *arrays: np.ndarray):
    """What the graph that `build` makes of placeholders computes of the arrays.

    The placeholders know neither the number of pictures nor their size. A function of a module
    builds its graph once for all tests: that takes a hundred times as long as to run it. One that
    is defined within a test builds its own each time.
    """
    kinds = [(array.dtype, array.ndim) for array in arrays]
    if "<locals>" not in build.__qualname__:
        session, placeholders, outputs = built(build, *kinds)
        return session.run(outputs, dict(zip(placeholders, arrays, strict=True)))
    session, placeholders, outputs = built.__wrapped__(build, *kinds)
    with session:
        return session.run(outputs, dict(zip(placeholders, arrays, strict=True)))


@cache
def built(build: Callable, *kinds: tuple[np.dtype, int]) -> tuple:
    """(session, placeholders of these types and numbers of axes, what `build` makes of them)"""
    from tensorflow import Graph
    from tensorflow.compat import v1

    with Graph().as_default() as graph:
        placeholders = [v1.placeholder(dtype, [None] * axes) for dtype, axes in kinds]
        return v1.Session(graph=graph), placeholders, build(*placeholders)


def card_of(saved_model: Path) -> dict:
    """The card of the first version in a folder of exports."""
    return json.loads((saved_model / "1" / "model_card.json").read_text())


def change_json(file: Path, **fields) -> None:
    """Changes fields of a JSON file that carries a checksum of itself, and the checksum with
    them."""
    sealed_json.write(file, {**sealed_json.read(file, UserError, "", warns=False), **fields})


def history_of(run: Path) -> list[dict]:
    """The rows of a run's history, but for their seconds."""
    with open(run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: row[key] for key in row if key != "seconds"} for row in rows]


def made_once(tmp_path_factory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, once for all the processes that the tests run in."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tmp_path_factory.mktemp(name)
        make(folder)
        return folder
    folder = tmp_path_factory.getbasetemp().parent / name
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / ".done"
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def real_data(tmp_path_factory) -> Path:
    """A folder of four CSV files: the bundled digits, which take seconds to be enlarged."""

    def make(folder: Path) -> None:
        from nn.training import datasets

        source = datasets.load("bundled")
        write_csv_folder(folder, source.training, source.test)

    return made_once(tmp_path_factory, "real", make)


@pytest.fixture(scope="session")
def digits(real_data) -> tuple[Digits, Digits]:
    """Real digits that every machine has: (training, test), the bundled ones at 28×28."""
    return read_folder(real_data)


@pytest.fixture(scope="session")
def small_data(digits, tmp_path_factory) -> Path:
    """A folder of four CSV files: 300 training digits and 97 test digits."""
    training, test = digits
    return write_csv_folder(tmp_path_factory.mktemp("data"), training[:300], test[:97])


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """A SavedModel folder with a version that the training script exported, on bundled digits."""

    def make(folder: Path) -> None:
        finished = train_without_plots(
            "--data", "bundled", "--network", "dense", "--epochs", 60, "--augment", "--quiet",
            "--run-dir", folder / "run", "--saved-model", folder / "SavedModel",
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr

    return made_once(tmp_path_factory, "model", make) / "SavedModel"


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """Undoes what the scripts change for all of their process: logging, an environment variable."""
    names = ("nn", "nn.training", "nn.training.trainer", "nn.runs.run")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_USE_LEGACY_KERAS", "1")
        patch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
        yield
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)


def in_this_process(main: Callable, *arguments) -> subprocess.CompletedProcess:
    """Runs the main function of a script with these arguments, as a finished process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with left_as_it_was(), redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([*map(str, arguments)])
        except SystemExit as end:
            status = end.code
    texts = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(arguments, status, *texts)


def train_in_this_process(*arguments) -> subprocess.CompletedProcess:
    """train_neural_network.py within this process, for fixtures that several tests share."""
    return in_this_process(train_neural_network.main, *arguments)


def leave_out_plots_and_litert(patch: pytest.MonkeyPatch) -> None:
    """Runs draw no plots, which take two seconds, and exports hold another network's digits.tflite,
    because to convert their own takes three."""
    from nn.runs.run import Run

    def copy(saved_model: Path, file: Path, rounded: object) -> None:
        shutil.copyfile(ROOT / "SavedModel" / "1" / "digits.tflite", file)

    patch.setattr(Run, "figures", lambda *_: {})
    patch.setattr("nn.export.write.convert", copy)


def train_without_plots(*arguments) -> subprocess.CompletedProcess:
    """As train_in_this_process, without plots and the network's own digits.tflite."""
    with pytest.MonkeyPatch.context() as patch:
        leave_out_plots_and_litert(patch)
        return train_in_this_process(*arguments)


@pytest.fixture
def plotless(monkeypatch) -> None:
    """As train_without_plots: for tests that look at neither."""
    leave_out_plots_and_litert(monkeypatch)


@pytest.fixture
def train_here(capfd):
    """train_neural_network.py within this process, what C++ prints included."""

    def run(*arguments):
        capfd.readouterr()
        with left_as_it_was():
            try:
                status = train_neural_network.main([*map(str, arguments)])
            except SystemExit as end:
                status = end.code
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return run


@cache
def session_model() -> type:
    """The class itself, which models_restored_once replaces in its module."""
    from nn.prediction.tensorflow_session import SessionModel

    return SessionModel


@cache
def restored_once(version: Path, processors: int | None = None):
    """A SessionModel that stays open for all tests of this process.

    To restore a version and to run its graphs for the first time takes four seconds.
    """
    restored = session_model()(version, processors)
    atexit.register(restored.close)
    restored.close = lambda: None
    return restored


@contextmanager
def models_restored_once() -> Iterator[None]:
    """Predictors that are made within share what they restore."""
    session_model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nn.prediction.tensorflow_session.SessionModel", restored_once)
        yield


@pytest.fixture(scope="session")
def predictor(model):
    """A Predictor of `model`, one for all tests of this process."""
    from nn import Predictor

    with models_restored_once():
        return Predictor(model)


@pytest.fixture(scope="session")
def shipped():
    """A Predictor of the model that the repository holds, one for all tests of this process."""
    from nn import Predictor

    with models_restored_once():
        return Predictor(ROOT / "SavedModel" / "1")


def load_in_this_process(*arguments) -> subprocess.CompletedProcess:
    """load_saved_model.py within this process, for fixtures that several tests share."""
    with chdir(ROOT), models_restored_once():
        return in_this_process(load_saved_model.main, *arguments)


@pytest.fixture
def script(model, monkeypatch, capfd):
    """load_saved_model.py on `model` within this process, what C++ prints included."""
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        capfd.readouterr()
        with left_as_it_was(), models_restored_once():
            status = load_saved_model.main([*map(str, arguments), "--model", str(model)])
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder of MNIST's CSV files; skips the test where they have not been imported."""
    if not (MNIST / CSV_NAMES[0]).exists():
        pytest.skip("no MNIST here: python -m nn.mnist")
    return MNIST


@pytest.fixture
def untelling(predictor, monkeypatch):
    """A Predictor of a model of before there was `light_on_dark`."""
    outputs = predictor._restored.signatures["canvases"] - {"light_on_dark"}
    monkeypatch.setattr(predictor._restored, "signatures", {"canvases": outputs})
    return predictor
