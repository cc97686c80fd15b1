"""Paper, light, and ink on it: gray pictures as float32 [H, W], 0 to 255."""

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting.ink import sized


def plain(size: tuple[int, int], level: float) -> np.ndarray:
    """Paper of one gray level; size: height and width."""
    return np.full(size, level, np.float32)


def lit(paper: np.ndarray, random: Generator, shade: float) -> np.ndarray:
    """Light falls off to one side, and unevenly: by up to `shade` of it."""
    y, x = _places(paper)
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    uneven = _blotches(paper.shape, random, 3)
    return paper * (1 - shade * (0.7 * (along + 0.5).clip(0, 1) + 0.3 * uneven))


def shadowed(paper: np.ndarray, random: Generator, depth: float) -> np.ndarray:
    """The soft-edged shadow of a hand or a phone over a part of it; depth: of the light."""
    y, x = _places(paper)
    angle = random.uniform(0, 2 * np.pi)
    soft = random.uniform(0.02, 0.12)
    along = np.cos(angle) * x + np.sin(angle) * y - random.uniform(-0.25, 0.25)
    return paper * (1 - depth / (1 + np.exp(-along / soft)))


def creased(paper: np.ndarray, random: Generator, depth: float) -> np.ndarray:
    """Folds: a dark side and a bright one along each."""
    y, x = _places(paper)
    for _ in range(random.integers(2, 6)):
        angle = random.uniform(0, np.pi)
        along = np.cos(angle) * x + np.sin(angle) * y - random.uniform(-0.4, 0.4)
        width = random.uniform(0.004, 0.015)
        fold = -np.exp(-((along / width) ** 2)) + 0.6 * np.exp(
            -(((along - 2 * width) / width) ** 2)
        )
        slope = 0.25 * np.tanh(along / 0.05) * random.uniform(0.3, 1)
        paper = paper * (1 + depth * (fold + slope))
    return paper


def ruled(
    paper: np.ndarray, random: Generator, spacing: float, strength: float, squared: bool = False
) -> np.ndarray:
    """Printed lines; spacing: pixels; strength: how much darker they are, of the paper's level."""
    height, width = paper.shape
    thick = max(1.0, spacing * random.uniform(0.02, 0.05))
    tilt = random.normal(0, 0.01)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    down = (y + tilt * x + random.uniform(0, spacing)) % spacing
    across = (x - tilt * y + random.uniform(0, spacing)) % spacing
    lines = np.clip(thick - down, 0, 1)
    if squared:
        lines = np.maximum(lines, np.clip(thick - across, 0, 1))
    return paper * (1 - strength * lines)


def grained(picture: np.ndarray, random: Generator, noise: float) -> np.ndarray:
    """A sensor's noise; its standard deviation in gray levels."""
    return picture + random.normal(0, noise, picture.shape).astype(np.float32)


def blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    """Out of focus; the standard deviation in pixels."""
    return ndimage.gaussian_filter(picture, radius)


def inked(
    paper: np.ndarray,
    mask: np.ndarray,
    top: float,
    left: float,
    level: float,
    opacity: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Ink of a gray level, lit as the paper is; what falls beside the paper is lost."""
    coverage = covering(paper.shape, mask, top, left) * opacity
    light = paper / float(np.percentile(paper, 95))
    return paper * (1 - coverage) + level * np.minimum(light, 1.2) * coverage


def covering(size: tuple[int, int], mask: np.ndarray, top: float, left: float) -> np.ndarray:
    """The mask on a picture of that size, which has 0 around it."""
    coverage = np.zeros(size, np.float32)
    top, left = round(top), round(left)
    rows = slice(max(top, 0), min(top + mask.shape[0], size[0]))
    columns = slice(max(left, 0), min(left + mask.shape[1], size[1]))
    part = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    coverage[rows, columns] = part
    return coverage


def anywhere(
    size: tuple[int, int], mask: np.ndarray, share: float, random: Generator, margin: float = 0.06
) -> tuple[np.ndarray, float, float]:
    """The mask, `share` of a picture's shorter side high, and where it may lie: top, left."""
    drawn = sized(mask, max(6, round(share * min(size))))
    places = []
    for side, used in zip(size, drawn.shape, strict=True):
        free = max(side - used, 0)
        edge = min(margin * side, free / 2)
        places.append(random.uniform(edge, free - edge))
    return drawn, *places


def leaning(
    picture: np.ndarray, random: Generator, most: float, degrees: float = 5.0
) -> np.ndarray:
    """Seen from the side, and turned a little: corners move by up to `most` of a side."""
    height, width = picture.shape
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], float)  # as Pillow's QUAD has them
    angle = np.radians(random.uniform(-degrees, degrees))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inside = (corners - 0.5) * (1 - 2 * most) + random.uniform(-most, most, (4, 2)) * 0.9
    quad = np.clip(inside @ turn.T + 0.5, 0, 1) * (width, height)
    image = Image.fromarray(picture.astype(np.float32))
    return np.asarray(
        image.transform(
            image.size, Image.Transform.QUAD, quad.ravel().tolist(), Image.Resampling.BILINEAR
        )
    )


def bytes_of(picture: np.ndarray) -> np.ndarray:
    """uint8, rounded and clipped."""
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def _places(paper: np.ndarray) -> list[np.ndarray]:
    """Rows and columns, each from -0.5 to 0.5."""
    height, width = paper.shape
    return list(
        np.meshgrid(
            np.linspace(-0.5, 0.5, height, dtype=np.float32),
            np.linspace(-0.5, 0.5, width, dtype=np.float32),
            indexing="ij",
        )
    )


def _blotches(size: tuple[int, int], random: Generator, knots: int) -> np.ndarray:
    """Soft clouds, 0 to 1."""
    coarse = Image.fromarray(random.random((knots, knots)).astype(np.float32))
    return np.clip(np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC)), 0, 1)
