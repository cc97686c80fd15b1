"""Pictures that nobody thought of: Hypothesis makes them up. Each has one answer, or one line that
says why it has none; and the same pixels have the same answer in every format that keeps them."""

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from nn.errors import PictureError
from nn.pictures.canvas import CANVAS
from nn.pictures.files import read_canvas
from nn.prediction.predictor import Predictor

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "F")
FORMATS = ("PNG", "BMP", "TIFF", "GIF", "WEBP", "JPEG")
EXIF_ORIENTATION = 0x112


@dataclass(frozen=True)
class Picture:
    """How a picture is made. contrast: of a stroke on noisy paper; 0 shows none."""

    seed: int
    width: int
    height: int
    paper: int
    contrast: int
    noise: int

    @cached_property
    def gray(self) -> np.ndarray:
        """uint8 [height, width]"""
        random = np.random.default_rng(self.seed)
        gray = self.paper + random.normal(0, self.noise, (self.height, self.width))
        x = self.width // 2
        gray[self.height // 5 : self.height * 4 // 5, x : x + self.width // 8 + 1] += self.contrast
        return np.clip(gray, 0, 255).astype(np.uint8)


sides = st.one_of(st.integers(1, 80), st.sampled_from([1, 2, 28, 64, 65, 300, 3000]))
pictures = st.builds(
    Picture, seed=st.integers(0, 100), width=sides, height=sides, paper=st.integers(0, 255),
    contrast=st.integers(-255, 255), noise=st.sampled_from([0, 0, 5, 80]),
)  # fmt: skip


@pytest.fixture(scope="module")
def predictor():
    with Predictor(ROOT / "SavedModel" / "1", runtime="litert") as predictor:
        yield predictor


def encoded(image: Image.Image, name: str, **options) -> bytes:
    """The bytes of a file. Drops the example where Pillow cannot write the mode in this format."""
    file = io.BytesIO()
    try:
        image.save(file, name, **options)
    except (OSError, ValueError):
        assume(False)
    return file.getvalue()


def in_mode(gray: np.ndarray, mode: str) -> Image.Image:
    image = Image.fromarray(gray)
    if mode in ("HSV", "LAB", "YCbCr", "CMYK"):
        image = image.convert("RGB")
    return image.convert(mode)


@given(pictures, st.sampled_from(MODES), st.sampled_from(FORMATS), st.integers(0, 9))
def test_any_picture_has_one_answer(predictor, picture, mode, name, orientation):
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    options = {"exif": exif} if name in ("PNG", "JPEG", "TIFF", "WEBP") else {}
    content = encoded(in_mode(picture.gray, mode), name, **options)
    try:
        canvas = read_canvas(content)
    except PictureError as error:
        assert len(str(error).splitlines()) == 1
        canvas = None
    else:
        assert (canvas.pixels.shape, canvas.pixels.dtype) == ((CANVAS, CANVAS), np.uint8)
        height, width, least = canvas.size.tolist()
        assert 1 <= height <= CANVAS
        assert 1 <= width <= CANVAS
        assert least == min(picture.width, picture.height)
    (reading,) = predictor.read_bytes([("a", content)])
    (number,) = predictor.read_numbers([content])
    for each in (reading, number):
        assert (each.status == "error") == (canvas is None)
        assert (each.reason is None) == (each.status == "ok")
        assert each.probability is None or 0 <= each.probability <= 1
    if reading.probabilities is not None:
        assert sum(reading.probabilities) == pytest.approx(1, abs=1e-3)
        assert reading.probability == max(reading.probabilities)


@given(pictures, st.sampled_from(["L", "RGB", "RGBA"]))
def test_the_same_pixels_have_the_same_canvas_in_every_format(picture, mode):
    image = in_mode(picture.gray, mode)
    canvases = [read_canvas(encoded(image, name)) for name in ("PNG", "TIFF")]
    canvases.append(read_canvas(encoded(image, "WEBP", lossless=True, exact=True)))
    if mode != "RGBA":
        canvases.append(read_canvas(encoded(image, "BMP")))
    canvases.append(read_canvas(encoded(in_mode(picture.gray, "L"), "PNG")))
    for other in canvases[1:]:
        np.testing.assert_array_equal(other.pixels, canvases[0].pixels)
        np.testing.assert_array_equal(other.size, canvases[0].size)
