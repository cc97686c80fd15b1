"""nn/prediction/number_reader.py: rows that show nothing, signs at an end, boxes, padding; with a
Predictor whose reader of rows says what a test wants it to say."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from nn.data.texts import CHARACTERS, NO_CHARACTER
from nn.prediction.number_digits import Digit
from nn.prediction.number_reader import (
    PAPER_BEHIND_PIXELS,
    NumberReader,
    _boxes,
    _in_pixels,
    _marks,
    _places,
)
from nn.prediction.number_strips import Strip, find_strips
from nn.prediction.number_texts import Character, RowText
from nn.prediction.predictor import Predictor, RowOutputs
from nn.prediction.readings import NumberReading

SPELLED = dict[str, float]  # a text, and how probable each of its characters is


class Spelling:
    """Stands for a Predictor. rows: what the reader of rows says of each row, one after the other.
    All that is dark is ink, and each component looks like any digit."""

    threshold, max_error = SimpleNamespace(probability=0.9, max_error=0.001), 0.001

    def __init__(self, *rows: SPELLED) -> None:
        self.rows = rows
        self.widths: list[int] = []

    def signature(self, name: str, _outputs: type) -> Callable:
        return {"canvases": self.canvases, "ink": self.ink, "rows": self.read_rows}[name]

    def canvases(self, pixels: np.ndarray, _sizes: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(ink=255 - pixels)

    def ink(self, canvases: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(probabilities=np.full((len(canvases), 10), 0.1))

    def read_rows(self, strips: np.ndarray) -> SimpleNamespace:
        self.widths.append(strips.shape[2])
        found = np.full((len(strips), strips.shape[2] // 2, NO_CHARACTER + 1), 1e-9)
        found[..., NO_CHARACTER] = 1
        for steps, spelled in zip(found, self.rows, strict=True):
            for place, (text, probability) in enumerate(spelled.items()):
                for character in text:
                    step = steps[4 + 4 * place]
                    step[CHARACTERS.index(character)] = probability
                    step[NO_CHARACTER] = 1 - probability
        return SimpleNamespace(log_probabilities=np.log(np.maximum(found, 1e-9)))

    def read(self, gray: np.ndarray) -> NumberReading:
        return NumberReader(self)._read_gray("x.png", gray, gray.shape[::-1])


def page(rows: int) -> np.ndarray:
    """White paper with two bars in each row."""
    gray = np.full((60 * rows + 40, 200), 255, np.uint8)
    for row in range(rows):
        for left in (60, 110):
            gray[30 + 60 * row : 70 + 60 * row, left : left + 10] = 0
    return gray


SURE = {"1": 0.999, "2": 0.999}


def test_each_row_has_its_number_and_the_lowest_probability_is_the_readings():
    reading = Spelling(SURE, {"7": 0.95}).read(page(2))
    assert (reading.number, reading.status) == ("12\n7", "ok")
    assert reading.rows[1].probability == pytest.approx(0.95, abs=0.03)
    assert reading.probability == reading.rows[1].probability
    assert [digit.row for digit in reading.digits] == [0, 0, 1]


def test_an_unsure_row_names_its_place_and_what_else_it_may_be():
    reading = Spelling(SURE, {"7": 0.7}).read(page(2))
    assert (reading.status, reading.reason) == ("unsure", "2nd row may be no number")
    reading = Spelling({"1": 0.999, "2": 0.6}).read(page(1))
    assert (reading.status, reading.reason) == ("unsure", "may also be 1")


def test_a_row_that_may_be_empty_leaves_the_number_unsure():
    reading = Spelling(SURE, {"7": 0.45}).read(page(2))
    assert (reading.number, reading.status) == ("12", "unsure")
    assert reading.reason == "another row may be 7"
    assert Spelling(SURE, {}).read(page(2)).status == "ok"


def test_ink_without_a_digit_looks_like_no_number_and_paper_has_no_ink():
    for spelled in ({}, {"-": 0.999}):
        reading = Spelling(spelled).read(page(1))
        assert (reading.status, reading.number, reading.digits) == ("unsure", None, [])
        assert reading.reason == "looks like no number"
    assert Spelling().read(np.full((60, 90), 255, np.uint8)).reason == "no ink"


@pytest.mark.parametrize("signed", [{"-": 0.999, "1": 0.999}, {"1": 0.999, "/": 0.999}])
def test_a_sign_at_an_end_leaves_the_number_unsure(signed):
    reading = Spelling(signed).read(page(1))
    assert reading.status == "unsure"
    assert reading.reason == "begins or ends with a sign"


def test_boxes_lie_in_the_picture():
    assert _in_pixels((-0.1, -0.2, 0.3, 0.5), (100, 50)) == [0, 0, 20, 15]
    assert _in_pixels((0.99, 0.9, 0.3, 0.5), (100, 50)) == [99, 45, 1, 5]
    assert _in_pixels((1.2, 1.2, 0.1, 0.1), (100, 50)) == [99, 49, 1, 1]
    assert _in_pixels((0.5, 0.5, 0.0, 0.0), (100, 50)) == [50, 25, 1, 1]


def test_a_digit_lies_on_the_steps_of_its_strip_that_show_its_box():
    strip = Strip(np.zeros((40, 80, 2), np.uint8), (0.2, 0.1, 0.6, 0.9), 0.005)  # 40 steps
    answers = np.eye(10)[[3, 7]]
    digits = [Digit(np.zeros((64, 64), np.uint8), box)
              for box in ((0.2, 0.1, 0.05, 0.8), (0.5, 0.1, 0.1, 0.8))]  # fmt: skip
    first, second = _places(digits, answers, strip)
    assert (first.left, first.right) == pytest.approx((0, 5))
    assert (second.left, second.right) == pytest.approx((30, 40))
    assert second.probabilities.argmax() == 7


def test_digits_that_touch_share_the_box_of_their_ink_halfway_between_them():
    strip = Strip(np.zeros((40, 80, 2), np.uint8), (0.2, 0.1, 0.6, 0.9), 0.005)  # 40 steps of 0.01
    digits = [Digit(np.zeros((64, 64), np.uint8), (0.25, 0.15, 0.2, 0.6))]
    touching = [Character("1", 0.9, (5, 9), None), Character("2", 0.9, (15, 19), None)]
    boxes = _boxes(RowText(touching, 0.8, ""), digits, strip)
    assert boxes == [pytest.approx((0.25, 0.1, 0.07, 0.8)), pytest.approx((0.32, 0.1, 0.13, 0.8))]
    alone = [Character("8", 0.9, (8, 12), 0)]
    assert _boxes(RowText(alone, 0.9, ""), digits, strip) == [digits[0].box]


def test_a_dot_lies_on_the_steps_of_its_strip_that_show_it_and_a_digit_is_no_mark():
    gray = np.full((60, 140), 255, np.uint8)
    gray[15:43, 20:32] = gray[15:43, 80:92] = gray[39:43, 54:58] = 0
    page = find_strips(gray, lambda gray: 255 - gray)
    (row,), (strip,) = page.rows, page.strips
    assert len(row.digits) == 2
    ((left, right),) = _marks(page, row, strip)
    ink = strip.pixels[..., 0]
    columns = np.flatnonzero(ink[26:34].any(0) & ~ink[8:20].any(0))  # of low ink alone
    assert (2 * left, 2 * right) == pytest.approx((columns[0], columns[-1] + 1), abs=1.5)


def test_a_strip_has_answers_to_its_own_steps_alone():
    strips = [Strip(np.zeros((40, wide, 2), np.uint8), (0, 0, 1, 1), 0.01) for wide in (60, 100)]
    answers = NumberReader(Spelling(SURE, SURE))._read_strips(strips)
    assert [len(answer) for answer in answers] == [30, 50]


def test_paper_follows_the_longest_strip():
    gray = page(1)
    reader = Spelling(SURE)
    reader.read(gray)
    (strip,) = find_strips(gray, lambda shrunk: 255 - shrunk).strips
    assert reader.widths == [strip.pixels.shape[1] + PAPER_BEHIND_PIXELS]


def test_a_row_reads_the_same_alone_and_beside_a_longer_one(shipped: Predictor):
    rng = np.random.default_rng(0)
    strip = rng.integers(0, 256, (1, 40, 64, 2), dtype=np.uint8)
    read = shipped.signature("rows", RowOutputs)
    answers = []
    for wide in (64 + PAPER_BEHIND_PIXELS, 200):
        batch = np.zeros((1, 40, wide, 2), np.uint8)
        batch[..., 1] = 42
        batch[:, :, :64] = strip
        answers.append(np.exp(read(batch).log_probabilities[0, :32]))
    np.testing.assert_allclose(*answers, atol=1e-3)
