"""Numbers: digits of one hand in a row or in several, with signs between them, free or in the cells
of a form.

Digits and signs are ink; cells are not. Masks are float32 [H, W], from 0 to 1, as in ink.py. Shares
of a height are shares of the digits' height.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from nn.composition import paper as on
from nn.composition.cells import Placed, draw_cells, draw_digit, lay_out_cells, place_in_cells
from nn.composition.layers import Box, Layer
from nn.composition.signs import SIGNS, draw_sign
from nn.composition.writing import Hand
from nn.data.digits import NO_DIGIT, Digits

SIGNED_SHARE, SIGN_SHARE = 0.5, 0.4  # of the free numbers; of the gaps in these
CELLS_SHARE = 0.55
TOUCHING_SHARE = 0.3  # of the free numbers: neighbors may touch
ROWS_SHARE = 0.3  # of the numbers: as many rows as fit
MIN_DIGIT_PIXELS = 20  # of a scene: half as many on the canvas, where lower ones are not read


class Number(NamedTuple):
    """One or more numbers on an empty picture: their ink and the coverage of their cells, both
    float32 [H, W]; the box around them; and the label of a single digit, or NO_DIGIT."""

    ink: np.ndarray
    cells: np.ndarray
    box: Box
    label: int


def draw_number(digits: Digits, size: tuple[int, int], random: Generator) -> Number:
    """Draws one or more numbers. size: the picture's height and width."""
    hand = Hand.any(random)
    height = max(MIN_DIGIT_PIXELS, min(size[0] * random.uniform(0.3, 0.9), 0.7 * size[1]))
    height = min(height, size[0])
    ink, layer = np.zeros(size, np.float32), Layer(size)
    bases = _base_lines(size[0], height, random)
    in_cells, seed = random.random() < CELLS_SHARE, random.integers(2**32)
    # The cells of all rows are alike.
    cells = lay_out_cells(size[1], height, np.random.default_rng(seed)) if in_cells else []
    written: list[Placed] = []
    for base in bases:
        if in_cells:
            row = place_in_cells(digits, hand, cells, size[1], height, random)
            draw_cells(layer, cells, base, height, np.random.default_rng(seed))
        else:
            row = _side_by_side(digits, hand, size[1], height, random)
        for one in row:
            top = base + one.drop - one.mask.shape[0]
            ink = np.maximum(ink, on.covering(size, one.mask, top, one.left))
        written += row
    left, right = min(one.left for one in written), max(one.right for one in written)
    box = Box(bases[0] - height, bases[-1], left, right)
    label = written[0].label if len(written) == 1 else NO_DIGIT
    return Number(ink, layer.coverage(), box, label)


def _base_lines(tall: int, height: float, random: Generator) -> list[float]:
    """The lines that the digits of each row stand on. tall: the picture's height."""
    first = random.uniform(height, tall)
    if random.random() >= ROWS_SHARE:
        return [first]
    pitch = height * random.uniform(1.2, 2.0)
    first -= pitch * int((first - height) // pitch)
    return [*np.arange(first, tall + 1, pitch)]


def _side_by_side(
    digits: Digits, hand: Hand, wide: int, height: float, random: Generator
) -> list[Placed]:
    """Digits and signs from left to right, as many as fit into the width."""
    touching = random.random() < TOUCHING_SHARE
    signed = random.random() < SIGNED_SHARE
    gaps = (-0.08, 0.1) if touching else (0.06, random.uniform(0.15, 0.5))
    most = int(random.integers(2, 8))
    row: list[Placed] = []
    end, count = 0.0, 0
    while count < most:
        if signed and count and random.random() < SIGN_SHARE:
            mask, drop = draw_sign(SIGNS[random.integers(len(SIGNS))], hand, height, random)
            row.append(Placed(mask, end + random.uniform(0.03, 0.15) * height, drop, NO_DIGIT))
            end = row[-1].right + random.uniform(0.03, 0.15) * height
        mask, label = draw_digit(digits, hand, height, random)
        left = end + (random.uniform(*gaps) * height if count else 0)
        if count and left + mask.shape[1] > wide:
            break
        row.append(Placed(mask, left, random.normal(0, 0.03) * height, label))
        end, count = row[-1].right, count + 1
    while row[-1].label == NO_DIGIT:  # the digit behind the sign did not fit
        row.pop()
    free = max(wide - row[-1].right, 0) * random.uniform(0, 1)
    return [one._replace(left=one.left + free) for one in row]
