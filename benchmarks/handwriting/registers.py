"""Handwritten registers: aged paper, dip pens, neighbors cut by the border, older clean crops."""

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.hands import mask_of
from benchmarks.handwriting.kinds import Digit, File, saved
from benchmarks.handwriting.marks import DIGIT, Place
from benchmarks.handwriting.small_frames import stretched
from nn.composition import paper as on
from nn.composition.ink import with_pen

AGED = ((214, 190, 150), (228, 208, 172), (196, 170, 132), (232, 220, 196), (204, 188, 164))
INKS = ((62, 44, 32), (40, 36, 40), (88, 62, 40), (50, 52, 70), (104, 80, 58))
RULES = ((150, 90, 80), (120, 120, 150), (130, 110, 90))


def aged(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes brown paper with a grain, stains and the spots of foxing."""
    picture = marks.sheet(size, np.array(AGED[random.integers(len(AGED))]) + random.normal(0, 4, 3))
    for knots, depth in ((4, 0.2), (12, 0.1), (50, 0.05)):
        uneven = marks.clouds(size, random, knots)[..., None]
        picture = picture * (1 - random.uniform(0.2, 1) * depth * uneven)
    if random.random() < 0.65:
        stain = marks.spots(size, random, random.integers(1, 3), 0.9 * DIGIT)
        picture = picture * (1 - 0.4 * random.random() * stain[..., None] * (1, 1.15, 1.4))
    fox = marks.spots(size, random, random.integers(0, 9), 0.07 * DIGIT)
    return picture * (1 - 0.45 * random.random() * fox[..., None] * (0.8, 1.1, 1.4))


def fading(size: tuple[int, int], random: Generator, least: float) -> np.ndarray:
    """Draws how much ink the pen gives, place by place: float32 [H, W], from `least` to 1."""
    coarse, fine = marks.clouds(size, random, 5), marks.clouds(size, random, 30)
    return least + (1 - least) * np.clip(1.5 * (0.7 * coarse + 0.3 * fine) - 0.1, 0, 1)


def dipped(digit: Digit, random: Generator) -> np.ndarray:
    """Makes the mask of a digit that a dip pen wrote: thick and thin, or a plain stroke."""
    mask = mask_of(digit, random, 0.06, old=0.15)
    if random.random() < 0.4:
        return with_pen(mask, random.uniform(0.05, 0.1))
    return with_pen(mask, random.uniform(0.09, 0.15), random.uniform(1.5, 2.6),
                    random.uniform(25, 65))  # fmt: skip


def ink_of(random: Generator) -> np.ndarray:
    """Draws the color of old ink."""
    return np.array(INKS[random.integers(len(INKS))]) + random.normal(0, 8, 3)


def lines_beside(place: Place, random: Generator, double: float = 0.3) -> np.ndarray:
    """Rules a column's lines beside a digit: a coverage."""
    height, width = place.size
    strokes = []
    for at, away in ((place.left, -1), (place.right, 1)):
        if random.random() < 0.7:
            column, tilt = at + away * random.uniform(0.03, 0.3) * DIGIT, random.normal(0, 4)
            strokes.append([(column, 0), (column + tilt, height)])
            if random.random() < double:
                strokes.append([(column + 9, 0), (column + tilt + 9, height)])
    if random.random() < 0.5:
        row, tilt = place.bottom + random.uniform(-0.05, 0.12) * DIGIT, random.normal(0, 4)
        strokes.append([(0, row), (width, row + tilt)])
    return marks.lines(place.size, strokes, random.uniform(1.5, 4))


def above_and_below(place: Place, random: Generator, gap: tuple[float, float]) -> np.ndarray:
    """Draws the digits of the lines above and below, cut by the border: a coverage."""
    coverage = np.zeros(place.size, np.float32)
    for below in (False, True):
        if random.random() < 0.6:
            mask, away = marks.neighbor(random, 0.07), random.uniform(*gap) * DIGIT
            row = place.bottom + away if below else place.top - away - mask.shape[0]
            column = place.left + random.normal(0, 0.15) * DIGIT
            coverage = np.maximum(coverage, marks.covering(place.size, mask, row, column))
    return coverage


def behind(size: tuple[int, int], random: Generator, depth: float) -> np.ndarray:
    """Draws what shows through from the other side: mirrored writing, blurred. A coverage."""
    tall = random.uniform(0.25, 0.5) * DIGIT
    rows = np.arange(
        random.uniform(0.2, 0.8) * DIGIT, size[0] + tall, random.uniform(1, 1.5) * DIGIT
    )
    writing = [marks.scrawl(size, random, row, tall)[:, ::-1] for row in rows]
    return depth * ndimage.gaussian_filter(np.max([np.zeros(size), *writing], 0), 2.5)


def filled(
    picture: np.ndarray, place: Place, random: Generator, least: float, faint: float = 0.65
) -> np.ndarray:
    """Writes the digit in ink that fades, on a register's paper.

    least: the weakest ink within a stroke, as a share of full ink. faint: the faintest writing.
    """
    strength = random.uniform(faint, 1) * fading(place.size, random, least)
    return marks.put(picture, place.coverage * strength, ink_of(random))


def register(digit: Digit, random: Generator) -> File:
    """A page of a register: brown paper with stains, and ink that fades."""
    place = marks.placed(dipped(digit, random), random, (0.15, 0.5))
    picture = filled(aged(place.size, random), place, random, random.uniform(0.1, 0.6), 0.36)
    return camera.taken(picture, random, (40, 180), (0.4, 0.9), (1, 6), (30, 85))


def dip_pen(digit: Digit, random: Generator) -> File:
    """A dip pen's thick and thin strokes, in ink that runs out, between column lines."""
    place = marks.placed(dipped(digit, random), random, (0.1, 0.4))
    picture = marks.put(aged(place.size, random), lines_beside(place, random),
                        RULES[random.integers(len(RULES))])  # fmt: skip
    return camera.taken(filled(picture, place, random, 0.25), random, (40, 180))


def with_writing(
    picture: np.ndarray, others: np.ndarray, place: marks.Place, random: Generator
) -> np.ndarray:
    """Writes other signs and the digit in one ink, which fades in places."""
    ink = ink_of(random)
    picture = marks.put(picture, others * fading(place.size, random, 0.5), ink)
    return marks.put(picture, place.coverage * fading(place.size, random, 0.5), ink)


def columns(digit: Digit, random: Generator) -> File:
    """A digit of a column of numbers: its neighbors on all sides are cut by the border."""
    place = marks.placed(dipped(digit, random), random, (0.05, 0.3))
    picture = aged(place.size, random)
    if random.random() < 0.6:
        rules = lines_beside(place, random)
        picture = marks.put(picture, rules, RULES[random.integers(len(RULES))])
    pen = random.uniform(0.05, 0.1)
    others = np.maximum(marks.beside(place, random, pen, (0.02, 0.16)),
                        above_and_below(place, random, (0.03, 0.18)))  # fmt: skip
    picture = with_writing(picture, others, place, random)
    return camera.taken(picture, random, (45, 200))


def line_above(digit: Digit, random: Generator) -> File:
    """Letters of the line above reach into the picture, and the other side shows through."""
    place = marks.placed(dipped(digit, random), random, (0.15, 0.4))
    picture = aged(place.size, random)
    picture = marks.put(picture, behind(place.size, random, random.uniform(0, 0.3)), (90, 70, 50))
    tall = random.uniform(0.2, 0.35) * DIGIT
    above = marks.scrawl(place.size, random, place.top - random.uniform(0.08, 0.3) * DIGIT, tall)
    picture = with_writing(picture, above, place, random)
    return camera.taken(picture, random, (60, 220))


def register_low(digit: Digit, random: Generator) -> File:
    """A crop of 25 to 80 pixels of a register, many with the artifacts of a strong JPEG."""
    place = marks.placed(dipped(digit, random), random, (0.04, 0.3))
    picture = aged(place.size, random)
    if random.random() < 0.4:
        picture = marks.put(picture, lines_beside(place, random, 0), RULES[random.integers(3)])
    ink = ink_of(random)
    if random.random() < 0.6:
        others = np.maximum(marks.beside(place, random, 0.08, (0.04, 0.18)),
                            above_and_below(place, random, (0.04, 0.18)))  # fmt: skip
        picture = marks.put(picture, others, ink)
    strength = random.uniform(0.5, 1) * fading(place.size, random, 0.4)
    picture = marks.put(picture, place.coverage * strength, ink)
    return camera.taken(picture, random, (25, 80), (0.2, 0.5), (1, 4), (20, 80))


def gutter(digit: Digit, random: Generator) -> File:
    """A low-resolution crop beside the dark gutter of a bound book."""
    place = marks.placed(dipped(digit, random), random, (0.08, 0.4))
    width = place.size[1]
    picture = filled(aged(place.size, random), place, random, 0.5, 0.7)
    at_left = bool(random.random() < 0.5)
    edge = place.left * random.uniform(0.1, 0.9) if at_left else (
        width - (width - place.right) * random.uniform(0.1, 0.9))  # fmt: skip
    x = np.arange(width) - edge if at_left else edge - np.arange(width)
    reach = random.uniform(0.05, 0.35) * DIGIT
    light = 0.2 + 0.8 / (1 + np.exp(-x / reach * 2.5))
    dark = np.where(x < 0, random.uniform(0.15, 0.8), 1)
    picture = picture * (light * dark)[None, :, None]
    return camera.taken(picture, random, (35, 150), (0.3, 0.7), (1, 5), (30, 85))


def clean_cut(digit: Digit, random: Generator) -> File:
    """A digit of an old register, cut out clean and stretched to a normalized size."""
    mask = dipped(digit, random)
    height = int(random.integers(11, 30))
    width = int(height * random.choice([1, 1, random.uniform(0.6, 1.2)]))
    faded = mask * fading(mask.shape, random, random.uniform(0.1, 0.55))
    if random.random() < 0.3:
        faded = np.pad(faded, int(random.integers(1, 20)))
    levels = 255 * stretched(faded, (height, width))
    if random.random() < 0.5:
        levels = 255.0 * (levels > random.uniform(80, 145))
    levels = levels if random.random() < 0.4 else 255 - levels
    return saved(Image.fromarray(on.bytes_of(levels)), ".png")


KINDS = (register, dip_pen, columns, line_above, register_low, gutter, clean_cut)
