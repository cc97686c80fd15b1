"""Rows of digits and signs by one hand, with their text: side by side, touching, or in cells.

Lengths are in pixels; masks are float32 [H, W], from 0 to 1, as in ink.py.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from nn.composition.cells import Cell, draw_digit, lay_out_cells, place_in_cells
from nn.composition.layers import Layer
from nn.composition.signs import SIGNS, draw_sign
from nn.composition.writing import Hand
from nn.data.digits import Digits

TOUCHING_SHARE, JOINT_SHARE = 0.4, 0.55  # of the rows; of the gaps between digits in these
OVERLAP_SHARE = 0.85  # of the digits that touch: the others are joined by a stroke
SIGNED_SHARE = 0.45  # of the rows
ONE_SIGN_SHARE = 0.7  # of these: one kind of sign, as in dates and times; two, as in amounts
SIGN_SHARES = 0.5, 0.3  # of the gaps: in a row of up to three digits, and in a longer one
INK = 0.5  # of a mask: a pixel with more is ink
NOWHERE = -1e5  # pixels: far to the left of anything


class Written(NamedTuple):
    """A digit or a sign: its mask; its left side, and how far it drops below the line that the
    digits stand on; its text."""

    mask: np.ndarray
    left: float
    drop: float
    text: str

    @property
    def right(self) -> float:
        """The first column behind it."""
        return self.left + self.mask.shape[1]

    @property
    def top(self) -> int:
        """The first row of its mask, from the line that the digits stand on; rows count down."""
        return round(self.drop) - self.mask.shape[0]


class Row(NamedTuple):
    """What is written in a row, from left to right; and the places of the digits from which the pen
    went on to the next digit without being lifted."""

    parts: list[Written]
    joints: list[int]

    @property
    def text(self) -> str:
        """The digits and signs."""
        return "".join(part.text for part in self.parts)


def draw_free_row(digits: Digits, hand: Hand, height: float, most: int, random: Generator) -> Row:
    """Draws one to `most` digits, in some rows with signs between them; in some, digits touch."""
    touching = random.random() < TOUCHING_SHARE
    signed = random.random() < SIGNED_SHARE
    kinds = 1 if random.random() < ONE_SIGN_SHARE else 2
    signs = random.choice([*SIGNS], kinds, replace=False)
    widest = random.choice([0.15, 0.3, 0.7])  # of the height: a gap, in the widest of the rows
    gap = height * random.uniform(0.33 * widest, widest)
    count = int(random.integers(1, most + 1))
    parts: list[Written] = []
    joints: list[int] = []
    for _ in range(count):
        if signed and parts and random.random() < SIGN_SHARES[count > 3]:
            sign = str(random.choice(signs))
            mask, drop = draw_sign(sign, hand, height, random, by_hand=True)
            parts.append(
                _beside(parts, Written(mask, 0, drop, sign), _any_gap(gap, height, random))
            )
        mask, label = draw_digit(digits, hand, height, random)
        digit = Written(mask, 0, random.normal(0, 0.035) * height, str(label))
        follows_digit = bool(parts) and parts[-1].text.isdigit()
        if touching and follows_digit and random.random() < JOINT_SHARE:
            if random.random() < OVERLAP_SHARE:
                digit = _touching(parts, digit, random.uniform(0, 1) * max(hand.pen, 0.03) * height)
            else:
                joints.append(len(parts) - 1)
                digit = _beside(parts, digit, height * random.uniform(0.04, 0.22))
        elif parts:
            digit = _beside(parts, digit, _any_gap(gap, height, random))
        parts.append(digit)
    return Row(parts, joints)


def draw_rows_in_cells(
    digits: Digits, hand: Hand, height: float, count: int, random: Generator
) -> tuple[list[Row], list[Cell]]:
    """Draws rows of digits in the same cells of a form, some of which stay empty."""
    wide = height * random.uniform(1.0, 8.5)
    cells = lay_out_cells(round(wide), height, random)
    before = max(0.0, -cells[0].left)  # cells may begin beyond the border: move them inside
    cells = [cell._replace(left=cell.left + before, right=cell.right + before) for cell in cells]
    wide = max(wide, cells[-1].right)
    rows = []
    for _ in range(count):
        placed = place_in_cells(digits, hand, cells, round(wide) + 1, height, random)
        rows.append(Row([Written(p.mask, p.left, p.drop, str(p.label)) for p in placed], []))
    return rows, cells


def draw_joints(
    row: Row, base: float, shift: float, drift: float, pen: float, layer: Layer, random: Generator
) -> None:
    """Draws the strokes of a pen that was not lifted between two digits. base: the line that the
    digits stand on, and drift: how far it drops, for each pixel to the right; shift: how far to the
    right the row begins; pen: its width."""
    for place in row.joints:
        one, other = row.parts[place], row.parts[place + 1]
        share = random.choice([random.uniform(0.05, 0.3), random.uniform(0.7, 0.95)])
        ends = []
        for part, side in ((one, -1), (other, 0)):
            line = round(share * (len(part.mask) - 1))
            columns = np.flatnonzero(part.mask[line] > INK)
            if len(columns):
                top = base + part.top + drift * part.left
                ends.append((shift + part.left + columns[side], top + line))
        if len(ends) == 2:
            (left, start), (right, end) = ends
            sag = random.uniform(-0.02, 0.06) * len(one.mask)
            middle = (left + right) / 2, (start + end) / 2 + sag
            layer.line([ends[0], middle, ends[1]], max(1.0, 0.8 * pen))


def _any_gap(gap: float, height: float, random: Generator) -> float:
    return max(0.035 * height, gap * random.uniform(0.55, 1.45))


def _touching(parts: list[Written], digit: Written, overlap: float) -> Written:
    """Moves a digit so that it overlaps the row, but begins behind the middle of the last digit."""
    moved = _beside(parts, digit, -overlap)
    narrower = min(digit.mask.shape[1], parts[-1].mask.shape[1])
    return moved._replace(left=max(moved.left, parts[-1].left + 0.5 * narrower))


def _beside(parts: list[Written], added: Written, gap: float) -> Written:
    """Moves what is added to the right of a row, so that `gap` pixels lie between ink and ink;
    below 0, they overlap. Slanted digits may lie above each other."""
    reach = max(0, round(0.7 * gap))
    near = parts[-2:]
    first = min(part.top for part in [*near, added]) - reach
    last = max(part.top + part.mask.shape[0] for part in [*near, added]) + reach
    ends = np.full(last - first, NOWHERE)
    for part in near:
        inked = part.mask > INK
        columns = part.left + part.mask.shape[1] - inked[:, ::-1].argmax(1)
        rows = ends[part.top - first :][: len(inked)]
        np.maximum(rows, np.where(inked.any(1), columns, NOWHERE), out=rows)
    ends = ndimage.maximum_filter1d(ends, 2 * reach + 1)
    inked = added.mask > INK
    starts = np.where(inked.any(1), inked.argmax(1), -NOWHERE)
    far = float((ends[added.top - first :][: len(inked)] - starts).max())
    left = far if far > NOWHERE / 2 else parts[-1].right  # nothing lies at the same height
    return added._replace(left=max(left + gap, parts[-1].left + 2))
