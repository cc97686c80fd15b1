"""One person's handwriting: digits and the signs between them, side by side on a base line.

A mask is float32 [H, W], from 0, no ink, to 1, full ink. Places are in pixels; rows count downward
from the base line that the digits stand on.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.handwriting.hands import from_hands
from benchmarks.handwriting.kinds import Digit
from benchmarks.numbers.plain import slanted
from nn.composition.ink import from_image, sized, trimmed, with_pen
from nn.data.digits import Digits

INK = 0.5  # a pixel of a mask with more is ink
WIDEST_DIGIT = 1.05  # of a digit's height


class Mark(NamedTuple):
    """A mask and its place: its top row, from the base line, and its left column."""

    mask: np.ndarray
    top: int
    left: int

    @property
    def right(self) -> int:
        """The first column behind the mark."""
        return self.left + self.mask.shape[1]

    @property
    def bottom(self) -> int:
        """The first row below the mark."""
        return self.top + self.mask.shape[0]

    def moved(self, down: float, right: float) -> "Mark":
        """Makes a copy at another place."""
        return Mark(self.mask, self.top + round(down), self.left + round(right))


class Hand(NamedTuple):
    """How a person writes. All lengths are in pixels.

    height: of a digit. pen: its width. own_strokes: whether digits keep the strokes of MNIST's
    images, of any width, instead of the pen's. slant: how far a row is shifted against the row
    below it. gap: the usual distance between neighbors. unsteady: the standard deviation of a
    digit's height and place, as a share of `height`. foreign: the share of digits of other schools.
    """

    height: float
    pen: float
    own_strokes: bool
    slant: float
    gap: float
    unsteady: float
    foreign: float

    def digit(self, value: int, digits: Digits, random: Generator) -> Mark:
        """Writes a digit at column 0: one of `digits` with this label, or drawn from strokes."""
        chosen = Digit(value, digits.images[random.choice(np.flatnonzero(digits.labels == value))])
        pen = min(self.pen / self.height, 0.2)
        if random.random() < self.foreign:
            mask = from_hands(chosen, random, pen)
        else:
            mask = from_image(chosen.image)
            mask = mask if self.own_strokes else with_pen(mask, pen)
        lean = np.clip(0.6 * leaning(mask), -0.3, 0.3)  # digits of many writers: lean them alike
        mask = trimmed(slanted(mask, self.slant - lean))
        height = self.height * (1 + random.normal(0, self.unsteady))
        mask = narrowed(sized(mask, round(height * max(mask.shape) / len(mask))),
                        WIDEST_DIGIT * height)  # fmt: skip
        return Mark(mask, round(random.normal(0, self.unsteady) * self.height) - len(mask), 0)


def any_hand(height: float, random: Generator) -> Hand:
    """Draws how a person writes digits of this height, in pixels."""
    pen = height * random.choice([random.uniform(0.05, 0.09), random.uniform(0.08, 0.15)])
    return Hand(
        height,
        max(2.0, pen),
        own_strokes=bool(random.random() < 0.25),
        slant=random.normal(0.1, 0.12),
        gap=height * random.uniform(0.08, 0.3),
        unsteady=random.uniform(0.02, 0.07),
        foreign=random.choice([0, 0, 0.3]),
    )


def leaning(mask: np.ndarray) -> float:
    """Measures how far a row of ink is shifted to the right against the row below it."""
    y, x = np.nonzero(mask > INK)
    y = y - y.mean()
    return float(-(y * (x - x.mean())).sum() / max(1.0, (y * y).sum()))


def narrowed(mask: np.ndarray, most: float) -> np.ndarray:
    """Squeezes a mask that is wider than `most` pixels."""
    if mask.shape[1] <= most:
        return mask
    image = Image.fromarray(mask)
    size = (max(1, round(most)), len(mask))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32)


def row_of(marks: list[Mark], gaps: list[float]) -> list[Mark]:
    """Moves marks side by side. gaps: the distance before each mark but the first, in pixels."""
    row = marks[:1]
    for mark, gap in zip(marks[1:], gaps, strict=True):
        row.append(beside(row, mark, gap))
    return row


def beside(row: list[Mark], mark: Mark, gap: float) -> Mark:
    """Moves a mark to the right of a row, so that `gap` pixels lie between ink and ink.

    The gap is measured where they come closest, among rows that are close to each other: the boxes
    around slanted digits may overlap. If it is 0, the mark touches the row; below 0, they overlap.
    """
    left = int(distances(row, mark, reach=max(0, round(0.7 * gap))).max()) + round(gap)
    return mark.moved(0, left - mark.left)


NOWHERE = -100_000  # pixels: far from anything


def distances(row: list[Mark], mark: Mark, reach: int) -> np.ndarray:
    """Measures for each row of pixels in which column a mark must start to touch a row of marks.

    reach: rows up and down that count too. Returns int [rows]; NOWHERE, or nearly, where one has
    no ink.
    """
    top = min(m.top for m in [*row, mark]) - reach
    ends = np.full(max(m.bottom for m in [*row, mark]) + reach - top, NOWHERE)
    for other in row:
        inked = other.mask > INK
        last = other.right - inked[:, ::-1].argmax(1)
        part = ends[other.top - top : other.bottom - top]
        np.maximum(part, np.where(inked.any(1), last, NOWHERE), out=part)
    ends = np.max([np.roll(ends, step) for step in range(-reach, reach + 1)], 0)
    inked = mark.mask > INK
    starts = np.where(inked.any(1), inked.argmax(1), -NOWHERE)
    return ends[mark.top - top : mark.bottom - top] - starts
