"""Kaggle's Digit Recognizer from end to end: train on its files, predict its test, submit."""

import csv
import gzip
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from conftest import in_this_process, load, models_restored_once, train_without_plots

import load_saved_model
from nn.data.digits import Digits

PIXEL_NAMES = ",".join(f"pixel{number}" for number in range(784))


def write_kaggle(folder: Path, training: Digits, test: Digits) -> Path:
    """A folder as the competition's archive unpacks to."""
    folder.mkdir(parents=True)
    rows = np.hstack([training.labels[:, None], training.images.reshape(len(training), -1)])
    np.savetxt(folder / "train.csv", rows, "%d", ",", header=f"label,{PIXEL_NAMES}", comments="")
    rows = test.images.reshape(len(test), -1)
    np.savetxt(folder / "test.csv", rows, "%d", ",", header=PIXEL_NAMES, comments="")
    ids = "".join(f"{number},0\n" for number in range(1, len(test) + 1))
    (folder / "sample_submission.csv").write_text("ImageId,Label\n" + ids)
    return folder


@pytest.fixture(scope="module")
def competition(digits, tmp_path_factory) -> Path:
    """A working folder in which a network was trained on `kaggle/` and exported to `own/`."""
    folder = tmp_path_factory.mktemp("mein Ördner 手")
    write_kaggle(folder / "kaggle", digits[0][:1200], digits[1])
    with chdir(folder):
        finished = train_without_plots(
            "--data", "kaggle/", "--network", "dense", "--epochs", 8, "--run-dir", "run",
            "--saved-model", "own",
        )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (folder / "said.txt").write_text(finished.stdout, encoding="utf-8")
    return folder


def load_here(folder: Path, *arguments):
    """load_saved_model.py in a folder, within this process."""
    with chdir(folder), models_restored_once():
        return in_this_process(load_saved_model.main, *arguments)


def test_test_digits_are_split_off_and_the_log_says_so(competition):
    said = (competition / "said.txt").read_text(encoding="utf-8").splitlines()
    assert said[0].startswith("kaggle holds no test digits with labels: 171 of its 1,200 digits")
    assert any(" of 171 wrong, kaggle)" in line for line in said)


def test_the_test_file_becomes_a_submission(competition, digits):
    finished = load(
        "kaggle/test.csv", "--model", "own", "--kaggle", "submission.csv", cwd=competition
    )
    assert finished.returncode == 0, finished.stderr
    with open(competition / "submission.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["ImageId", "Label"]
    assert [int(number) for number, _ in rows] == list(range(1, 298))
    labels = np.array([int(label) for _, label in rows])
    assert (labels == digits[1].labels).mean() > 0.85
    names = [line.split()[0] for line in finished.stdout.splitlines()[1:]]
    assert names == [f"kaggle/test.csv:{line}" for line in range(2, 299)]  # line 1: the header


def test_a_bad_row_is_an_error_and_no_submission(competition):
    lines = (competition / "kaggle" / "test.csv").read_text().splitlines()
    lines[5] = lines[5].replace(",0,", ",,", 1)
    with gzip.open(competition / "bad.csv.gz", "wt") as file:
        file.write("\n".join(lines))
    finished = load_here(competition, "bad.csv.gz", "--model", "own", "--kaggle", "bad_out.csv")
    assert finished.returncode == 2
    (error,) = [line for line in finished.stderr.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: bad.csv.gz:6: column 2: expected a whole number 0 to 255, ")
    assert not [path for path in competition.iterdir() if "bad_out" in path.name]
    finished = load_here(competition, "none.csv", "--model", "own", "--kaggle", "bad_out.csv")
    assert finished.returncode == 2
    assert "error: none.csv: no such file (" in finished.stderr


def test_the_labels_in_the_training_file_are_scored(competition):
    finished = load_here(competition, "kaggle/train.csv", "--model", "own")
    assert finished.returncode == 0, finished.stderr
    assert "labels in the data files" in finished.stderr
    (summary,) = [line for line in finished.stdout.splitlines() if line.startswith("Accuracy ")]
    assert " of 1,200 right" in summary
    assert float(summary.split()[1].rstrip("%:")) > 85


def test_a_run_on_a_relative_path_resumes_on_the_same_test_digits(competition):
    config = competition / "run" / "config.json"
    before = config.read_bytes()
    # Into another folder: where it was exported, a finished run is not scored again.
    other = competition / "again"
    finished = train_without_plots("--resume", competition / "run", "--saved-model", other)
    assert finished.returncode == 0, finished.stderr
    accuracies = [
        line.split(",")[0].split(";")[0]
        for text in (finished.stdout, (competition / "said.txt").read_text(encoding="utf-8"))
        for line in text.splitlines()
        if line.startswith("Test accuracy")
    ]
    assert len(accuracies) == 2
    assert accuracies[0] == accuracies[1]
    assert config.read_bytes() == before
