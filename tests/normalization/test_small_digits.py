"""A closer look: where pictures are cut out of pages, and when."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from conftest import run_graph as run
from PIL import Image

from nn.networks.finder_weights import find_ink
from nn.normalization import pipeline, small_digits
from nn.normalization.pipeline import Normalized
from nn.pictures.canvas import CANVAS, PAGE, place_image
from nn.pictures.files import read_canvas
from nn.prediction import read_ahead

DARK_LEVEL = 160  # paper is lighter, ink darker, also where both share a pixel


def normalize(pixels, sizes):
    return pipeline.normalize(pixels, sizes, find_ink())


def look_closer(pages, sizes):
    return small_digits.look_closer(pages, sizes, normalize)


def look_closer_at_dark_pixels(pages, sizes):
    """A closer look for which all dark pixels are ink, and nothing else."""

    def dark(pixels, sizes):
        ink = tf.where((pixels > 0) & (pixels < DARK_LEVEL), 255, 0)
        return SimpleNamespace(ink=tf.cast(ink, tf.uint8))

    return small_digits.look_closer(pages, sizes, dark)


def page(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Paper with light falling off and some grain: uint8 [height, width]."""
    light = np.linspace(220, 180, width) + np.random.default_rng(seed).normal(0, 2, (height, width))
    return np.round(light).astype(np.uint8)


def with_digit(paper: np.ndarray, image: np.ndarray, top: int, left: int) -> np.ndarray:
    """A digit such as MNIST's in dark ink on the paper, as large as it is."""
    picture = paper.astype(float)
    place = slice(top, top + len(image)), slice(left, left + image.shape[1])
    picture[place] *= 1 - 0.8 * image / 255
    return np.round(picture).astype(np.uint8)


def on_pages(pictures: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    pages, sizes = np.zeros((len(pictures), PAGE, PAGE), np.uint8), []
    for canvas, picture in zip(pages, pictures, strict=True):
        top, left = ((PAGE - side) // 2 for side in picture.shape)
        canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        sizes.append([*picture.shape, min(picture.shape)])
    return pages, np.array(sizes, np.int32)


WINDOWS = [(0, 0, 512, 400), (100, 130, 228, 330), (3, 5, 60, 31), (0, 0, 512, 3), (50, 60, 51, 61)]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A sample, uint8 [512, 400]."""
    with Image.open(ROOT / "samples" / "3_page.jpg") as image:
        return np.asarray(image.convert("L").resize((400, 512)))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("is_photo", [False, True])
def test_windows_are_shrunk_as_pillow_shrinks_them(window, is_photo, photo):
    noise = np.random.default_rng(0).integers(0, 256, (512, 400), np.uint8)
    picture = photo if is_photo else noise
    pages, sizes = on_pages([picture])
    inside = picture[window[0] : window[2], window[1] : window[3]]
    on_page = np.array([window], np.int32) + np.tile([0, (PAGE - 400) // 2], 2).astype(np.int32)
    canvases, found = run(lambda *a: small_digits.shrink_windows(*a, CANVAS), pages, on_page, sizes)
    expected = place_image(Image.fromarray(inside), 400)
    np.testing.assert_array_equal(found, [expected.size])
    np.testing.assert_allclose(canvases[0].astype(int), expected.pixels, atol=1)


PLACES = [(0, 0), (0.55, 0.65), (0.9, 0.9), (0.03, 0.5)]  # of the room that there is


# The last is searched whole.
SHAPES = [(384, 512), (512, 330), (100, 120)]


class Cut(NamedTuple):
    """A page with a small digit, where it stands, its rows and columns with ink, and the cut."""

    picture: np.ndarray
    place: list[int]
    ink_rows: np.ndarray
    ink_columns: np.ndarray
    pixels: np.ndarray


def cut_out(look, image: np.ndarray, shape: tuple[int, int], share: tuple[float, float]) -> Cut:
    """What a closer look puts on the canvas of a page with a digit of 40 pixels."""
    image = np.asarray(Image.fromarray(image).resize((40, 40)))
    place = [round(part * (side - 40)) for part, side in zip(share, shape, strict=True)]
    picture = with_digit(page(*shape), image, *place)
    canvases, sizes = run(look, *on_pages([picture]))
    height, width, shorter = sizes[0]
    assert shorter == min(shape)
    assert CANVAS / 2 < max(height, width) <= CANVAS  # less in a corner: there is no more page
    top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
    inked = (np.flatnonzero((image > 96).any(axis)) for axis in (1, 0))
    return Cut(picture, place, *inked, canvases[0, top : top + height, left : left + width])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", PLACES)
def test_a_small_digit_is_cut_out_of_its_page_unshrunk(shape, share, digits):
    picture, place, ink_rows, ink_columns, cut = cut_out(
        look_closer_at_dark_pixels, digits[1].images[0], shape, share
    )
    height, width = cut.shape
    # What stands on the canvas is a part of the page, pixel by pixel, in which the digit is whole.
    found = [
        (y, x)
        for y in range(max(0, place[0] - 40), place[0] + 20)
        for x in range(max(0, place[1] - 40), place[1] + 20)
        if np.array_equal(picture[y : y + height, x : x + width], cut)
    ]
    ((y, x),) = found
    assert y <= place[0] + ink_rows[0] and place[0] + ink_rows[-1] < y + height
    assert x <= place[1] + ink_columns[0] and place[1] + ink_columns[-1] < x + width


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", PLACES)
def test_a_small_digit_that_the_finder_found_is_whole(shape, share, digits):
    _, _, ink_rows, ink_columns, cut = cut_out(look_closer, digits[1].images[0], shape, share)
    # The digit is whole, and hardly shrunk: the box found on the search canvas may be a pixel too
    # high.
    for axis, inked in ((1, ink_rows), (0, ink_columns)):
        dark = np.flatnonzero((cut < 110).any(axis))
        assert 0.7 * len(inked) < np.ptp(dark) + 1 <= len(inked) + 2
        assert abs(dark.mean() - (len(cut) if axis else cut.shape[1]) / 2) < 20


def test_a_larger_digit_has_as_much_paper_around_it_as_it_is_high(digits):
    large = Image.fromarray(digits[1].images[0]).resize((140, 140), Image.Resampling.BICUBIC)
    picture = with_digit(page(512, 512), np.asarray(large), 180, 200)
    canvases, sizes = run(look_closer, *on_pages([picture]))
    np.testing.assert_array_equal(sizes[0, :2], [CANVAS, CANVAS])
    dark = np.flatnonzero((canvases[0] < 110).any(1))
    assert np.ptp(dark) + 1 == pytest.approx(CANVAS / 2, abs=4)


def test_a_blank_page_is_looked_at_whole():
    light = np.tile(np.linspace(220, 180, 400).round().astype(np.uint8), (300, 1))
    pictures = [np.full((512, 256), 200, np.uint8), light]
    pages, sizes = on_pages(pictures)
    canvases, found = run(look_closer, pages, sizes)
    np.testing.assert_array_equal(found, [[64, 32, 256], [48, 64, 300]])
    expected = np.asarray(Image.fromarray(pictures[1]).resize((64, 48), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(canvases[1, 8:56].astype(int), expected, atol=1)


def test_a_page_is_looked_at_as_it_would_be_alone(digits):
    """Of a batch, one page is blank, one has a digit."""
    image = digits[1].images[0]
    pictures = [page(300, 400), with_digit(page(300, 400), image, 200, 310)]
    together = run(look_closer_at_dark_pixels, *on_pages(pictures))
    for place, picture in enumerate(pictures):
        alone = run(look_closer_at_dark_pixels, *on_pages([picture]))
        for found, expected in zip(together, alone, strict=True):
            np.testing.assert_array_equal(found[place], expected[0])
    assert together[1].tolist() == [[48, 64, 300], [CANVAS, CANVAS, 300]]


class Ink(NamedTuple):
    ink: np.ndarray


def test_both_ways_the_same_digits_are_small():
    random = np.random.default_rng(0)
    ink = np.zeros((200, CANVAS, CANVAS), np.uint8)
    for canvas in ink[5:]:  # the first have none
        height, width = random.integers(1, 20, 2)
        top, left = random.integers(0, CANVAS - 20, 2)
        canvas[top : top + height, left : left + width] = random.integers(0, 256, (height, width))
    sizes = np.stack([[48, 64, random.choice([48, 49, 900])] for _ in ink]).astype(np.int32)

    def small(ink: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
        return small_digits.is_small(Normalized(None, ink, None, None, None), sizes)

    found = run(small, ink, sizes)
    answers = [read_ahead.Answer(Ink(*pair[:1]), pair[1]) for pair in zip(ink, sizes, strict=True)]
    assert found.tolist() == [read_ahead.is_small(answer) for answer in answers]
    assert 0.2 < found.mean() < 0.8
    assert not found[sizes[:, 2] == 48].any()  # they were not shrunk: there is nothing to see
    assert found[:5].tolist() == (sizes[:5, 2] > 48).tolist()


def test_both_ways_the_same_samples_are_small():
    names = ("3_page.jpg", "9_far.jpg", "0_phone.jpg", "2_mnist_size.png", "4_table.jpg")
    canvases = [read_canvas(ROOT / "samples" / name) for name in names]
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))

    def small(pixels: tf.Tensor, sizes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        normalized = normalize(pixels, sizes)
        return small_digits.is_small(normalized, sizes), normalized.ink

    found, ink = run(small, pixels, sizes)
    answers = [read_ahead.Answer(Ink(*pair[:1]), pair[1]) for pair in zip(ink, sizes, strict=True)]
    assert [read_ahead.is_small(answer) for answer in answers] == found.tolist()
    assert found.tolist() == [True, True, False, False, False]


def test_no_picture_at_all_is_no_error():
    pages = np.zeros((0, PAGE, PAGE), np.uint8)
    canvases, sizes = run(look_closer, pages, np.zeros((0, 3), np.int32))
    assert canvases.shape == (0, CANVAS, CANVAS)
    assert sizes.shape == (0, 3)


def test_a_page_is_read_as_a_canvas_is_but_larger(tmp_path):
    Image.new("L", (1000, 600), 255).save(tmp_path / "one.png")
    for side, height, width in ((CANVAS, 38, 64), (PAGE, 307, 512)):
        found = read_canvas(tmp_path / "one.png", side)
        assert found.pixels.shape == (side, side)
        assert found.size.tolist() == [height, width, 600]
