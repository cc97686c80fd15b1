"""--refit: a second run on all digits, which keeps what the first one fitted."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import card_of, change_json, history_of, train_without_plots

from nn.confidence.calibration import Calibration
from nn.errors import UserError
from nn.networks.registry import get_network
from nn.runs.run import Run, reopen
from nn.training.datasets import Source
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings

REFIT = ["--network", "tiny", "--epochs", 6, "--seed", 2]


@pytest.fixture(scope="module")
def refitted(real_data, tmp_path_factory) -> Path:
    """A folder with a run that was trained again on all digits, run/, and its export."""
    folder = tmp_path_factory.mktemp("refitted")
    finished = train_without_plots(
        "--data", real_data, *REFIT, "--refit",
        "--run-dir", folder / "run", "--saved-model", folder / "SavedModel",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "Once more, on all 1,500 training digits" in finished.stdout
    return folder


@pytest.fixture
def copied(refitted, tmp_path) -> Path:
    """The folder of its first run, which holds that of the second, somewhere else."""
    return shutil.copytree(refitted / "run", tmp_path / "run")


def test_it_exports_a_run_on_all_digits_with_the_calibration_of_the_first(
    refitted, real_data, tmp_path, plotless, train_here
):
    card = card_of(refitted / "SavedModel")
    assert card["trained_on"] == 1500
    assert card["validation"] is None
    assert not (refitted / "SavedModel" / "2").exists()
    finished = train_here(
        "--data", real_data, *REFIT, "--validation-split", "0",
        "--run-dir", tmp_path / "all", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert card["weights_sha256"] == card_of(tmp_path / "out")["weights_sha256"]
    assert history_of(refitted / "run" / "refit") == history_of(tmp_path / "all")
    first = reopen(RunFolder(refitted / "run")).finish(quiet=True)
    fitted_to = "300 validation digits of a run on the other 1,200"
    assert card["calibration"] == {**first.calibration.describe(), "fitted_to": fitted_to}
    assert first.calibration.scaling.temperature != 1


def test_one_that_was_stopped_in_its_second_run_goes_on_there(refitted, copied, tmp_path, plotless):
    second = RunFolder(copied / "refit")
    for path in (*second.checkpoints.iterdir(), second.history_file):  # as if killed at once
        path.unlink()
    run = reopen(RunFolder(copied), tmp_path / "out")
    run = run.second(run.finish(quiet=True))
    run.export(run.finish(quiet=True))
    expected, found = card_of(refitted / "SavedModel"), card_of(tmp_path / "out")
    assert found["weights_sha256"] == expected["weights_sha256"]
    assert found["calibration"] == expected["calibration"]
    assert reopen(second).calibration.describe() == expected["calibration"]


def test_without_validation_digits_it_is_refused(digits, tmp_path):
    source = Source("few", "bundled", digits[0][:100], digits[1])
    for split in (0.0, 0.004):  # the latter is less than half a digit
        settings = Settings.of(get_network("tiny"), validation_split=split)
        run = Run(settings, source, RunFolder(tmp_path / "run"), tmp_path / "out", refit=True)
        with pytest.raises(UserError, match="a refit needs validation digits"):
            run.create()
    assert not (tmp_path / "run").exists()


def test_a_second_run_of_other_settings_is_not_taken_for_the_first_ones(copied):
    config = copied / "refit" / "config.json"
    change_json(config, settings=json.loads(config.read_text())["settings"] | {"seed": 3})
    first = SimpleNamespace(calibration=Calibration(), training_images=1200)
    with pytest.raises(UserError, match="holds a run of other settings"):
        reopen(RunFolder(copied)).second(first)
