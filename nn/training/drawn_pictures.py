"""What MNIST lacks, drawn for training: other ways of writing digits, and what is no digit.

Pictures are uint8 [H, W], light ink on dark; nn/training/datasets.py normalizes them as any other.
A seed draws the same wherever the same fonts are: matplotlib's, which are installed with it.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import (
    distance_transform_edt,
    gaussian_filter,
    gaussian_filter1d,
    map_coordinates,
)

from nn.data.digits import SIDE, Digits

SCALE = 4  # strokes are drawn that much larger, then shrunk
DRAWN = 60  # pixels a side, of what is drawn from nothing
# Letters and signs that look like no digit. There is no T, t, Y or y, as some write 7 and 4.
SIGNS = "AEFHKMNPRVWXadefhkmnprwx#%&*+<>?@€ΔΩπΣΨ♥♣★→↑"
FONTS = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic")


def styled(digits: Digits, count: int, random: Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Zeros with a slash, sevens with a bar, ones with a foot or a serif too: `count`, where there
    are such digits. Returns pictures and labels."""
    indices = np.flatnonzero(np.isin(digits.labels, list(STYLES)))
    chosen = random.choice(indices, count) if len(indices) else indices
    labels = digits.labels[chosen]
    pictures = [
        STYLES[label](digits.images[index], random)
        for index, label in zip(chosen, labels.tolist(), strict=True)
    ]
    return pictures, labels


def no_digits(digits: Digits, count: int, random: Generator) -> list[np.ndarray]:
    """Signs, several signs or digits in a row, scribbles, lines, blobs."""
    kinds: list[Callable[[], np.ndarray]] = [
        lambda: _sign(random),
        lambda: _sign(random),
        lambda: _row(digits, random),
        lambda: _scribble(random),
        lambda: _lines(random),
        lambda: _blobs(random),
    ]
    return [kinds[random.integers(len(kinds))]() for _ in range(count)]


def _slash(image: np.ndarray, random: Generator) -> np.ndarray:
    """Through the middle of a zero, from its lower left to its upper right, or the other way."""
    top, bottom, left, right = _box(image)
    angle = np.radians(random.uniform(30, 70))
    length = random.uniform(0.3, 0.65) * (bottom - top)
    along = length * np.array([np.cos(angle) * random.choice([1, 1, 1, -1]), -np.sin(angle)])
    middle = np.array([left + right, top + bottom]) / 2 + random.normal(0, 0.7, 2)
    return _with_lines(image, [[middle - along, middle + along]], random)


def _bar(image: np.ndarray, random: Generator) -> np.ndarray:
    """Across the stem of a seven."""
    top, bottom, *_ = _box(image)
    row = top + random.uniform(0.42, 0.68) * (bottom - top)
    middle = np.array([_column(image, row), row])
    half = random.uniform(0.16, 0.38) * (bottom - top) * np.array([1, random.normal(-0.1, 0.12)])
    return _with_lines(image, [[middle - half, middle + half]], random)


def _foot(image: np.ndarray, random: Generator) -> np.ndarray:
    """Under a one, or a serif at its top, which may be as long as a seven's is, or both."""
    top, bottom, *_ = _box(image)
    height = bottom - top
    under = np.array([_column(image, bottom - 1), bottom - 0.5])
    half = random.uniform(0.12, 0.3) * height * np.array([1, random.normal(0, 0.06)])
    tip = np.array([_column(image, top + 1), top + 0.5])
    back = height * np.array([-random.uniform(0.12, 0.4), random.uniform(0.12, 0.45)])
    lines = [[under - half, under + half], [tip, tip + back]]
    chosen = (lines[:1], lines[1:], lines)[random.integers(3)]
    return _with_lines(image, chosen, random)


STYLES = {0: _slash, 1: _foot, 7: _bar}


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of its ink, the last ones excluded; all of it, if it has none."""
    rows, columns = (np.flatnonzero((image > 96).any(axis)) for axis in (1, 0))
    if not len(rows):
        return 0, SIDE, 0, SIDE
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def _column(image: np.ndarray, row: float) -> float:
    """Where the ink of a row is, on average."""
    ink = image[min(max(int(row), 0), SIDE - 1)].astype(float)
    return float(np.average(np.arange(SIDE) + 0.5, weights=ink)) if ink.any() else SIDE / 2


def _with_lines(image: np.ndarray, lines: list, random: Generator) -> np.ndarray:
    """The digit and straight strokes, about as wide as its own."""
    wide = 2 * distance_transform_edt(np.pad(image > 96, 1)).max() * random.uniform(0.6, 1.0)
    margin = 4  # pixels: a stroke may be longer than the digit
    added = _drawn([np.array(line) + margin for line in lines], max(wide, 1.0), SIDE + 2 * margin)
    return np.maximum(np.pad(image, margin), added)


def _drawn(lines: list[np.ndarray], width: float, side: int = DRAWN) -> np.ndarray:
    """Strokes along lines, [points, 2] of x and y, with round ends: uint8 [side, side]."""
    picture = Image.new("L", (SCALE * side, SCALE * side), 0)
    pen = ImageDraw.Draw(picture)
    wide = max(1, round(SCALE * width))
    for line in lines:
        points = [tuple(point) for point in SCALE * line]
        pen.line(points, fill=255, width=wide, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.circle((x, y), wide / 2, fill=255)
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


def _sign(random: Generator) -> np.ndarray:
    """One of SIGNS, shaken as if it were written by hand."""
    picture = Image.new("L", (DRAWN, DRAWN), 0)
    sign = SIGNS[random.integers(len(SIGNS))]
    font = _font(FONTS[random.integers(len(FONTS))])
    ImageDraw.Draw(picture).text((DRAWN / 2, DRAWN / 2), sign, 255, font, anchor="mm")
    return _shaken(np.asarray(picture), random)


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    # find_spec, for to import matplotlib takes a second.
    folder = Path(find_spec("matplotlib").submodule_search_locations[0], "mpl-data", "fonts", "ttf")
    return ImageFont.truetype(str(folder / f"{name}.ttf"), 40)


def _shaken(picture: np.ndarray, random: Generator) -> np.ndarray:
    """Slanted, stretched and bent at random."""
    side = len(picture)
    y, x = np.mgrid[:side, :side] - side / 2
    bends = gaussian_filter(random.normal(0, 1, (2, side, side)), (0, 7, 7))
    bends *= 2.0 / bends.std()
    x_from = x * random.uniform(0.8, 1.5) + random.normal(0, 0.25) * y + bends[0]
    y_from = y * random.uniform(0.8, 1.2) + bends[1]
    return map_coordinates(picture, np.stack([y_from, x_from]) + side / 2, order=1)


def _row(digits: Digits, random: Generator) -> np.ndarray:
    """Two or three digits or signs side by side."""
    row = []
    for _ in range(random.integers(2, 4)):
        is_digit = random.random() < 0.6
        item = digits.images[random.integers(len(digits))] if is_digit else _sign(random)
        columns = np.flatnonzero(item.max(0) > 96)
        if len(columns):
            item = item[:, columns[0] : columns[-1] + 1]
        height = DRAWN // 2
        gap = round(random.uniform(0.02, 0.25) * height)
        size = (max(1, round(item.shape[1] * height / len(item))), height)
        small = np.asarray(Image.fromarray(item).resize(size, Image.Resampling.BOX))
        row.append(np.pad(small, ((0, 0), (0, gap))))
    return np.concatenate(row, 1)


def _scribble(random: Generator) -> np.ndarray:
    """A pen that wanders about: too long a way for a digit."""
    steps = gaussian_filter1d(random.normal(0, 1, (2, 400)), 10, axis=1)
    way = np.cumsum(steps - steps.mean(1, keepdims=True), 1)
    way = (way - way.min(1, keepdims=True)) / np.ptp(way, 1).max()
    return _drawn([(way.T * 0.8 + 0.1) * DRAWN], random.uniform(1.5, 5))


def _lines(random: Generator) -> np.ndarray:
    """Straight lines, as of creases and rules; or one that lies, as a minus does; or a frame."""
    count = random.integers(1, 6)
    ends = random.uniform(3, DRAWN - 3, (count, 2, 2))
    if count == 1:
        ends[0, :, 0] = random.uniform(3, 20), random.uniform(40, DRAWN - 3)
        ends[0, 1, 1] = ends[0, 0, 1] + random.normal(0, 3)
    if count == 5:  # no narrow frame: it might be a one, or a zero
        left, top = random.uniform(3, 15, 2)
        right, bottom = random.uniform(35, DRAWN - 3, 2)
        ends = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
        ends = ends[None]
    return _drawn(list(ends), random.uniform(1, 5))


def _blobs(random: Generator) -> np.ndarray:
    """Spots of noise, fine or coarse."""
    noise = gaussian_filter(random.normal(0, 1, (DRAWN, DRAWN)), random.uniform(1, 9))
    return np.where(noise > np.quantile(noise, random.uniform(0.55, 0.9)), 255, 0).astype(np.uint8)
