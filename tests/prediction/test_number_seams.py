"""nn/prediction/number_seams.py: rows that touch come apart, and nothing else is cut."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nn.prediction.connected_components import label_components
from nn.prediction.number_seams import cut_between_rows
from nn.prediction.number_strips import find_strips

HEIGHT = 28  # of the digits, in pixels


def ink_of(*lines: list[tuple[int, int]], size: tuple[int, int] = (200, 300)) -> np.ndarray:
    """Strokes, 4 pixels wide, on an empty picture: uint8 [H, W]."""
    image = Image.new("L", size[::-1])
    pen = ImageDraw.Draw(image)
    for line in lines:
        pen.line(line, 255, 4)
    return np.asarray(image)


def cut(ink: np.ndarray) -> np.ndarray:
    return cut_between_rows(ink, label_components(ink > 127), HEIGHT)


def one(x: int, top: int, height: int = HEIGHT) -> list[tuple[int, int]]:
    return [(x, top), (x, top + height)]


def test_a_stroke_that_reaches_into_the_row_below_is_cut_once():
    above, below = one(60, 40, HEIGHT + 10), [(40, 78), (80, 78), (80, 78 + HEIGHT)]
    ink = ink_of(above, below)
    assert label_components(ink > 127).max() == 1
    labels = cut(ink)
    parts = [np.flatnonzero((labels == label).any(1)) for label in np.unique(labels[labels > 0])]
    assert len(parts) == 2
    assert ((labels > 0) == (ink > 127)).all()
    (first, second) = sorted(parts, key=lambda rows: rows[0])
    assert first[-1] - first[0] >= 0.6 * HEIGHT
    assert second[-1] - second[0] >= 0.6 * HEIGHT


def test_three_rows_that_touch_become_three():
    pitch = HEIGHT + 6
    rows = [[(40, 30 + pitch * place), (90, 30 + pitch * place)] for place in range(3)]
    digits = [one(x, 30 + pitch * place) for place in range(3) for x in (42, 66, 88)]
    joints = [[(66, 30), (66, 30 + 3 * pitch - 6)]]
    labels = cut(ink_of(*rows, *digits, *joints))
    assert len(np.unique(labels)) - 1 == 3


@pytest.mark.parametrize(
    "lines",
    [
        [[(40, 90), (70, 90 - round(1.6 * HEIGHT))]],  # a slash
        [one(40 + 24 * place, 40 + 8 * place) for place in range(8)]
        + [[(40, 60), (40 + 24 * 7, 60 + 8 * 7)]],  # a row that slopes, and whose digits touch
    ],
    ids=["slash", "slope"],
)
def test_what_is_one_row_stays_whole(lines):
    ink = ink_of(*lines)
    labels = label_components(ink > 127)
    assert labels.max() == 1
    np.testing.assert_array_equal(cut(ink), labels)


def test_a_seam_goes_through_what_the_finder_took_for_ink_on_bare_paper():
    """Between two rows of three the finder smears, as it does at times; the paper there is white.
    Crossing a thin stroke would be a shorter way."""
    gray = np.full((140, 160), 255, np.uint8)
    for top in (20, 70):
        for left in (30, 65, 100):
            gray[top : top + HEIGHT, left : left + 8] = 0

    def find_ink(shrunk: np.ndarray) -> np.ndarray:
        ink = np.where(shrunk < 128, 255, 0).astype(np.uint8)
        scale = shrunk.shape[0] / 140
        rows, columns = (slice(round(a * scale), round(b * scale)) for a, b in ((46, 72), (62, 76)))
        ink[rows, columns] = np.maximum(ink[rows, columns], 200)
        return ink

    page = find_strips(gray, find_ink)
    assert [len(row.digits) for row in page.rows] == [3, 3]
    assert (page.ink[gray[: page.ink.shape[0], : page.ink.shape[1]] == 255] == 0).mean() > 0.95


def test_a_page_without_digits_is_left_alone():
    labels = label_components(np.ones((3, 90), bool))
    np.testing.assert_array_equal(cut_between_rows(labels * 255, labels, 0), labels)


@pytest.mark.parametrize("height", [1, 1.5, 2, 2.5, 3, 5])
@pytest.mark.parametrize("tall", [1, 2, 3, 4, 9])
def test_specks_of_a_few_pixels_are_cut_or_left(height, tall):
    """Found by Hypothesis: of two pixels above each other, no row is left for a seam."""
    ink = np.zeros((12, 6), np.uint8)
    ink[1 : 1 + tall, 2:4] = 255
    labels = cut_between_rows(ink, label_components(ink > 127), height)
    assert ((labels > 0) == (ink > 0)).all()
    assert (labels.max() > 1) == (tall > 2 * round(0.6 * height) and tall > 1.75 * height)
