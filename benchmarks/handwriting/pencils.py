"""Faint pencil: 4% to 15% darker than the paper, of uneven weight, grainy."""

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place

SIDES = (180, 420)  # pixels, the longer side of a picture: in a smaller one the grain is lost


def smooth_paper(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes light paper in soft light."""
    color = random.uniform(205, 246) + random.normal(0, 3, 3)
    return marks.lit(marks.sheet(size, color), random, random.uniform(0, 0.2))


def penciled(picture: np.ndarray, place: Place, random: Generator) -> np.ndarray:
    """Writes the digit in faint pencil: its pressure changes, and the paper's grain shows."""
    pressure = 0.5 + 0.5 * marks.clouds(place.size, random, 5)
    grain = np.clip(random.normal(0.9, 0.3, place.size), 0.2, 1.5)
    contrast = random.uniform(0.08, 0.18)  # where the pressure is full
    return picture * (1 - contrast * place.coverage * pressure * grain)[..., None]


def photographed(picture: np.ndarray, random: Generator) -> File:
    """Takes a picture with little noise: more would hide the pencil."""
    return camera.taken(picture, random, SIDES, (0.4, 0.8), (0.6, 2), (80, 95))


def ruled(
    picture: np.ndarray, place: Place, random: Generator, spacing: float, squared: bool
) -> np.ndarray:
    """Rules paper in lines that are fainter than the pencil, or darker."""
    height, width = place.size
    strokes = [[(0, y), (width, y)] for y in
               np.arange(place.bottom - 20 * spacing, height + spacing, spacing)]  # fmt: skip
    if squared:
        start = random.uniform(0, spacing)
        strokes += [[(x, 0), (x, height)] for x in np.arange(start, width, spacing)]
    lines = marks.lines(place.size, strokes, random.uniform(1, 2.2))
    color = np.array((150, 170, 200)) + random.normal(0, 12, 3)
    return marks.put(picture, lines * random.uniform(0.08, 0.3), color)


def faint_plain(digit: Digit, random: Generator) -> File:
    """Faint pencil on plain paper."""
    place = marks.written(digit, random, (0.2, 0.9), (0.03, 0.07))
    return photographed(penciled(smooth_paper(place.size, random), place, random), random)


def faint_ruled(digit: Digit, random: Generator) -> File:
    """Faint pencil on ruled paper."""
    place = marks.written(digit, random, (0.2, 0.9), (0.035, 0.07))
    spacing = random.uniform(0.7, 1.6) * DIGIT
    picture = ruled(smooth_paper(place.size, random), place, random, spacing, squared=False)
    return photographed(penciled(picture, place, random), random)


def faint_square(digit: Digit, random: Generator) -> File:
    """Faint pencil on squared paper."""
    place = marks.written(digit, random, (0.2, 0.9), (0.035, 0.07))
    spacing = random.uniform(0.3, 1.1) * DIGIT
    picture = ruled(smooth_paper(place.size, random), place, random, spacing, squared=True)
    return photographed(penciled(picture, place, random), random)


KINDS = (faint_plain, faint_ruled, faint_square)
