"""Tuning: processes that share a study, one that is killed, what is printed and drawn."""

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from conftest import ROOT, history_of, left_as_it_was
from optuna.trial import FixedTrial, TrialState
from PIL import Image

from apps.tune import __main__ as app
from apps.tune import report, tuning
from apps.tune import study as studies
from apps.tune.command_line import parse_arguments
from apps.tune.report import training_command
from apps.tune.space import Space, tunable
from nn.data.digits import Digits
from nn.errors import DivergedError
from nn.networks.registry import get_network
from nn.runs import command_line
from nn.training import datasets
from nn.training.datasets import Source
from nn.training.settings import Settings

GRACE_SECONDS = 2
START = f"""
import sys, time
from apps.tune import __main__ as app, study
study.HEARTBEAT_SECONDS, study.GRACE_SECONDS = 1, {GRACE_SECONDS}
{{}}
sys.exit(app.main())
"""
STALLED = "from apps.tune import tuning; tuning.train_trial = lambda *_, **__: time.sleep(600)"


@contextmanager
def process(*arguments, start: str = "") -> Iterator[subprocess.Popen]:
    """A process that tunes, with short heartbeats; killed at the end if it still runs. start: what
    else it does before."""
    running = subprocess.Popen(
        [sys.executable, "-c", START.format(start), *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Where the tests run in the background, SIGINT is ignored, and would stay so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    with running:
        try:
            yield running
        finally:
            running.kill()


def trials_of(folder: Path) -> list[optuna.trial.FrozenTrial]:
    """All trials of the one study in a folder."""
    url = f"sqlite:///{folder / 'study.db'}"
    (name,) = optuna.get_all_study_names(url)
    return optuna.load_study(study_name=name, storage=url).get_trials()


def states(folder: Path) -> dict[str, int]:
    names = [trial.state.name for trial in trials_of(folder)]
    return {name: names.count(name) for name in names}


def wait_for_a_running_trial(folder: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if "RUNNING" in states(folder):
                return
        except Exception:  # the tables are not there yet
            pass
        time.sleep(0.1)
    raise AssertionError("no trial runs")


@pytest.fixture(scope="module")
def shared(small_data, tmp_path_factory) -> tuple[Path, list, str]:
    """A study of five trials; a process was killed during one. Returns the folder, the options, and
    what the last process printed."""
    folder = tmp_path_factory.mktemp("study")
    options = ["dense", "--data", small_data, "--epochs", 2, "--trials", 5, "--run-dir", folder]
    with process(*options, start=STALLED) as killed, process(*options) as other:
        wait_for_a_running_trial(folder)
        said, errors = other.communicate(timeout=120)
        assert other.returncode == 0, errors
        assert "Other processes run 1 of the trials. If they were killed, run this again" in said
        assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
        killed.wait(60)
    found = states(folder)
    assert found.pop("RUNNING") == 1
    assert sum(found.values()) == 4
    time.sleep(GRACE_SECONDS + 1)
    with process(*options) as last:
        said, errors = last.communicate(timeout=120)
        assert last.returncode == 0, errors
    return folder, options, said


def test_of_a_killed_process_the_trial_fails_and_another_takes_its_place(shared):
    folder, _, said = shared
    found = states(folder)
    assert found.pop("FAIL") == 1
    assert sum(found.values()) == 5
    assert set(found) <= {"COMPLETE", "PRUNED"}
    assert ": 4 of 5 trials are done" in said
    assert len(re.findall(r"^Trial ", said, re.MULTILINE)) == 1
    assert "Best of 5 trials" in said
    assert "Other processes" not in said


def test_the_printed_command_trains_as_the_best_trial_did(shared, train_here, tmp_path):
    folder, _, said = shared
    (command,) = re.findall(r"^    (python train_neural_network.py .*)$", said, re.MULTILINE)
    assert "to repeat it, add --epochs 2\n" in said
    finished = train_here(
        *shlex.split(command)[2:], "--epochs", 2, "--quiet",
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    best = min(trial.value for trial in trials_of(folder) if trial.value is not None)
    accuracy = float(history_of(tmp_path / "run")[-1]["validation_accuracy"])
    assert accuracy == pytest.approx(1 - best)


def tune_here(*arguments) -> int:
    with left_as_it_was():
        return app.main([*map(str, arguments)])


def test_a_finished_study_is_reported_again_and_a_larger_one_goes_on(shared, monkeypatch, capsys):
    folder, options, _ = shared
    before = len(trials_of(folder))
    assert tune_here(*options) == 0
    assert len(trials_of(folder)) == before
    said = capsys.readouterr().out
    assert "5 of 5 trials are done" in said
    assert "importance.png" not in said  # too few trials
    monkeypatch.setattr(report, "MIN_BEST_TRIALS", 1)
    monkeypatch.setattr(report, "MIN_TRIALS_FOR_IMPORTANCE", 2)
    assert tune_here(*options, "--trials", 7, "--quiet") == 0
    assert len(trials_of(folder)) == before + 2
    said = capsys.readouterr().out
    assert "Best of 7 trials" in said
    files = re.search(r"^Charts: (.*)$", said, re.MULTILINE)[1].split(", ")
    assert [Path(file).name for file in files] == ["history.png", "importance.png"]
    for file in files:
        with Image.open(file) as picture:
            assert min(picture.size) > 300


def test_another_plan_does_not_join_a_study(shared, capsys):
    folder, options, _ = shared
    assert tune_here(*options, "--epochs", 3) == 2
    assert capsys.readouterr().err == (
        f"error: {folder}/study.db: the study dense was begun with epochs 2, and this command has "
        "3; take the same options, or another --study\n"
    )


def test_ctrl_c_leaves_no_running_trial_and_says_how_to_go_on(small_data, tmp_path):
    options = ["tiny", "--data", small_data, "--epochs", 9_000, "--run-dir", tmp_path]
    with process(*options) as stopped:
        wait_for_a_running_trial(tmp_path)
        stopped.send_signal(signal.SIGINT)
        _, errors = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    command = shlex.join(["python", "-m", "apps.tune", *map(str, options)])
    assert errors == (
        f"Stopped by SIGINT; the study keeps its 0 finished trials. To go on:\n    {command}\n"
    )
    assert states(tmp_path) == {"FAIL": 1}


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")  # `ask` gives its trial none
def test_two_processes_that_ask_for_the_last_trial_at_once_run_one(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    ours, theirs = (studies.open_study(url, "dense", {}) for _ in range(2))
    really = studies.count

    def count(study, *states):
        """They ask right after we have counted."""
        found = really(study, *states)
        if not found:
            theirs.ask()
        return found

    monkeypatch.setattr(studies, "count", count)
    studies.run_trials(ours, lambda trial: pytest.fail("a second trial"), 1, pytest.fail)
    assert [trial.state for trial in ours.trials] == [TrialState.RUNNING, TrialState.FAIL]


def test_a_trial_that_others_took_for_dead_counts_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    ours, theirs = (studies.open_study(url, "dense", {}) for _ in range(2))

    def objective(trial: optuna.Trial) -> float:
        if trial.number == 0:
            theirs.tell(0, state=TrialState.FAIL)
            trial.report(0.5, step=1)
        return 0.5

    told: list[int] = []
    studies.run_trials(ours, objective, 2, lambda trial: told.append(trial.number))
    assert told == [1, 2]
    assert [trial.state.name for trial in ours.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


class SealedDigits:
    """Test digits that nobody can look at."""

    def sha256(self) -> str:
        return "sealed"

    def __len__(self) -> int:
        return 97


def test_the_test_digits_are_not_looked_at(digits: tuple[Digits, Digits], tmp_path, monkeypatch):
    source = Source("sealed", "sealed", digits[0][:300], SealedDigits())
    monkeypatch.setattr(datasets, "load", lambda *_: source)
    assert tune_here("tiny", "--epochs", 1, "--trials", 1, "--run-dir", tmp_path) == 0


def test_a_trial_that_diverges_counts_as_ended_early(small_data, tmp_path, monkeypatch, capsys):
    def diverge(*_, **__):
        raise DivergedError("the loss is no longer a finite number")

    monkeypatch.setattr(tuning, "train_trial", diverge)
    options = ["--data", small_data, "--trials", 2, "--run-dir", tmp_path]
    assert tune_here("tiny", *options) == 2
    found = capsys.readouterr()
    assert found.out.count("diverged") == 2
    assert found.err == "error: no trial has trained to its end; try more --trials\n"
    assert states(tmp_path) == {"PRUNED": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["dens"], "no network is called 'dens'"),
        (["finder"], "finder only helps other networks; tune one of tiny, simple_dnn, "),
        (["tiny", "--only", "dropout"], "tiny has no dropout to tune; it has learning_rate, "),
        (["tiny", "--study", "rows.csv"], "rows.csv: the study cannot be read or written (file "),
        (["tiny", "--study", "oracle://me:secret@host/x"], "oracle://me:***@host/x: the driver "),
        (["tiny", "--study", "x://host/y"], "x://host/y: the driver of this database is not "),
        (["tiny", "--study", "://"], "--study: expected a file, or a URL such as postgresql"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_is_an_error_of_one_line(
    options, message, small_data, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "OPENING_PAUSE_SECONDS", 0)
    (tmp_path / "rows.csv").write_text("no database\n" * 100)
    assert tune_here(*options, "--data", small_data, "--epochs", 1, "--trials", 1) == 2
    found = capsys.readouterr()
    assert found.err.startswith(f"error: {message}")
    assert found.err.count("\n") == 1
    assert (tmp_path / "rows.csv").read_text() == "no database\n" * 100


@pytest.mark.parametrize("name", ["dense", "compact", "sprint"])
def test_the_command_sets_what_the_trial_tried(name):
    usual = Settings.of(get_network(name))
    space = Space(usual, tunable(usual), 48_000)
    values = {"learning_rate": 0.00123456, "batch_size": 256, "warmup": 0.15, "dropout": 0.35,
              "weight_decay": 0.000123456, "augment": not usual.augment, "hidden_1": 300,
              "hidden_2": 70}  # fmt: skip
    tried = space.suggest(FixedTrial(values))
    assert tried.learning_rate == 0.00123
    command = training_command(FixedTrial(values), space, parse_arguments([name]))
    options = vars(command_line.parse_arguments(shlex.split(command)[2:]))
    network = get_network(options["network"], options["hidden"] or ())
    given = {each: options[each] for each in space.names if each != "hidden"}
    assert Settings.of(network, **given) == tried
