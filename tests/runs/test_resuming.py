"""A run that is stopped and resumed, killed, moved, damaged; and all that its folder holds."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, card_of, change_json, history_of, run_script, train_in_this_process
from PIL import Image

import train_neural_network
from nn.errors import UserError
from nn.runs.run import reopen
from nn.runtime.signals import Interrupted
from nn.training.checkpoints import checkpoint_prefixes
from nn.training.run_folder import RunFolder

tf1 = tf.compat.v1

OPTIONS = [
    "--network", "simple_dnn", "--epochs", "20", "--augment", "--dropout", "0.3",
    "--weight-decay", "0.01", "--warmup", "0.1", "--l2", "0.0001", "--optimizer", "momentum",
    "--learning-rate", "0.02",
]  # fmt: skip


@pytest.fixture(scope="module")
def whole_run(real_data, tmp_path_factory) -> Path:
    """A folder with a run that nothing interrupted, run/, and its export, SavedModel/."""
    folder = tmp_path_factory.mktemp("whole")
    finished = train_in_this_process("--data", real_data, *OPTIONS, *folders(folder))
    assert finished.returncode == 0, finished.stderr
    return folder


def folders(folder: Path) -> list:
    return ["--run-dir", folder / "run", "--saved-model", folder / "SavedModel"]


def stop(folder: Path, signum: int, epochs: int, *arguments) -> tuple[int, str]:
    """Starts the script, and sends it a signal when its run has finished so many epochs.

    Returns what it ends with: its exit status and what it said on standard error.
    """
    process = subprocess.Popen(
        [sys.executable, ROOT / "train_neural_network.py", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Where the tests run in the background, SIGINT is ignored, and would stay so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    history = folder / "run" / "history.csv"
    deadline = time.monotonic() + 90
    while not (history.exists() and len(history.read_text().splitlines()) > epochs):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signum)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def weights_of(folder: Path) -> str:
    return card_of(folder / "SavedModel")["weights_sha256"]


@pytest.mark.parametrize(
    ("started_as", "command"),
    [
        ("/usr/bin/digits-train", "digits-train"),
        ("../code/train_neural_network.py", "python ../code/train_neural_network.py"),
        ("/usr/bin/pytest", "python train_neural_network.py"),
    ],
)
@pytest.mark.parametrize("ended_by", [Interrupted(signal.SIGINT), KeyboardInterrupt()])
def test_the_command_to_go_on_is_the_one_that_was_stopped(
    started_as, command, ended_by, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("sys.argv", [started_as, "--quiet"])
    monkeypatch.chdir(tmp_path)
    Path("runs/ü 1").mkdir(parents=True)
    with pytest.raises(SystemExit) as end, train_neural_network.working_in(Path("runs/ü 1")):
        raise ended_by
    assert end.value.code == 130
    assert not list(tmp_path.rglob(".lock"))
    assert capsys.readouterr().err.splitlines()[-1] == f"    {command} --resume 'runs/ü 1'"


def test_a_run_stopped_in_every_way_resumes_to_the_same_weights(
    whole_run, real_data, tmp_path, train_here, plotless
):
    """Which also proves that equal seeds give equal weights, in other processes too."""
    run = tmp_path / "run"
    go_on = ["--resume", run, "--saved-model", tmp_path / "SavedModel"]
    for signum, status, epochs, arguments in (
        (signal.SIGINT, 130, 4, ["--data", real_data, *OPTIONS, *folders(tmp_path)]),
        (signal.SIGTERM, 143, 8, go_on),
        (signal.SIGKILL, -signal.SIGKILL, 12, go_on),
    ):
        found, errors = stop(tmp_path, signum, epochs, *arguments)
        assert found == status
        assert not (tmp_path / "SavedModel").exists()
        if signum != signal.SIGKILL:
            assert f"--resume {run}" in errors
            assert "Traceback" not in errors
        assert epochs <= len(history_of(run)) < 20
    finished = train_here(*go_on)
    assert finished.returncode == 0, finished.stderr
    assert weights_of(tmp_path) == weights_of(whole_run)
    assert history_of(run) == history_of(whole_run / "run")


def test_the_run_folder_holds_what_the_design_says(whole_run, real_data):
    run = whole_run / "run"
    config = json.loads((run / "config.json").read_text())
    assert config["settings"]["network"] == "simple_dnn"
    assert config["data"]["source"] == str(real_data)
    assert len(history_of(run)) == 20
    names = {"training_history", "confusion_matrix", "sample_predictions", "confident_mistakes",
             "first_layer", "reliability", "augmented"}  # fmt: skip
    assert {path.stem for path in run.glob("*.png")} == names
    for name in names:
        with Image.open(run / f"{name}.png") as picture:
            assert min(picture.size) > 400
            assert np.asarray(picture.convert("L")).std() > 10
    assert not list(run.glob(".*"))


def events_in(folder: Path) -> tuple[dict[str, dict[int, float]], set[str]]:
    """What TensorBoard finds in a folder: each tag's values by epoch, and the graph's nodes."""
    tags, nodes = {}, set()
    for file in folder.glob("events.*"):
        for event in tf1.train.summary_iterator(str(file)):
            graph = tf1.GraphDef.FromString(event.graph_def)
            nodes |= {node.name for node in graph.node}
            for value in event.summary.value:
                tags.setdefault(value.tag, {})[event.step] = value.simple_value
    return tags, nodes


def test_tensorboard_finds_training_and_validation_under_the_same_tags(whole_run):
    training, _ = events_in(whole_run / "run" / "training")
    validation, _ = events_in(whole_run / "run" / "validation")
    weights = {
        f"weights/{layer}/{n}" for layer in ("dense_1", "logits") for n in ("weights", "bias")
    }
    assert set(training) == {"loss", "accuracy"} | weights
    assert set(validation) == {"loss", "accuracy"}
    assert all(list(values) == list(range(1, 21)) for values in training.values())
    rows = history_of(whole_run / "run")
    for tags, prefix in ((training, ""), (validation, "validation_")):
        for tag in ("loss", "accuracy"):
            expected = [float(row[prefix + tag]) for row in rows]
            assert list(tags[tag].values()) == pytest.approx(expected, rel=1e-6)


def test_tensorboard_finds_the_graph_that_trains_and_the_graph_that_predicts(whole_run):
    _, training = events_in(whole_run / "run" / "training")
    _, predicting = events_in(whole_run / "run" / "validation")
    assert {"images", "dense_1/MatMul", "dataset/images", "init"} <= training
    assert "probabilities" not in training
    assert {"dense_1/Relu", "logits/MatMul", "probabilities"} <= predicting
    assert not [name for name in predicting if "gradient" in name or "Adam" in name]


def test_a_run_of_an_older_version_gets_its_curves_when_it_resumes(whole_run, copied_run, plotless):
    (copied_run / "training").rename(copied_run / "events")  # where older versions wrote
    shutil.rmtree(copied_run / "validation")
    resume_in_process(copied_run)
    resume_in_process(copied_run)  # not twice
    for name in ("training", "validation"):
        tags, _ = events_in(copied_run / name)
        whole, _ = events_in(whole_run / "run" / name)
        assert tags == {tag: whole[tag] for tag in ("loss", "accuracy")}
    files = (copied_run / "training").glob("events.*")
    events = [event for file in files for event in tf1.train.summary_iterator(str(file))]
    assert len([event for event in events if event.summary.value]) == 20


def test_the_history_says_what_evaluation_says(whole_run):
    last, card = history_of(whole_run / "run")[-1], card_of(whole_run / "SavedModel")
    assert float(last["validation_accuracy"]) == card["validation"]["accuracy"]
    # The temperature was fitted to these digits: it can only lower the loss.
    assert card["validation"]["loss"] < float(last["validation_loss"])
    assert 0.2 < card["calibration"]["temperature"] < 5
    assert card["calibration"]["fitted_to"] == "300 validation digits"
    thresholds = card["calibration"]["thresholds"]
    assert thresholds
    for threshold in thresholds:
        assert threshold["wrong"] / threshold["answered"] < threshold["max_error"]
    assert card["validation"]["images"] == 300
    assert card["test"]["images"] == 297


@pytest.fixture
def copied_run(whole_run, tmp_path) -> Path:
    """A finished run that has been moved to another folder."""
    return shutil.copytree(whole_run / "run", tmp_path / "moved run")


def test_a_finished_run_that_was_moved_resumes_to_its_export(
    whole_run, copied_run, tmp_path, train_here, plotless
):
    finished = train_here("--resume", copied_run, "--saved-model", tmp_path / "SavedModel")
    assert finished.returncode == 0, finished.stderr
    assert "Epoch" not in finished.stdout
    assert weights_of(tmp_path) == weights_of(whole_run)


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("settings.epochs", "x", "epochs cannot be 'x'"),
        ("settings.hidden", 5, "hidden cannot be 5"),
        ("settings.hidden", [-3, 5], r"hidden cannot be \[-3, 5\]"),
        ("settings.hidden", [5, 5], "hidden sizes 5 5: simple_dnn has 1 hidden layer"),
        ("settings.network", "resnet", "no network is called 'resnet'"),
        ("settings.validation_split", 1.0, "validation_split cannot be 1.0"),
        ("settings.learning_rate", None, "learning_rate cannot be None"),
        ("settings.rate", 1, "unexpected keyword argument 'rate'"),
        ("load", None, "load cannot be None"),
        ("export_folder", 5, "config.json: not the config of a run"),
        ("refit", "no", "refit cannot be 'no'"),
        ("calibration", {}, "temperature"),
        ("calibration", "", "string indices"),
        ("calibration", {"temperature": 0, "power": 1}, "temperature cannot be 0"),
        ("settings.bends", -1, "bends cannot be -1"),
    ],
)
def test_a_damaged_setting_is_one_clear_line(copied_run, where, value, message):
    config = json.loads((copied_run / "config.json").read_text())
    *parents, name = where.split(".")
    (config[parents[0]] if parents else config)[name] = value
    change_json(copied_run / "config.json", **config)
    with pytest.raises(UserError, match=r"config.json: not the config of a run") as raised:
        reopen(RunFolder(copied_run))
    assert re.search(message, str(raised.value))
    assert "\n" not in str(raised.value)


def resume_in_process(run: Path) -> None:
    """What --resume does, in this process."""
    reopen(RunFolder(run), quiet=True).finish(quiet=True)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("history.csv", b"\xff\xfe\x00", "history.csv: cannot be read"),
        ("config.json", b"{}", "not the config of a run"),
        ("config.json", b"{", "config.json: cannot be read"),
    ],
)
def test_a_damaged_run_is_not_resumed(copied_run, file, content, message):
    (copied_run / file).unlink()
    if content is not None:
        (copied_run / file).write_bytes(content)
    with pytest.raises(UserError, match=message):
        resume_in_process(copied_run)


def test_a_checkpoint_of_other_sizes_is_not_restored(copied_run):
    config = json.loads((copied_run / "config.json").read_text())
    change_json(copied_run / "config.json", settings=config["settings"] | {"hidden": [64]})
    with pytest.raises(UserError, match=r"expected shape \[784, 64\], found \[784, 128\]"):
        resume_in_process(copied_run)


def test_a_run_keeps_two_checkpoints(copied_run):
    assert len(checkpoint_prefixes(RunFolder(copied_run))) == 2
    assert len(list((copied_run / "checkpoints").glob("*.index"))) == 2


def test_the_names_of_a_runs_files_are_known_without_tensorflow(copied_run):
    code = f"""
import sys
from pathlib import Path
from nn.training.run_folder import RunFolder, is_comparison
run = RunFolder(Path({str(copied_run)!r}))
assert len(run.read_history(20)) == 20 and run.has_checkpoints
assert run.read_config()["settings"]["epochs"] == 20 and not is_comparison(run.path)
assert "tensorflow" not in sys.modules
"""
    finished = run_script("-c", code)
    assert finished.returncode == 0, finished.stderr


def test_a_run_folder_is_not_overwritten(copied_run):
    with pytest.raises(UserError, match="holds a run already; continue it with --resume"):
        RunFolder(copied_run).create({})
