"""nn/training/cut_digits.py: pieces of digits that touch, with their labels."""

import numpy as np
import pytest
from scipy import ndimage

from nn.composition.touching import Row, draw_touching
from nn.data.digits import NO_DIGIT
from nn.pictures.cuts import Piece
from nn.training.cut_digits import cut_digits, label_of


@pytest.fixture(scope="module")
def rows(digits):
    return [draw_touching(digits[0], np.random.default_rng([4, place])) for place in range(60)]


def test_the_digits_of_a_row_touch_and_each_has_its_ink(rows):
    touching = 0
    for row in rows:
        assert len(row.masks) == len(row.labels) >= 2
        assert (row.masks.max((1, 2)) > 0.8).all()
        joined = ndimage.label(row.ink() > 64, np.ones((3, 3)))[1]
        alone = sum(ndimage.label(mask > 0.25, np.ones((3, 3)))[1] for mask in row.masks)
        touching += joined < alone
    assert touching > 0.9 * len(rows)


def test_a_whole_digit_keeps_its_label_and_less_or_more_than_one_is_none():
    masks = np.zeros((2, 30, 50), np.float32)
    masks[0, :, :20] = masks[1, :, 30:] = masks[1, 14:16, 20:] = 1
    row = Row(masks, np.array([3, 8]), 30)

    def label(left: int, right: int) -> int | None:
        return label_of(Piece(0, 1, row.ink()[:, left:right], 0, left), row)

    assert label(0, 20) == label(0, 22) == 3
    assert label(30, 50) == 8
    assert label(0, 50) == label(0, 8) == label(40, 50) == NO_DIGIT
    assert label(0, 15) is None  # nobody could say whether that is the digit


def test_equal_random_numbers_give_equal_pieces_of_both_sorts(digits):
    drawn = cut_digits(digits[0], 60, np.random.default_rng(1))
    again = cut_digits(digits[0], 60, np.random.default_rng(1))
    assert drawn.sha256() == again.sha256()
    assert drawn.images.shape == (60, 28, 28)
    assert 0.15 < np.mean(drawn.labels == NO_DIGIT) < 0.7
    assert len(np.unique(drawn.labels)) > 5
