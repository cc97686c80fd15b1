"""What surrounds a digit on real paper: lines, boxes, print, stains and neighbors.

Pictures are in color: float32 [H, W, 3], from 0, black, to 255, white. A coverage is float32
[H, W], from 0, nothing there, to 1. Places and sizes are in pixels. A digit's longer side is
DIGIT pixels until camera.taken resizes the picture.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from benchmarks.handwriting.hands import mask_of
from benchmarks.handwriting.kinds import Digit
from nn.composition import paper as on
from nn.composition.ink import from_strokes, sized, with_pen
from nn.composition.strokes import smooth

DIGIT = 120  # pixels, a digit's longer side
FINER = 3  # lines are drawn this many times larger, then shrunk: their edges become soft
Color = Sequence[float]


class Place(NamedTuple):
    """A digit's place on a picture: its coverage, and the borders of its ink."""

    coverage: np.ndarray
    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """The picture's height and width."""
        return self.coverage.shape[0], self.coverage.shape[1]


def placed(
    mask: np.ndarray, random: Generator, room: tuple[float, float], square: bool = False
) -> Place:
    """Puts a mask on an empty picture.

    room: the range of what is free on each side, as a share of DIGIT. square: whether a narrow
    digit gets more room at its sides, as a box of a form gives it.
    """
    mask = sized(mask, DIGIT)
    room_above, room_below, room_left, room_right = np.round(random.uniform(*room, 4) * DIGIT)
    if square:
        more = max(0, 0.75 * DIGIT - mask.shape[1]) / 2
        room_left, room_right = room_left + more, room_right + more
    pads = [(int(room_above), int(room_below)), (int(room_left), int(room_right))]
    return Place(
        np.pad(mask, pads),
        *(pads[0][0], pads[0][0] + mask.shape[0], pads[1][0], pads[1][0] + mask.shape[1]),
    )


def sheet(size: tuple[int, int], color: Color) -> np.ndarray:
    """Makes paper of one color."""
    return np.full((*size, 3), color, np.float32)


def put(picture: np.ndarray, coverage: np.ndarray, color: Color) -> np.ndarray:
    """Covers a picture with a color; the color is lit as the picture is."""
    light = picture.max(2, keepdims=True) / max(1.0, float(np.percentile(picture.max(2), 95)))
    covered = coverage[..., None]
    return picture * (1 - covered) + np.array(color, np.float32) * np.minimum(light, 1) * covered


def covering(size: tuple[int, int], mask: np.ndarray, top: float, left: float) -> np.ndarray:
    """Places a mask on an empty picture, as paper.covering does; it may lie beside the picture."""
    height, width = mask.shape
    if -height < round(top) < size[0] and -width < round(left) < size[1]:
        return on.covering(size, mask, top, left)
    return np.zeros(size, np.float32)


def clouds(size: tuple[int, int], random: Generator, knots: int) -> np.ndarray:
    """Makes soft clouds: float32 [H, W], 0 to 1. knots: the random values along a side."""
    coarse = Image.fromarray(random.random((knots, knots)).astype(np.float32))
    return np.clip(np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC)), 0, 1)


def lit(picture: np.ndarray, random: Generator, shade: float) -> np.ndarray:
    """Darkens a picture toward one side, and unevenly, by up to `shade`."""
    return picture * on.lit(np.ones(picture.shape[:2], np.float32), random, shade)[..., None]


def lines(size: tuple[int, int], strokes: Iterable, width: float) -> np.ndarray:
    """Draws lines through points (x, y): a coverage. Each stroke is a sequence of points."""
    image = Image.new("L", (size[1] * FINER, size[0] * FINER))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(float(x) * FINER, float(y) * FINER) for x, y in stroke]
        pen.line(points, fill=255, width=max(1, round(width * FINER)), joint="curve")
    return np.asarray(image.reduce(FINER), np.float32) / 255


def dotted(coverage: np.ndarray, random: Generator, spacing: float) -> np.ndarray:
    """Breaks straight lines into dots."""
    y, x = np.mgrid[: coverage.shape[0], : coverage.shape[1]]
    start = random.uniform(0, spacing)
    return coverage * (((x + y + start) % spacing) < 0.55 * spacing)


def box(
    size: tuple[int, int], sides: tuple[float, float, float, float], width: float, corner: float = 0
) -> np.ndarray:
    """Draws a box with rounded corners: a coverage. sides: left, top, right and bottom."""
    image = Image.new("L", (size[1] * FINER, size[0] * FINER))
    ImageDraw.Draw(image).rounded_rectangle(
        [side * FINER for side in sides], corner * FINER, None, 255, max(1, round(width * FINER))
    )
    return np.asarray(image.reduce(FINER), np.float32) / 255


def ring(center: tuple[float, float], radii: tuple[float, float], random: Generator) -> np.ndarray:
    """Makes the points of an ellipse as a hand draws it: not quite round, not quite closed."""
    angles = np.linspace(0, 2 * np.pi * random.uniform(0.93, 1.08), 14) + random.uniform(0, 6.3)
    away = 1 + random.normal(0, 0.03, (14, 1))
    points = np.stack([np.cos(angles) * radii[0], np.sin(angles) * radii[1]], 1) * away
    return smooth(points, 12) + center


def printed(text: str, height: float) -> np.ndarray:
    """Sets a text in Pillow's own font: a coverage that ends at its ink."""
    font = ImageFont.load_default(max(4, round(height)) * FINER)
    left, top, right, bottom = (int(side) for side in font.getbbox(text))
    image = Image.new("L", (right - left + FINER, bottom - top + FINER))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font)
    return np.asarray(image.reduce(FINER), np.float32) / 255


def stripes(size: tuple[int, int], spacing: float, share: float, angle: float) -> np.ndarray:
    """Draws parallel stripes. share: how much of the spacing is covered. angle: in degrees."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    along = (x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))) / spacing
    return np.clip((np.cos(2 * np.pi * along) - np.cos(np.pi * share)) * spacing / 3, 0, 1)


def dots(size: tuple[int, int], spacing: float, share: float, angle: float) -> np.ndarray:
    """Draws a halftone's dots. share: their width, as a share of the spacing. angle: in degrees."""
    turns = [stripes(size, spacing, share, angle + more) for more in (0, 90)]
    return np.minimum(*turns)


def guilloche(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Draws a security print: many thin wavy lines, each shifted a little from the one before."""
    spacing, wave = random.uniform(5, 16), random.uniform(60, 240)
    swing, drift = random.uniform(8, 40), random.uniform(0.05, 0.5)
    x = np.arange(-40, max(size) * 1.5, 6)
    families = []
    for sign in (1, -1)[: random.integers(1, 3)]:
        families += [
            np.stack([x, at + sign * swing * np.sin(2 * np.pi * x / wave + drift * number)], 1)
            for number, at in enumerate(np.arange(-50, max(size) * 1.5, spacing))
        ]
    if random.random() < 0.4:
        families = [points[:, ::-1] for points in families]
    return lines(size, families, random.uniform(0.8, 1.8))


def spots(size: tuple[int, int], random: Generator, count: int, radius: float) -> np.ndarray:
    """Draws spots of up to a radius with soft, ragged edges, anywhere: a coverage."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    ragged = 0.6 * (clouds(size, random, 24) - 0.5)
    coverage = np.zeros(size, np.float32)
    for _ in range(count):
        row, column = random.uniform(0, 1, 2) * size
        reach = radius * random.uniform(0.2, 1)
        away = np.hypot(y - row, (x - column) * random.uniform(0.7, 1.4)) / reach
        coverage = np.maximum(coverage, np.clip((1 - away + ragged) * 2.5, 0, 1))
    return ndimage.gaussian_filter(coverage, 1.2)


def neighbor(random: Generator, width: float) -> np.ndarray:
    """Draws any digit, as high as a digit on this paper: a mask."""
    mask = from_strokes(int(random.integers(10)), random, styled=bool(random.random() < 0.5))
    return sized(with_pen(mask, width), round(DIGIT * random.uniform(0.8, 1.1)))


def beside(place: Place, random: Generator, width: float, gap: tuple[float, float]) -> np.ndarray:
    """Draws the digits left and right of a digit, most of them cut by the border: a coverage.

    gap: the range of the distance to each, as a share of DIGIT.
    """
    left_mask, right_mask = neighbor(random, width), neighbor(random, width)
    gaps = random.uniform(*gap, 2) * DIGIT
    rows = [place.bottom - mask.shape[0] + random.normal(0, 4) for mask in (left_mask, right_mask)]
    left = covering(place.size, left_mask, rows[0], place.left - gaps[0] - left_mask.shape[1])
    right = covering(place.size, right_mask, rows[1], place.right + gaps[1])
    return np.maximum(left * (random.random() < 0.75), right * (random.random() < 0.75))


def scrawl(size: tuple[int, int], random: Generator, base: float, tall: float) -> np.ndarray:
    """Writes a line of joined letters with ascenders and descenders, illegible: a coverage.

    base: the row that the letters stand on. tall: the height of a low letter.
    """
    x, points = random.uniform(-tall, 0), []
    while x < size[1] + tall:
        up, down = random.choice([1, 1, 1, 2.2], 1)[0], random.choice([0, 0, 0, 0, 0.8], 1)[0]
        points += [(x, base - up * tall), (x + 0.25 * tall, base + down * tall)]
        if down:
            points += [(x - 0.15 * tall, base + 0.8 * down * tall)]
        x += random.uniform(0.35, 1.1) * tall
    shaken = np.array(points) + random.normal(0, 0.1 * tall, (len(points), 2))
    return lines(size, [smooth(shaken, 10)], random.uniform(0.1, 0.2) * tall)


def written(
    digit: Digit,
    random: Generator,
    room: tuple[float, float] = (0.2, 0.6),
    width: tuple[float, float] = (0.05, 0.1),
    square: bool = False,
) -> Place:
    """Writes a digit with a pen of a random width in this range, and places it."""
    return placed(mask_of(digit, random, random.uniform(*width)), random, room, square)
