"""The ink of a number: a gray picture → its ink, at the scale in which digits are some 40 pixels
high, as the model finds it best. No TensorFlow: the caller hands in the function that finds ink.

Lengths in pixels are those of the shrunk picture.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from nn.pictures.canvas import INK_THRESHOLD_LEVEL

DIGIT_HEIGHT_PIXELS = 40  # as single digits are on their canvas
MAX_SCALE_ERROR = 1.35  # a factor: digits of 30 to 54 pixels need no other scale
# The shorter side at the first look. A digit that fills it has strokes of no more than 17 pixels,
# which nn/normalization/ink.py does not take for shadows.
FIRST_SHORTER_SIDE_PIXELS = 64
MAX_LONGER_SIDE_PIXELS = 1024
MAX_SCALES_TRIED = 4
MAX_SEARCHES = 3  # for ink at one scale; each erases what the one before found
MIN_FULL_HEIGHT = 0.75  # of the digits' height: a component as high is a digit of its own
MAX_COMPONENT_SHAPE = 5.0  # width to height: a component that is wider is a line

# gray uint8 [H, W] → its ink, the same, 255 = ink; whether the ink is lighter than the paper; how
# many components were dropped because they have little ink beside the largest.
FindInk = Callable[[np.ndarray], tuple[np.ndarray, bool, int]]


class Component(NamedTuple):
    """A connected component: its label, and its bounding box: rows from top up to bottom, columns
    from left up to right."""

    label: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left


def find_components(labels: np.ndarray) -> list[Component]:
    """Finds the bounding box of each label but 0: int [H, W] → components by label."""
    found = []
    for label, place in enumerate(ndimage.find_objects(labels), 1):
        if place is not None:
            rows, columns = place
            found.append(Component(label, rows.start, rows.stop, columns.start, columns.stop))
    return found


def digit_height(components: Sequence[Component]) -> float:
    """Estimates the height of the digits: the median of the components' heights, each counted as
    often as it is high, so that specks hardly count. Lines do not count. 0 without components."""
    digits = [each for each in components if each.width < MAX_COMPONENT_SHAPE * each.height]
    heights = np.sort([each.height for each in digits])
    if not len(heights):
        return 0.0
    return float(heights[np.searchsorted(np.cumsum(heights), heights.sum() / 2)])


def find_all_ink(gray: np.ndarray, find_ink: FindInk) -> tuple[np.ndarray, float]:
    """Finds the ink of a gray picture, uint8 [H, W], and the height of its digits.

    find_ink drops what has little ink beside the largest component: a one beside a ruled line or a
    bold five. So what was found is erased, and the rest is searched again. What is lower than a
    digit stays dropped.
    """
    first, light_on_dark, dropped = find_ink(gray)
    later: list[np.ndarray] = []
    ink = first
    while dropped and len(later) < MAX_SEARCHES - 1:
        gray = erase(gray, ink > 0)
        ink, is_light, dropped = find_ink(gray)
        later.append(ink if is_light == light_on_dark else np.zeros_like(ink))
    labels = label_components(np.maximum.reduce([first, *later]) > INK_THRESHOLD_LEVEL)
    height = digit_height(find_components(labels))
    tall = [_keep_tall_components(each, MIN_FULL_HEIGHT * height) for each in later]
    return np.maximum.reduce([first, *tall]), height


def erase(gray: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Replaces pixels by the nearest paper: uint8 [H, W], where the mask, bool [H, W], is true or
    true within two pixels."""
    near = ndimage.binary_dilation(mask, iterations=2)
    if near.all():
        return gray
    nearest = ndimage.distance_transform_edt(near, return_distances=False, return_indices=True)
    return gray[tuple(nearest)]


def _keep_tall_components(ink: np.ndarray, height: float) -> np.ndarray:
    """Removes the ink of components lower than `height`: uint8 [H, W]."""
    labels = label_components(ink > INK_THRESHOLD_LEVEL)
    tall = [each.label for each in find_components(labels) if each.height >= height]
    return np.where(np.isin(ndimage.maximum_filter(labels, 3), tall), ink, 0)


def label_components(mask: np.ndarray) -> np.ndarray:
    """Labels connected components, by a side or a corner: bool [H, W] → int32 [H, W], 0 =
    background."""
    return ndimage.label(mask, np.ones((3, 3)))[0]


def find_ink_at_digit_scale(gray: np.ndarray, find_ink: FindInk) -> tuple[np.ndarray, float]:
    """Shrinks a gray picture until its digits are about DIGIT_HEIGHT_PIXELS high; returns its ink
    at this scale, and how high they are."""
    largest = min(1.0, MAX_LONGER_SIDE_PIXELS / max(gray.shape))
    factor = min(largest, FIRST_SHORTER_SIDE_PIXELS / min(gray.shape))
    for _ in range(MAX_SCALES_TRIED):
        ink, height = find_all_ink(resize(gray, factor), find_ink)
        change = DIGIT_HEIGHT_PIXELS / height if height else 2
        better = min(largest, factor * change)
        if 1 / MAX_SCALE_ERROR < better / factor < MAX_SCALE_ERROR:
            break
        factor = better
    return ink, height


def resize(gray: np.ndarray, factor: float) -> np.ndarray:
    """Resizes a gray picture, uint8 [H, W], by a factor; each side stays a pixel at least."""
    if factor == 1:
        return gray
    height, width = (max(1, round(side * factor)) for side in gray.shape)
    picture = Image.fromarray(gray)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
