"""Pictures that MNIST lacks, drawn for training: digits written in other ways, and no digits.

Pictures are uint8 [H, W], 255 = ink; nn/training/fitted_pictures.py makes them 28×28.
A seed draws the same pictures on every machine with the same fonts: matplotlib's own, which are
installed with it. docs/experiments.md ("Extras") has what was measured: which mixtures of these
pictures help, and how wide feet may be. The other constants are estimates of how people write. A
pair of numbers is the lowest and the highest of a uniform draw if its comment does not say else.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from nn.data.digits import SIDE, Digits

INK_GRAY = 96  # of 255; fainter pixels are the smeared edges of strokes
STROKE_SUPERSAMPLING = 4  # strokes are drawn that many times larger, then shrunk: smooth edges
DRAWN_SIDE_PIXELS = 60  # of a picture that is drawn from nothing; it fits the canvas of 64

# A stroke that is added to a digit. Lengths are shares of the digit's height.
ADDED_WIDTH = (0.6, 1.0)  # of the digit's own stroke width: an added stroke is no wider
ADDED_MARGIN_PIXELS = 4  # around the digit, as a stroke may reach beyond it
SLASH_DEGREES = (30, 70)  # against the horizontal
SLASH_HALF_LENGTH = (0.3, 0.65)  # from within the zero to well beyond it
SLASH_DIRECTIONS = [1, 1, 1, -1]  # three of four slashes rise to the right, as most people write
SLASH_SHIFT_PIXELS = 0.7  # standard deviation of its middle from the zero's
BAR_HEIGHT = (0.42, 0.68)  # from the seven's top
BAR_HALF_LENGTH = (0.16, 0.38)
BAR_SLOPE = (-0.1, 0.12)  # mean and standard deviation: most bars rise a little to the right
FOOT_HALF_LENGTH = (0.12, 0.3)  # with wider feet, networks took twos for ones
FOOT_SLOPE_DEVIATION = 0.06  # feet are nearly level
SERIF_WIDTH, SERIF_DROP = (0.12, 0.4), (0.12, 0.45)  # a serif may be as long as a seven's top

# Signs that look like no digit. There is no T, t, Y or y, as some people write 7 and 4 that way.
SIGNS = "AEFHKMNPRVWXadefhkmnprwx#%&*+<>?@€ΔΩπΣΨ♥♣★→↑"
FONTS = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic")
FONT_PIXELS = 40  # leaves a margin for the distortion that follows
SIGN_BEND_SMOOTHING_PIXELS = 7  # of the noise that bends signs: waves about as long as a stroke
SIGN_BEND_PIXELS = 2.0  # standard deviation of the bend: half the width of these strokes
SIGN_WIDTH_SHRINK = (0.8, 1.5)  # above 1 is narrower, as handwriting is than these fonts
SIGN_HEIGHT_SHRINK = (0.8, 1.2)
SIGN_SLANT_DEVIATION = 0.25  # pixels sideways for each pixel of height

ROW_ITEMS = (2, 4)  # lowest, and one more than the highest: two or three digits or signs
ROW_DIGIT_SHARE = 0.6  # of the items; the others are signs
ROW_HEIGHT_PIXELS = DRAWN_SIDE_PIXELS // 2  # three items side by side fit the canvas with it
ROW_GAP = (0.02, 0.25)  # of the row's height: from nearly touching to a wide space

SCRIBBLE_STEPS = 400  # a way that is much too long for a digit
SCRIBBLE_SMOOTHING_STEPS = 10  # how slowly the pen turns
SCRIBBLE_SIZE, SCRIBBLE_MARGIN = 0.8, 0.1  # of the picture's side; the margin is on each side
SCRIBBLE_WIDTH_PIXELS = (1.5, 5)  # from a fine pen to a marker

MAX_LINES = 5  # so many are a frame; a single one lies
LINE_MARGIN_PIXELS = 3
LINE_WIDTH_PIXELS = (1, 5)  # from a ruled line to a marker
LYING_LEFT_PIXELS, LYING_RIGHT_PIXELS = (3, 20), (40, DRAWN_SIDE_PIXELS - 3)  # ends of a minus
LYING_DROP_PIXELS = 3  # standard deviation between the heights of its two ends
# The sides of a frame. It is at least 20 pixels wide and high: a narrow one might be a one or zero.
FRAME_NEAR_PIXELS, FRAME_FAR_PIXELS = (3, 15), (35, DRAWN_SIDE_PIXELS - 3)

BLOB_SMOOTHING_PIXELS = (1, 9)  # of the noise: from speckles to blots
BLOB_PAPER_SHARE = (0.55, 0.9)  # of the picture


def styled(digits: Digits, count: int, random: Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Zeros with a slash, sevens with a bar, ones with a foot, a serif or both: `count` pictures,
    and their labels, int64 [count]; none if there are no such digits."""
    indices = np.flatnonzero(np.isin(digits.labels, list(STYLES)))
    chosen = random.choice(indices, count) if len(indices) else indices
    labels = digits.labels[chosen]
    pictures = [
        STYLES[label](digits.images[index], random)
        for index, label in zip(chosen, labels.tolist(), strict=True)
    ]
    return pictures, labels


def no_digits(digits: Digits, count: int, random: Generator) -> list[np.ndarray]:
    """`count` pictures of signs, several signs or digits in a row, scribbles, lines or blobs."""
    kinds: list[Callable[[], np.ndarray]] = [
        lambda: _sign(random),
        lambda: _sign(random),  # twice as often as each other kind: signs differ most
        lambda: _row(digits, random),
        lambda: _scribble(random),
        lambda: _lines(random),
        lambda: _blobs(random),
    ]
    return [kinds[random.integers(len(kinds))]() for _ in range(count)]


def _slash(image: np.ndarray, random: Generator) -> np.ndarray:
    """A zero with a slash through its middle."""
    top, bottom, left, right = _box(image)
    angle = np.radians(random.uniform(*SLASH_DEGREES))
    length = random.uniform(*SLASH_HALF_LENGTH) * (bottom - top)
    along = length * np.array([np.cos(angle) * random.choice(SLASH_DIRECTIONS), -np.sin(angle)])
    shift = random.normal(0, SLASH_SHIFT_PIXELS, 2)
    middle = np.array([left + right, top + bottom]) / 2 + shift
    return _with_lines(image, [[middle - along, middle + along]], random)


def _bar(image: np.ndarray, random: Generator) -> np.ndarray:
    """A seven with a bar across its stem."""
    top, bottom, *_ = _box(image)
    row = top + random.uniform(*BAR_HEIGHT) * (bottom - top)
    middle = np.array([_column(image, row), row])
    half_length = random.uniform(*BAR_HALF_LENGTH) * (bottom - top)
    half = half_length * np.array([1, random.normal(*BAR_SLOPE)])
    return _with_lines(image, [[middle - half, middle + half]], random)


def _foot(image: np.ndarray, random: Generator) -> np.ndarray:
    """A one with a foot under it, with a serif at its top, or with both."""
    top, bottom, *_ = _box(image)
    height = bottom - top
    under = np.array([_column(image, bottom - 1), bottom - 0.5])
    half_length = random.uniform(*FOOT_HALF_LENGTH) * height
    half = half_length * np.array([1, random.normal(0, FOOT_SLOPE_DEVIATION)])
    tip = np.array([_column(image, top + 1), top + 0.5])
    back = height * np.array([-random.uniform(*SERIF_WIDTH), random.uniform(*SERIF_DROP)])
    lines = [[under - half, under + half], [tip, tip + back]]
    chosen = (lines[:1], lines[1:], lines)[random.integers(3)]
    return _with_lines(image, chosen, random)


STYLES = {0: _slash, 1: _foot, 7: _bar}


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of the ink, the last ones excluded; the whole image without ink."""
    rows, columns = (np.flatnonzero((image > INK_GRAY).any(axis)) for axis in (1, 0))
    if not len(rows):
        return 0, SIDE, 0, SIDE
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def _column(image: np.ndarray, row: float) -> float:
    """The mean column of a row's ink, in pixels; the image's middle if the row has none."""
    ink = image[min(max(int(row), 0), SIDE - 1)].astype(float)
    return float(np.average(np.arange(SIDE) + 0.5, weights=ink)) if ink.any() else SIDE / 2


def _with_lines(image: np.ndarray, lines: list, random: Generator) -> np.ndarray:
    """The digit with straight strokes added, about as wide as its own."""
    own_width = 2 * ndimage.distance_transform_edt(np.pad(image > INK_GRAY, 1)).max()
    width = max(own_width * random.uniform(*ADDED_WIDTH), 1.0)
    side = SIDE + 2 * ADDED_MARGIN_PIXELS
    added = _drawn([np.array(line) + ADDED_MARGIN_PIXELS for line in lines], width, side)
    return np.maximum(np.pad(image, ADDED_MARGIN_PIXELS), added)


def _drawn(lines: list[np.ndarray], width: float, side: int = DRAWN_SIDE_PIXELS) -> np.ndarray:
    """Strokes with round ends: uint8 [side, side]. lines: [points, 2] each, x and y in pixels."""
    picture = Image.new("L", (STROKE_SUPERSAMPLING * side,) * 2, 0)
    pen = ImageDraw.Draw(picture)
    large_width = max(1, round(STROKE_SUPERSAMPLING * width))
    for line in lines:
        points = [tuple(point) for point in STROKE_SUPERSAMPLING * line]
        pen.line(points, fill=255, width=large_width, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.circle((x, y), large_width / 2, fill=255)
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


def _sign(random: Generator) -> np.ndarray:
    """One of SIGNS, distorted as if it were written by hand."""
    picture = Image.new("L", (DRAWN_SIDE_PIXELS, DRAWN_SIDE_PIXELS), 0)
    sign = SIGNS[random.integers(len(SIGNS))]
    font = _font(FONTS[random.integers(len(FONTS))])
    ImageDraw.Draw(picture).text((DRAWN_SIDE_PIXELS / 2,) * 2, sign, 255, font, anchor="mm")
    return _distorted(np.asarray(picture), random)


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    spec = find_spec("matplotlib")  # to import matplotlib itself takes a second
    if spec is None or not spec.origin:
        raise ModuleNotFoundError("matplotlib, whose fonts draw the extra pictures, is missing")
    file = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(file), FONT_PIXELS)


def _distorted(picture: np.ndarray, random: Generator) -> np.ndarray:
    """The picture slanted, stretched and bent at random."""
    side = len(picture)
    y, x = np.mgrid[:side, :side] - side / 2
    sigma = SIGN_BEND_SMOOTHING_PIXELS
    bends = ndimage.gaussian_filter(random.normal(0, 1, (2, side, side)), (0, sigma, sigma))
    bends *= SIGN_BEND_PIXELS / bends.std()
    shrink, slant = random.uniform(*SIGN_WIDTH_SHRINK), random.normal(0, SIGN_SLANT_DEVIATION)
    x_from = x * shrink + slant * y + bends[0]
    y_from = y * random.uniform(*SIGN_HEIGHT_SHRINK) + bends[1]
    return ndimage.map_coordinates(picture, np.stack([y_from, x_from]) + side / 2, order=1)


def _row(digits: Digits, random: Generator) -> np.ndarray:
    """Two or three digits or signs side by side."""
    row = []
    for _ in range(random.integers(*ROW_ITEMS)):
        is_digit = random.random() < ROW_DIGIT_SHARE
        item = digits.images[random.integers(len(digits))] if is_digit else _sign(random)
        columns = np.flatnonzero(item.max(0) > INK_GRAY)
        if len(columns):
            item = item[:, columns[0] : columns[-1] + 1]
        gap = round(random.uniform(*ROW_GAP) * ROW_HEIGHT_PIXELS)
        width = max(1, round(item.shape[1] * ROW_HEIGHT_PIXELS / len(item)))
        small = Image.fromarray(item).resize((width, ROW_HEIGHT_PIXELS), Image.Resampling.BOX)
        row.append(np.pad(np.asarray(small), ((0, 0), (0, gap))))
    return np.concatenate(row, 1)


def _scribble(random: Generator) -> np.ndarray:
    """A pen that wanders about."""
    noise = random.normal(0, 1, (2, SCRIBBLE_STEPS))
    steps = ndimage.gaussian_filter1d(noise, SCRIBBLE_SMOOTHING_STEPS, axis=1)
    way = np.cumsum(steps - steps.mean(1, keepdims=True), 1)
    way = (way - way.min(1, keepdims=True)) / np.ptp(way, 1).max()
    points = (way.T * SCRIBBLE_SIZE + SCRIBBLE_MARGIN) * DRAWN_SIDE_PIXELS
    return _drawn([points], random.uniform(*SCRIBBLE_WIDTH_PIXELS))


def _lines(random: Generator) -> np.ndarray:
    """A lying line, such as a minus; or up to four, such as creases and rules; or a frame."""
    count = random.integers(1, MAX_LINES + 1)
    low, high = LINE_MARGIN_PIXELS, DRAWN_SIDE_PIXELS - LINE_MARGIN_PIXELS
    ends = random.uniform(low, high, (count, 2, 2))
    if count == 1:
        ends[0, :, 0] = random.uniform(*LYING_LEFT_PIXELS), random.uniform(*LYING_RIGHT_PIXELS)
        ends[0, 1, 1] = ends[0, 0, 1] + random.normal(0, LYING_DROP_PIXELS)
    if count == MAX_LINES:
        left, top = random.uniform(*FRAME_NEAR_PIXELS, 2)
        right, bottom = random.uniform(*FRAME_FAR_PIXELS, 2)
        corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
        ends = np.array([corners])
    return _drawn(list(ends), random.uniform(*LINE_WIDTH_PIXELS))


def _blobs(random: Generator) -> np.ndarray:
    """Spots of noise, fine or coarse."""
    noise = random.normal(0, 1, (DRAWN_SIDE_PIXELS, DRAWN_SIDE_PIXELS))
    smooth = ndimage.gaussian_filter(noise, random.uniform(*BLOB_SMOOTHING_PIXELS))
    darkest_ink = np.quantile(smooth, random.uniform(*BLOB_PAPER_SHARE))
    return np.where(smooth > darkest_ink, 255, 0).astype(np.uint8)
