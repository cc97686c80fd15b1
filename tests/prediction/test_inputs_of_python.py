"""What Predictor reads from a program: paths, bytes, open files, images, arrays, and several."""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

THREE, SEVEN = (ROOT / "samples" / name for name in ("3_pen.webp", "7_pencil.jpg"))
TRANSPARENT = ROOT / "samples" / "7_transparent.png"
TURNED = ROOT / "samples" / "1_turned.jpg"  # EXIF
FAR = ROOT / "samples" / "9_far.jpg"  # a small digit, which is read twice


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder that holds a picture of a 3; the working directory is another."""
    made = tmp_path / "Ziffern mit Ümläuten 数字"
    made.mkdir()
    shutil.copy(THREE, made / "drei – 3.webp")
    monkeypatch.chdir(tmp_path)
    return made.relative_to(tmp_path)


def read(predictor, pictures) -> list[tuple[str, int | None]]:
    return [(reading.input, reading.digit) for reading in predictor.read(pictures)]


def test_one_path_is_one_picture_not_letters(shipped, folder):
    path = folder / "drei – 3.webp"
    (entry,) = os.scandir(folder)  # any path-like object
    for given in (path, str(path), entry):
        assert read(shipped, given) == [(str(path), 3)]


def test_all_kinds_can_be_mixed_and_are_told_apart(shipped, folder):
    with open(THREE, "rb") as named, Image.open(SEVEN) as image, Image.open(THREE) as gray:
        array = np.asarray(gray.convert("L"))
        pictures = [
            str(folder / "drei – 3.webp"),
            THREE.read_bytes(),
            bytearray(SEVEN.read_bytes()),
            memoryview(THREE.read_bytes()),
            named,
            io.BytesIO(SEVEN.read_bytes()),
            image,
            array,
            255 - array,
            folder / "fehlt.png",
            b"",
        ]
        found = read(shipped, iter(pictures))
    assert found == [
        (str(folder / "drei – 3.webp"), 3),
        ("<bytes 2>", 3),
        ("<bytes 3>", 7),
        ("<bytes 4>", 3),
        (str(THREE), 3),
        ("<file 6>", 7),
        ("<image 7>", 7),
        ("<array 8>", 3),
        ("<array 9>", 3),
        (str(folder / "fehlt.png"), None),
        ("<bytes 11>", None),
    ]


@pytest.mark.parametrize("path", [THREE, TRANSPARENT, TURNED, FAR], ids=lambda path: path.name)
def test_a_picture_reads_alike_from_wherever_it_comes(shipped, path):
    with Image.open(path) as image, open(path, "rb") as file:
        kinds = [path, path.read_bytes(), file, image]
        readings = list(shipped.read(kinds))
    # A JPEG file is decoded smaller, an image is shrunk from all its pixels.
    assert {reading.digit for reading in readings} == {int(path.name[0])}
    probabilities = [reading.probability for reading in readings]
    assert probabilities[:3] == [probabilities[0]] * 3
    np.testing.assert_allclose(probabilities[3], probabilities[0], atol=0.02)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_arrays_read_as_their_png_does(shipped, tmp_path, mode):
    with Image.open(TRANSPARENT) as image:
        image.convert(mode).save(tmp_path / "a.png")
        array = np.asarray(image.convert(mode))
    (file,), (found,) = shipped.read(tmp_path / "a.png"), shipped.read(array)
    assert found.probabilities == file.probabilities


def test_what_the_caller_uses_again_is_copied(shipped):
    """As a camera's program does: one buffer for all frames, files that close."""

    def frames():
        buffer = np.full((400, 400), 255, np.uint8)
        for path in (THREE, SEVEN):
            with Image.open(path) as image:
                yield image
                buffer[:] = np.asarray(image.convert("L").resize((400, 400)))
            yield buffer
            buffer[:] = 0

    assert [digit for _, digit in read(shipped, frames())] == [3, 3, 7, 7]


def test_open_files_are_taken_one_by_one_when_their_turn_comes(shipped):
    given = []

    def files():
        for path in (THREE, SEVEN):
            given.append(path)
            with open(path, "rb") as file:
                yield file

    readings = shipped.read(files(), batch_size=1)
    assert not given
    assert (next(readings).digit, given) == (3, [THREE])
    assert next(readings).digit == 7


def test_what_cannot_be_read_is_an_error_like_any_other(shipped):
    closed = io.BytesIO(b"GIF89a")
    closed.close()
    cut = Image.open(io.BytesIO(SEVEN.read_bytes()[:3000]))
    pictures = [closed, cut, Image.new("L", (0, 3)), np.zeros((4, 0), np.uint8), b"%PDF-1.4"]
    reasons = [reading.reason for reading in shipped.read(pictures)]
    assert reasons[0] == "<file 1>: cannot be read (I/O operation on closed file.)"
    assert reasons[1].startswith("<image 2>: cannot be read (image file is truncated")
    assert reasons[2:] == [
        "<image 3>: has no pixels",
        "<array 4>: has no pixels",
        "<bytes 5>: a PDF file; save its pages as PNG files first",
    ]


KINDS = "expected a path, bytes, a file opened as binary, a PIL image, or a NumPy array of uint8"


@pytest.mark.parametrize("method", ["read", "read_numbers", "explain"])
@pytest.mark.parametrize("wrong", [None, 3, {"a.png": b""}])
def test_a_wrong_type_is_one_line_at_the_call(shipped, method, wrong):
    with pytest.raises(TypeError) as caught:
        getattr(shipped, method)(wrong)
    assert str(caught.value) == (
        f"{KINDS} [H, W], [H, W, 3] or [H, W, 4], or several of these; found {type(wrong).__name__}"
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([3.5], f"{KINDS} [H, W], [H, W, 3] or [H, W, 4]; found float"),
        ([[b""]], f"{KINDS} [H, W], [H, W, 3] or [H, W, 4]; found list"),
        (
            np.zeros((28, 28)),
            "<array 1>: expected uint8 [H, W], [H, W, 3] or [H, W, 4], found float64 [28, 28]; "
            "give several pictures as a list",
        ),
        (
            np.zeros((5, 28, 28), np.uint8),
            "<array 1>: expected uint8 [H, W], [H, W, 3] or [H, W, 4], found uint8 [5, 28, 28]; "
            "give several pictures as a list",
        ),
        (
            io.StringIO("text"),
            "<file 1>: a file opened as text; open it as binary, with the mode 'rb'",
        ),
    ],
)
def test_a_wrong_type_among_others_is_one_line_when_its_turn_comes(shipped, wrong, message):
    with pytest.raises(TypeError) as caught:
        list(shipped.read(wrong))
    assert str(caught.value) == message


def test_numbers_and_explanations_take_the_same(shipped):
    number = ROOT / "samples" / "numbers" / "02134_pen.png"
    with Image.open(number) as image:
        found = shipped.read_numbers([number.read_bytes(), image])
        assert [(one.input, one.number) for one in found] == [
            ("<bytes 1>", "02134"),
            ("<image 2>", "02134"),
        ]
    ((reading, evidence),) = shipped.explain(THREE.read_bytes())
    assert (reading.input, reading.digit) == ("<bytes 1>", 3)
    assert evidence.digit.shape == (28, 28)


def test_named_bytes_keep_their_names(shipped):
    uploads = {"één.png": THREE.read_bytes(), "part-2": SEVEN.read_bytes(), "bad": b"nothing"}
    found = shipped.read_bytes(uploads.items(), batch_size=2)
    assert [(reading.input, reading.digit, reading.status) for reading in found] == [
        ("één.png", 3, "ok"),
        ("part-2", 7, "ok"),
        ("bad", None, "error"),
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (b"GIF", "expected pairs of a name and the bytes of a file, found bytes"),
        ({"a": b"GIF"}, "expected pairs of a name and the bytes of a file, found dict"),
        ([b"GIF"], "expected a name and the bytes of a file, found bytes"),
        ([("a.png", "GIF")], "expected a name and the bytes of a file, found str, str"),
        ([("a.png", b"GIF", 1)], "expected a name and the bytes of a file, found str, bytes, int"),
    ],
)
def test_other_pairs_are_one_line(shipped, wrong, message):
    with pytest.raises(TypeError) as caught:
        list(shipped.read_bytes(wrong))
    assert str(caught.value) == message
