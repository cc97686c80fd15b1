"""The ink of a number: a gray picture → its ink, at the scale in which digits are some 28 pixels
high, as the model finds it best. No TensorFlow: the caller hands in the function that finds ink.

Lengths in pixels are those of the shrunk picture.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from nn.pictures.canvas import INK_THRESHOLD_LEVEL
from nn.prediction.connected_components import Component, find_components, label_components

# As high as the digits of numbers were on the canvases that the finder learned from: at 40 it reads
# fewer right.
DIGIT_HEIGHT_PIXELS = 28
MAX_SCALE_ERROR = 1.35  # a factor: digits of 21 to 38 pixels need no other scale
# The shorter side at the first look: as long as a canvas, on which the finder learned.
FIRST_SHORTER_SIDE_PIXELS = 64
MAX_LONGER_SIDE_PIXELS = 1024
MAX_SCALES_TRIED = 4
# Digits and rows may run together because the picture was shrunk too much. At twice the scale they
# come apart: then their height is less than this many times what it was, not twice.
MAX_APART_HEIGHT = 1.5
MAX_COMPONENT_SHAPE = 5.0  # width to height: a component that is wider is a line

# gray uint8 [H, W] → its ink, the same, 255 = ink.
FindInk = Callable[[np.ndarray], np.ndarray]


def digit_height(components: Sequence[Component]) -> float:
    """Estimates the height of the digits: the median of the components' heights, each counted as
    often as it is high, so that specks hardly count. Lines do not count. 0 without components."""
    digits = [each for each in components if each.width < MAX_COMPONENT_SHAPE * each.height]
    heights = np.sort([each.height for each in digits])
    if not len(heights):
        return 0.0
    return float(heights[np.searchsorted(np.cumsum(heights), heights.sum() / 2)])


class Scaled(NamedTuple):
    """gray: uint8 [H, W], a picture that was shrunk by `factor`; ink: the same, its ink, 255 = ink;
    height: of the digits, in pixels."""

    gray: np.ndarray
    ink: np.ndarray
    factor: float
    height: float


def find_ink_at_digit_scale(gray: np.ndarray, find_ink: FindInk) -> Scaled:
    """Shrinks a gray picture until its digits are about DIGIT_HEIGHT_PIXELS high."""
    largest = min(1.0, MAX_LONGER_SIDE_PIXELS / max(gray.shape))
    found = _approach(gray, find_ink, FIRST_SHORTER_SIDE_PIXELS / min(gray.shape), largest)
    while MAX_SCALE_ERROR * found.factor < largest:
        closer = _look(gray, find_ink, min(largest, 2 * found.factor))
        times = closer.factor / found.factor
        if closer.height > MAX_APART_HEIGHT * found.height * times / 2 or not closer.height:
            break
        apart = _approach(gray, find_ink, _better_factor(closer), largest)
        if apart.factor < MAX_SCALE_ERROR * found.factor:
            break  # the same scale again
        found = apart
    return found


def _approach(gray: np.ndarray, find_ink: FindInk, factor: float, largest: float) -> Scaled:
    """Changes the factor until the digits are as high as they should be."""
    for _ in range(MAX_SCALES_TRIED):
        found = _look(gray, find_ink, min(factor, largest))
        factor = min(largest, _better_factor(found))
        if 1 / MAX_SCALE_ERROR < factor / found.factor < MAX_SCALE_ERROR:
            break
    return found


def _better_factor(found: Scaled) -> float:
    return found.factor * (DIGIT_HEIGHT_PIXELS / found.height if found.height else 2)


def _look(gray: np.ndarray, find_ink: FindInk, factor: float) -> Scaled:
    """The ink at one scale."""
    shrunk = resize(gray, factor)
    ink = find_ink(shrunk)
    components = find_components(label_components(ink > INK_THRESHOLD_LEVEL))
    return Scaled(shrunk, ink, factor, digit_height(components))


def resize(gray: np.ndarray, factor: float) -> np.ndarray:
    """Resizes a gray picture, uint8 [H, W], by a factor; each side stays a pixel at least."""
    if factor == 1:
        return gray
    height, width = (max(1, round(side * factor)) for side in gray.shape)
    picture = Image.fromarray(gray)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
