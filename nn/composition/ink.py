"""Ink: large masks of digits, from MNIST's images or from strokes, drawn with pens of any width.

A mask is float32 [H, W], from 0, no ink, to 1, full ink. It ends where its ink ends. Its longer
side is about `tall` pixels.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.morphology import skeletonize

from nn.composition.strokes import STROKES, STYLES, Point, smooth

TALL = 160  # pixels
MARGIN_SHARE = 0.15  # of `tall`, around a digit, so that a wide pen fits


def from_image(image: np.ndarray, tall: int = TALL) -> np.ndarray:
    """Enlarges an MNIST image to a mask that keeps the digit's own strokes, with crisp edges.

    image: uint8 [28, 28], 0 = paper.
    """
    rows, columns = (np.flatnonzero((image > 96).any(axis)) for axis in (1, 0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = tall / max(cut.shape)
    padded = np.pad(cut.astype(np.float32), 2) / 255
    large = ndimage.zoom(padded, factor, order=3)
    smooth = ndimage.gaussian_filter(large, factor / 4)
    return trimmed((smooth > 0.45).astype(np.float32))


def from_strokes(
    digit: int,
    random: np.random.Generator,
    *,
    styled: bool = False,
    unsteady: float = 0.018,
    tall: int = TALL,
) -> np.ndarray:
    """Draws a digit from strokes with a thin pen, slanted, stretched and shaken at random: a mask.

    styled: whether to draw one of the digit's STYLES, if it has any. unsteady: the standard
    deviation of a point from its place, as a share of the digit's height.
    """
    variants = STYLES.get(digit, [STROKES[digit]]) if styled else [STROKES[digit]]
    return drawn(variants[random.integers(len(variants))], random, unsteady, tall)


def drawn(
    strokes: list[list[Point]], random: np.random.Generator, unsteady: float, tall: int = TALL
) -> np.ndarray:
    """Draws strokes as from_strokes does: a mask."""
    width, slant = random.uniform(0.5, 0.85), random.normal(0.08, 0.12)
    picture = Image.new("L", (3 * tall, 2 * tall), 0)
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        points = np.array(stroke) + random.normal(0, unsteady, (len(stroke), 2))
        points[:, 0] = points[:, 0] * width + slant * (1 - points[:, 1])
        line = (smooth(points, 20) * 0.9 + (0.8, 0.5)) * tall
        pen.line(
            [tuple(point) for point in line], fill=255, width=max(2, tall // 40), joint="curve"
        )
    return with_pen(trimmed(np.asarray(picture, np.float32) / 255), 0.07, tall=tall)


def with_pen(
    mask: np.ndarray, width: float, flat: float = 1.0, angle: float = 0.0, tall: int = TALL
) -> np.ndarray:
    """Thins the strokes of a mask to their middle lines, and draws these with another pen.

    width: the pen's, as a share of `tall`. flat: the ratio of the pen's width to its thickness; 1
    is a round pen, more is a brush. angle: of a brush, in degrees.
    """
    lines = skeletonize(np.pad(mask, round(MARGIN_SHARE * tall)) > 0.5)
    radius = width * tall / 2
    if flat == 1:
        distance = ndimage.distance_transform_edt(~lines)
    else:
        turned = ndimage.rotate(lines.astype(np.float32), angle, order=1) > 0.3
        distance = ndimage.distance_transform_edt(~turned, sampling=(1, flat))
        distance = ndimage.rotate(distance, -angle, order=1, cval=2 * radius)
        top, left = ((a - b) // 2 for a, b in zip(distance.shape, lines.shape, strict=True))
        distance = distance[top : top + lines.shape[0], left : left + lines.shape[1]]
    return trimmed(np.clip(radius - distance + 0.5, 0, 1).astype(np.float32))


def sized(mask: np.ndarray, height: int) -> np.ndarray:
    """Resizes a mask so that its longer side has `height` pixels."""
    factor = height / max(mask.shape)
    size = [max(1, round(side * factor)) for side in mask.shape[::-1]]
    picture = Image.fromarray(np.round(mask * 255).astype(np.uint8))
    shrinks = factor < 1
    filtered = picture.resize(size, Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
    return np.asarray(filtered, np.float32) / 255


def trimmed(mask: np.ndarray) -> np.ndarray:
    """Cuts off the rows and columns around the ink."""
    rows, columns = (np.flatnonzero((mask > 0.1).any(axis)) for axis in (1, 0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
