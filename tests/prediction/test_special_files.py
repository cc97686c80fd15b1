"""Pipes, sockets and devices among what is to be read: one line for each, and nothing hangs."""

import json
import os
import shutil
import signal
import socket
from contextlib import chdir, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, load

from nn.data import csv_files
from nn.data.data_files import iter_rows
from nn.data.download import import_idx
from nn.errors import DataError, ModelError, PictureError, UserError
from nn.pictures.files import read_canvas
from nn.pictures.sources import Source
from nn.prediction import inputs, page_index
from nn.prediction.labels import Labels
from nn.training.run_folder import RunFolder
from nn.versions import better_version, read_card

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
        "/dev/zero", "--json", "--model", ROOT / "SavedModel" / "1", cwd=folder, timeout=120,
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
        lambda pipe: Labels(pipe, [Path("a.png")]),
        lambda pipe: Labels(pipe, [Path("pixels.csv")]),
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


def test_a_pipe_beside_the_card_of_another_version_is_passed_over(folder, shipped):
    os.mkfifo(folder / "model_card.json")
    (folder / "1").symlink_to(ROOT / "SavedModel" / "1")
    (folder / "2").mkdir()
    (folder / "model_card.json").rename(folder / "2" / "model_card.json")
    with within(5):
        assert better_version(folder / "1", shipped.card) is None


def test_the_files_of_a_run_are_not_read_from_a_pipe(folder):
    os.mkfifo(folder / "config.json")
    with within(5), pytest.raises(UserError) as caught:
        RunFolder(folder).read_config()
    assert "a named pipe" in str(caught.value)


def test_mnists_files_are_not_read_from_a_pipe(folder):
    os.mkfifo(folder / "train-images-idx3-ubyte")
    with within(5), pytest.raises(DataError, match="a named pipe"):
        import_idx(folder, folder / "out")


def sparse(path: Path, start: bytes = b"") -> Path:
    """A file of 50 GB that takes no room on the disk: zeros behind its start."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(50 * 10**9)
    return path


@pytest.mark.parametrize(
    ("name", "start", "reason"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "50,000 MB, over 300 MB, the most of a picture's file"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "50,000 MB, over 300 MB, the most of a picture's file"),
        ("a.tif", b"II*\0", "not a picture ("),
        ("a.csv", b"1,2,", "line 1: over 100 MB in one line"),
        ("a.npy", b"\x93NUMPY\1\0", "cannot be read (Cannot parse header"),
        ("a.npz", b"PK\3\4", "cannot be read (File is not a zip file)"),
        ("x-images-idx3-ubyte", b"\0\0\x08\3", "expected images of 28x28, found 0x0"),
    ],
)
def test_a_file_without_end_is_not_read_to_its_end(folder, shipped, name, start, reason):
    path = sparse(folder / name, start)
    with within(30):
        (reading,) = inputs.read_all(shipped, [path])
    assert (reading.status, reading.digit) == ("error", None)
    assert reading.reason.startswith(str(path))
    assert reason in reading.reason


def test_an_array_in_a_file_that_shrinks_is_one_line(folder):
    """A file that is mapped into memory would end the process by a signal."""
    path = folder / "x.npy"
    np.save(path, np.zeros((5000, 784), np.uint8))
    rows = iter_rows(path)
    next(rows)
    os.truncate(path, 1_000_000)
    with pytest.raises(DataError) as caught:
        list(rows)
    assert str(caught.value) == (
        f"{path}: cannot be read (it ends before the 3,920,000 bytes that its header states)"
    )


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_that_cannot_be_read_is_not_called_empty(folder, shipped, recursive):
    locked = folder / "above" / "locked"
    locked.mkdir(parents=True)
    shutil.copy(ROOT / "samples" / "3_pen.webp", folder / "above")
    given = folder / "above" if recursive else locked
    locked.chmod(0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("root can read every folder")
        *_, reading = inputs.read_all(shipped, inputs.expand([given], recursive))
    finally:
        locked.chmod(0o700)
    assert reading.reason == f"{locked}: cannot be read (Permission denied)"


def test_damaged_tiffs_write_nothing_of_their_own(tmp_path, capfd):
    content = bytearray((ROOT / "samples" / "8_scan.tif").read_bytes())
    for place in range(8, len(content), 97):
        damaged = content.copy()
        damaged[place : place + 8] = b"\xff" * 8
        with suppress(PictureError):
            read_canvas(Source("a", bytes(damaged)))
    assert capfd.readouterr() == ("", "")
