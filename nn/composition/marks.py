"""Marks that are printed, stamped or spilled around a digit: boxes, combs, lines, text, specks.

A mark is drawn on a Layer, whose coverage is float32 [H, W], from 0 to 1. `box` is where the digit
lies: top, bottom, left, right, in pixels. Lengths that are shares are shares of the digit's height.
All ranges are estimates of what forms, registers and desks look like; the ranges of two numbers are
uniform draws.
"""

from collections.abc import Callable, Collection

import numpy as np
from numpy.random import Generator

from nn.composition.layers import Box, Layer

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral")
# So many rings are nearly as narrow as the digit. A one in such a ring looks like a slashed zero.
NARROW_SHARE = 0.35
PRINTED = "ABCDEFGHKLMNPRSTUVXZabcdefghkmnprstuvxyz.,:;()/€$%#*-=0123456789"


def frame(layer: Layer, box: Box, random: Generator) -> None:
    """A printed box around the digit, which may touch or overshoot it; a side may be missing,
    broken or double."""
    least = random.choice([-0.08, -0.25], p=[0.75, 0.25])
    _rectangle(layer, box.grown(_gaps(box, random, least, 0.4)), random, _line_width(box, random))


def comb(layer: Layer, box: Box, random: Generator) -> None:
    """The digit's cell of a comb or grid, and parts of the cells beside it."""
    gap = random.uniform(-0.04, 0.3, 2) * box.height
    pitch = max(box.width, random.uniform(0.5, 0.9) * box.height) + 2 * abs(gap[0])
    middle = (box.left + box.right) / 2 + random.normal(0, 0.05) * pitch
    top, bottom = box.top - gap[1], box.bottom + gap[1] * random.uniform(0.3, 1.2)
    width = _line_width(box, random)
    tick = top + random.choice([0, 0, random.uniform(0.2, 0.8)]) * (bottom - top)  # short walls
    for wall in range(-2, 3):
        x = middle + (wall + 0.5) * pitch
        layer.line([(x, tick), (x + random.normal(0, 0.4), bottom)], width)
    left, right = middle - 1.5 * pitch, middle + 1.5 * pitch
    if random.random() < 0.9:
        layer.line([(left, bottom), (right, bottom)], width)
    if random.random() < 0.6 and tick == top:
        layer.line([(left, top), (right, top)], width)


def grid(layer: Layer, box: Box, random: Generator) -> None:
    """The lines of a table, across the whole picture; the digit stands in a cell or beside it."""
    height, width = layer.size
    thick = _line_width(box, random)
    tilt = random.normal(0, 0.02)
    cell = box.grown(_gaps(box, random, -0.05, 0.5))
    for y in (cell.top, cell.bottom):
        if random.random() < 0.7:
            layer.line([(0, y - tilt * width / 2), (width, y + tilt * width / 2)], thick)
    for x in (cell.left, cell.right):
        if random.random() < 0.6:
            layer.line([(x + tilt * height / 2, 0), (x - tilt * height / 2, height)], thick)


def ring(layer: Layer, box: Box, random: Generator) -> None:
    """A circle around the digit, drawn by hand or printed."""
    middle = np.array([box.left + box.right, box.top + box.bottom]) / 2
    middle += random.normal(0, 0.04, 2) * box.height
    # An ellipse through the corners of the box, or wider: from as narrow as the digit to round.
    narrowest = min(max(box.width / max(box.height, 1), 0.5), 1.0)
    widest = narrowest + 0.2 if random.random() < NARROW_SHARE else 1.25
    squash = random.uniform(narrowest, widest)
    reach = np.hypot(box.height, box.width / squash) / 2 * random.uniform(0.95, 1.4)
    wobble, phase = random.uniform(0, 0.06), random.uniform(0, 2 * np.pi)
    turn = np.linspace(0, 2 * np.pi * random.choice([1.0, random.uniform(0.8, 1.15)]), 48) + phase
    radius = reach * (1 + wobble * np.sin(2 * turn + phase))
    points = middle + np.stack([radius * np.cos(turn) * squash, radius * np.sin(turn)], 1)
    thick = box.height * float(np.exp(random.uniform(np.log(0.015), np.log(0.13))))  # as a pen's
    layer.line([(x, y) for x, y in points], max(0.7, thick))


def rules(layer: Layer, box: Box, random: Generator) -> None:
    """One to three lines under, over, beside or through the digit."""
    for _ in range(random.integers(1, 4)):
        lean, ends = random.normal(0, 0.03) * box.height, random.uniform(-0.2, 1.5, 2) * box.height
        width = _line_width(box, random)
        if random.random() < 0.75:
            under = box.bottom + random.uniform(-0.12, 0.3) * box.height
            over = box.top - random.uniform(-0.12, 0.3) * box.height
            through = random.uniform(box.top, box.bottom)
            y = random.choice([under, over, through], p=[0.55, 0.3, 0.15])
            layer.line([(box.left - ends[0], y - lean), (box.right + ends[1], y + lean)], width)
        else:
            x = random.choice([box.left - random.uniform(0.0, 0.5) * box.height,
                               box.right + random.uniform(0.0, 0.5) * box.height])  # fmt: skip
            layer.line([(x - lean, box.top - ends[0]), (x + lean, box.bottom + ends[1])], width)


def print_text(layer: Layer, box: Box, random: Generator) -> None:
    """Printed words, labels or signs beside, over or under the digit, or behind it in rows."""
    font = FONTS[random.integers(len(FONTS))]
    if random.random() < 0.25:  # rows of small print behind the digit
        size = random.uniform(0.08, 0.18) * box.height
        for y in np.arange(random.uniform(0, size), layer.size[0], size * random.uniform(1.2, 2.5)):
            layer.text((random.uniform(-2, 0) * size, y), _words(random, 40), size, font)
        return
    for _ in range(random.integers(1, 4)):
        size = random.uniform(0.12, 0.6) * box.height
        text = _words(random, int(random.integers(1, 7)))
        wide = 0.6 * size * len(text)
        x, y = random.uniform(-0.3, 1, 2) * layer.size[::-1]
        side = random.integers(4)
        if side == 0:
            y = box.top - size * random.uniform(1.1, 1.5)
        elif side == 1:
            y = box.bottom + size * random.uniform(0, 0.3)
        elif side == 2:
            x = box.left - wide - random.uniform(0.05, 0.3) * box.height
        else:
            x = box.right + random.uniform(0.05, 0.3) * box.height
        layer.text((x, y), text, size, font)


def specks(layer: Layer, box: Box, random: Generator) -> None:
    """Specks, stains and blots, anywhere; a speck on the digit is darker ink."""
    height, width = layer.size
    largest = random.choice([0.03, 0.06, 0.1, 0.3])
    for _ in range(random.integers(1, 14)):
        radius = random.uniform(0.008, largest) * box.height
        x, y = random.uniform(0, width), random.uniform(0, height)
        level = random.choice([1.0, random.uniform(0.3, 1)])
        layer.disk((x, y), (radius, radius * random.uniform(0.6, 1.7)), level)


def holes(layer: Layer, box: Box, random: Generator) -> None:
    """Punched holes near one side, one or a row, or those of a spiral, with its wires."""
    height, width = layer.size
    radius = random.uniform(0.015, 0.12) * min(height, width)
    across = random.uniform(-0.5, 3) * radius  # from the side to the middle of a hole
    length, is_row = (height, True) if random.random() < 0.6 else (width, False)
    far = random.random() < 0.5
    step = radius * (random.uniform(2.4, 6) if random.random() < 0.7 else 100)
    squash, wire = random.uniform(0.8, 1.25), random.choice([0, random.uniform(0.15, 0.5)]) * radius

    def place(along: float, beside: float) -> tuple[float, float]:
        side = (width if is_row else height) - beside if far else beside
        return (side, along) if is_row else (along, side)

    for along in np.arange(random.uniform(0, min(step, length)), length, step):
        layer.disk(place(along, across), (radius, radius * squash), 1.0)
        if wire:
            lean = random.uniform(0, 1) * radius
            layer.line([place(along, across), place(along + lean, -radius)], wire)


def stamp(layer: Layer, box: Box, random: Generator) -> None:
    """A part of a rubber stamp: rings or a frame, with letters, turned."""
    height, width = layer.size
    center = random.uniform(-0.2, 1.2, 2) * (width, height)
    radius, thick = random.uniform(0.5, 1.3) * box.height, _line_width(box, random) * 1.3
    turn = np.linspace(0, 2 * np.pi, 40)
    for share in (1.0, random.uniform(0.7, 0.9)):
        points = center + share * radius * np.stack([np.cos(turn), np.sin(turn)], 1)
        layer.line([(x, y) for x, y in points], thick)
    size = random.uniform(0.15, 0.3) * radius
    text = _words(random, 8)
    layer.text((center[0] - 0.3 * size * len(text), center[1] - size / 2), text, size, FONTS[1])


Mark = Callable[[Layer, Box, Generator], None]

MARKS: dict[Mark, float] = {
    frame: 0.16, comb: 0.13, grid: 0.11, ring: 0.23, rules: 0.12, print_text: 0.08, specks: 0.08,
    holes: 0.05, stamp: 0.04,
}  # fmt: skip


def draw_mark(layer: Layer, box: Box, random: Generator, without: Collection[Mark] = ()) -> None:
    """Draws one of MARKS, chosen at random by its share; none of `without`."""
    kinds = [kind for kind in MARKS if kind not in without]
    shares = np.array([MARKS[kind] for kind in kinds])
    kinds[random.choice(len(kinds), p=shares / shares.sum())](layer, box, random)


def _rectangle(layer: Layer, box: Box, random: Generator, width: float) -> None:
    jitter = random.normal(0, 0.012 * box.height, 8)
    over = random.choice([0.0, random.uniform(0, 0.1) * box.height])  # lines cross at the corners
    a, b, c, d, e, f, g, h = jitter
    sides = [
        [(box.left - over, box.top + a), (box.right + over, box.top + b)],
        [(box.left - over, box.bottom + c), (box.right + over, box.bottom + d)],
        [(box.left + e, box.top - over), (box.left + f, box.bottom + over)],
        [(box.right + g, box.top - over), (box.right + h, box.bottom + over)],
    ]
    double = random.random() < 0.08
    for side in sides:
        if random.random() < 0.08:
            continue
        if random.random() < 0.12:  # broken
            (x, y), (u, v) = side
            s, t = sorted(random.uniform(0, 1, 2))
            layer.line([(x, y), (x + s * (u - x), y + s * (v - y))], width)
            layer.line([(x + t * (u - x), y + t * (v - y)), (u, v)], width)
            continue
        layer.line(side, width)
        if double:
            away = 3 * width
            layer.line([(x - away, y - away) for x, y in side], width)


def _gaps(box: Box, random: Generator, low: float, high: float) -> np.ndarray:
    """Gaps between the digit and the sides of its cell, in pixels: [4]."""
    return random.uniform(low, random.uniform(low + 0.08, high), 4) * box.height


def _line_width(box: Box, random: Generator) -> float:
    """Of a printed line, in pixels: from a hairline to as thick as a pen's stroke."""
    return max(0.6, box.height * float(np.exp(random.uniform(np.log(0.008), np.log(0.07)))))


def _words(random: Generator, count: int) -> str:
    """`count` printed signs, with spaces among them."""
    signs = [PRINTED[i] for i in random.integers(0, len(PRINTED), count)]
    return "".join(" " if random.random() < 0.12 else sign for sign in signs)
