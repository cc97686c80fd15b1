"""nn/composition/numbers.py and signs.py: composed numbers, their cells and their signs."""

import numpy as np
import pytest
from scipy import ndimage

from nn.composition import signs
from nn.composition.numbers import draw_number
from nn.data.digits import NO_DIGIT

SIZES = [(112, 112), (40, 112), (112, 60), (16, 112)]


@pytest.fixture(scope="module")
def drawn(digits):
    return [
        draw_number(digits[0], SIZES[place % 4], np.random.default_rng([6, place]))
        for place in range(200)
    ]


def parts_of(ink: np.ndarray) -> int:
    """The number of connected components that are more than specks."""
    labels, count = ndimage.label(ink > 0.3, np.ones((3, 3)))
    return int((ndimage.sum_labels(ink, labels, range(1, count + 1)) > 8).sum())


def test_a_number_and_its_cells_have_the_size_of_the_picture(drawn):
    for place, number in enumerate(drawn):
        assert number.ink.shape == number.cells.shape == SIZES[place % 4]
        assert number.ink.min() >= 0 and number.ink.max() <= 1
        assert number.ink.max() > 0.1  # of a hairline, a small picture shows little
        assert number.box.height > 0 and number.box.width > 0


def test_half_of_the_numbers_stand_in_cells_and_the_others_have_none(drawn):
    in_cells = np.array([number.cells.any() for number in drawn])
    assert 0.35 < in_cells.mean() < 0.65


def test_a_single_digit_has_its_label_and_several_have_none(drawn):
    for number in drawn:
        if number.label != NO_DIGIT:
            columns = np.flatnonzero((number.ink > 0.3).any(0))
            assert np.ptp(columns) < 1.5 * number.box.height
    single = np.mean([number.label != NO_DIGIT for number in drawn])
    assert 0.02 < single < 0.4
    assert np.mean([parts_of(number.ink) >= 2 for number in drawn]) > 0.5


@pytest.mark.parametrize("sign", signs.SIGNS)
def test_a_sign_lies_where_people_write_it(sign):
    """Its top and bottom in heights of a digit, from the line that the digits stand on."""
    lowest, highest = {".": (-0.2, 0.1), ",": (-0.15, 0.4), "-": (-0.75, -0.25),
                       ":": (-0.95, 0.05), "/": (-1.45, 0.4)}[sign]  # fmt: skip
    for seed in range(20):
        random = np.random.default_rng(seed)
        mask, drop = signs.draw_sign(sign, signs.Hand.any(random), 40, random)
        bottom, top = drop / 40, (drop - mask.shape[0]) / 40
        assert lowest - 0.25 <= top < bottom <= highest + 0.25, (sign, top, bottom)
        assert mask.max() > 0.5


def test_equal_random_numbers_draw_the_same(digits):
    one, same = (draw_number(digits[0], (50, 112), np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(one.ink, same.ink)
    np.testing.assert_array_equal(one.cells, same.cells)
