"""The paper of printed forms: security prints, screens, tinted bands, print beside the digit."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.boxes import ink_of
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place

GROUNDS = ((236, 232, 222), (222, 234, 226), (226, 232, 242), (242, 228, 228), (244, 240, 214))
PRINTS = ((150, 175, 160), (150, 165, 200), (200, 150, 155), (170, 160, 130), (140, 140, 145),
          (110, 150, 130), (205, 160, 90))  # fmt: skip
WORDS = ("PAY", "EUR", "Rs.", "DATE", "Amount", "VOID", "to the order of", "$", "GBP", "Cents",
         "Konto", "Dollars", "ID No", "A/C", "00", "SIGN HERE")  # fmt: skip


def ground(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes a form's tinted paper."""
    color = np.array(GROUNDS[random.integers(len(GROUNDS))]) + random.normal(0, 5, 3)
    return marks.lit(marks.sheet(size, color), random, random.uniform(0, 0.12))


def color_of(random: Generator) -> np.ndarray:
    """Draws the color of a form's background print."""
    color = np.array(PRINTS[random.integers(len(PRINTS))]) * random.uniform(0.7, 1)
    return color + random.normal(0, 10, 3)


def security_print(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Prints wavy lines on a form's paper."""
    picture = ground(size, random)
    for _ in range(random.integers(1, 3)):
        coverage = marks.guilloche(size, random) * random.uniform(0.6, 1)
        picture = marks.put(picture, coverage, color_of(random))
    return picture


def screened(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Prints a screen of fine stripes or dots on a form's paper, in all of it or in a part."""
    pattern = marks.dots if random.random() < 0.6 else marks.stripes
    coverage = pattern(size, random.uniform(4, 14), random.uniform(0.3, 0.68),
                       random.choice([0, 15, 45, 75, 90]))  # fmt: skip
    if random.random() < 0.5:
        coverage = coverage * (marks.clouds(size, random, 4) > 0.35)
    return marks.put(ground(size, random), coverage * random.uniform(0.6, 1), color_of(random))


def banded(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Prints tinted bands on a form's paper; an edge may run through the digit."""
    picture = ground(size, random)
    for _ in range(random.integers(1, 4)):
        band = np.zeros(size, np.float32)
        axis = random.integers(2)
        start = int(random.uniform(-0.1, 0.8) * size[axis])
        part = slice(max(0, start), start + int(random.uniform(0.15, 0.6) * size[axis]))
        band[part if axis == 0 else (slice(None), part)] = random.uniform(0.2, 0.7)
        picture = marks.put(picture, band, color_of(random))
    return picture


def penned(
    picture: np.ndarray, place: Place, random: Generator, ink: np.ndarray | None = None
) -> np.ndarray:
    """Writes the digit with a pen that lets some of the print show through."""
    coverage = place.coverage * random.uniform(0.55, 0.95)
    return marks.put(picture, coverage, ink_of(random) if ink is None else ink)


PAPERS = (security_print, screened, banded)


def with_print(picture: np.ndarray, place: Place, random: Generator, count: int) -> np.ndarray:
    """Prints words at the border of a picture, some of them cut by it or touching the digit."""
    for _ in range(count):
        text = marks.printed(WORDS[random.integers(len(WORDS))], random.uniform(0.14, 0.34) * DIGIT)
        at_left, above = random.random(2) < 0.5
        row = place.top - text.shape[0] * random.uniform(0.9, 1.6) if above else (
            place.bottom - text.shape[0] * random.uniform(-0.4, 0.4))  # fmt: skip
        gap = random.uniform(0.06, 0.3) * DIGIT
        column = place.left - gap - text.shape[1] if at_left else place.right + gap
        color = color_of(random) * random.uniform(0.35, 0.9)
        picture = marks.put(picture, marks.covering(place.size, text, row, column), color)
    return picture


def on_print(
    digit: Digit,
    random: Generator,
    paper: Callable[[tuple[int, int], Generator], np.ndarray],
    count: Callable[[], int],
) -> File:
    """Writes a digit on printed paper. count: draws how many words are printed beside it."""
    place = marks.written(digit, random, (0.05, 0.5), (0.04, 0.085))
    picture = paper(place.size, random)
    picture = with_print(picture, place, random, count())
    picture = penned(picture, place, random)
    return camera.taken(picture, random, (35, 150), quality=(25, 85))


def form_waves(digit: Digit, random: Generator) -> File:
    """A security print of wavy lines behind the digit, as on a cheque."""
    return on_print(digit, random, security_print, lambda: int(random.random() < 0.4))


def form_screen(digit: Digit, random: Generator) -> File:
    """A fine screen of stripes or dots behind the digit."""
    return on_print(digit, random, screened, lambda: int(random.random() < 0.4))


def form_bands(digit: Digit, random: Generator) -> File:
    """Tinted bands behind the digit, and print beside it."""
    return on_print(digit, random, banded, lambda: int(random.integers(1, 3)))


def form_amount(digit: Digit, random: Generator) -> File:
    """A digit cut out of an amount: its neighbors' pieces and a printed mark are in the picture."""
    place = marks.written(digit, random, (0.05, 0.3), (0.045, 0.09))
    picture = PAPERS[random.integers(len(PAPERS))](place.size, random)
    picture = with_print(picture, place, random, random.integers(2))
    ink, pen = ink_of(random), random.uniform(0.045, 0.09)
    picture = marks.put(picture, marks.beside(place, random, pen, (0.05, 0.22)), ink)
    if random.random() < 0.4:
        row = place.bottom + random.uniform(0, 0.1) * DIGIT
        line = marks.lines(place.size, [[(0, row), (place.size[1], row)]], random.uniform(1.5, 4))
        picture = marks.put(picture, line, color_of(random) * 0.7)
    return camera.taken(penned(picture, place, random, ink), random, (35, 130), quality=(25, 85))


def form_small(digit: Digit, random: Generator) -> File:
    """A tight crop of a form, 30 to 80 pixels high or wide, with the artifacts of a strong JPEG."""
    place = marks.written(digit, random, (0.02, 0.2), (0.05, 0.1))
    picture = PAPERS[random.integers(len(PAPERS))](place.size, random)
    ink, pen = ink_of(random), random.uniform(0.05, 0.09)
    if random.random() < 0.5:
        picture = marks.put(picture, marks.beside(place, random, pen, (0.08, 0.2)), ink)
    picture = penned(picture, place, random, ink)
    return camera.taken(picture, random, (30, 80), (0.2, 0.5), (1, 4), (25, 75))


def form_box(digit: Digit, random: Generator) -> File:
    """A white or tinted box on a form's patterned paper; the digit may leave the box."""
    place = marks.written(digit, random, (0.25, 0.6), square=True)
    picture = PAPERS[random.integers(len(PAPERS))](place.size, random)
    gaps = random.uniform(-0.04, 0.16, 4) * DIGIT
    left, top = place.left - gaps[0], place.top - gaps[1]
    right, bottom = place.right + gaps[2], place.bottom + gaps[3]
    inside = np.zeros(place.size, np.float32)
    inside[int(max(0, top)) : int(bottom), int(max(0, left)) : int(right)] = random.uniform(0.3, 1)
    picture = marks.put(picture, inside, (250, 250, 248))
    if random.random() < 0.6:
        frame = marks.box(place.size, (left, top, right, bottom), random.uniform(1, 3.5))
        picture = marks.put(picture, frame, color_of(random) * 0.8)
    picture = with_print(picture, place, random, random.integers(2))
    return camera.taken(penned(picture, place, random), random, (40, 160), quality=(25, 85))


KINDS = (form_waves, form_screen, form_bands, form_amount, form_small, form_box)
