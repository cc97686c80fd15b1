"""Digits in boxes, combs, circles and tables, and on lines."""

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place

INKS = ((25, 25, 30), (35, 40, 95), (30, 55, 120), (60, 60, 62))
PRINT = ((40, 40, 40), (110, 110, 112), (160, 160, 162), (190, 90, 80), (90, 150, 190),
         (120, 170, 130), (225, 150, 70))  # fmt: skip


def white(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes nearly white paper, a little lit from one side."""
    color = random.uniform(222, 252) + random.normal(0, 3, 3)
    return marks.lit(marks.sheet(size, color), random, random.uniform(0, 0.15))


def ink_of(random: Generator) -> np.ndarray:
    """Draws the color of a pen."""
    return np.array(INKS[random.integers(len(INKS))]) + random.normal(0, 8, 3)


def print_of(random: Generator) -> np.ndarray:
    """Draws the color of a printed line."""
    return np.array(PRINT[random.integers(len(PRINT))]) + random.normal(0, 8, 3)


def sides_of(place: Place, random: Generator, gap: tuple[float, float]) -> tuple[float, ...]:
    """Draws a box's sides around a digit: left, top, right, bottom.

    gap: the range of the distance from the ink, as a share of DIGIT; below 0 the ink overshoots. A
    narrow digit's box is as wide as a usual digit's.
    """
    gaps = random.uniform(*gap, 4) * DIGIT
    more = max(0, 0.6 * DIGIT - (place.right - place.left)) * random.dirichlet([3, 3])
    return (place.left - gaps[0] - more[0], place.top - gaps[1],
            place.right + gaps[2] + more[1], place.bottom + gaps[3])  # fmt: skip


def box_touched(digit: Digit, random: Generator) -> File:
    """A box that the digit touches or overshoots."""
    place = marks.written(digit, random, (0.3, 0.7), square=True)
    gap = (0.02, 0.3) if random.random() < 0.15 else (-0.2, 0.09)
    sides = sides_of(place, random, gap)
    picture = white(place.size, random)
    width, ink = random.uniform(1.5, 5.5), ink_of(random)
    color = ink if random.random() < 0.4 else print_of(random)
    picture = marks.put(picture, marks.box(place.size, sides, width), color)
    picture = marks.put(picture, place.coverage, ink)
    return camera.taken(camera.askew(picture, random, 0.015, 2), random, (35, 200))


def box_broken(digit: Digit, random: Generator) -> File:
    """A box with broken, dotted or double sides, or with rounded corners; mostly in color."""
    place = marks.written(digit, random, (0.35, 0.7), square=True)
    left, top, right, bottom = sides = sides_of(place, random, (-0.14, 0.12))
    width, style = random.uniform(1.5, 4.5), random.integers(4)
    corner = random.uniform(0.06, 0.2) * DIGIT if style == 0 else 0
    frame = marks.box(place.size, sides, width, corner)
    if style == 1:
        frame = marks.dotted(frame, random, random.uniform(4, 14))
    if style == 2:
        far = random.uniform(2, 3.5) * width
        outer = (left - far, top - far, right + far, bottom + far)
        frame = np.maximum(frame, marks.box(place.size, outer, width))
    if style == 3:  # a poor copy: the print has gaps
        frame *= marks.clouds(place.size, random, 14) > random.uniform(0.25, 0.5)
    picture = marks.put(white(place.size, random), frame, print_of(random))
    picture = marks.put(picture, place.coverage, ink_of(random))
    return camera.taken(camera.askew(picture, random, 0.015, 2), random, (45, 260))


def comb(digit: Digit, random: Generator) -> File:
    """A cell of a comb: two walls, open at the top, and parts of the digits beside them."""
    place = marks.written(digit, random, (0.2, 0.55), square=True)
    left, top, right, bottom = sides_of(place, random, (-0.03, 0.16))
    width = place.size[1]
    pitch, wall = right - left, bottom - random.uniform(0.25, 1.05) * (bottom - top)
    walls = [[(left + pitch * step, wall), (left + pitch * step, bottom)] for step in (-1, 0, 1, 2)]
    base = [(0, bottom), (width, bottom)] if random.random() < 0.85 else [(0, -9), (1, -9)]
    coverage = marks.lines(place.size, [*walls, base], random.uniform(1.5, 4.5))
    picture = marks.put(white(place.size, random), coverage, print_of(random))
    ink, pen = ink_of(random), random.uniform(0.05, 0.09)
    picture = marks.put(picture, marks.beside(place, random, pen, (0.2, 0.45)), ink)
    picture = marks.put(picture, place.coverage, ink)
    return camera.taken(camera.askew(picture, random, 0.01, 1.5), random, (50, 300))


def circled(digit: Digit, random: Generator) -> File:
    """A digit that a pen has circled, often the same pen."""
    place = marks.written(digit, random, (0.35, 0.75))
    center = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    half = max(place.right - place.left, 0.5 * DIGIT) / 2, (place.bottom - place.top) / 2
    radii = tuple(side * random.uniform(1.15, 1.5) + 0.08 * DIGIT for side in half)
    where = tuple(at + random.normal(0, 3) for at in center)
    circle = marks.lines(place.size, [marks.ring(where, radii, random)], random.uniform(3, 9))
    ink = ink_of(random)
    color = ink if random.random() < 0.6 else (185, 60, 60)
    picture = marks.put(white(place.size, random), circle, color)
    return camera.taken(marks.put(picture, place.coverage, ink), random, (70, 400))


def underlined(digit: Digit, random: Generator) -> File:
    """A digit that a line touches or crosses: a printed base line, or a stroke under the digit."""
    place = marks.written(digit, random, (0.25, 0.7))
    row = place.bottom + random.uniform(-0.15, 0.08) * DIGIT
    tilt, width = random.normal(0, 3), place.size[1]
    by_hand, ink = random.random() < 0.4, ink_of(random)
    ends = (place.left - random.uniform(4, 40), place.right + random.uniform(4, 40))
    reach = ends if by_hand else (0, width)
    stroke = [(reach[0], row + tilt), (np.mean(reach), row + tilt / 3), (reach[1], row - tilt)]
    if by_hand:
        stroke = marks.smooth(np.array(stroke), 10)
    line = marks.lines(place.size, [stroke], random.uniform(1.5, 6))
    if not by_hand and random.random() < 0.3:
        line = marks.dotted(line, random, random.uniform(5, 12))
    picture = marks.put(white(place.size, random), line, ink if by_hand else print_of(random))
    return camera.taken(marks.put(picture, place.coverage, ink), random, (60, 400))


def cell(digit: Digit, random: Generator) -> File:
    """A cell of a table; its lines run on through the whole picture."""
    place = marks.written(digit, random, (0.25, 0.8), square=True)
    left, top, right, bottom = sides_of(place, random, (-0.02, 0.25))
    height, width = place.size
    far_down, far_right = bottom - top, right - left
    rows = [[(0, y), (width, y)] for y in (top, bottom, top - far_down, bottom + far_down)]
    columns = [[(x, 0), (x, height)] for x in (left, right, left - far_right, right + far_right)]
    grid = marks.lines(place.size, [*rows, *columns], random.uniform(1.2, 4.5))
    picture = marks.put(white(place.size, random), grid, print_of(random))
    ink = ink_of(random)
    if random.random() < 0.5:
        pen = random.uniform(0.05, 0.09)
        picture = marks.put(picture, marks.beside(place, random, pen, (0.35, 0.6)), ink)
    picture = marks.put(picture, place.coverage, ink)
    return camera.taken(camera.askew(picture, random, 0.02, 3), random, (60, 360))


LABELS = ("Jahr", "No.", "Anzahl", "Qty", "12a", "day", "Betrag", "month", "Code", "7.", "Total")


def box_labeled(digit: Digit, random: Generator) -> File:
    """A box with a label in small print, inside of the box or above it."""
    place = marks.written(digit, random, (0.45, 0.8), square=True)
    left, top, right, bottom = sides_of(place, random, (-0.14, 0.1))
    height = random.uniform(0.12, 0.2) * DIGIT
    label = marks.printed(LABELS[random.integers(len(LABELS))], height)
    inside = random.random() < 0.5
    if inside:
        top -= label.shape[0] * random.uniform(-0.3, 0.7)
    row = top + 5 if inside else top - label.shape[0] - random.uniform(4, 8)
    text = marks.covering(place.size, label, row, left + random.uniform(3, 10))
    frame = marks.box(place.size, (left, top, right, bottom), random.uniform(1.5, 4))
    picture, color = white(place.size, random), print_of(random)
    picture = marks.put(marks.put(picture, frame, color), text, 0.8 * color)
    picture = marks.put(picture, place.coverage, ink_of(random))
    return camera.taken(camera.askew(picture, random, 0.01, 2), random, (60, 280))


KINDS = (box_touched, box_broken, comb, circled, underlined, cell, box_labeled)
