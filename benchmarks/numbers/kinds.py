"""The kinds of pictures of numbers: one function draws each kind.

KINDS holds the functions by name. Each takes digits and a random generator, and returns a file and
the number on it; nothing else decides what it draws.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting.kinds import File
from benchmarks.numbers import fields, pages, plain
from benchmarks.numbers.hands import Hand, Mark, any_hand, beside, distances
from benchmarks.numbers.sheets import Scene, any_way, paper_of, sheet_of, taken
from benchmarks.numbers.signs import SIGNS, inked, spaced, text_with, written
from nn.data.digits import Digits

LEAST_DRAWN_PIXELS = 80  # a lower digit is drawn this high, then shrunk
Draw = Callable[[Digits, Generator], tuple[File, str]]
Compose = Callable[[Digits, float, Generator], tuple[Scene, str]]


def pictured(compose: Compose) -> Draw:
    """Makes a function that takes a picture of what another one composes."""

    def draw(digits: Digits, random: Generator) -> tuple[File, str]:
        height = random.uniform(*plain.DIGIT_HEIGHTS_PIXELS)
        drawn = max(height, LEAST_DRAWN_PIXELS)
        scene, text = compose(digits, drawn, random)
        way = any_way(random)
        sheet = sheet_of(scene, paper_of(way, random), random)
        return taken(sheet, way, (drawn, height), random), text

    return draw


def some_digits(digits: Digits, random: Generator, least: int, most: int) -> str:
    """Draws a number of `least` to `most` digits."""
    return "".join(map(str, random.choice(digits.labels, random.integers(least, most + 1))))


def boxes(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """A printed box for each digit."""
    text = some_digits(digits, random, 1, 8)
    marks = written(text, any_hand(height, random), digits, random)
    return fields.boxes(marks, height, random), text


def combs(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """A comb under the number, one cell for each digit."""
    text = some_digits(digits, random, 1, 8)
    marks = written(text, any_hand(height, random), digits, random)
    return fields.combs(marks, height, random), text


def frames(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """One frame around the number, or a cell of a table."""
    text = some_digits(digits, random, 1, 6)
    row = spaced(text, any_hand(height, random), digits, random)
    return fields.frames(row, height, random), text


def separators(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """A number with signs between its digits: an amount, a date, a time, a telephone number."""
    text = text_with(str(random.choice(list(SIGNS))), random)
    return Scene(spaced(text, any_hand(height, random), digits, random), height, []), text


MOST_CONTACT = 0.35  # of a digit's height: two ones that touch all the way are one thick stroke
MOST_NESTED = 0.4  # of a digit's width: a seven that lies in a four is no seven to any reader


def touching(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """Two to four digits; at least two neighbors touch."""
    text = some_digits(digits, random, 2, 4)
    hand = any_hand(height, random)
    marks = written(text, hand, digits, random)
    touch = random.random(len(marks) - 1) < 0.5
    touch[random.integers(len(touch))] = True
    row = marks[:1]
    for mark, touches in zip(marks[1:], touch, strict=True):
        if touches:
            row += joined(row, mark, hand, random)
        else:
            row.append(
                beside(row, mark, max(0.05 * hand.height, hand.gap * random.uniform(0.7, 1.4)))
            )
    return Scene(row, height, []), text


def joined(row: list[Mark], mark: Mark, hand: Hand, random: Generator) -> list[Mark]:
    """Moves a digit so that its ink joins the row's; returns it, and a stroke that joins them.

    Mostly the digits overlap, by up to the pen's width, and there is no such stroke.
    """
    starts = distances(row, mark, 0)
    if random.random() < 0.85:
        for overlap in random.uniform(0.15, 1) * hand.pen * np.array([1, 0.6, 0.3]):
            far = max(1, round(overlap))
            contact = (starts > starts.max() - far - 1).sum()
            nested = max(other.right for other in row) - (starts.max() - far)
            narrower = min(mark.mask.shape[1], row[-1].mask.shape[1])
            legible = narrower * MOST_NESTED + far
            if contact < MOST_CONTACT * hand.height and nested < legible:
                return [beside(row, mark, -far)]
    gap = hand.height * random.uniform(0.05, 0.2)
    mark = mark.moved(0, max(other.right for other in row) + gap - mark.left)
    return [mark, bridge(row, mark, hand, random)]


def bridge(row: list[Mark], mark: Mark, hand: Hand, random: Generator) -> Mark:
    """Draws the stroke of a pen that was not lifted, from the row's last digit to the next one."""
    digit = row[-1] if len(row[-1].mask) > 0.5 * hand.height else row[-2]
    share = random.choice([random.uniform(0.05, 0.3), random.uniform(0.7, 0.95)])
    ends = []
    for side, other in ((-1, digit), (0, mark)):
        line = round(share * (len(other.mask) - 1))
        columns = np.flatnonzero(other.mask[line] > 0.5)
        inside = (side * 2 + 1) * hand.pen / 3
        ends.append((other.left + columns[side] + inside, other.top + line))
    x, y = np.mean(ends, 0)
    middle = (x, y + random.uniform(0, 0.06) * hand.height)
    stroke = inked([([ends[0], middle, ends[1]], 0.8 * hand.pen)])
    left = min(x for x, _ in ends) - 0.4 * hand.pen
    return stroke.moved(0, left)


COMPOSED: dict[str, Compose] = {
    "touching": touching,
    "boxes": boxes,
    "combs": combs,
    "frames": frames,
    "rows": pages.rows,
    "separators": separators,
}
KINDS: dict[str, Draw] = {
    "plain": plain.draw,
    **{name: pictured(compose) for name, compose in COMPOSED.items()},
}


def seeded(name: str, seed: int, place: int) -> Generator:
    """Makes the random generator that draws the picture at this place of a kind.

    The plain kind keeps the seeds that it had when it was the only one.
    """
    number = list(KINDS).index(name)
    return np.random.default_rng([seed, place] if number == 0 else [seed, number, place])
