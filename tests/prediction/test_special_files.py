"""Pipes, sockets and devices among what is to be read: one line for each, and nothing hangs."""

import json
import os
import shutil
import signal
import socket
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, load

from nn.data import csv_files
from nn.errors import DataError, ModelError
from nn.pictures.files import read_canvas
from nn.prediction import inputs, page_index
from nn.versions import read_card

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")

SAVE_FIRST = "not a regular file; save what it holds to a file, and give that"


@contextmanager
def within(seconds: float):
    """Fails where the block hangs."""

    def fail(*_):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "Ziffern mit Ümläuten 数字"
    made.mkdir()
    return made


def test_special_files_are_an_error_each_and_the_others_are_read(folder):
    shutil.copy(ROOT / "samples" / "3_pen.webp", folder / "drei – 3.webp")
    (folder / "eine Mappe").mkdir()
    for name in ("pipe.png", "rows.csv", "eine Mappe/pipe.png"):
        os.mkfifo(folder / name)
    (folder / "null.png").symlink_to("/dev/zero")
    (folder / "z.csv").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener, chdir(folder):  # a socket's path has a limit
        listener.bind("socket.png")
    finished = load(
        "pipe.png", "drei – 3.webp", "rows.csv", "eine Mappe", "z.csv", "socket.png", "null.png",
        "/dev/zero", "--json", "--model", ROOT / "SavedModel" / "1", cwd=folder, timeout=60,
    )  # fmt: skip
    assert finished.returncode == 1, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [(line["input"], line["digit"], line["reason"]) for line in lines] == [
        ("pipe.png", None, f"pipe.png: a named pipe, {SAVE_FIRST}"),
        ("drei – 3.webp", 3, None),
        ("rows.csv", None, f"rows.csv: a named pipe, {SAVE_FIRST}"),
        ("eine Mappe/pipe.png", None, f"eine Mappe/pipe.png: a named pipe, {SAVE_FIRST}"),
        ("z.csv", None, f"z.csv: a device, {SAVE_FIRST}"),
        ("socket.png", None, f"socket.png: a socket, {SAVE_FIRST}"),
        ("null.png", None, f"null.png: a device, {SAVE_FIRST}"),
        ("/dev/zero", None, f"/dev/zero: a device, {SAVE_FIRST}"),
    ]


@pytest.mark.parametrize(
    "read",
    [
        lambda pipe: inputs.Labels(pipe, [Path("a.png")]),
        lambda pipe: inputs.Labels(pipe, [Path("pixels.csv")]),
        csv_files.read_images,
        lambda pipe: csv_files.read_digits(pipe, pipe),
    ],
)
def test_labels_and_data_are_not_read_from_a_pipe(folder, read):
    pipe = folder / "daten.csv"
    os.mkfifo(pipe)
    with within(5), pytest.raises(DataError) as caught:
        read(pipe)
    assert str(caught.value) == f"{pipe}: a named pipe, {SAVE_FIRST}"


@pytest.mark.parametrize(
    ("name", "read", "error"),
    [
        ("model_card.json", read_card, ModelError),
        ("index.html", page_index.check_replaceable, DataError),
    ],
)
def test_a_card_or_an_index_that_is_a_pipe_is_refused(folder, name, read, error):
    os.mkfifo(folder / name)
    with within(5), pytest.raises(error) as caught:
        read(folder)
    assert str(caught.value) == f"{folder / name}: a named pipe, {SAVE_FIRST}"


def test_a_link_to_a_regular_file_is_followed(folder):
    (folder / "link.webp").symlink_to(ROOT / "samples" / "3_pen.webp")
    assert read_canvas(folder / "link.webp").pixels.any()
