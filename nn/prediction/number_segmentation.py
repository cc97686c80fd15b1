"""Numbers of several digits: gray pictures → canvases of one digit each, left to right.

The connected components of the ink are grouped to digits by where they lie. Limits are shares of
the digits' height where they say nothing else, so that they hold at any scale.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL
from nn.prediction.number_ink import (
    MIN_FULL_HEIGHT,
    Component,
    FindInk,
    find_components,
    find_ink_at_digit_scale,
    label_components,
    resize,
)

MIN_LINE_LENGTH_IN_HEIGHTS = 2.5  # a longer horizontal run is a ruled line: no stroke is so long
MAX_DIGIT_SIDE_PIXELS = 50  # on its canvas of 64; larger digits are shrunk to it

# Which components are digits, and which are strokes of one. A component shorter than
# MIN_FULL_HEIGHT is a stroke of the digit that it overlaps by this share of its width.
MIN_STROKE_OVERLAP = 0.3
MIN_TALL_STROKE_OVERLAP = 0.6  # of a tall stroke, which may be a small digit too
MIN_TALL_STROKE_HEIGHT = 0.5
MIN_DIGIT_HEIGHT = 0.35  # a shorter component beside all digits is a speck or a comma

# Why a digit is doubted. Its width is in its own heights.
MAX_WIDTH_IN_HEIGHTS = 1.5  # some 0.5% of MNIST's digits are wider
MAX_HEIGHT_RATIO = 2.0  # to the height of the shortest digit
MAX_NARROW_HEIGHT_RATIO = 1.5  # the same for what is narrow, as the side of a frame is
MAX_NARROW_WIDTH_IN_HEIGHTS = 0.3
MIN_SHARED_ROWS = 0.25  # of the shorter of two neighbors: with fewer they are on two lines
TOUCHING = "much wider than high: touching digits?"
OTHER = "much higher than the others: a line?"
SEVERAL_LINES = "above or below the one before: several lines?"


class Digit(NamedTuple):
    """canvas: uint8 [64, 64], 255 = ink; box: left, top, width and height, as shares of the
    picture's width and height; doubt: why it may not be a digit, or empty."""

    canvas: np.ndarray
    box: tuple[float, float, float, float]
    doubt: str


def find_digits(gray: np.ndarray, find_ink: FindInk) -> list[Digit]:
    """Finds the digits of a number in a gray picture, uint8 [H, W], left to right; an empty list
    without ink."""
    ink, height = find_ink_at_digit_scale(gray, find_ink)
    labels = label_components(remove_lines(ink > INK_THRESHOLD_LEVEL, height))
    digits = group_by_digit(find_components(labels), height)
    # Soft edges, fainter than INK_THRESHOLD_LEVEL, belong to the component beside them.
    labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3))
    return [
        _cut_out_digit(ink, labels, components, doubt)
        for components, doubt in zip(digits, find_doubts(digits), strict=True)
    ]


def remove_lines(mask: np.ndarray, height: float) -> np.ndarray:
    """Removes ruled lines: horizontal runs longer than a digit of this height can have, and the
    pixels above and below, as noise breaks the edges of a line into short runs. bool [H, W]."""
    length = round(MIN_LINE_LENGTH_IN_HEIGHTS * height)
    if not 0 < length < mask.shape[1]:
        return mask
    # An opening with a horizontal line of this length, then a dilation by a pixel.
    runs = ndimage.minimum_filter1d(mask.astype(np.uint8), length, axis=1, mode="constant")
    lines = ndimage.maximum_filter1d(runs, length, axis=1, origin=-1 if length % 2 == 0 else 0)
    return mask & (ndimage.maximum_filter1d(lines, 3, axis=0) == 0)


def group_by_digit(components: Sequence[Component], height: float) -> list[list[Component]]:
    """Groups the components of each digit, left to right.

    A component of full height is a digit, even if its box overlaps the box of another, as those of
    slanted digits do. A shorter component above, on or below a digit is a stroke of it: the top of
    a five, the bar of a four. A shorter component beside all digits is a digit too, or, if it is
    very short, a speck, which is left out.
    """
    digits: list[list[Component]] = []
    for component in sorted(components, key=lambda each: -each.height):
        overlaps = [_width_overlap(component, bounding_box(digit), height) for digit in digits]
        nearest = int(np.argmax(overlaps)) if overlaps else -1
        is_tall = component.height >= MIN_TALL_STROKE_HEIGHT * height
        needed = MIN_TALL_STROKE_OVERLAP if is_tall else MIN_STROKE_OVERLAP
        is_short = component.height < MIN_FULL_HEIGHT * height
        if is_short and overlaps and overlaps[nearest] >= needed:
            digits[nearest].append(component)
        elif component.height >= MIN_DIGIT_HEIGHT * height:
            digits.append([component])
    return sorted(digits, key=_middle_column)


def find_doubts(digits: Sequence[Sequence[Component]]) -> list[str]:
    """Says of each digit, given as its components, why it may not be one; empty without a doubt."""
    boxes = [bounding_box(digit) for digit in digits]
    doubts = [TOUCHING if box.width > MAX_WIDTH_IN_HEIGHTS * box.height else "" for box in boxes]
    shortest = min((box.height for box in boxes), default=0)
    for i, box in enumerate(boxes):
        is_narrow = box.width < MAX_NARROW_WIDTH_IN_HEIGHTS * box.height
        if box.height > (MAX_NARROW_HEIGHT_RATIO if is_narrow else MAX_HEIGHT_RATIO) * shortest:
            doubts[i] = OTHER
    for i, (box, following) in enumerate(pairwise(boxes), 1):
        shared_rows = min(box.bottom, following.bottom) - max(box.top, following.top)
        if shared_rows < MIN_SHARED_ROWS * min(box.height, following.height):
            doubts[i] = SEVERAL_LINES
    return doubts


def bounding_box(components: Sequence[Component]) -> Component:
    """The box around several components, labeled 0."""
    _, tops, bottoms, lefts, rights = zip(*components, strict=True)
    return Component(0, min(tops), max(bottoms), min(lefts), max(rights))


def _cut_out_digit(
    ink: np.ndarray, labels: np.ndarray, components: Sequence[Component], doubt: str
) -> Digit:
    """Puts the ink of a digit's components, without its neighbors', in the middle of a canvas."""
    box = bounding_box(components)
    place = slice(max(box.top - 1, 0), box.bottom + 1), slice(max(box.left - 1, 0), box.right + 1)
    own = np.isin(labels[place], [each.label for each in components])
    digit = np.where(own, ink[place], 0).astype(np.uint8)
    digit = resize(digit, min(1.0, MAX_DIGIT_SIDE_PIXELS / max(digit.shape)))
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    top, left = ((CANVAS - side) // 2 for side in digit.shape)
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    height, width = ink.shape
    shares = (box.left / width, box.top / height, box.width / width, box.height / height)
    return Digit(canvas, shares, doubt)


def _width_overlap(component: Component, digit: Component, height: float) -> float:
    """The share of a component's width that lies above, on or below a digit. If the digit is
    shorter than full height, it is the share of the narrower one's width."""
    common = max(0, min(component.right, digit.right) - max(component.left, digit.left))
    if digit.height >= MIN_FULL_HEIGHT * height:
        return common / component.width
    return common / min(component.width, digit.width)


def _middle_column(components: Sequence[Component]) -> float:
    box = bounding_box(components)
    return (box.left + box.right) / 2
