"""A picture on standard input: `-` and /dev/stdin."""

import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, load_in_this_process
from PIL import Image

from nn.pictures import sources

pytestmark = pytest.mark.skipif(os.name == "nt", reason="has no /dev/stdin")

MODEL = ROOT / "SavedModel" / "1"
THREE = ROOT / "samples" / "3_pen.webp"
NUMBER = ROOT / "samples" / "numbers" / "02134_pen.png"


@contextmanager
def standard_input(descriptor: int):
    """Lets this process read its standard input from an open file, which it closes."""
    before = os.dup(0)
    os.dup2(descriptor, 0)
    os.close(descriptor)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def pipe_of(content: bytes) -> int:
    """The reading end of a pipe that holds so few bytes that nobody has to wait."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def only_reading(*arguments) -> dict:
    finished = load_in_this_process(*arguments, "--json", "--model", MODEL)
    (line,) = map(json.loads, finished.stdout.splitlines())
    assert finished.returncode == (line["status"] == "error"), finished.stderr
    assert line["input"] == "-"
    return line


def test_a_picture_is_piped_in_beside_a_file_and_explained(tmp_path):
    folder = tmp_path / "Ziffern mit Ümläuten 数字"
    folder.mkdir()
    picture = io.BytesIO()
    Image.open(ROOT / "samples" / "9_far.jpg").save(picture, "PNG")  # is read twice: a small digit
    (folder / "sept é 7.jpg").write_bytes((ROOT / "samples" / "7_pencil.jpg").read_bytes())
    finished = subprocess.run(
        [sys.executable, ROOT / "load_saved_model.py", "sept é 7.jpg", "-", "--json",
         "--model", MODEL, "--explain", "Seiten é"],
        cwd=folder, input=picture.getvalue(), capture_output=True, timeout=240,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    lines = map(json.loads, finished.stdout.splitlines())
    assert [(line["input"], line["digit"]) for line in lines] == [("sept é 7.jpg", 7), ("-", 9)]
    pages = {path.name for path in (folder / "Seiten é").iterdir()}
    assert pages == {"sept é 7.jpg.png", "-.png", "index.html"}


def test_a_file_named_as_the_dash_is_given_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("conftest.ROOT", tmp_path)  # where it runs
    (tmp_path / "-").write_bytes(THREE.read_bytes())
    with standard_input(opened(ROOT / "samples" / "7_pencil.jpg")):
        assert only_reading("./-")["digit"] == 3


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_number_is_read_from_a_redirected_file_and_explained(tmp_path, name):
    with standard_input(opened(NUMBER)):
        reading = only_reading(name, "--number", "--explain", tmp_path / "pages")
    assert reading["number"] == "02134"
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["-.png"]


@pytest.mark.parametrize("limit", [3, 4])
def test_what_comes_without_end_is_not_read_without_end(monkeypatch, limit):
    monkeypatch.setattr(sources, "MAX_STANDARD_INPUT_BYTES", limit)
    with standard_input(pipe_of(b"none")):
        reason = only_reading("-")["reason"]
    too_long = reason == "-: over 0 MB on standard input; save it to a file, and give that"
    assert too_long == (limit == 3)


def test_an_endless_device_is_refused_and_not_waited_for(monkeypatch):
    monkeypatch.setattr(sources, "MAX_STANDARD_INPUT_BYTES", 1_000_000)
    with standard_input(opened(Path("/dev/zero"))):
        assert only_reading("-")["reason"].startswith("-: over 1 MB on standard input")


def test_nothing_on_standard_input_is_one_line():
    with standard_input(opened(Path(os.devnull))):
        reason = only_reading("-")["reason"]
    assert reason == "-: standard input is empty; send a picture into it"


def test_a_folder_as_standard_input_is_one_line(tmp_path):
    with standard_input(opened(tmp_path)):
        reason = only_reading("-")["reason"]
    assert reason == "-: standard input cannot be read (Is a directory)"


def test_a_terminal_is_not_waited_for():
    pytest.importorskip("pty")
    controlling, terminal = os.openpty()
    try:
        with standard_input(terminal):
            reason = only_reading("-")["reason"]
    finally:
        os.close(controlling)
    assert reason == (
        "-: standard input is a terminal; send a picture into it, as in "
        "`python load_saved_model.py - < picture.png`"
    )


def test_twice_is_refused_before_anything_is_read():
    with standard_input(opened(THREE)):
        finished = load_in_this_process("-", THREE, "/dev/stdin", "--model", MODEL)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == "error: -: given twice; standard input holds one picture\n"
