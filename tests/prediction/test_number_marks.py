"""nn/prediction/number_marks.py: marks beside the ink of a number, and walls of combs."""

import numpy as np
import pytest

from nn.prediction.number_marks import relative_darkness, sort_components


@pytest.fixture
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Two blocks of 28×16 pixels on gray paper, and their ink."""
    gray = np.full((60, 120), 220, np.uint8)
    ink = np.zeros((60, 120), np.uint8)
    for left in (20, 70):
        gray[15:43, left : left + 16] = 40
        ink[15:43, left : left + 16] = 255
    return gray, ink


def test_a_short_wall_on_a_line_is_left_out(digits):
    gray, ink = digits
    gray[45, 10:110] = 150  # the line of a comb, which is fainter than the ink
    gray[36:45, 52:54] = 120
    ink[36:45, 52:54] = 255  # its wall was taken for ink
    _, written, marks = sort_components(gray, ink, 28)
    assert [(part.left, part.height) for part in written] == [(20, 28), (70, 28)]
    assert not [mark for mark in marks if mark.left == 52]


def test_a_dot_on_a_line_is_a_mark_of_which_nobody_knows(digits):
    gray, ink = digits
    gray[45, 10:110] = 150
    gray[41:45, 52:56] = 60
    ink[41:45, 52:56] = 255
    _, written, marks = sort_components(gray, ink, 28)
    assert len(written) == 2
    assert [(mark.left, mark.width) for mark in marks if mark.height < 10] == [(52, 4)]


def test_a_comma_on_plain_paper_stays(digits):
    gray, ink = digits
    for picture, level in ((gray, 40), (ink, 255)):
        picture[39:48, 52:55] = level
    _, written, marks = sort_components(gray, ink, 28)
    assert len(written) == 3
    assert marks == []


def test_a_digit_that_stands_on_a_line_stays(digits):
    gray, ink = digits
    gray[43:45, 10:110] = 120
    assert len(sort_components(gray, ink, 28).written) == 2


def test_the_sides_of_a_cell_are_no_marks_and_a_stroke_that_was_not_found_is_one(digits):
    gray, ink = digits
    gray[5:55, 8:10] = gray[5:7, 8:115] = 80  # a corner of a frame
    gray[15:43, 56:59] = 40  # a one that the finder left out
    _, _, marks = sort_components(gray, ink, 28)
    assert [(mark.left, mark.height) for mark in marks] == [(56, 28)]


def test_a_dark_spot_that_is_no_ink_is_a_mark(digits):
    gray, ink = digits
    gray[39:44, 50:55] = 40
    _, written, marks = sort_components(gray, ink, 28)
    assert len(written) == 2
    assert [(mark.left, mark.top) for mark in marks] == [(50, 39)]


def test_darkness_is_a_share_of_the_inks_for_light_ink_too(digits):
    gray, ink = digits
    gray[50:54, 50:54] = 130  # half as dark as the ink
    for picture in (gray, 255 - gray):
        darkness = relative_darkness(picture, ink)
        assert darkness[20, 25] == pytest.approx(1, abs=0.1)
        assert darkness[52, 52] == pytest.approx(0.5, abs=0.1)
        assert abs(darkness[5, 5]) < 0.05
    flat = np.full((60, 120), 200, np.uint8)
    assert not relative_darkness(flat, ink).any()
    assert not relative_darkness(gray, np.zeros_like(ink)).any()
