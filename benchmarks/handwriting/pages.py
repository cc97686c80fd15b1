"""Pages as they are kept: punched, stamped, bound; and digits in hands of other schools."""

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.boxes import ink_of, white
from benchmarks.handwriting.hands import from_hands
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place

STAMPS = ("PAID", "COPY", "RECEIVED", "2 JUL", "No. 14", "ENTERED")


def hole(size: tuple[int, int], center: tuple[float, float], radius: float) -> np.ndarray:
    """Punches a round hole: a coverage. center: row and column."""
    y, x = np.mgrid[: size[0], : size[1]]
    return np.clip(radius - np.hypot(y - center[0], x - center[1]) + 0.5, 0, 1)


def punched(digit: Digit, random: Generator) -> File:
    """One or two punched holes beside the digit; what lies below is dark, or light with a rim."""
    place = marks.written(digit, random, (0.3, 0.7))
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    radius, away = random.uniform(0.1, 0.22) * DIGIT, random.uniform(0.06, 0.2) * DIGIT
    at_left = random.random() < 0.7
    column = place.left - away - radius if at_left else place.right + away + radius
    below = random.uniform(15, 110) if random.random() < 0.7 else random.uniform(190, 235)
    for row in random.uniform(0, 1, random.integers(1, 3)) * place.size[0]:
        rim = hole(place.size, (row - 1, column - 1), radius + 2)
        picture = marks.put(picture, rim * 0.4, (120, 120, 120))
        picture = marks.put(picture, hole(place.size, (row, column), radius), [below] * 3)
    return camera.taken(picture, random, (70, 360))


def stamp(size: tuple[int, int], random: Generator, radius: float) -> np.ndarray:
    """Makes a stamp, a ring or a rectangle with a word in it, worn and turned: a coverage."""
    text = marks.printed(STAMPS[random.integers(len(STAMPS))], 0.35 * radius)
    half = np.array((max(1.3 * radius, 0.6 * text.shape[1]), 0.5 * radius))
    side = int(2.4 * half[0])
    middle = side / 2
    text = marks.covering(
        (side, side), text, (side - text.shape[0]) / 2, (side - text.shape[1]) / 2
    )
    if random.random() < 0.5:
        half[1] = half[0]
    round_ = half[0] == half[1]
    for inset in (0, 0.14 * radius)[: random.integers(1, 3)]:
        sides = *(middle - half + inset), *(middle + half - inset)
        corner = half[0] - inset - 1 if round_ else 4
        text = np.maximum(text, marks.box((side, side), sides, 0.06 * radius, corner))
    return ndimage.rotate(text, random.normal(0, 15), reshape=False, order=1).clip(0, 1)


def with_stamp(picture: np.ndarray, place: Place, random: Generator) -> np.ndarray:
    """Stamps a page beside the digit; the stamp may reach into it."""
    size, radius = place.size, random.uniform(0.35, 0.7) * DIGIT
    print_ = stamp(size, random, radius)
    angle, half = random.uniform(0, 2 * np.pi), np.array(print_.shape) / 2
    center = np.array((place.top + place.bottom, place.left + place.right)) / 2
    reach = np.array((place.bottom - place.top, place.right - place.left)) / 2 + 0.5 * half
    corner = center + reach * (np.sin(angle), np.cos(angle)) * random.uniform(0.95, 1.25) - half
    worn = np.clip(marks.clouds(size, random, 20) * 1.8, 0.3, 1) * random.uniform(0.5, 0.95)
    color = ((60, 70, 160), (180, 50, 60), (110, 60, 140), (60, 60, 65))[random.integers(4)]
    return marks.put(picture, marks.covering(size, print_, *corner) * worn, color)


def stamped(digit: Digit, random: Generator) -> File:
    """A stamp, a ring or a rectangle with a word, partly over the digit's surroundings."""
    place = marks.written(digit, random, (0.3, 0.7))
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    return camera.taken(with_stamp(picture, place, random), random, (80, 360))


def page_edge(digit: Digit, random: Generator) -> File:
    """The edge of the page, a desk or a scanner's black lid beside it, and pages below."""
    place = marks.written(digit, random, (0.25, 0.6))
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    height, width = place.size
    y, x = np.mgrid[:height, :width]
    for _ in range(random.integers(1, 3)):
        side, tilt = random.integers(4), random.normal(0, 0.05)
        room = (place.left, width - place.right, place.top, height - place.bottom)[side]
        inside = room * random.uniform(0.4, 0.98)
        far = (x + tilt * (y - height / 2), width - x + tilt * (y - height / 2),
               y + tilt * (x - width / 2), height - y + tilt * (x - width / 2))[side]  # fmt: skip
        outside = np.clip(inside - far, 0, 1)
        level = random.uniform(5, 150)
        picture = marks.put(picture, outside, (level, 0.95 * level, 0.85 * level))
        for step in range(random.integers(0, 4)):  # the edges of the pages below
            edge = np.clip(1.2 - np.abs(inside + 4 * (step + 1) - far), 0, 1)
            picture = marks.put(picture, edge * 0.5, (120, 118, 112))
    return camera.taken(picture, random, (70, 320))


def spiral(digit: Digit, random: Generator) -> File:
    """A spiral binding: a row of holes and wires beside the digit."""
    place = marks.written(digit, random, (0.35, 0.7))
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    height, width = place.size
    pitch, radius = random.uniform(0.2, 0.4) * DIGIT, random.uniform(0.04, 0.08) * DIGIT
    across, level = random.random() < 0.5, random.uniform(20, 120)
    at = random.uniform(0.25, 0.8) * (place.top if across else place.left)
    for along in np.arange(random.uniform(0, pitch), width if across else height, pitch):
        center = (at, along) if across else (along, at)
        picture = marks.put(picture, hole(place.size, center, radius), [level] * 3)
        row, column = center
        wire = [(column, row), (column, -9)] if across else [(column, row), (-9, row - 4)]
        wire_coverage = marks.lines(place.size, [wire], 0.05 * DIGIT)
        picture = marks.put(picture, wire_coverage, [random.uniform(60, 190)] * 3)
    return camera.taken(picture, random, (80, 360))


def see_through(digit: Digit, random: Generator) -> File:
    """The other side shows through strongly: mirrored digits and lines of writing, blurred."""
    place = marks.written(digit, random, (0.2, 0.6))
    behind = np.zeros(place.size, np.float32)
    for _ in range(random.integers(1, 4)):
        mask = marks.neighbor(random, random.uniform(0.05, 0.1))[:, ::-1]
        where = random.uniform(-0.3, 0.8, 2) * place.size
        behind = np.maximum(behind, marks.covering(place.size, mask, *where))
    behind = ndimage.gaussian_filter(behind, random.uniform(1, 3))
    color = (120, 115, 120)
    picture = marks.put(white(place.size, random), behind * random.uniform(0.35, 0.7), color)
    return camera.taken(marks.put(picture, place.coverage, ink_of(random)), random, (70, 320))


def other_hands(digit: Digit, random: Generator) -> File:
    """Digits of HANDS: looped fours, nines whose stroke crosses, flagged ones, angular sixes."""
    mask = from_hands(digit, random, random.uniform(0.03, 0.09))
    place = marks.placed(mask, random, (0.15, 0.6))
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    return camera.taken(picture, random, (50, 320))


def stretched(digit: Digit, random: Generator) -> File:
    """A digit stretched to its box, wide or tall, with the box's frame or without."""
    place = marks.written(digit, random, (0.03, 0.22))
    wide = random.uniform(0.4, 0.75) if random.random() < 0.5 else random.uniform(1.4, 2.5)
    height, width = place.size
    picture = marks.put(white(place.size, random), place.coverage, ink_of(random))
    if random.random() < 0.6:
        sides = (5, 5, width - 6, height - 6)
        picture = marks.put(picture, marks.box(place.size, sides, 3), (90, 90, 95))
    return camera.taken(camera.resized(picture, height, wide * width), random, (50, 260))


KINDS = (punched, stamped, page_edge, spiral, see_through, other_hands, stretched)
