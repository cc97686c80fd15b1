"""The signs between the digits of a number, as a pen draws them.

A mask is float32 [H, W], from 0 to 1, as in ink.py.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from nn.composition.layers import Layer
from nn.composition.writing import Hand

SIGNS = ".,-:/"
MIN_DOT_RADIUS = 0.028  # of the digits' height: a smaller one is a speck
MAX_SMEAR = 0.5  # of the pen's width: how far it moves while it makes a dot

Place = tuple[float, float]  # x and y, in pixels


def draw_sign(
    sign: str, hand: Hand, height: float, random: Generator, *, by_hand: bool = False
) -> tuple[np.ndarray, float]:
    """Draws a sign: its mask, and how far it drops below the line that the digits stand on.

    by_hand: whether strokes end round and dots are not quite round, as a pen makes them.
    """
    side = round(2 * height)
    layer, base = Layer((side, side)), 1.5 * height
    pen = max(hand.pen, 2 * MIN_DOT_RADIUS) * height
    dot = pen / 2 * random.uniform(1, 1.5)
    dots, stroke = _lay_out_sign(sign, (side / 2, base), dot, height, random)
    if sign == "/":
        pen = max(0.8, hand.pen * height)
    for place in dots:
        layer.disk(place, (dot, dot), 1.0)
    if stroke:
        layer.line(stroke, pen)
    if by_hand:
        _draw_ends(layer, dots, dot, stroke, pen, random)
    mask, last = _cut_out(layer.coverage())
    return mask, last - base


def _lay_out_sign(
    sign: str, middle_of_base: Place, dot: float, height: float, random: Generator
) -> tuple[list[Place], list[Place]]:
    """The middles of a sign's dots, whose radius is `dot`; and the ends of its stroke, if it has
    one."""
    middle, base = middle_of_base
    lean = random.uniform(-0.05, 0.3)  # to the right, for each pixel of height
    dots: list[Place] = []
    stroke: list[Place] = []
    if sign == ".":
        up = dot + random.uniform(-0.03, 0.1) * height
        dots = [(middle, base - up)]
    elif sign == ",":
        start, far = random.uniform(-0.1, 0.02), random.uniform(0.12, 0.3)
        left = middle - random.uniform(0, 0.16) * height
        stroke = [(middle, base + start * height), (left, base + far * height)]
    elif sign == "-":
        half, up = random.uniform(0.1, 0.26) * height, random.uniform(0.38, 0.6) * height
        rise = random.normal(0.02, 0.03) * height
        stroke = [(middle - half, base - up), (middle + half, base - up - rise)]
    elif sign == ":":
        ups = random.uniform(0.08, 0.28) * height, random.uniform(0.5, 0.75) * height
        dots = [(middle + lean * up, base - up) for up in ups]
    else:
        below, above = random.uniform(-0.03, 0.3) * height, random.uniform(0.95, 1.35) * height
        lean += 0.2
        stroke = [(middle - lean * below, base + below), (middle + lean * above, base - above)]
    return dots, stroke


def _cut_out(mask: np.ndarray) -> tuple[np.ndarray, float]:
    """The part of a mask that is not empty, and where its lower side was."""
    rows, columns = (np.flatnonzero((mask > 0.1).any(axis)) for axis in (1, 0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], float(rows[-1] + 1)


def _draw_ends(
    layer: Layer,
    dots: Sequence[Place],
    radius: float,
    stroke: Sequence[Place],
    pen: float,
    random: Generator,
) -> None:
    """Rounds the ends of a stroke, and draws dots out into very short strokes."""
    for place in stroke:
        layer.disk(place, (pen / 2, pen / 2), 1.0)
    for x, y in dots:
        right, down = random.uniform(-MAX_SMEAR, MAX_SMEAR, 2) * pen
        for share in (0.5, 1.0):
            layer.disk((x + share * right, y + share * down), (radius, radius), 1.0)
