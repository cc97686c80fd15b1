"""A run whose files are damaged, or in another process' use: what it goes on from, and what it
says."""

import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, card_of, change_json, history_of, train_in_this_process

from nn.errors import UserError
from nn.export import write
from nn.runs import exports
from nn.runs.run import Run, reopen
from nn.training.run_folder import Epoch, RunFolder
from nn.training.trainer import Trainer

EPOCHS = 3


@pytest.fixture(scope="module")
def whole(small_data, tmp_path_factory) -> Path:
    """A folder with a run that nothing interrupted, run/, and its export, SavedModel/."""
    folder = tmp_path_factory.mktemp("whole")
    finished = train_in_this_process(
        "--data", small_data, "--network", "tiny", "--epochs", EPOCHS,
        "--run-dir", folder / "run", "--saved-model", folder / "SavedModel",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture
def run(whole, tmp_path, monkeypatch) -> Path:
    """A copy of its run."""
    monkeypatch.setattr(Run, "figures", lambda *_: {})
    return shutil.copytree(whole / "run", tmp_path / "run")


def checkpoints(run: Path) -> list[str]:
    """The names of a run's checkpoints, oldest first."""
    names = [path.stem for path in (run / "checkpoints").glob("*.index")]
    return sorted(names, key=lambda name: int(name.partition("-")[2]))


def data_of(run: Path, name: str) -> Path:
    return run / "checkpoints" / f"{name}.data-00000-of-00001"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path, place: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x10
    path.write_bytes(content)


def damage_data(run: Path, name: str, damage=cut) -> None:
    damage(data_of(run, name))


def damage_index(run: Path, name: str, damage=cut) -> None:
    damage(run / "checkpoints" / f"{name}.index")


def flip_footer(run: Path, name: str) -> None:
    """Flips each bit of a table's last 48 bytes, one after the other, until TensorFlow raises an
    IndexError, which is none of its own errors: they say where the index of the table lies."""
    index = run / "checkpoints" / f"{name}.index"
    whole = index.read_bytes()
    for bit in range(8 * (len(whole) - 48), 8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        index.write_bytes(damaged)
        try:
            tf.train.list_variables(str(index.with_suffix("")))
        except IndexError:
            return
        except (tf.errors.OpError, ValueError):
            pass
    pytest.fail("TensorFlow raises no IndexError any more")


DAMAGES = {
    "data cut": damage_data,
    "first byte flipped": lambda run, name: flip(data_of(run, name), 0),
    "a byte flipped": lambda run, name: flip(data_of(run, name)),
    "last byte flipped": lambda run, name: flip(data_of(run, name), 0.9999999),
    "data missing": lambda run, name: damage_data(run, name, Path.unlink),
    "index cut": damage_index,
    "index flipped": lambda run, name: damage_index(run, name, lambda path: flip(path, 0.1)),
    "index asks for too much": lambda run, name: flip_footer(run, name),
    "index missing": lambda run, name: damage_index(run, name, Path.unlink),
    "both missing": lambda run, name: [
        damage_data(run, name, Path.unlink), damage_index(run, name, Path.unlink),
    ],
}  # fmt: skip


def resume(train_here, run: Path):
    """What --resume ends with, and its warnings. The export goes to SavedModel/ beside the run."""
    finished = train_here("--resume", run, "--saved-model", run.parent / "SavedModel")
    return finished, finished.stderr.splitlines()


def finish(run: Path, caplog) -> list[str]:
    """The warnings of a resumed run, without its export, which takes most of the time."""
    caplog.clear()
    reopen(RunFolder(run), quiet=True).finish(quiet=True)
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


def assert_ends_as(whole: Path, run: Path) -> None:
    """All variables of the newest checkpoint, those of the optimizer too, are equal to the bit."""
    assert history_of(run) == history_of(whole / "run")
    assert checkpoints(run) == checkpoints(whole / "run")
    found, expected = (
        tf.train.load_checkpoint(str(folder / "checkpoints" / checkpoints(folder)[-1]))
        for folder in (run, whole / "run")
    )
    names = expected.get_variable_to_shape_map()
    assert len(names) > 10
    for name in names:
        if "seconds" not in name:
            np.testing.assert_array_equal(found.get_tensor(name), expected.get_tensor(name))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_replaced_from_the_one_before(whole, run, caplog, damage):
    older, newest = checkpoints(run)
    DAMAGES[damage](run, newest)
    (warning,) = finish(run, caplog)
    assert warning.startswith(f"warning: {run / 'checkpoints'}: damaged: {newest} (")
    assert warning.endswith(f"; goes on from the one before, {older}")
    assert "Graph execution error" not in warning
    assert "\n" not in warning
    assert_ends_as(whole, run)
    assert finish(run, caplog) == []


def test_it_exports_the_weights_of_an_uninterrupted_run(whole, run, train_here):
    damage_data(run, checkpoints(run)[-1])
    finished, (warning,) = resume(train_here, run)
    assert finished.returncode == 0
    assert warning.startswith("warning: ")
    assert f"Epoch  {EPOCHS}/{EPOCHS}" in finished.stdout
    weights = card_of(whole / "SavedModel")["weights_sha256"]
    assert card_of(run.parent / "SavedModel")["weights_sha256"] == weights


@pytest.mark.parametrize("content", [None, b"", b"\xff{"])
def test_without_the_list_of_checkpoints_it_goes_on_from_the_newest(run, caplog, content):
    (run / "checkpoints" / "checkpoint").unlink()
    if content is not None:
        (run / "checkpoints" / "checkpoint").write_bytes(content)
    (warning,) = finish(run, caplog)
    assert warning == (
        f"warning: {run / 'checkpoints' / 'checkpoint'}: damaged or missing; "
        f"goes on from the newest checkpoint in this folder, {checkpoints(run)[-1]}"
    )


def test_a_list_that_names_a_missing_checkpoint_leads_to_the_newest(whole, run, caplog):
    path = 'model_checkpoint_path: "checkpoint-999"\nall_model_checkpoint_paths: "checkpoint-999"'
    (run / "checkpoints" / "checkpoint").write_text(path)
    (warning,) = finish(run, caplog)
    assert "damaged: checkpoint-999 (its .index file is missing)" in warning
    assert warning.endswith(checkpoints(run)[-1])
    assert_ends_as(whole, run)


def test_a_damaged_checkpoint_of_another_step_is_deleted(whole, run, caplog):
    older, newest = checkpoints(run)
    stopped = f"checkpoint-{int(newest.partition('-')[2]) - 1}"  # as a stop one step earlier names
    for path in (run / "checkpoints").glob(f"{newest}.*"):
        path.rename(path.with_name(path.name.replace(newest, stopped)))
    state = run / "checkpoints" / "checkpoint"
    state.write_text(state.read_text().replace(newest, stopped))
    damage_data(run, stopped)
    (warning,) = finish(run, caplog)
    assert f"damaged: {stopped} (" in warning
    assert warning.endswith(older)
    assert_ends_as(whole, run)
    assert not list((run / "checkpoints").glob(f"{stopped}*"))


def test_if_all_checkpoints_are_damaged_one_line_says_what_to_do(whole, run, train_here, caplog):
    older, newest = checkpoints(run)
    damage_data(run, older, flip)
    damage_index(run, newest)
    before = {path: path.read_bytes() for path in (run / "checkpoints").iterdir()}
    finished, (error,) = resume(train_here, run)
    assert finished.returncode == 2
    assert error.startswith(f"error: {run / 'checkpoints'}: no checkpoint can be restored (")
    assert newest in error
    assert older in error
    assert error.endswith("delete this folder to train the run again from its first step")
    assert {path: path.read_bytes() for path in (run / "checkpoints").iterdir()} == before
    shutil.rmtree(run / "checkpoints")  # what the message says
    assert finish(run, caplog) == []
    assert_ends_as(whole, run)


def test_the_scores_never_come_from_an_older_checkpoint(run, monkeypatch):
    run_epochs = Trainer.run_epochs

    def damage_afterwards(trainer, validation):
        history = run_epochs(trainer, validation)
        damage_data(run, checkpoints(run)[-1])
        return history

    monkeypatch.setattr(Trainer, "run_epochs", damage_afterwards)
    with pytest.raises(UserError, match=f"{checkpoints(run)[-1]}: .*--resume {run} goes on"):
        reopen(RunFolder(run)).finish(quiet=True)


HEADER = "epoch,step,loss,accuracy,validation_loss,validation_accuracy,seconds"


@pytest.mark.parametrize(
    ("line", "content", "expected", "found"),
    [
        (1, None, f"line 1: expected {HEADER}", r"1,\d+,"),
        (1, "epoch,loss", f"line 1: expected {HEADER}", "'epoch,loss'"),
        (2, None, "line 2: expected the numbers of epoch 1", r"2,\d+,"),
        (3, "2,x,1,1,1,1,1", "line 3: expected 7 numbers", "'2,x,1,1,1,1,1'"),
        (3, "2,30,0.5", "line 3: expected 7 numbers", "'2,30,0.5'"),
        (3, "", "line 3: expected 7 numbers", "''"),
        (3, "2,30,,0.5,1,0.5,1", "line 3: expected the numbers of epoch 2", "'2,30,,0.5,"),
        (3, "2,30,1,1.5,1,0.5,1", "line 3: expected the numbers of epoch 2", "'2,30,1,1.5,"),
        (4, None, "line 4: expected a row for epoch 3", "the end of the file"),
    ],
)
def test_a_damaged_history_is_noticed_at_the_start(
    run, train_here, monkeypatch, line, content, expected, found
):
    lines = (run / "history.csv").read_text().splitlines()
    lines[line - 1 : line] = [] if content is None else [content]
    (run / "history.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(Trainer, "_run_epoch", lambda *_: pytest.fail("trained an epoch"))
    finished, (error,) = resume(train_here, run)
    assert finished.returncode == 2
    assert f"error: {run / 'history.csv'}, {expected}, found " in error
    assert re.search(found, error)
    assert error.endswith("; put the file back as it was, or start a new run")


def test_a_missing_history_is_noticed_at_the_start(run, train_here):
    (run / "history.csv").unlink()
    finished, (error,) = resume(train_here, run)
    assert finished.returncode == 2
    assert error == (
        f"error: {run / 'history.csv'}: expected {EPOCHS} epochs, found no such file; "
        "put the file back as it was, or start a new run"
    )


def test_a_history_that_is_newer_than_the_checkpoint_is_cut_back(whole, run, caplog):
    damage_index(run, checkpoints(run)[-1], Path.unlink)
    lines = (run / "history.csv").read_text().splitlines()
    (run / "history.csv").write_text("\n".join([*lines[:EPOCHS], "damaged"]) + "\n")
    finish(run, caplog)
    assert_ends_as(whole, run)


def test_a_history_reads_back_as_it_was_written_without_validation_digits_too(tmp_path):
    folder, nan = RunFolder(tmp_path), float("nan")
    history = [Epoch(n, 10 * n, 0.1 + n / 3, n / 7, nan, nan, 0.1) for n in (1, 2, 3)]
    folder.write_history(history)
    assert list(map(repr, folder.read_history(3))) == list(map(repr, history))


def test_a_changed_digit_of_the_history_is_noticed(run, train_here):
    lines = (run / "history.csv").read_text().splitlines()
    lines[1] += "5"  # to the seconds: these are still plausible
    (run / "history.csv").write_text("\n".join(lines) + "\n")
    finished, (error,) = resume(train_here, run)
    assert finished.returncode == 2
    assert error == (
        f"error: {run / 'history.csv'}, line 2: damaged (its SHA-256 is not in history.sha256); "
        "put the file back as it was, or start a new run"
    )


def test_a_run_of_an_older_version_goes_on_with_a_warning_for_each_file(whole, run, caplog):
    config = json.loads((run / "config.json").read_text())
    del config["format"], config["sha256"]
    (run / "config.json").write_text(json.dumps(config))
    (run / "history.sha256").unlink()
    first, second = finish(run, caplog)
    assert first.startswith(f"warning: {run / 'config.json'}: has no checksum (an older version")
    assert second.startswith(f"warning: {run / 'history.csv'}: has no checksum (an older version")
    assert_ends_as(whole, run)


def test_a_damaged_record_of_the_export_is_a_warning_and_exports_again(run, caplog):
    flip(run / "exported.json")
    assert reopen(RunFolder(run), quiet=True).exported() is None
    (warning,) = caplog.messages
    assert warning.startswith(f"warning: {run / 'exported.json'}: ")
    assert warning.endswith("; the run is exported again")


def test_what_a_killed_process_left_is_removed(whole, run, caplog):
    names = ("checkpoints/checkpoint-9.data-00000-of-00001.tempstate123", "checkpoints/checkpoint-9"
             ".index.tempstate4", "checkpoints/checkpoint.tmp5e6f", ".history.csv.999",
             ".history.sha256.999", ".exported.json.999")  # fmt: skip
    for name in names:
        (run / name).write_text("half")
    change_json(run / "config.json", settings=settings_of(run) | {"epochs": EPOCHS + 1})
    assert finish(run, caplog) == []
    assert [name for name in names if (run / name).exists()] == [".exported.json.999"]
    training = reopen(RunFolder(run), run.parent / "out", quiet=True)
    exports.record(training.folder, EPOCHS + 1, whole / "SavedModel" / "1", "a hash")
    assert not (run / ".exported.json.999").exists()


@pytest.mark.parametrize("files", [(".data-00000-of-00001",), (".data-00000-of-00001", ".index")])
def test_a_checkpoint_that_a_killed_process_had_not_deleted_is_deleted(whole, run, caplog, files):
    """TensorFlow deletes the oldest checkpoint after it has written the newest: first its index."""
    oldest = checkpoints(run)[0]
    for ending in files:
        shutil.copy(
            run / "checkpoints" / f"{oldest}{ending}", run / "checkpoints" / f"checkpoint-1{ending}"
        )
    assert finish(run, caplog) == []
    assert not list((run / "checkpoints").glob("checkpoint-1.*"))
    assert_ends_as(whole, run)
    change_json(run / "config.json", settings=settings_of(run) | {"epochs": EPOCHS + 1})
    assert finish(run, caplog) == []
    assert len(checkpoints(run)) == 2
    assert not list((run / "checkpoints").glob(f"{oldest}.*"))


def test_a_run_that_another_process_trains_is_left_alone(run, train_here, plotless):
    hold = (
        "import sys; from pathlib import Path; from nn.runtime.file_locks import alone_in\n"
        "with alone_in(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    )
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    with subprocess.Popen(
        [sys.executable, "-c", hold, run],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        other.stdout.readline()
        finished, (error,) = resume(train_here, run)
        found = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
        assert found.pop(run / ".lock")
        assert found == before
    assert finished.returncode == 2
    assert error.startswith(f"error: {run}: in use by process {other.pid} on ")
    finished, errors = resume(train_here, run)
    assert (finished.returncode, errors) == (0, [])
    assert not (run / ".lock").exists()


@pytest.mark.parametrize("name", ["training", "validation"])
def test_a_file_in_place_of_a_folder_of_events_is_one_line(run, train_here, name):
    shutil.rmtree(run / name)
    (run / name).write_text("notes")
    change_json(run / "config.json", settings=settings_of(run) | {"epochs": EPOCHS + 1})
    finished, (error,) = resume(train_here, run)
    assert finished.returncode == 2
    assert error.startswith(f"error: {run / name}: expected a folder for TensorBoard's events, ")
    assert (run / name).read_text() == "notes"


def test_ctrl_c_during_the_export_says_how_to_go_on(run, train_here, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(write, "convert", interrupt)
        finished, lines = resume(train_here, run)
    assert finished.returncode == 130
    assert lines[0] == "Stopped; what the newest checkpoint holds is kept. To go on:"
    assert lines[1].endswith(f"train_neural_network.py --resume {run}")
    assert list((run.parent / "SavedModel").iterdir()) == []


def settings_of(run: Path) -> dict:
    return json.loads((run / "config.json").read_text())["settings"]
