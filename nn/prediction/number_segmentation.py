"""Numbers of several digits: gray pictures → canvases of one digit each, left to right. No
TensorFlow: what finds the ink is handed in.

The ink's connected parts are grouped to digits by where they lie. Lengths are in pixels of the
shrunk picture, in which digits are some 40 pixels high, as in nn/normalization/pipeline.py.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL

TALL = 40  # pixels: how high digits are sought to be
CLOSE = 1.35  # times higher or lower than that will do
SMALLEST = 64  # pixels: the shorter side at first; a digit as high has no stroke wider than STROKE
LARGEST = 1024  # pixels: the longer side at most
TRIES = 4
FIT = 50  # pixels of the canvas at most, for what is higher or wider
LINE = 2.5  # heights: what runs on for longer is no digit's stroke
FULL, HALF, SPECK = 0.75, 0.5, 0.35  # of the digits' height, see group
WIDE = 1.5  # heights; of MNIST's digits some 0.5% are wider
NARROW = 0.3  # heights
UNEVEN, UPRIGHT = 2.0, 1.5  # times as high as the lowest digit is no digit; if narrow, as a line is
TOUCHING = "much wider than high: touching digits?"
OTHER = "much higher than the others: a line?"
SEVERAL_LINES = "above or below the one before: several lines?"

ROUNDS = 3  # of finding ink, at most


# gray uint8 [H, W] → its ink, the same, 255 = ink; whether that is lighter than the paper; and how
# many parts of it were left out, as they have little ink beside the largest.
FindInk = Callable[[np.ndarray], tuple[np.ndarray, bool, int]]


class Part(NamedTuple):
    """A connected part: its label; its box, rows top to bottom, columns left to right."""

    label: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left


class Digit(NamedTuple):
    """canvas: uint8 [64, 64], 255 = ink; box: left, top, width and height, as shares of the
    picture's width and height; doubt: why it may be no digit, or empty."""

    canvas: np.ndarray
    box: tuple[float, float, float, float]
    doubt: str


def find_digits(gray: np.ndarray, find_ink: FindInk) -> list[Digit]:
    """The digits of a number in a gray picture, uint8 [H, W], left to right; none without ink."""
    ink, height = _at_the_right_scale(gray, find_ink)
    labels = _labels(without_lines(ink > INK_THRESHOLD_LEVEL, height))
    groups = group(find_parts(labels), height)
    # Soft edges, fainter than INK_THRESHOLD_LEVEL, are of the part beside them.
    labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3))
    digits = [_cut(ink, labels, parts) for parts in groups]
    return [
        digit._replace(doubt=doubt) for digit, doubt in zip(digits, doubts(groups), strict=True)
    ]


def find_parts(labels: np.ndarray) -> list[Part]:
    """Of each label of int [H, W] but 0, its box."""
    found = []
    for label, place in enumerate(ndimage.find_objects(labels), 1):
        if place is not None:
            rows, columns = place
            found.append(Part(label, rows.start, rows.stop, columns.start, columns.stop))
    return found


def digit_height(parts: Sequence[Part]) -> float:
    """How high digits are: the median of the parts' heights, each counted by its height, so that
    specks hardly count; lines do not. 0 without parts."""
    heights = np.sort([part.height for part in parts if part.width < 2 * LINE * part.height])
    if not len(heights):
        return 0.0
    return float(heights[np.searchsorted(np.cumsum(heights), heights.sum() / 2)])


def without_lines(mask: np.ndarray, height: float) -> np.ndarray:
    """bool [H, W] without what runs on in a row for longer than a digit can: ruled lines, and
    their edges, which noise may break into short runs."""
    length = round(LINE * height)
    if not 0 < length < mask.shape[1]:
        return mask
    runs = ndimage.minimum_filter1d(mask.astype(np.uint8), length, axis=1, mode="constant")
    lines = ndimage.maximum_filter1d(runs, length, axis=1, origin=-1 if length % 2 == 0 else 0)
    return mask & (ndimage.maximum_filter1d(lines, 3, axis=0) == 0)


def group(parts: Sequence[Part], height: float) -> list[list[Part]]:
    """The parts of each digit, left to right.

    Each part of full height is a digit, even if its box overlaps another's, as slanted digits'
    do. A lower part is a stroke of the digit that it lies over or under: the top of a five, the bar
    of a four. One that lies beside all is a digit too, or a speck if it is low: it is left out.
    """
    groups: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: -part.height):
        shares = [_share(part, _around(other), height) for other in groups]
        nearest = int(np.argmax(shares)) if shares else -1
        needed = 0.3 if part.height < HALF * height else 0.6
        if part.height < FULL * height and shares and shares[nearest] >= needed:
            groups[nearest].append(part)
        elif part.height >= SPECK * height:
            groups.append([part])
    return sorted(groups, key=_middle)


def doubts(groups: Sequence[Sequence[Part]]) -> list[str]:
    """Of each digit, why it may be none, or empty."""
    boxes = [_around(parts) for parts in groups]
    found = [TOUCHING if box.width > WIDE * box.height else "" for box in boxes]
    lowest = min((box.height for box in boxes), default=0)
    for i, box in enumerate(boxes):
        most = UPRIGHT if box.width < NARROW * box.height else UNEVEN
        found[i] = OTHER if box.height > most * lowest else found[i]
    for i, (box, following) in enumerate(pairwise(boxes), 1):
        common = min(box.bottom, following.bottom) - max(box.top, following.top)
        if common < 0.25 * min(box.height, following.height):
            found[i] = SEVERAL_LINES
    return found


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st …"""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{['th', 'st', 'nd', 'rd'][last] if last < 4 else 'th'}"


def find_all_ink(gray: np.ndarray, find_ink: FindInk) -> tuple[np.ndarray, float]:
    """The ink of a gray picture, uint8 [H, W], and how high its digits are.

    A one may have too little ink to be found beside a ruled line, or beside a bold five: what was
    found is erased, and the rest looked at again. What is lower than a digit stays left out.
    """
    first, light_on_dark, dropped = find_ink(gray)
    ink, rests = first, []
    while dropped and len(rests) < ROUNDS - 1:
        gray = erased(gray, ink > 0)
        ink, is_light, dropped = find_ink(gray)
        rests.append(ink if is_light == light_on_dark else np.zeros_like(ink))
    found = np.maximum.reduce([first, *rests]) > INK_THRESHOLD_LEVEL
    height = digit_height(find_parts(_labels(found)))
    return np.maximum.reduce([first, *(_high(rest, FULL * height) for rest in rests)]), height


def erased(gray: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """uint8 [H, W] with the nearest paper where the mask, bool [H, W], or what is near it, is."""
    near = ndimage.binary_dilation(mask, iterations=2)
    if near.all():
        return gray
    nearest = ndimage.distance_transform_edt(near, return_distances=False, return_indices=True)
    return gray[tuple(nearest)]


def _high(ink: np.ndarray, height: float) -> np.ndarray:
    """The ink of what is at least as high."""
    labels = _labels(ink > INK_THRESHOLD_LEVEL)
    high = [part.label for part in find_parts(labels) if part.height >= height]
    return np.where(np.isin(ndimage.maximum_filter(labels, 3), high), ink, 0)


def _labels(mask: np.ndarray) -> np.ndarray:
    """Connected parts, by a side or a corner: bool [H, W] → int32 [H, W], 0 where nothing is."""
    return ndimage.label(mask, np.ones((3, 3)))[0]


def _at_the_right_scale(gray: np.ndarray, find_ink: FindInk) -> tuple[np.ndarray, float]:
    """The ink of a gray picture, shrunk so that digits are about TALL high; and how high."""
    most = min(1.0, LARGEST / max(gray.shape))
    factor = min(most, SMALLEST / min(gray.shape))
    for _ in range(TRIES):
        ink, height = find_all_ink(_resized(gray, factor), find_ink)
        better = min(most, factor * (TALL / height if height else 2))
        if 1 / CLOSE < better / factor < CLOSE:
            break
        factor = better
    return ink, height


def _cut(ink: np.ndarray, labels: np.ndarray, parts: Sequence[Part]) -> Digit:
    """The parts' ink alone, on a canvas of its own."""
    box = _around(parts)
    place = slice(max(box.top - 1, 0), box.bottom + 1), slice(max(box.left - 1, 0), box.right + 1)
    own = np.isin(labels[place], [part.label for part in parts])
    digit = np.where(own, ink[place], 0).astype(np.uint8)
    digit = _resized(digit, min(1.0, FIT / max(digit.shape)))
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    top, left = ((CANVAS - side) // 2 for side in digit.shape)
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    height, width = ink.shape
    shares = (box.left / width, box.top / height, box.width / width, box.height / height)
    return Digit(canvas, shares, "")


def _resized(gray: np.ndarray, factor: float) -> np.ndarray:
    if factor == 1:
        return gray
    height, width = (max(1, round(side * factor)) for side in gray.shape)
    picture = Image.fromarray(gray)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))


def _around(parts: Sequence[Part]) -> Part:
    """The box around several parts."""
    _, tops, bottoms, lefts, rights = zip(*parts, strict=True)
    return Part(0, min(tops), max(bottoms), min(lefts), max(rights))


def _share(part: Part, other: Part, height: float) -> float:
    """How much of a part's width lies over another; of the narrower's, if neither is high."""
    common = max(0, min(part.right, other.right) - max(part.left, other.left))
    return common / (part.width if other.height >= FULL * height else min(part.width, other.width))


def _middle(parts: Sequence[Part]) -> float:
    box = _around(parts)
    return (box.left + box.right) / 2
