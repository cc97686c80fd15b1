"""Sheets of paper on a darker table: what is painted over, and what is left as it is."""

import numpy as np
import pytest
from conftest import run_graph
from PIL import Image
from scipy import ndimage

from nn.normalization.pipeline import normalize
from nn.normalization.tabletop import SHEET_EDGE_WINDOW_PIXELS, paint_table
from nn.pictures.canvas import CANVAS, place


def painted(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of gray levels from 0 to 1, [H, W] on a canvas: before and after."""
    before, after = all_painted(picture[None])
    return before[0], after[0]


def all_painted(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of many at once, [N, H, W]."""
    before = np.zeros((len(pictures), CANVAS, CANVAS), np.float32)
    inside = np.zeros_like(before)
    height, width = pictures.shape[1:]
    top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
    place_of = np.s_[:, top : top + height, left : left + width]
    before[place_of], inside[place_of] = pictures, 1
    after = run_graph(paint_table, before, inside)
    return before[place_of], after[place_of]


def on_table(
    image: np.ndarray, dark: float = 0.3, top: int = 5, left: int = 6, lean: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A picture of 48×64 of a digit such as MNIST's on a sheet, and where the sheet is."""
    sheet = np.zeros((48, 64), np.float32)
    sheet[top:-4, left:-7] = 1
    sheet = ndimage.rotate(sheet, lean, reshape=False, order=1)
    picture = dark + (0.85 - dark) * sheet + np.linspace(-0.03, 0.03, 64, dtype=np.float32)
    picture[12:40, 18:46] -= 0.7 * image / 255
    return picture.clip(0, 1), sheet > 0.5


@pytest.fixture(scope="module")
def images(digits):
    return digits[1].images[:20]


@pytest.mark.parametrize("dark", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("left", [6, 16])  # and so far from the sheet that no paper is near
@pytest.mark.parametrize("lean", [0, 4])
def test_the_table_becomes_paper_and_the_sheet_stays(images, dark, left, lean):
    picture, sheet = on_table(images[0], dark, left=left, lean=lean)
    before, after = painted(picture)
    assert before[~sheet].max() < 0.75
    assert after[~sheet].min() > 0.7
    well_within = ndimage.binary_erosion(sheet, iterations=SHEET_EDGE_WINDOW_PIXELS // 2 + 1)
    np.testing.assert_array_equal(after[well_within], before[well_within])
    assert after[well_within].min() < 0.4  # the digit is there still
    # Where table and sheet met there is no edge: no step as high as a faint stroke.
    smooth = ~ndimage.binary_dilation(images[0] > 0, iterations=2)
    steps = np.abs(np.diff(after, axis=1))
    steps[12:40, 17:45] *= smooth[:, :28]
    assert np.median(steps) < 0.01
    assert np.quantile(steps, 0.98) < 0.1


def test_such_a_picture_is_read_as_the_sheet_alone_is(images):
    tables = [place(np.round(255 * on_table(image)[0]).astype(np.uint8)) for image in images]
    alone = [place(np.round(255 * on_table(image, 0.85)[0]).astype(np.uint8)) for image in images]
    found = [
        run_graph(normalize, *map(np.stack, zip(*canvases, strict=True)))
        for canvases in (tables, alone)
    ]
    assert set(found[0].reasons) == {b""}
    assert not found[0].light_on_dark.any()
    for one, other in zip(found[0].images, found[1].images, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98


def enlarged(image: np.ndarray, side: int = 60) -> np.ndarray:
    picture = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32) / 255


def ellipse(thick: float) -> np.ndarray:
    y, x = np.mgrid[-1:1:60j, -1:1:48j]
    radius = np.hypot(x, y)
    return ((radius < 0.98) & (radius > 0.98 - thick)).astype(np.float32)


def half_in_shadow(share: float) -> np.ndarray:
    paper = np.full((48, 64), 0.85, np.float32)
    paper[:, : round(64 * share)] = 0.4
    paper[20:40, 50:53] = 0.1
    return paper


def lattice() -> np.ndarray:
    y, x = np.mgrid[:42, :54] % 12 < 6
    return np.pad((y | x).astype(np.float32), ((5, 5), (3, 3)))


OTHERS = {
    "a page": np.full((48, 64), 0.8, np.float32) - 0.6 * np.pad(np.eye(28), ((10, 10), (18, 18))),
    "light strokes": ellipse(0.3),
    "light and bold strokes": ellipse(0.7),
    "a light spot, round": ellipse(1.0),
    "light strokes that fill their box": lattice(),
    "a light bar": np.pad(np.ones((50, 14), np.float32), ((5, 5), (20, 20))),
    **{f"{share:.0%} in shadow": half_in_shadow(share) for share in (0.2, 0.5, 0.7)},
    "one color": np.full((30, 64), 0.5, np.float32),
    "black": np.zeros((30, 64), np.float32),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_sheet_on_a_table_stays_as_it_is(name):
    before, after = painted(OTHERS[name].astype(np.float32))
    np.testing.assert_array_equal(after, before)


def test_light_digits_on_dark_stay_as_they_are(digits):
    before, after = all_painted(np.stack([enlarged(image) for image in digits[1].images]))
    np.testing.assert_array_equal(after, before)


def test_small_pictures_have_no_table_on_whatever_canvas(images):
    picture = np.zeros((30, 30), np.uint8)
    picture[2:28, 2:28] = 220
    picture[5:25, 5:25] -= (images[0][4:24, 4:24] * 0.7).astype(np.uint8)
    alone, larger = (np.pad(picture, (side - 30) // 2)[None] for side in (32, CANVAS))
    table, table_size = place(np.round(255 * on_table(images[0])[0]).astype(np.uint8))
    found = []
    # The last in a batch with a large picture, whose table is painted over.
    for pixels in (alone, larger, np.concatenate([larger, table[None]])):
        sizes = np.array([[30, 30, 30], table_size], np.int32)[: len(pixels)]
        found.append(run_graph(normalize, pixels, sizes).images[0])
    np.testing.assert_allclose(found[0].astype(int), found[1], atol=1)
    np.testing.assert_array_equal(found[1], found[2])
