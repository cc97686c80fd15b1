"""Paper, light and ink. Pictures are gray: float32 [H, W], from 0, black, to 255, white."""

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from nn.composition.ink import sized


def plain(size: tuple[int, int], level: float) -> np.ndarray:
    """Makes paper of one gray level. size: height and width in pixels."""
    return np.full(size, level, np.float32)


def lit(paper: np.ndarray, random: Generator, shade: float) -> np.ndarray:
    """Darkens the paper toward one side, and unevenly, by up to `shade`, a share of its light."""
    y, x = places(paper)
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    uneven = _blotches(paper.shape, random, 3)
    return paper * (1 - shade * (0.7 * (along + 0.5).clip(0, 1) + 0.3 * uneven))


def shadowed(paper: np.ndarray, random: Generator, depth: float) -> np.ndarray:
    """Casts a soft-edged shadow, as of a hand or a phone, on a part of the paper.

    depth: how much light the shadow takes away, as a share.
    """
    y, x = places(paper)
    angle = random.uniform(0, 2 * np.pi)
    soft = random.uniform(0.02, 0.12)
    along = np.cos(angle) * x + np.sin(angle) * y - random.uniform(-0.25, 0.25)
    return paper * (1 - depth / (1 + np.exp(-along / soft)))


def creased(paper: np.ndarray, random: Generator, depth: float) -> np.ndarray:
    """Folds the paper: each fold has a dark side and a bright one.

    depth: how much a fold darkens the paper, as a share of its level.
    """
    y, x = places(paper)
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
    """Prints lines on the paper.

    spacing: from line to line, in pixels. strength: how much darker the lines are, as a share of
    the paper's level. squared: whether lines run both ways.
    """
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
    """Adds the noise of a camera's sensor. noise: its standard deviation, in gray levels."""
    return picture + random.normal(0, noise, picture.shape).astype(np.float32)


def blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    """Blurs a picture with a Gaussian. radius: its standard deviation, in pixels."""
    return ndimage.gaussian_filter(picture, radius)


def inked(
    paper: np.ndarray,
    mask: np.ndarray,
    top: float,
    left: float,
    level: float,
    opacity: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Draws a mask on the paper in ink, which is lit like the paper.

    top, left: where the mask starts, in pixels; parts beside the paper are lost. level: the ink's
    gray level in full light. opacity: 0 to 1, one value or float32 of the paper's shape.
    """
    coverage = covering(paper.shape, mask, top, left) * opacity
    light = paper / float(np.percentile(paper, 95))
    return paper * (1 - coverage) + level * np.minimum(light, 1.2) * coverage


def covering(size: tuple[int, int], mask: np.ndarray, top: float, left: float) -> np.ndarray:
    """Places a mask on an empty picture: float32 [H, W], 0 around the mask.

    size: height and width of the picture. Parts of the mask beside the picture are lost.
    """
    coverage = np.zeros(size, np.float32)
    top, left = round(top), round(left)
    rows = slice(max(top, 0), min(top + mask.shape[0], size[0]))
    columns = slice(max(left, 0), min(left + mask.shape[1], size[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        coverage[rows, columns] = mask[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
    return coverage


def anywhere(
    size: tuple[int, int], mask: np.ndarray, share: float, random: Generator, margin: float = 0.06
) -> tuple[np.ndarray, float, float]:
    """Resizes a mask and draws a random place for it on a picture: returns (mask, top, left).

    size: height and width of the picture. share: the mask's longer side, as a share of the
    picture's shorter side. margin: the least distance from the border, as a share of the side, if
    there is room for it.
    """
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
    """Distorts a picture as if seen from the side and turned a little.

    most: the size of the distortion: corners move inward by 0.1 to 1.9 times this share of a side.
    degrees: the largest turn.
    """
    height, width = picture.shape
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], float)  # in the order of Pillow's QUAD
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
    """Rounds and clips a picture to uint8."""
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def places(paper: np.ndarray) -> list[np.ndarray]:
    """Makes the coordinates of the pixels: y and x, each float32 [H, W], from -0.5 to 0.5."""
    height, width = paper.shape
    return list(
        np.meshgrid(
            np.linspace(-0.5, 0.5, height, dtype=np.float32),
            np.linspace(-0.5, 0.5, width, dtype=np.float32),
            indexing="ij",
        )
    )


def _blotches(size: tuple[int, int], random: Generator, knots: int) -> np.ndarray:
    """Makes soft clouds: float32 [H, W], 0 to 1. knots: the random values along a side."""
    coarse = Image.fromarray(random.random((knots, knots)).astype(np.float32))
    return np.clip(np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC)), 0, 1)
