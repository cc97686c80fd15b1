"""Digits in the cells of a form: boxes, grids and combs.

Masks are float32 [H, W], from 0 to 1, as in ink.py. Shares of a height are shares of the digits'
height.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from nn.composition import paper as on
from nn.composition.ink import sized
from nn.composition.layers import Box, Layer
from nn.composition.writing import Hand, stretched
from nn.data.digits import NO_DIGIT, Digits

# The border cuts off a digit in the next cell, so it is not to be read. If less of it is hidden, it
# is left out, because nobody would know which digit is meant. A 1 is narrow: nearly all is hidden.
MIN_HIDDEN_SHARE = 0.12  # of a digit's height: the width that is hidden
EMPTY_SHARE = 0.1  # of the cells that are cut out
APART_SHARE = 0.35  # of the rows of cells: there is a gap between two cells
# At an end of a row, or of a group of cells, so many digits are made ones, which look like the wall
# there; the others may be ones by chance.
ENDING_ONE_SHARE = 0.2
# How far digits lie from the middle of their cells, in shares of their height, and how often: a
# standard deviation, cut off at MAX_DEVIATIONS, so that digits keep their order.
CARELESSNESS, CARELESS_SHARES, MAX_DEVIATIONS = [0.03, 0.09, 0.18], [0.4, 0.4, 0.2], 1.5


class Cell(NamedTuple):
    """Where a digit stands: left and right side, in pixels; whether a group of cells ends here."""

    left: float
    right: float
    is_last: bool


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


class Form(NamedTuple):
    """Writing on a form: ink, the digits that are to be read; beside, what is seen of others, which
    are not; cells, what is printed; each float32 [H, W], from 0 to 1. box: around the ink's place;
    label: of a single digit, or NO_DIGIT."""

    ink: np.ndarray
    beside: np.ndarray
    cells: np.ndarray
    box: Box
    label: int


def cut_out_cell(digits: Digits, longer: int, random: Generator) -> Form:
    """Cuts a cell, and what lies around it, out of a row of cells. longer: the longer side of the
    picture, in pixels. The label is NO_DIGIT if the cell is empty."""
    hand = Hand.any(random)
    pitch = random.uniform(0.62, 1.3)  # in digit heights
    over, under = random.uniform(0.0, 0.5, 2)
    before, after = random.uniform(-0.05, 0.85, 2) * pitch
    height = longer / max(1 + over + under, pitch + before + after)
    size = round(height * (1 + over + under)), round(height * (pitch + before + after))
    base, wide, left = height * (1 + over), height * pitch, height * before
    apart = random.uniform(0.05, 0.4) * wide if random.random() < APART_SHARE else 0.0
    lefts = [left + place * (wide + apart) for place in range(-2, 3)]
    cells = [Cell(x, x + wide, bool(apart) or x == lefts[-1]) for x in lefts]
    layer, careless = Layer(size), draw_carelessness(height, random)
    draw_cells(layer, cells, base, height, random)
    ink, beside, label = np.zeros(size, np.float32), np.zeros(size, np.float32), NO_DIGIT
    for cell in cells[1:4]:
        one = place_in_cell(digits, hand, cell, height, careless, random)
        cover = on.covering(size, one.mask, base + one.drop - one.mask.shape[0], one.left)
        if random.random() < EMPTY_SHARE:
            continue
        if cell == cells[2]:
            ink, label = cover, one.label
        elif one.mask.shape[1] * (1 - cover.sum() / one.mask.sum()) >= MIN_HIDDEN_SHARE * height:
            beside = np.maximum(beside, cover)
    return Form(ink, beside, layer.coverage(), Box(base - height, base, left, left + wide), label)


def draw_digit(
    digits: Digits, hand: Hand, height: float, random: Generator, is_one: bool = False
) -> tuple[np.ndarray, int]:
    """A digit's mask, about so high, and its label. is_one: whether it is a one."""
    mask, label = (hand.one(random), 1) if is_one else hand.digit(digits, random)
    mask = stretched(mask, random)
    tall = height * float(np.exp(random.normal(0, 0.06)))
    # Of a wide digit, the longer side is its width.
    longer = tall * max(1, min(mask.shape[1] / mask.shape[0], 1.2))
    return sized(mask, max(8, round(longer))), label


def lay_out_cells(wide: int, height: float, random: Generator) -> list[Cell]:
    """Cells beside each other, at times in groups; some may lie beyond the border."""
    pitch = min(height * random.uniform(0.62, 1.25), wide)
    apart = random.uniform(0.05, 0.4) * pitch if random.random() < APART_SHARE else 0.0
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
    """A digit for some neighboring cells; the others stay empty. It may run off the border a
    little."""
    first = int(random.integers(0, 2)) if random.random() < 0.3 else 0
    last = len(cells) - (int(random.integers(1, 4)) if random.random() < 0.35 else 0)
    careless = draw_carelessness(height, random)
    over = 0.04 * height
    seen = [cell for cell in cells if cell.left > -over and cell.right < wide + over]
    filled = seen[min(first, len(seen) - 1) : max(last, first + 1)]
    ends = [
        place in (0, len(filled) - 1) or cell.is_last or filled[place - 1].is_last
        for place, cell in enumerate(filled)
    ]
    return [
        place_in_cell(
            digits, hand, cell, height, careless, random,
            is_one=is_end and random.random() < ENDING_ONE_SHARE,
        )
        for cell, is_end in zip(filled, ends, strict=True)
    ]  # fmt: skip


def draw_carelessness(height: float, random: Generator) -> float:
    """How far digits lie from the middle of their cells, in pixels: a standard deviation."""
    return float(random.choice(CARELESSNESS, p=CARELESS_SHARES) * height)


def place_in_cell(
    digits: Digits,
    hand: Hand,
    cell: Cell,
    height: float,
    careless: float,
    random: Generator,
    is_one: bool = False,
) -> Placed:
    """A digit, or a one, not quite in the middle of its cell. careless: see draw_carelessness."""
    tall = height * random.uniform(0.85, 1)
    mask, label = draw_digit(digits, hand, tall, random, is_one)
    widest = 1.02 * (cell.right - cell.left)
    if mask.shape[1] > widest:
        mask = sized(mask, max(8, round(max(mask.shape) * widest / mask.shape[1])))
    aside = float(np.clip(random.normal(0, 1), -MAX_DEVIATIONS, MAX_DEVIATIONS)) * careless
    middle = (cell.left + cell.right) / 2 + aside
    drop = random.normal(0, 0.5) * careless
    return Placed(mask, middle - mask.shape[1] / 2, drop, label)


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
