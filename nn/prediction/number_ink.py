"""The ink of a number: a gray picture → its ink, at the scale in which digits are some 28 pixels
high, as the model finds it best. No TensorFlow: the caller hands in the function that finds ink.

Lengths in pixels are those of the shrunk picture.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from nn.pictures.canvas import INK_THRESHOLD_LEVEL

# As high as the digits of numbers were on the canvases that the finder learned from: at 40 it reads
# fewer right.
DIGIT_HEIGHT_PIXELS = 28
MAX_SCALE_ERROR = 1.35  # a factor: digits of 21 to 38 pixels need no other scale
# The shorter side at the first look: as long as a canvas, on which the finder learned.
FIRST_SHORTER_SIDE_PIXELS = 64
MAX_LONGER_SIDE_PIXELS = 1024
MAX_SCALES_TRIED = 4
PAPER_PIXELS = 25  # a side of the square whose mean is a pixel's paper
MIN_CONTRAST_LEVELS = 12  # of ink and paper: with less, noise looks like marks
MIN_MARK_CONTRAST = 0.55  # of the ink's
MIN_FULL_HEIGHT = 0.75  # of the digits' height: a component as high is a digit of its own
MAX_COMPONENT_SHAPE = 5.0  # width to height: a component that is wider is a line

# gray uint8 [H, W] → its ink, the same, 255 = ink.
FindInk = Callable[[np.ndarray], np.ndarray]


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


def label_components(mask: np.ndarray) -> np.ndarray:
    """Labels connected components, by a side or a corner: bool [H, W] → int32 [H, W], 0 =
    background."""
    return ndimage.label(mask, np.ones((3, 3)))[0]


def find_ink_at_digit_scale(
    gray: np.ndarray, find_ink: FindInk
) -> tuple[np.ndarray, np.ndarray, float]:
    """Shrinks a gray picture until its digits are about DIGIT_HEIGHT_PIXELS high; returns it and
    its ink at this scale, and how high the digits are."""
    largest = min(1.0, MAX_LONGER_SIDE_PIXELS / max(gray.shape))
    factor = min(largest, FIRST_SHORTER_SIDE_PIXELS / min(gray.shape))
    for _ in range(MAX_SCALES_TRIED):
        shrunk = resize(gray, factor)
        ink = find_ink(shrunk)
        height = digit_height(find_components(label_components(ink > INK_THRESHOLD_LEVEL)))
        change = DIGIT_HEIGHT_PIXELS / height if height else 2
        better = min(largest, factor * change)
        if 1 / MAX_SCALE_ERROR < better / factor < MAX_SCALE_ERROR:
            break
        factor = better
    return shrunk, ink, height


def marks_beside_ink(gray: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """What is as dark on its paper as the ink, or as light, but was not found to be ink: bool [H,
    W].

    gray, ink: uint8 [H, W], a picture and its ink, 255 = ink. Where ink and paper hardly differ,
    there is none.
    """
    is_ink = ink > INK_THRESHOLD_LEVEL
    if not is_ink.any() or is_ink.all():
        return np.zeros(gray.shape, bool)
    levels = gray.astype(np.float32)
    beside = np.where(is_ink, 0, levels)
    weights = ndimage.uniform_filter((~is_ink).astype(np.float32), PAPER_PIXELS)
    paper = ndimage.uniform_filter(beside, PAPER_PIXELS) / np.maximum(weights, 1e-6)
    difference = levels - paper
    contrast = float(np.median(difference[ink > 200])) if (ink > 200).any() else 0.0
    if abs(contrast) < MIN_CONTRAST_LEVELS:
        return np.zeros(gray.shape, bool)
    near = ndimage.binary_dilation(is_ink, iterations=2)
    return (difference / contrast > MIN_MARK_CONTRAST) & ~near


def resize(gray: np.ndarray, factor: float) -> np.ndarray:
    """Resizes a gray picture, uint8 [H, W], by a factor; each side stays a pixel at least."""
    if factor == 1:
        return gray
    height, width = (max(1, round(side * factor)) for side in gray.shape)
    picture = Image.fromarray(gray)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
