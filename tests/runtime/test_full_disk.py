"""A full disk: one line that names the file and the reason, status 2, nothing half written.

A limit on the size of files stands in for it, because a full disk needs a file system of its own:
the write that reaches the limit fails as one that finds the disk full.
"""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from conftest import ROOT, in_this_process, load_in_this_process, train_in_this_process

from nn.export import __main__ as export_command
from nn.runs.run import Run

TWO, SEVEN = ROOT / "samples" / "2_marker.png", ROOT / "samples" / "7_pencil.jpg"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes. Python ignores the signal for it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_is_one_line(finished, file: str) -> None:
    """The last line names the file and the reason; there is no traceback."""
    assert finished.returncode == 2
    last = finished.stderr.splitlines()[-1]
    assert re.fullmatch(rf"error: {file}: (cannot \w+( \w+)? \()?File too large\)?", last)
    assert "Traceback" not in finished.stderr
    assert "Exception" not in finished.stderr


def left_in(folder: Path) -> set[str]:
    """All files below a folder, hidden ones too."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


# What a run has written so far when a file of this size fails.
CONFIG = {"config.json"}
EVENTS = r"events\.out\.tfevents\.\S+"
HISTORY = {"history.csv", "history.sha256"}
KEPT = {"checkpoint", *HISTORY, *CONFIG}


@pytest.mark.parametrize(
    ("size", "file", "whole"),
    [
        (100, "config.json", set()),
        (3000, rf"training/{EVENTS}", CONFIG),
        (85_000, r"checkpoints/checkpoint-4", CONFIG | HISTORY),
        (150_000, "sample_predictions.png", KEPT),
    ],
)
def test_a_training(small_data, tmp_path, monkeypatch, size, file, whole):
    if "checkpoint" in file:  # the events are larger, and would fail before
        monkeypatch.setattr(
            "nn.training.record.summaries", lambda *_: nullcontext(lambda epoch: None)
        )
    run, out = tmp_path / "run", tmp_path / "out"
    with files_of_at_most(size):
        finished = train_in_this_process(
            "--data", small_data, "--network", "tiny", "--epochs", 2,
            "--run-dir", run, "--saved-model", out,
        )  # fmt: skip
    assert_is_one_line(finished, f"{run}/{file}")
    left = {name for name in left_in(run) if not re.fullmatch(EVENTS, name)}
    numbered = {name for name in left if name.startswith("checkpoint-")}
    pictures = {name for name in left if re.fullmatch(r"\w+\.png", name)}
    assert left - numbered - pictures == whole
    assert len(numbered) == (4 if whole == KEPT else 0)
    assert not out.exists()


def test_an_export_which_then_succeeds_with_more_space(
    small_data, tmp_path, train_here, monkeypatch
):
    monkeypatch.setattr(Run, "figures", lambda *_: {})
    run, out = tmp_path / "run", tmp_path / "out"
    arguments = ["--data", small_data, "--network", "tiny", "--epochs", 1]
    with files_of_at_most(200_000):
        finished = train_in_this_process(*arguments, "--run-dir", run, "--saved-model", out)
    assert_is_one_line(finished, str(out))
    assert list(out.iterdir()) == []
    assert train_here("--resume", run).returncode == 0
    assert [path.name for path in out.iterdir()] == ["1"]


def test_an_export_of_another_version(model, tmp_path):
    for size in (100, 100_000):
        with files_of_at_most(size):
            finished = in_this_process(
                export_command.main, "--from", model, "--to", tmp_path / "out"
            )
        assert_is_one_line(finished, str(tmp_path / "out"))
        assert left_in(tmp_path) == set()


def test_a_csv_file(model, tmp_path):
    (tmp_path / "old.csv").write_text("old")
    for name in ("old.csv", "new.csv"):
        with files_of_at_most(300):
            finished = load_in_this_process(TWO, SEVEN, "--model", model, "--csv", tmp_path / name)
        assert_is_one_line(finished, str(tmp_path / name))
    assert left_in(tmp_path) == {"old.csv"}
    assert (tmp_path / "old.csv").read_text() == "old"


def test_a_page_of_an_explanation(script, tmp_path):
    with files_of_at_most(20_000):
        finished = script(TWO, SEVEN, "--explain", tmp_path / "pages")
    assert_is_one_line(finished, f"{tmp_path}/pages/2_marker.png.png")
    assert left_in(tmp_path) == set()


def test_the_index_of_explanations(script, tmp_path, monkeypatch):
    monkeypatch.setattr("nn.prediction.page_index._figure", lambda *_: "x" * 1_000_000)
    with files_of_at_most(500_000):
        finished = script(TWO, SEVEN, "--explain", tmp_path / "pages")
    assert_is_one_line(finished, f"{tmp_path}/pages/index.html")
    assert left_in(tmp_path) == {"2_marker.png.png", "7_pencil.jpg.png"}
