"""What is not read is counted: files in folders, labels; and what a run with labels prints."""

import shutil

import pytest
from conftest import ROOT, load_in_this_process

from nn.prediction.skipped import skipped_line

SAMPLES = ROOT / "samples"
TWO = SAMPLES / "2_marker.png"


@pytest.fixture
def folder(tmp_path):
    """Pictures, other files, hidden files, and the same below it."""
    for where in (tmp_path / "in", tmp_path / "in" / "below", tmp_path / "in" / ".hidden"):
        where.mkdir()
        for name in ("a.PNG", "b.png", ".c.png", "notes.txt", "READ.ME", "no_extension"):
            shutil.copy(TWO, where / name)
    return tmp_path / "in"


def test_files_that_are_not_read_are_counted_in_one_line(folder):
    assert skipped_line([folder], recursive=False) == (
        "5 files were not read: 3 have an unknown extension (.me, no extension, .txt), "
        "2 are in subfolders (--recursive reads them)"
    )
    assert skipped_line([folder], recursive=True) == (
        "6 files were not read: 6 have an unknown extension (.me, no extension, .txt)"
    )
    others = [folder / name for name in ("notes.txt", "READ.ME")]
    assert skipped_line([folder / "below"], False, others) == (
        "3 files were not read: 3 have an unknown extension (.me, no extension, .txt)"
    )
    assert skipped_line([folder / "a.PNG", folder / "gone"], recursive=False) is None


def test_one_file_is_said_in_the_singular_and_the_labels_do_not_count(tmp_path):
    for name in ("a.png", "labels.csv", "x.gz"):
        (tmp_path / name).touch()
    assert skipped_line([tmp_path], False, [tmp_path / "labels.csv"]) == (
        "1 file was not read: 1 has an unknown extension (.gz)"
    )
    (tmp_path / "x.gz").unlink()
    assert skipped_line([tmp_path], False, [tmp_path / "labels.csv"]) is None


def test_many_extensions_are_not_all_named(tmp_path):
    for name in "abcdef":
        (tmp_path / f"x.{name}").touch()
    assert skipped_line([tmp_path], False) == (
        "6 files were not read: 6 have an unknown extension (.a, .b, .c, .d, …)"
    )


def test_the_script_says_so_on_standard_error(script, folder, tmp_path):
    (tmp_path / "labels.csv").write_text("in/a.PNG,2\nin/gone.png,3\nin/below/a.PNG,2\n")
    said = script(folder, "--labels", tmp_path / "labels.csv", "--json").stderr.splitlines()
    assert "2 labels are for files that are not among the inputs" in said
    assert [line for line in said if line.startswith("5 files were not read: 3 have an unknown ")]


def test_labels_of_all_inputs_are_not_mentioned(script):
    assert "among the inputs" not in script(SAMPLES, "--labels", SAMPLES / "labels.csv").stderr


def test_with_nothing_wrong_there_is_no_table():
    model = ROOT / "SavedModel" / "1"
    labels = ["--labels", SAMPLES / "labels.csv", "--model", model]
    finished = load_in_this_process(TWO, *labels)
    assert finished.stdout.startswith("Accuracy 100.00%: 1 of 1 right, 0 wrong\n")
    assert "51 labels are for files that are not among the inputs\n" in finished.stderr
    finished = load_in_this_process(TWO, *labels, "--json")
    assert finished.stderr.partition("\n\n")[2].startswith("Accuracy 100.00%")
