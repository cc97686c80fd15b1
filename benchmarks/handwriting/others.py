"""The kinds of pictures that show no digit: one function draws each kind.

OTHERS holds the functions by name. Each takes two Digits and a random generator, and returns a
File. Training draws its signs from fonts and never from these strokes
(nn/training/drawn_pictures.py). LETTERS leaves out the letters that look like digits: B, D, G, I,
J, L, O, Q, S, U, Y, Z and similar ones.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import skimage.data
from numpy.random import Generator
from PIL import Image

from benchmarks.handwriting.kinds import Digit, File, cropped, photo, saved, sheet, written
from nn.composition import paper as on
from nn.composition.ink import drawn, sized, trimmed, with_pen
from nn.composition.strokes import Point

LETTERS: dict[str, list[list[Point]]] = {
    "A": [[(0.1, 1.0), (0.3, 0.5), (0.5, 0.0)], [(0.5, 0.0), (0.7, 0.5), (0.92, 1.0)],
          [(0.25, 0.65), (0.5, 0.64), (0.78, 0.63)]],
    "E": [[(0.15, 0.0), (0.14, 0.5), (0.14, 1.0)], [(0.15, 0.02), (0.5, 0.01), (0.85, 0.0)],
          [(0.15, 0.5), (0.45, 0.49), (0.75, 0.48)], [(0.14, 1.0), (0.5, 0.99), (0.88, 0.98)]],
    "F": [[(0.2, 0.0), (0.19, 0.5), (0.18, 1.0)], [(0.2, 0.02), (0.5, 0.01), (0.88, 0.0)],
          [(0.2, 0.48), (0.45, 0.47), (0.72, 0.46)]],
    "H": [[(0.12, 0.0), (0.12, 0.5), (0.11, 1.0)], [(0.88, 0.0), (0.88, 0.5), (0.89, 1.0)],
          [(0.12, 0.5), (0.5, 0.49), (0.88, 0.5)]],
    "K": [[(0.15, 0.0), (0.15, 0.5), (0.14, 1.0)], [(0.85, 0.02), (0.5, 0.32), (0.16, 0.55)],
          [(0.32, 0.45), (0.6, 0.72), (0.9, 1.0)]],
    "M": [[(0.08, 1.0), (0.1, 0.5), (0.12, 0.0)], [(0.12, 0.0), (0.3, 0.35), (0.5, 0.7)],
          [(0.5, 0.7), (0.7, 0.35), (0.88, 0.0)], [(0.88, 0.0), (0.9, 0.5), (0.93, 1.0)]],
    "N": [[(0.1, 1.0), (0.11, 0.5), (0.12, 0.0)], [(0.12, 0.0), (0.5, 0.5), (0.88, 1.0)],
          [(0.88, 1.0), (0.89, 0.5), (0.9, 0.0)]],
    "R": [[(0.15, 1.0), (0.15, 0.5), (0.15, 0.0)], [(0.15, 0.02), (0.55, 0.0), (0.82, 0.15),
          (0.72, 0.42), (0.4, 0.52), (0.16, 0.52)], [(0.4, 0.52), (0.62, 0.75), (0.88, 1.0)]],
    "V": [[(0.05, 0.0), (0.28, 0.5), (0.5, 1.0)], [(0.5, 1.0), (0.72, 0.5), (0.95, 0.0)]],
    "W": [[(0.02, 0.0), (0.15, 0.5), (0.27, 1.0)], [(0.27, 1.0), (0.4, 0.6), (0.5, 0.25)],
          [(0.5, 0.25), (0.62, 0.6), (0.74, 1.0)], [(0.74, 1.0), (0.87, 0.5), (0.98, 0.0)]],
    "X": [[(0.08, 0.0), (0.5, 0.5), (0.92, 1.0)], [(0.9, 0.0), (0.5, 0.5), (0.1, 1.0)]],
    "a": [[(0.75, 0.3), (0.45, 0.18), (0.15, 0.5), (0.2, 0.85), (0.5, 0.95), (0.74, 0.7)],
          [(0.78, 0.2), (0.76, 0.6), (0.8, 0.88), (0.98, 0.95)]],
    "e": [[(0.15, 0.58), (0.5, 0.52), (0.85, 0.45), (0.68, 0.18), (0.35, 0.2), (0.12, 0.55),
           (0.3, 0.92), (0.65, 0.95), (0.9, 0.75)]],
    "h": [[(0.2, 0.0), (0.2, 0.5), (0.18, 1.0)], [(0.19, 0.65), (0.4, 0.42), (0.68, 0.48),
          (0.76, 0.75), (0.78, 1.0)]],
    "k": [[(0.22, 0.0), (0.21, 0.5), (0.2, 1.0)], [(0.72, 0.35), (0.45, 0.55), (0.22, 0.68)],
          [(0.36, 0.6), (0.58, 0.8), (0.82, 1.0)]],
    "m": [[(0.06, 0.3), (0.08, 0.65), (0.08, 1.0)], [(0.08, 0.5), (0.25, 0.3), (0.42, 0.42),
          (0.45, 1.0)], [(0.45, 0.5), (0.65, 0.3), (0.86, 0.42), (0.9, 1.0)]],
    "n": [[(0.15, 0.3), (0.16, 0.65), (0.16, 1.0)], [(0.16, 0.55), (0.4, 0.32), (0.72, 0.38),
          (0.82, 0.65), (0.84, 1.0)]],
    "r": [[(0.25, 0.3), (0.26, 0.65), (0.26, 1.0)], [(0.26, 0.6), (0.45, 0.36), (0.8, 0.32)]],
    "w": [[(0.05, 0.3), (0.12, 0.8), (0.28, 1.0), (0.45, 0.8), (0.5, 0.4)],
          [(0.5, 0.4), (0.55, 0.8), (0.72, 1.0), (0.9, 0.8), (0.96, 0.3)]],
    "x": [[(0.15, 0.3), (0.5, 0.65), (0.88, 1.0)], [(0.85, 0.3), (0.5, 0.65), (0.12, 1.0)]],
}  # fmt: skip
FIGURES: dict[str, list[list[Point]]] = {
    "heart": [[(0.5, 0.3), (0.3, 0.05), (0.05, 0.25), (0.2, 0.62), (0.5, 0.97)],
              [(0.5, 0.3), (0.7, 0.05), (0.95, 0.25), (0.8, 0.62), (0.5, 0.97)]],
    "star": [[(0.2, 0.98), (0.35, 0.5), (0.5, 0.02)], [(0.5, 0.02), (0.65, 0.5), (0.8, 0.98)],
             [(0.8, 0.98), (0.42, 0.68), (0.03, 0.38)], [(0.03, 0.38), (0.5, 0.38), (0.97, 0.38)],
             [(0.97, 0.38), (0.6, 0.68), (0.2, 0.98)]],
    "house": [[(0.1, 0.45), (0.1, 0.7), (0.1, 1.0)], [(0.1, 1.0), (0.5, 1.0), (0.9, 1.0)],
              [(0.9, 1.0), (0.9, 0.7), (0.9, 0.45)], [(0.9, 0.45), (0.5, 0.45), (0.1, 0.45)],
              [(0.1, 0.45), (0.3, 0.22), (0.5, 0.0)], [(0.5, 0.0), (0.7, 0.22), (0.9, 0.45)]],
    "arrow": [[(0.0, 0.5), (0.5, 0.5), (1.0, 0.5)], [(0.65, 0.2), (0.83, 0.35), (1.0, 0.5)],
              [(1.0, 0.5), (0.83, 0.65), (0.65, 0.8)]],
    "smile": [[(0.5, 0.0), (0.15, 0.12), (0.0, 0.5), (0.15, 0.88), (0.5, 1.0), (0.85, 0.88),
               (1.0, 0.5), (0.85, 0.12), (0.5, 0.0)], [(0.33, 0.35), (0.34, 0.38), (0.33, 0.4)],
              [(0.67, 0.35), (0.68, 0.38), (0.67, 0.4)],
              [(0.25, 0.62), (0.4, 0.76), (0.6, 0.76), (0.75, 0.62)]],
    "tree": [[(0.5, 0.0), (0.3, 0.25), (0.15, 0.4)], [(0.5, 0.0), (0.7, 0.25), (0.85, 0.4)],
             [(0.15, 0.4), (0.5, 0.4), (0.85, 0.4)], [(0.5, 0.4), (0.25, 0.62), (0.05, 0.8)],
             [(0.5, 0.4), (0.75, 0.62), (0.95, 0.8)], [(0.05, 0.8), (0.5, 0.8), (0.95, 0.8)],
             [(0.5, 0.8), (0.5, 0.9), (0.5, 1.0)]],
}  # fmt: skip
PHOTOGRAPHS = ("astronaut", "brick", "camera", "cat", "coffee", "coins", "grass", "gravel")

OTHERS: dict[str, Callable[[list[Digit], Generator], File]] = {}


def other(draw: Callable[[list[Digit], Generator], File]):
    """Adds a function to OTHERS, under its own name."""
    OTHERS[draw.__name__] = draw
    return draw


@other
def letter(digits: list[Digit], random: Generator) -> File:
    """A letter that looks like no digit, drawn with a pen."""
    return _on_paper(_mask(LETTERS, random), random)


@other
def figure(digits: list[Digit], random: Generator) -> File:
    """One of FIGURES, drawn with a pen: a heart, a star, a house and others."""
    return _on_paper(_mask(FIGURES, random), random)


@other
def word(digits: list[Digit], random: Generator) -> File:
    """Three or four letters in a row."""
    masks = [_mask(LETTERS, random) for _ in range(random.integers(3, 5))]
    return _on_paper(_in_a_row(masks, random), random)


@other
def two_digits(digits: list[Digit], random: Generator) -> File:
    """Two digits in one picture."""
    return _on_paper(_in_a_row([digit.mask(random, 0.08) for digit in digits], random), random)


@other
def photograph(digits: list[Digit], random: Generator) -> File:
    """A part of a photograph, for example of a face, stones or grass."""
    picture = _photograph(PHOTOGRAPHS[random.integers(len(PHOTOGRAPHS))])
    height, width = (int(share * side) for share, side in
                     zip(random.uniform(0.3, 1, 2), picture.shape[:2], strict=True))  # fmt: skip
    top, left = (random.integers(full - part + 1) for full, part in
                 zip(picture.shape[:2], (height, width), strict=True))  # fmt: skip
    part = picture[top : top + height, left : left + width]
    return saved(Image.fromarray(part), ".jpg", quality=85)


@other
def noise(digits: list[Digit], random: Generator) -> File:
    """Strong noise, fine or coarse."""
    size, coarse = random.integers(60, 300, 2), random.integers(1, 12)
    knots = np.maximum(2, size // coarse)
    levels = Image.fromarray(on.bytes_of(random.normal(128, 50, knots)))
    width, height = (int(side) for side in size[::-1])
    return saved(levels.resize((width, height), Image.Resampling.BICUBIC), ".png")


@other
def creased_page(digits: list[Digit], random: Generator) -> File:
    """An empty page that was folded."""
    paper = on.creased(sheet(random, 190, 235), random, random.uniform(0.1, 0.25))
    return photo(on.lit(paper, random, random.uniform(0, 0.3)), random)


@other
def shadowed_page(digits: list[Digit], random: Generator) -> File:
    """An empty page with a shadow on it."""
    return photo(on.shadowed(sheet(random), random, random.uniform(0.3, 0.55)), random)


@other
def pasted_page(digits: list[Digit], random: Generator) -> File:
    """An empty piece of gray paper on a white picture."""
    border = random.integers(20, 160, 4).reshape(2, 2)
    crop = on.lit(sheet(random, 222, 244), random, random.uniform(0, 0.08))
    return photo(np.pad(crop, border, constant_values=255), random)


@other
def ruled_page(digits: list[Digit], random: Generator) -> File:
    """An empty page, ruled or squared."""
    paper = sheet(random, 200, 245)
    spacing = min(paper.shape) * random.uniform(0.18, 0.45)
    squared = bool(random.random() < 0.5)
    paper = on.ruled(paper, random, spacing, random.uniform(0.12, 0.35), squared)
    return photo(on.lit(paper, random, random.uniform(0, 0.3)), random)


@other
def empty_form(digits: list[Digit], random: Generator) -> File:
    """An empty box of a printed form."""
    paper = sheet(random, 225, 255)
    height, width = (random.uniform(0.4, 0.8, 2) * min(paper.shape)).astype(int)
    line = max(1, round(random.uniform(0.006, 0.025) * max(height, width)))
    frame = np.pad(np.zeros((height, width), np.float32), line, constant_values=1.0)
    top, left = (int(random.uniform(0, 1) * (side - used)) for side, used in
                 zip(paper.shape, frame.shape, strict=True))  # fmt: skip
    return photo(on.inked(paper, frame, top, left, random.uniform(20, 120)), random)


@other
def tight_pair(digits: list[Digit], random: Generator) -> File:
    """Two digits, cropped to their ink or nearly so; in half of the pictures one is a plain 1."""
    masks = [digit.mask(random, 0.08) for digit in digits]
    if random.random() < 0.5:
        one = [[(0.5, 0.0), (0.5, 0.5), (0.5, 1.0)]]
        masks[random.integers(2)] = with_pen(drawn(one, random, 0.01), 0.08)
    return cropped(trimmed(_in_a_row(masks, random)), random)


def _mask(figures: dict[str, list[list[Point]]], random: Generator) -> np.ndarray:
    """Draws one of the figures at random, with a pen of random width: a mask."""
    strokes = list(figures.values())[random.integers(len(figures))]
    return with_pen(drawn(strokes, random, 0.018), random.uniform(0.04, 0.12))


def _in_a_row(masks: list[np.ndarray], random: Generator) -> np.ndarray:
    """Puts masks side by side on one base line, with random gaps: float32 [H, W]."""
    height = 120
    row = []
    for mask in masks:
        mask = sized(mask, height)
        below = height - mask.shape[0]
        row += [np.pad(mask, ((below, 0), (0, int(random.uniform(0.05, 0.4) * height))))]
    return np.concatenate(row, 1)


def _on_paper(mask: np.ndarray, random: Generator) -> File:
    """Draws a mask at a random place on shaded paper, and photographs it."""
    return photo(written(on.lit(sheet(random), random, random.uniform(0, 0.3)), mask, random),
                 random)  # fmt: skip


@cache
def _photograph(name: str) -> np.ndarray:
    """Loads a photograph of scikit-image, uint8, gray or RGB, once."""
    return getattr(skimage.data, name)()
