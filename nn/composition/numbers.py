"""Numbers: digits of one hand in a row or in several, with signs between them, free or in the cells
of a form.

Digits and signs are ink; cells are not. Masks are float32 [H, W], from 0 to 1, as in ink.py. Shares
of a height are shares of the digits' height.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from nn.composition import paper as on
from nn.composition.ink import sized
from nn.composition.layers import Box, Layer
from nn.composition.signs import SIGNS, draw_sign
from nn.composition.writing import Hand, stretched
from nn.data.digits import NO_DIGIT, Digits

SIGNED_SHARE, SIGN_SHARE = 0.5, 0.4  # of the free numbers; of the gaps in these
CELLS_SHARE = 0.5
TOUCHING_SHARE = 0.3  # of the free numbers: neighbors may touch
ROWS_SHARE = 0.3  # of the numbers: as many rows as fit
MIN_DIGIT_PIXELS = 20  # of a scene: half as many on the canvas, where lower ones are not read


class Cell(NamedTuple):
    """Where a digit stands: left and right side, in pixels; whether a group of cells ends here."""

    left: float
    right: float
    is_last: bool


class Number(NamedTuple):
    """One or more numbers on an empty picture: their ink and the coverage of their cells, both
    float32 [H, W]; the box around them; and the label of a single digit, or NO_DIGIT."""

    ink: np.ndarray
    cells: np.ndarray
    box: Box
    label: int


class Placed(NamedTuple):
    """A digit or a sign: its mask; its left side, and how far it drops below the line that the
    digits stand on, in pixels; its label, NO_DIGIT for a sign."""

    mask: np.ndarray
    left: float
    drop: float
    label: int

    @property
    def right(self) -> float:
        return self.left + self.mask.shape[1]


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


def draw_digit(
    digits: Digits, hand: Hand, height: float, random: Generator
) -> tuple[np.ndarray, int]:
    """A digit's mask, about so high, and its label."""
    mask, label = hand.digit(digits, random)
    mask = stretched(mask, random)
    tall = height * float(np.exp(random.normal(0, 0.06)))
    # Of a wide digit, the longer side is its width.
    longer = tall * max(1, min(mask.shape[1] / mask.shape[0], 1.2))
    return sized(mask, max(8, round(longer))), label


def lay_out_cells(wide: int, height: float, random: Generator) -> list[Cell]:
    """Cells beside each other, at times in groups; some may lie beyond the border."""
    pitch = min(height * random.uniform(0.62, 1.25), wide)
    apart = random.uniform(0.05, 0.4) * pitch if random.random() < 0.35 else 0.0
    group = int(random.choice([0, 0, 2, 3]))
    count = max(1, min(int(wide * random.uniform(0.6, 1.15) / (pitch + apart)), 10))
    cells, left = [], 0.0
    for place in range(count):
        ends = bool(apart) or place == count - 1 or bool(group and place % group == group - 1)
        cells.append(Cell(left, left + pitch, ends))
        left += pitch + apart + (0.5 * pitch if group and ends else 0)
    free = wide - cells[-1].right
    shift = free * random.uniform(0, 1)
    if free < 0:  # one of the first cells begins at the left border
        shift = -cells[random.integers(len(cells)) // 3].left
    return [Cell(cell.left + shift, cell.right + shift, cell.is_last) for cell in cells]


def place_in_cells(
    digits: Digits, hand: Hand, cells: list[Cell], wide: int, height: float, random: Generator
) -> list[Placed]:
    """A digit for some neighboring cells, not quite in the middle; the others stay empty. It may
    run off the border a little."""
    first = int(random.integers(0, 2)) if random.random() < 0.3 else 0
    last = len(cells) - (int(random.integers(1, 4)) if random.random() < 0.35 else 0)
    careless = random.choice([0.03, 0.09]) * height
    row: list[Placed] = []
    over = 0.04 * height
    seen = [cell for cell in cells if cell.left > -over and cell.right < wide + over]
    for cell in seen[min(first, len(seen) - 1) : max(last, first + 1)]:
        mask, label = draw_digit(digits, hand, height * random.uniform(0.85, 1), random)
        widest = 1.02 * (cell.right - cell.left)
        if mask.shape[1] > widest:
            mask = sized(mask, max(8, round(max(mask.shape) * widest / mask.shape[1])))
        middle = (cell.left + cell.right) / 2 + random.normal(0, 1) * careless
        drop = random.normal(0, 0.5) * careless
        row.append(Placed(mask, middle - mask.shape[1] / 2, drop, label))
    return row


def draw_cells(
    layer: Layer, cells: list[Cell], base: float, height: float, random: Generator
) -> None:
    """Prints boxes, or a comb: walls that may be short on a line under the digits."""
    is_comb = random.random() < 0.55
    top = base - height - random.uniform(-0.02, 0.35) * height
    bottom = base + random.uniform(-0.03, 0.15 if is_comb else 0.35) * height
    wall = top
    if is_comb:
        share = random.choice([random.uniform(0.06, 0.35), random.uniform(0.3, 0.8)])
        wall = bottom - share * (bottom - top)
    width = max(0.6, height * float(np.exp(random.uniform(np.log(0.01), np.log(0.08)))))
    inner = width * random.choice([1, random.uniform(0.4, 0.9)])
    is_open = random.random() < 0.15  # no walls at the ends of a group
    for place, (left, right, is_last) in enumerate(cells):
        is_first = not place or cells[place - 1].is_last
        if not (is_open and is_first):
            layer.line([(left, wall), (left, bottom)], width if is_first else inner)
        if is_last and not is_open:
            layer.line([(right, wall), (right, bottom)], width)
        layer.line([(left, bottom), (right, bottom)], width)
        if not is_comb:
            layer.line([(left, top), (right, top)], width)
