"""A finished run that is resumed: it exports once, unless its export is gone or goes elsewhere."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import card_of, change_json, train_in_this_process

from nn.export import write
from nn.runs.run import Run, reopen
from nn.training.run_folder import RunFolder
from nn.training.trainer import Trainer

OPTIONS = ["--network", "tiny", "--epochs", 2]


@pytest.fixture(autouse=True)
def without_plots(monkeypatch):
    monkeypatch.setattr(Run, "figures", lambda *_: {})


@pytest.fixture(scope="module")
def once(small_data, tmp_path_factory) -> Path:
    """A folder with an exported run, run/, and its export, SavedModel/1."""
    folder = tmp_path_factory.mktemp("once")
    finished = train_in_this_process(
        "--data", small_data, *OPTIONS, "--run-dir", folder / "run", "--saved-model", folder / "out"
    )
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture
def exported(once, tmp_path) -> Path:
    """A copy of it, as if it had been made there."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    for name, field, path in (
        ("config.json", "export_folder", tmp_path / "out"),
        ("exported.json", "version", tmp_path / "out" / "1"),
    ):
        change_json(tmp_path / "run" / name, **{field: str(path)})
    return tmp_path


def versions_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("option", [[], ["--saved-model"]])
def test_a_finished_run_says_so_and_exports_no_duplicate(exported, train_here, monkeypatch, option):
    monkeypatch.setattr(Run, "finish", lambda *_, **__: pytest.fail("scored it again"))
    arguments = [*option, exported / "run" / ".." / "out"] if option else []
    finished = train_here("--resume", exported / "run", *arguments)
    assert finished.returncode == 0
    said, where, command = finished.stdout.splitlines()
    assert said == f"This run is finished: {exported / 'run'}/"
    version = f"{arguments[1] if option else exported / 'out'}/1"
    assert where.startswith(f"Exported: {version}/ ")
    assert command.strip() == f"python load_saved_model.py samples/ --model {version}"
    assert finished.stderr == ""
    assert versions_in(exported / "out") == ["1"]


def test_it_exports_again_into_another_folder_and_then_no_more(exported, train_here):
    other = ["--resume", exported / "run", "--saved-model", exported / "other"]
    assert "Test accuracy" in train_here(*other).stdout
    assert versions_in(exported / "other") == ["1"]
    for target in ("other", "out"):
        finished = train_here("--resume", exported / "run", "--saved-model", exported / target)
        assert "This run is finished" in finished.stdout
        assert versions_in(exported / target) == ["1"]
    weights = [card_of(exported / name)["weights_sha256"] for name in ("out", "other")]
    assert weights[0] == weights[1]


def remove(exported: Path) -> None:
    shutil.rmtree(exported / "out" / "1")


def take_its_number(exported: Path) -> None:
    change_json(exported / "out" / "1" / "model_card.json", weights_sha256="another's")


def damage(exported: Path) -> None:
    with open(exported / "out" / "1" / "saved_model.pb", "ab") as file:
        file.write(b"x")


def damage_record(exported: Path) -> None:
    (exported / "run" / "exported.json").write_text("[1]")


def forget_record(exported: Path) -> None:  # as in a run of an older version of the project
    (exported / "run" / "exported.json").unlink()


@pytest.mark.parametrize("change", [remove, take_its_number, damage, damage_record, forget_record])
def test_a_version_that_is_no_longer_this_runs_is_not_found(exported, change):
    run = reopen(RunFolder(exported / "run"))
    assert run.exported() == exported / "out" / "1"
    change(exported)
    assert run.exported() is None


def test_it_exports_again_if_its_version_is_gone(exported, train_here, monkeypatch):
    monkeypatch.setattr(Trainer, "_run_epoch", lambda *_: pytest.fail("trained again"))
    take_its_number(exported)
    finished = train_here("--resume", exported / "run")
    assert finished.returncode == 0
    assert "Training is finished: all 2 epochs are done\n" in finished.stdout
    assert f"Exported: {exported / 'out' / '2'}/" in finished.stdout
    assert versions_in(exported / "out") == ["1", "2"]


def test_a_run_whose_epochs_were_raised_goes_on(exported, train_here):
    config = exported / "run" / "config.json"
    change_json(config, settings=json.loads(config.read_text())["settings"] | {"epochs": 4})
    finished = train_here("--resume", exported / "run")
    assert "Epoch  4/4" in finished.stdout
    assert versions_in(exported / "out") == ["1", "2"]
    assert len(list((exported / "run" / "checkpoints").glob("*.index"))) == 2


@pytest.mark.parametrize("refit", [["--refit"]])
def test_a_run_that_was_killed_before_its_export_exports_once(
    small_data, tmp_path, train_here, monkeypatch, refit
):
    def kill(*_, **__):
        raise KeyboardInterrupt

    run, out = tmp_path / "run", tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(write, "export", kill)
        arguments = ["--data", small_data, *OPTIONS, *refit]
        finished = train_here(*arguments, "--run-dir", run, "--saved-model", out)
    assert finished.returncode == 130
    assert not out.exists()
    for status in ("Test accuracy", "This run is finished", "This run is finished"):
        assert status in train_here("--resume", run).stdout
        assert versions_in(out) == ["1"]
    assert card_of(out)["trained_on"] == (300 if refit else 240)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_run_that_was_killed_as_its_version_appeared_exports_once(
    exported, train_here, monkeypatch, place
):
    """Just before or after it got its number: the run's folder has recorded it by then."""
    remove(exported)
    (exported / "run" / "exported.json").unlink()
    rename = Path.rename

    def kill(path, target):
        if place == "after":
            rename(path, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", kill)
        assert train_here("--resume", exported / "run").returncode == 130
    assert versions_in(exported / "out") == (["1"] if place == "after" else [])
    finished = train_here("--resume", exported / "run")
    assert ("This run is finished" in finished.stdout) == (place == "after")
    assert versions_in(exported / "out") == ["1"]
