"""Numbers with the signs between their digits, as people write them: . , / - and :"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from benchmarks.handwriting.marks import FINER
from benchmarks.numbers.hands import Hand, Mark, row_of
from nn.composition.strokes import smooth
from nn.data.digits import Digits

Stroke = tuple[list[tuple[float, float]], float]  # points (x, y), and the pen's width, in pixels
THINNEST_DOT = 0.055  # of a digit's height: a smaller dot would be a speck


def inked(strokes: list[Stroke]) -> Mark:
    """Draws strokes with a round pen: a mark whose ink starts at column 0."""
    margin = max(width for _, width in strokes) / 2 + 1
    points = np.concatenate([np.array(line) for line, _ in strokes])
    left, top = np.floor(points.min(0) - margin)
    width, height = np.ceil(points.max(0) + margin) - (left, top)
    image = Image.new("L", (int(width) * FINER, int(height) * FINER))
    pen = ImageDraw.Draw(image)
    for line, thick in strokes:
        radius = thick * FINER / 2
        for x, y in (smooth(np.array(line, float), 40) - (left, top)) * FINER:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    mask = np.asarray(image.reduce(FINER), np.float32) / 255
    columns = np.flatnonzero((mask > 0.1).any(0))
    return Mark(mask[:, columns[0] : columns[-1] + 1], int(top), 0)


def spot(hand: Hand, random: Generator, height: float) -> Stroke:
    """Sets a dot: a touch of the pen, or a very short stroke, `height` above the base line."""
    thick = max(hand.pen, THINNEST_DOT * hand.height) * random.uniform(1, 1.5)
    x, y = random.uniform(-0.4, 0.4, 2) * thick
    return [(0, -height), (x, y - height)], thick


def dot(hand: Hand, random: Generator) -> Mark:
    """A dot near the base line."""
    return inked([spot(hand, random, random.uniform(0, 0.1) * hand.height)])


def comma(hand: Hand, random: Generator) -> Mark:
    """A short stroke that starts at the base line and reaches below it, to the left."""
    start, end = random.uniform(-0.08, 0.02), random.uniform(0.15, 0.28)
    left = random.uniform(0.04, 0.16)
    line = [(0, start), (random.uniform(0, 0.03), (start + end) / 2.4), (-left, end)]
    thick = max(hand.pen, THINNEST_DOT * hand.height)
    strokes = [([(x * hand.height, y * hand.height) for x, y in line], thick)]
    if random.random() < 0.3:
        strokes.append((strokes[0][0][:1] * 2, thick * random.uniform(1.1, 1.5)))
    return inked(strokes)


def hyphen(hand: Hand, random: Generator) -> Mark:
    """A level stroke at half height."""
    width, height = random.uniform(0.25, 0.5), random.uniform(0.4, 0.58)
    rise = random.normal(0.02, 0.025)
    line = [(0, -height), (width / 2, -height - rise), (width, -height - rise)]
    return inked([([(x * hand.height, y * hand.height) for x, y in line], hand.pen)])


def colon(hand: Hand, random: Generator) -> Mark:
    """Two dots, one above the other, as slanted as the hand is."""
    low, high = random.uniform(0.1, 0.26), random.uniform(0.52, 0.72)
    lower, upper = (spot(hand, random, height * hand.height) for height in (low, high))
    shift = ((high - low) * hand.slant + random.normal(0, 0.02)) * hand.height
    return inked([lower, ([(x + shift, y) for x, y in upper[0]], lower[1])])


def slash(hand: Hand, random: Generator) -> Mark:
    """A stroke that leans to the right, more than the digits do, and mostly reaches beyond them."""
    above, below = random.uniform(1, 1.35), random.uniform(-0.02, 0.3)
    lean = max(0.2, hand.slant + random.uniform(0.12, 0.35))
    width = lean * (above + below)
    bow = random.normal(0, 0.015)
    line = [(0, below), (width / 2 + bow, (below - above) / 2), (width, -above)]
    return inked([([(x * hand.height, y * hand.height) for x, y in line], hand.pen)])


SIGNS: dict[str, Callable[[Hand, Generator], Mark]] = {
    ".": dot, ",": comma, "/": slash, "-": hyphen, ":": colon,
}  # fmt: skip


def written(text: str, hand: Hand, digits: Digits, random: Generator) -> list[Mark]:
    """Writes digits and signs, each at column 0."""
    return [hand.digit(int(sign), digits, random) if sign.isdigit() else SIGNS[sign](hand, random)
            for sign in text]  # fmt: skip


def spaced(text: str, hand: Hand, digits: Digits, random: Generator) -> list[Mark]:
    """Writes digits and signs side by side."""
    marks = written(text, hand, digits, random)
    gaps = hand.gap * random.uniform(0.7, 1.4, len(marks) - 1)
    return row_of(marks, [max(0.05 * hand.height, gap) for gap in gaps])


def text_with(sign: str, random: Generator) -> str:
    """Makes up a number with a sign that people would write with it: 31/12/26, 10:45, 3,75."""
    draw = random.integers
    day, month, year = draw(1, 32), draw(1, 13), draw(0, 100)
    amount = str(draw(0, 10 ** draw(1, 5)))
    date = f"{day:02d}{sign}{month:02d}" if random.random() < 0.6 else f"{day}{sign}{month}"
    dates = [date, f"{date}{sign}{year:02d}", f"{date}{sign}{draw(1950, 2035)}"]
    fractions = [f"{amount}{sign}{draw(10)}", f"{amount}{sign}{draw(100):02d}"]
    thousands = f"{draw(1, 100)}{sign}{draw(1000):03d}{',' if sign == '.' else '.'}{draw(100):02d}"
    time = f"{draw(24):02d}:{draw(60):02d}"
    texts = {
        ".": [*dates, *fractions, *fractions, thousands],
        ",": [*fractions, *fractions, thousands],
        "/": [*dates, f"{draw(1, 10)}/{draw(2, 10)}", f"{draw(1000):03d}/{draw(10000)}"],
        "-": [*dates, f"{draw(1000):03d}-{draw(10000):04d}", f"{draw(100)}-{draw(100)}-{draw(10)}"],
        ":": [time, time, f"{time}:{draw(60):02d}", f"{draw(10)}:{draw(10)}"],
    }[sign]
    return str(texts[draw(len(texts))])
