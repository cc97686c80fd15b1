"""--network finder and --network rows: the run, its files, resumed bit for bit, and what does not
go with it."""

import json
import signal

import numpy as np
import pytest
from conftest import train_in_this_process
from PIL import Image

from nn.data.digits import NO_DIGIT
from nn.networks.fixed_weights import load_weights, weights_sha256
from nn.runs import helper_run
from nn.runtime.signals import Interrupted
from nn.training.ink_pictures import compose_pictures
from nn.training.run_folder import RunFolder

PARAMETERS = {"finder": 457_348, "rows": 254_288}
PLOTS = {"finder": "ink.png", "rows": "rows.png"}
OPTIONS = ["--pictures", 192, "--batch-size", 32, "--epochs", 3]


@pytest.fixture(scope="module", params=["finder", "rows"])
def trained(request, small_data, tmp_path_factory):
    """(the finished process, the run's folder, the network's name)"""
    name = request.param
    folder = tmp_path_factory.mktemp(name) / "run"
    finished = train_in_this_process(
        "--network", name, *OPTIONS, "--data", small_data, "--run-dir", folder
    )
    assert finished.returncode == 0, finished.stderr
    return finished, folder, name


def test_it_writes_weights_and_plots_and_exports_no_version(trained):
    finished, folder, name = trained
    weights = load_weights(folder / f"{name}.npz")
    assert f"Weights: {folder}/{name}.npz   SHA-256 {weights_sha256(weights)}" in finished.stdout
    assert finished.stdout.splitlines()[-1].endswith(f"nn/networks/{name}.npz")
    assert sum(value.size for value in weights.values()) == PARAMETERS[name]
    for plot in (PLOTS[name], "training_history.png"):
        with Image.open(folder / plot) as image:
            assert min(image.size) > 300
    assert not (folder / "exported.json").exists()
    with open(folder / "history.csv") as file:
        losses = [float(line.split(",")[2]) for line in file.readlines()[1:]]
    assert len(losses) == 3
    assert losses[2] < losses[0]


def test_a_stopped_run_resumes_to_the_same_weights(trained, small_data, tmp_path, train_here):
    _, whole, name = trained
    config = json.loads((whole / "config.json").read_text())
    run = helper_run.HelperRun(
        helper_run.reopen(RunFolder(whole)).settings,
        helper_run.reopen(RunFolder(whole)).source,
        RunFolder(tmp_path / "run"),
        config["pictures"],
    )
    run.create()
    asked = 0

    def stop() -> int | None:
        """A signal in the second epoch: composing asks too, once for each of its chunks."""
        nonlocal asked
        asked += (tmp_path / "run" / "history.csv").exists()
        return signal.SIGINT if asked == 2 else None

    with pytest.raises(Interrupted):
        run.finish(stop=stop, quiet=True)
    assert not (tmp_path / "run" / f"{name}.npz").exists()
    finished = train_here("--resume", tmp_path / "run")
    assert finished.returncode == 0, finished.stderr
    ours, theirs = (load_weights(folder / f"{name}.npz") for folder in (tmp_path / "run", whole))
    for variable, value in ours.items():
        np.testing.assert_array_equal(value, theirs[variable], err_msg=variable)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--network", "finder", "--augment"],
            "--network finder only helps other networks; drop --aug",
        ),
        (
            ["--network", "rows", "--refit"],
            "--network rows only helps other networks; drop --refit",
        ),
        (["--network", "finder", "--hidden", "5"], "only helps other networks; drop --hidden"),
        (
            ["--network", "rows", "--saved-model", "x"],
            "only helps other networks; drop --saved-model",
        ),
        (["--network", "dense", "--pictures", "50"], "--pictures is for --network finder or rows"),
        (["--compare", "rows", "dense"], "--compare is for networks that read digits; drop rows"),
    ],
)
def test_what_does_not_go_together_is_one_clear_line(arguments, message, train_here):
    finished = train_here(*arguments)
    assert finished.returncode == 2
    assert message in finished.stderr.splitlines()[-1]


def test_what_is_resumed_is_not_exported_either(trained, train_here, tmp_path):
    finished = train_here("--resume", trained[1], "--saved-model", tmp_path / "x")
    assert finished.returncode != 0
    assert "its weights are not exported; drop --saved-model" in finished.stderr.splitlines()[-1]


def test_the_list_of_networks_shows_them(train_here):
    finished = train_here("--list-networks")
    assert "rows: 254,288 parameters; 8 epochs" in finished.stdout
    assert "finder: 457,348 parameters; 8 epochs" in finished.stdout
    assert "150,000 composed pictures" in finished.stdout


def test_equal_keys_compose_equal_pictures_in_any_number_of_processes(digits, monkeypatch):
    few = digits[0][:50]
    ours = compose_pictures(few, 300, (5, 1))
    monkeypatch.setattr("nn.training.composing.available_processors", lambda: 1)
    monkeypatch.setattr("nn.training.composing.CHUNK_PICTURES", 170)
    theirs = compose_pictures(few, 300, (5, 1))
    assert ours.sha256() == theirs.sha256()
    assert compose_pictures(few, 20, (5, 2)).sha256() != ours[:20].sha256()
    assert (ours.labels[ours.images == 0] == 0).all()  # no ink beside the picture
    assert 0.05 < (ours.digits == NO_DIGIT).mean() < 0.4
    assert set(ours.digits) == {*range(10), NO_DIGIT}


def test_composing_stops_at_a_signal(digits):
    with pytest.raises(Interrupted):
        compose_pictures(digits[0][:50], 600, (5, 1), stop=lambda: signal.SIGTERM)
