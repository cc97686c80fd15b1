"""nn/prediction/number_strips.py: rows at one height and level, their own ink alone."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nn.prediction.number_strips import (
    PAPER_LEVEL,
    STRIP_DIGIT_PIXELS,
    Strip,
    find_strips,
    relative_darkness,
)


def dark_ink(gray: np.ndarray) -> np.ndarray:
    """A find_ink for clean pictures, dark on white; what is gray is no ink."""
    return np.where(gray < 100, 255, 0).astype(np.uint8)


def picture(
    size: tuple[int, int] = (100, 300), *bars: tuple[int, int, int, int, int]
) -> np.ndarray:
    """White paper, [H, W], with bars: left, top, width, height and level."""
    gray = np.full(size, 255, np.uint8)
    for left, top, width, height, level in bars:
        gray[top : top + height, left : left + width] = level
    return gray


def extent(strip: Strip) -> tuple[int, int]:
    """The first row of a strip's ink, and the one after the last."""
    rows = np.flatnonzero((strip.pixels[..., 0] > 127).any(1))
    return int(rows[0]), int(rows[-1]) + 1


@pytest.mark.parametrize("height", [14, 40, 200])
def test_digits_have_the_same_height_on_every_strip(height):
    bars = [(height * place, height, height // 4, height, 0) for place in (1, 2, 3)]
    (strip,) = find_strips(picture((3 * height, 5 * height), *bars), dark_ink).strips
    top, bottom = extent(strip)
    assert bottom - top == pytest.approx(STRIP_DIGIT_PIXELS, abs=2)
    assert (top + bottom) / 2 == pytest.approx(20, abs=1.5)
    assert strip.pixels.shape[1] % 2 == 0
    left, above, right, below = np.array(strip.box) * 3 * height / np.array([0.6, 1, 0.6, 1])
    assert (above, below) == pytest.approx((height, 2 * height), rel=0.1)
    assert left < height < 3.25 * height < right


def test_a_row_that_leans_is_level_on_its_strip():
    bars = [(40 + 60 * place, 40 + 9 * place, 10, 40, 0) for place in range(6)]
    (strip,) = find_strips(picture((200, 420), *bars), dark_ink).strips
    top, bottom = extent(strip)
    assert bottom - top <= STRIP_DIGIT_PIXELS + 4
    # Its box is as high as a digit, around the middle of the row: bars 40 high, from 40 to 85.
    left, above, right, below = np.array(strip.box) * [420, 200, 420, 200]
    assert (above, below) == pytest.approx((62.5, 102.5), abs=2)
    assert left < 40 < 350 < right


def test_a_strip_goes_beyond_a_border_that_its_digits_touch():
    bars = [(place, 30, 10, 40, 0) for place in (0, 50, 110)]
    (strip,) = find_strips(picture((100, 120), *bars), dark_ink).strips
    assert strip.box[0] < 0 < 1 < strip.box[2]


def test_a_strip_has_the_ink_of_its_own_row_and_shows_what_is_no_ink():
    upper = [(x, 20, 10, 40, 0) for x in (40, 90, 140)]
    lower = [(x, 66, 10, 40, 0) for x in (40, 90, 140)]
    wall = (115, 20, 3, 40, 140)
    page = find_strips(picture((130, 220), *upper, *lower, wall), dark_ink)
    for strip in page.strips:
        top, bottom = extent(strip)
        assert bottom - top <= STRIP_DIGIT_PIXELS + 2
    first, second = (strip.pixels for strip in page.strips)
    column = round((115 / 220 - page.strips[0].box[0]) * first.shape[1]
                   / (page.strips[0].box[2] - page.strips[0].box[0]))  # fmt: skip
    here = slice(column - 1, column + 3)
    assert first[10:30, here, 0].max() == 0
    assert first[10:30, here, 1].max() > PAPER_LEVEL + 30
    assert second[12:28, here, 1].max() < PAPER_LEVEL + 30


def test_darkness_is_a_share_of_the_inks_whichever_way_round():
    bars = [(x, 30, 10, 40, 0) for x in (40, 90, 140)]
    gray = picture((100, 200), *bars, (180, 40, 3, 20, 127))
    ink = dark_ink(gray)
    dark = relative_darkness(gray, ink)
    light = relative_darkness(255 - gray, ink)
    np.testing.assert_allclose(dark, light, atol=0.02)
    assert dark[ink > 0].mean() == pytest.approx(1, abs=0.05)
    assert dark[50, 181] == pytest.approx(0.5, abs=0.1)
    assert abs(dark[5, 5]) < 0.02


def test_the_middle_of_a_broad_stroke_is_as_dark_as_its_edge():
    gray = picture((200, 300), (60, 40, 80, 120, 20), (200, 40, 12, 120, 20))
    dark = relative_darkness(gray, dark_ink(gray))
    assert dark[100, 100] == pytest.approx(1, abs=0.02)
    assert dark[100, 61] == pytest.approx(1, abs=0.02)


def test_a_mark_far_from_the_digits_does_not_make_the_strip_longer():
    bars = [(x, 30, 10, 40, 0) for x in (40, 80)]
    speck = (700, 60, 8, 8, 0)
    (strip,) = find_strips(picture((100, 800), *bars, speck), dark_ink).strips
    assert strip.box[2] * 800 < 260


def test_every_sign_beside_the_digits_is_on_the_strip():
    image = Image.fromarray(picture((100, 300)))
    pen = ImageDraw.Draw(image)
    for left in (60, 110):
        pen.rectangle([left, 30, left + 9, 69], 0)
    pen.line([(20, 50), (38, 50)], 0, 4)  # a minus before the first digit
    page = find_strips(np.asarray(image), dark_ink)
    (strip,) = page.strips
    assert strip.box[0] * 300 < 20
    assert len(page.rows[0].components) == 3
    assert len(page.rows[0].digits) == 2
