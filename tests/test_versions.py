"""Which folder of models is used, which version in it, and which other version is better."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, change_json, load_in_this_process

import train_neural_network
from nn import versions
from nn.errors import ModelError
from nn.runs import export_folders
from nn.versions import better_version, default_folder, find_version


def test_the_current_folder_comes_first_then_the_scripts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert default_folder() == ROOT / "SavedModel"
    Path("SavedModel", "my_digits", "1").mkdir(parents=True)  # a model for one's own digits
    assert default_folder() == ROOT / "SavedModel"
    Path("SavedModel", "bundled", "1").mkdir(parents=True)
    assert default_folder() == Path("SavedModel")
    monkeypatch.setattr(versions, "PROJECT", tmp_path / "elsewhere")
    shutil.rmtree("SavedModel")
    assert default_folder() == Path("SavedModel")  # where a training would put one


def test_a_folder_of_named_models_says_what_it_holds(tmp_path):
    for name in ("mine/1", "others/3", "empty"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ModelError) as raised:
        find_version(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}: holds no numbered version itself; choose one of the folders in it: "
        f"{tmp_path}/mine, {tmp_path}/others"
    )


@pytest.mark.parametrize(
    ("data", "folder"),
    [
        ("mnist", "SavedModel"),
        ("bundled", "SavedModel/bundled"),
        ("/somewhere/my digits", "SavedModel/my digits"),
        ("/somewhere/v1.2", "SavedModel/v1.2"),
        ("/somewhere/train.csv.gz", "SavedModel/train"),
        ("/somewhere/7", "SavedModel/data-7"),
        ("/somewhere/else/bundled", "SavedModel/data-bundled"),
        ("/", "SavedModel/data"),
    ],
)
def test_own_digits_export_to_a_folder_of_their_own(data, folder, tmp_path):
    option = data.replace("/somewhere", str(tmp_path))
    if Path(option).suffix != ".gz" and data.startswith("/somewhere"):
        Path(option).mkdir(parents=True)
    assert export_folders.usual(option) == Path(folder)


def version_of(folder: Path, number: int, errors: int, sha256: str = "same") -> Path:
    card = {"data": {"test_sha256": sha256}, "test": {"errors": errors}}
    (folder / str(number)).mkdir(parents=True)
    (folder / str(number) / "model_card.json").write_text(json.dumps(card))
    return folder / str(number)


def test_a_version_beside_is_better_if_chance_does_not_explain_it(tmp_path):
    newest = version_of(tmp_path, 5, errors=37)
    version_of(tmp_path, 1, errors=32)
    version_of(tmp_path, 2, errors=3, sha256="other digits")
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "model_card.json").write_text("damaged")
    card = json.loads((newest / "model_card.json").read_text())
    assert better_version(newest, card) is None  # 37 against 32 is chance
    version_of(tmp_path, 4, errors=21)
    found = better_version(newest, card)
    assert found
    assert found[0] == tmp_path / "4"
    assert found[1]["test"]["errors"] == 21


def test_the_script_tells_of_a_better_version_and_how_to_use_it(model, tmp_path):
    folder = tmp_path / "my models"
    for number in ("1", "2"):
        shutil.copytree(find_version(model), folder / number)
    card_file = folder / "1" / "model_card.json"
    change_json(card_file, test={**json.loads(card_file.read_text())["test"], "errors": 0})
    picture = ROOT / "samples" / "0_pen.png"
    lines = load_in_this_process(picture, "--model", folder).stderr.splitlines()
    assert lines[1] == (
        f"{folder}/1 reads the same test digits better (0 wrong); to use it: --model '{folder}/1'"
    )
    chosen = load_in_this_process(picture, "--model", folder / "2").stderr
    assert "better" not in chosen  # who names a version has chosen


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("train_neural_network.py", "python load_saved_model.py samples/"),
        ("../digits/train_neural_network.py", "python ../digits/load_saved_model.py "
         "../digits/samples/"),
        ("/usr/bin/digits-train", "digits-read my_digits/"),
    ],
)  # fmt: skip
def test_a_training_ends_with_the_command_that_reads_with_its_model(program, command, monkeypatch):
    monkeypatch.setattr("sys.argv", [program])
    found = train_neural_network.reading_command(Path("SavedModel", "my digits", "1"))
    assert found == f"{command} --model 'SavedModel/my digits/1'"
