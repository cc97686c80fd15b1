"""Pictures of no digit: empty cells, combs, forms and registers, stamps, letters in cells."""

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting import camera, forms, marks, pages, registers
from benchmarks.handwriting.boxes import ink_of, print_of, white
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place
from benchmarks.handwriting.others import LETTERS
from nn.composition.ink import drawn, with_pen


def nowhere(random: Generator) -> Place:
    """Makes the place of a digit that is not there, with room around it."""
    place = marks.placed(np.ones((160, 110), np.float32), random, (0.1, 0.5))
    return place._replace(coverage=np.zeros_like(place.coverage))


def empty_cell(digits: list[Digit], random: Generator) -> File:
    """An empty cell cut from a grid, with one of its lines, or two that meet in a corner."""
    size = tuple(int(side) for side in random.integers(60, 200, 2))
    height, width = size
    along = random.uniform(0.01, 0.2, 2) * size
    row, column = (side - at if random.random() < 0.5 else at
                   for side, at in zip(size, along, strict=True))  # fmt: skip
    tilt = random.normal(0, 3)
    standing, lying = [(column, -9), (column + tilt, height + 9)], [(-9, row), (width + 9, row)]
    strokes = ([standing], [lying], [standing, lying])[random.integers(3)]
    if random.random() < 0.3:  # the line ends in the picture
        strokes[0][1] = tuple(np.mean(strokes[0], 0))
    coverage = marks.lines(size, strokes, random.uniform(1.5, 7))
    picture = marks.put(white(size, random), coverage, print_of(random))
    return camera.taken(camera.askew(picture, random, 0.01, 2), random, (28, 200))


def empty_comb(digits: list[Digit], random: Generator) -> File:
    """An empty comb: walls on a base line, open at the top."""
    place = nowhere(random)
    height, width = place.size
    pitch = random.uniform(0.5, 0.9) * DIGIT
    base, wall = height * random.uniform(0.7, 0.95), random.uniform(0.2, 0.9) * DIGIT
    columns = np.arange(random.uniform(0, pitch), width, pitch)
    walls = [[(column, base - wall), (column, base)] for column in columns]
    coverage = marks.lines(place.size, [*walls, [(0, base), (width, base)]], random.uniform(1.5, 5))
    picture = marks.put(white(place.size, random), coverage, print_of(random))
    return camera.taken(camera.askew(picture, random, 0.01, 2), random, (45, 260))


def empty_print(digits: list[Digit], random: Generator) -> File:
    """A printed form's patterned paper, with print at the border of half of the pictures."""
    place = nowhere(random)
    picture = forms.PAPERS[random.integers(len(forms.PAPERS))](place.size, random)
    picture = forms.with_print(picture, place, random, random.integers(2))
    return camera.taken(picture, random, (35, 180), quality=(25, 85))


def bare_register(digits: list[Digit], random: Generator) -> File:
    """A register's paper with stains and rules, and the other side showing through."""
    place = nowhere(random)
    picture = registers.aged(place.size, random)
    if random.random() < 0.6:
        color = registers.RULES[random.integers(len(registers.RULES))]
        picture = marks.put(picture, registers.lines_beside(place, random), color)
    depth = random.uniform(0, 0.35)
    picture = marks.put(picture, registers.behind(place.size, random, depth), (90, 70, 50))
    return camera.taken(picture, random, (30, 220), quality=(25, 85))


def only_a_stamp(digits: list[Digit], random: Generator) -> File:
    """A stamp, whole or cut by the border, and no digit."""
    place = nowhere(random)
    picture = pages.with_stamp(white(place.size, random), place, random)
    return camera.taken(picture, random, (80, 320))


def letter_cell(digits: list[Digit], random: Generator) -> File:
    """A letter that looks like no digit, in a box."""
    strokes = list(LETTERS.values())[random.integers(len(LETTERS))]
    mask = with_pen(drawn(strokes, random, 0.018), random.uniform(0.05, 0.1))
    place = marks.placed(mask, random, (0.3, 0.6), square=True)
    gap = random.uniform(0.06, 0.2) * DIGIT
    sides = place.left - gap, place.top - gap, place.right + gap, place.bottom + gap
    frame = marks.box(place.size, sides, random.uniform(1.5, 4))
    picture = marks.put(white(place.size, random), frame, print_of(random))
    return camera.taken(marks.put(picture, place.coverage, ink_of(random)), random, (60, 300))


OTHERS = (empty_cell, empty_comb, empty_print, bare_register, only_a_stamp, letter_cell)
