"""Printed fields that numbers are written in: boxes, combs, frames and cells of tables.

Places are in pixels; rows count downward from the base line that the digits stand on.
"""

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting.boxes import print_of
from benchmarks.numbers.hands import Mark, narrowed
from benchmarks.numbers.sheets import Print, Scene, Sides, rectangle

BEYOND_WALL = 0.1  # of a digit's height: how far a digit may reach over a wall
FAR = 3_000  # pixels: beyond any picture
Line = list[tuple[float, float]]


def line_width(height: float, random: Generator) -> float:
    """Draws the width of a printed line: mostly thin. height: a digit's."""
    return max(
        1.0, height * random.choice([random.uniform(0.01, 0.03), random.uniform(0.03, 0.06)])
    )


def line_color(random: Generator) -> np.ndarray:
    """Draws the color of a printed line: of a form's colors, or any gray that paper lets show."""
    return print_of(random) if random.random() < 0.6 else np.array([random.uniform(0, 205)] * 3)


def cells(count: int, height: float, apart: bool, random: Generator) -> list[Sides]:
    """Lays out cells for digits of this height, side by side or apart, at times in groups."""
    tall = height * random.choice([random.uniform(0.97, 1.2), random.uniform(1.1, 1.65)])
    wide = max(0.72 * height, tall * random.uniform(0.6, 1))
    between = wide * random.uniform(0.08, 0.45) if apart else 0
    group = random.choice([0, 0, 2, 3])  # of a date, of an account number
    top = -(height + (tall - height) * random.uniform(0.3, 0.7))
    found, left = [], 0.0
    for place in range(count):
        if place and group and place % group == 0:
            left += wide * 0.5
        found.append((left, top, left + wide, top + tall))
        left += wide + between
    return found


def in_cells(marks: list[Mark], places: list[Sides], height: float, random: Generator):
    """Writes a digit into each cell, not quite in its middle; it may cross a wall a little."""
    written: list[Mark] = []
    over = BEYOND_WALL * height
    careless = random.choice([random.uniform(0.02, 0.06), random.uniform(0.06, 0.2)]) * height
    for mark, (left, top, right, bottom) in zip(marks, places, strict=False):
        mask = narrowed(mark.mask, right - left + over)
        middle = (left + right - mask.shape[1]) / 2 + random.normal(0, careless)
        taken = written[-1].right + 0.03 * height if written else -np.inf
        column = np.clip(max(middle, taken), left - over, right + over - mask.shape[1])
        row = np.clip(
            mark.top + random.normal(0, 0.5 * careless), top - over, bottom + over - len(mask)
        )
        written.append(Mark(mask, round(row), round(column)))
    return written


def boxes(marks: list[Mark], height: float, random: Generator) -> Scene:
    """A printed box for each digit, and at times empty ones behind the last."""
    apart = random.random() < 0.4
    empty = 0 if random.random() < 0.6 else int(random.integers(1, 5))
    places = cells(len(marks) + empty, height, apart, random)
    corner = random.uniform(0.05, 0.18) * height if apart and random.random() < 0.3 else 0
    width, color = line_width(height, random), line_color(random)
    gaps = max(3, random.uniform(0.05, 0.12) * height) if random.random() < 0.1 else 0
    fills: list[Sides] = []
    tint = 255 - random.uniform(0, 1, 3) * random.uniform(5, 45)
    if not corner and random.random() < 0.25:
        fills = places
    prints = [
        Print([rectangle(sides, corner) for sides in places], width, color, fills, tint, gaps)
    ]
    left, top, right, bottom = places[0]
    together = places[-1][2] < (len(places) + 0.1) * (right - left)
    if together and random.random() < 0.4:  # the inner walls are thinner or fainter
        outer = rectangle((left, top, places[-1][2], bottom))
        walls = [[(x, top), (x, bottom)] for side in places for x in (side[0], side[2])]
        fainter = color + (255 - color) * random.uniform(0.1, 0.6)
        prints = [Print(walls, max(1, width * random.uniform(0.4, 0.8)), fainter, fills, tint),
                  Print([outer], width, color)]  # fmt: skip
    written = in_cells(marks, places, height, random)
    return Scene(written, height, prints, around(places, width, random))


def around(places: list[Sides], width: float, random: Generator) -> Sides | None:
    """Finds the sides of all cells; None for a tight cut, which may lose some of the print."""
    if random.random() < 0.15:
        return None
    sides = np.array(places)
    return (*(sides.min(0)[:2] - width), *(sides.max(0)[2:] + width))


def combs(marks: list[Mark], height: float, random: Generator) -> Scene:
    """A base line with ticks or half walls between the digits, open at the top."""
    empty = 0 if random.random() < 0.6 else int(random.integers(1, 5))
    places = cells(len(marks) + empty, height, random.random() < 0.25, random)
    written = in_cells(marks, places, height, random)
    tall = places[0][3] - places[0][1]
    base = random.uniform(-0.02, 0.14) * height
    wall = base - tall * random.choice([random.uniform(0.1, 0.3), random.uniform(0.3, 0.65)])
    ends = random.random() < 0.8  # whether the first and the last cell are closed
    lines: list[Line] = []
    for number, (left, _, right, _) in enumerate(places):
        lines.append([(left, base), (right, base)])
        if ends or number:
            lines.append([(left, wall), (left, base)])
        if ends or number < len(places) - 1:
            lines.append([(right, wall), (right, base)])
    places = [(left, wall, right, base) for left, _, right, _ in places]
    width = line_width(height, random)
    comb = Print(lines, width, line_color(random))
    return Scene(written, height, [comb], around(places, width, random))


def extent(row: list[Mark]) -> Sides:
    """Finds the sides of a row: left, top, right, bottom."""
    return (min(mark.left for mark in row), min(mark.top for mark in row),
            max(mark.right for mark in row), max(mark.bottom for mark in row))  # fmt: skip


def frames(row: list[Mark], height: float, random: Generator) -> Scene:
    """One frame around the number, or a cell of a table whose lines leave the picture."""
    left, top, right, bottom = extent(row)
    above, below = random.uniform(-0.04, 0.4, 2) * height
    before, behind = (random.choice([random.uniform(0, 0.4), random.uniform(0.3, 2)])
                      * height for _ in range(2))  # fmt: skip
    sides = (left - before, top - above, right + behind, bottom + below)
    width, color = line_width(height, random), line_color(random)
    if random.random() < 0.45:
        return Scene(row, height, [Print(table(sides, random), width, color)], None)
    corner = random.uniform(0.08, 0.4) * height if random.random() < 0.3 else 0
    lines = [rectangle(sides, corner)]
    if random.random() < 0.12:  # a double frame
        far = width * random.uniform(2.2, 4)
        lines.append(rectangle(tuple(np.add(sides, (-far, -far, far, far))), corner))
    gaps = max(3, random.uniform(0.05, 0.12) * height) if random.random() < 0.1 else 0
    frame = Print(lines, width, color, gaps=gaps)
    return Scene(row, height, [frame], around([sides], width, random))


def table(sides: Sides, random: Generator) -> list[Line]:
    """Makes the lines of a table, one cell of which has these sides."""
    left, top, right, bottom = sides
    tall, wide = bottom - top, (right - left) * random.uniform(0.5, 1.2)
    rows = (top - tall, top, bottom, bottom + tall)
    columns = (left - wide, left, right, right + wide)
    if random.random() < 0.25:  # lines between rows only
        columns = ()
    return [*([(-FAR, y), (FAR, y)] for y in rows), *([(x, -FAR), (x, FAR)] for x in columns)]
