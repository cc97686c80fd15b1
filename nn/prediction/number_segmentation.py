"""Pictures of numbers → rows of digits, each with its own ink, and of the signs between them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL
from nn.pictures.cuts import Piece
from nn.prediction.number_ink import (
    Component,
    FindInk,
    find_ink_at_digit_scale,
    resize,
)
from nn.prediction.number_marks import sort_components
from nn.prediction.number_rows import BoxBetween, Row, bounding_box, find_rows

DIGIT_SIDE_PIXELS = 40  # the longer side of a digit on its canvas of 64

# Why a digit is doubted. Its width is in its own heights.
MAX_WIDTH_IN_HEIGHTS = 1.5  # some 0.5% of MNIST's digits are wider
MAX_HEIGHT_RATIO = 2.0  # to the height of the shortest digit
MAX_NARROW_HEIGHT_RATIO = 1.5  # the same for what is narrow, as the side of a frame is
MAX_NARROW_WIDTH_IN_HEIGHTS = 0.3
TOUCHING = "much wider than high: touching digits?"
OTHER = "much higher than the others: a line?"
A_SLASH = "a slanted line: a one or a slash?"
UNCLEAR_CUT = "touches its neighbor: where does it end?"
UNREAD_MARK = "a mark that could not be read"

# A slash is a straight stroke that leans, and is higher than the digits beside it: it reaches
# beyond them above and below. A one does so by less than a fifth of their height.
MAX_STRAIGHT_DEVIATION = 0.06  # of its pixels from the line, in its heights
MIN_SLASH_LEAN, MIN_CLEAR_LEAN = 0.15, 0.45  # width to height of the line
MIN_SLASH_REACH, MIN_CLEAR_REACH = 0.12, 0.28  # above and below together, in the digits' heights
MIN_SIDE_REACH, MIN_CLEAR_SIDE_REACH = -0.06, 0.1  # above, and below


class Digit(NamedTuple):
    """ink: uint8 [H, W], 255 = ink, of this digit alone; box: left, top, width and height, as
    shares of the picture's width and height; height: of the digits in its row, in pixels of `ink`;
    doubt: why it may not be a digit, or empty."""

    ink: np.ndarray
    box: tuple[float, float, float, float]
    height: float
    doubt: str = ""

    @property
    def canvas(self) -> np.ndarray:
        """The digit in the middle of a canvas: uint8 [64, 64]."""
        digit = resize(self.ink, DIGIT_SIDE_PIXELS / max(self.ink.shape))
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        top, left = ((CANVAS - side) // 2 for side in digit.shape)
        canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        return canvas


class Sign(NamedTuple):
    """text: one of . , - : / between two digits; empty if it is unclear which."""

    text: str


def find_number_rows(gray: np.ndarray, find_ink: FindInk) -> list[list[Digit | Sign]]:
    """Finds the digits and signs of each row in a gray picture, uint8 [H, W], from top to bottom
    and from left to right; an empty list without ink."""
    found = find_ink_at_digit_scale(gray, find_ink)
    ink = found.ink
    labels, written, marks = sort_components(found.gray, ink, found.height)
    rows = find_rows(written, found.height, marks, boxes_between(labels))
    # Soft edges, fainter than INK_THRESHOLD_LEVEL, belong to the component beside them.
    labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3))
    return [_digits_and_signs(ink, labels, row) for row in rows if row.digits]


def boxes_between(labels: np.ndarray) -> BoxBetween:
    """The boxes of parts of components, by their labels, int [H, W]."""

    def box_between(component: Component, top: int, bottom: int) -> Component | None:
        top, bottom = max(top, component.top), min(bottom, component.bottom)
        part = labels[top : max(bottom, top), component.left : component.right]
        columns = np.flatnonzero((part == component.label).any(0)) + component.left
        if not len(columns):
            return None
        return Component(component.label, top, bottom, int(columns[0]), int(columns[-1]) + 1)

    return box_between


def _digits_and_signs(ink: np.ndarray, labels: np.ndarray, row: Row) -> list[Digit | Sign]:
    """Cuts out the digits of a row, and puts the signs between them."""
    boxes = [bounding_box(digit) for digit in row.digits]
    height = float(np.median([box.height for box in boxes]))
    found: list[tuple[float, Digit | Sign]] = []
    for components, box, doubt in zip(row.digits, boxes, find_doubts(boxes), strict=True):
        digit = _cut_out_digit(ink, labels, components, box, height)
        others = [each for each in boxes if each is not box]
        slash = slash_of(digit.ink, box, others)
        place = (box.left + box.right) / 2
        if slash == "/":
            found.append((place, Sign("/")))
        else:
            found.append((place, digit._replace(doubt=doubt or slash)))
    for text, parts in row.signs:
        box = bounding_box(parts)
        found.append(((box.left + box.right) / 2, Sign(text)))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def find_doubts(boxes: Sequence[Component]) -> list[str]:
    """Says of each digit's box why it may not be a digit; empty without a doubt."""
    doubts = [TOUCHING if box.width > MAX_WIDTH_IN_HEIGHTS * box.height else "" for box in boxes]
    shortest = min((box.height for box in boxes), default=0)
    for i, box in enumerate(boxes):
        is_narrow = box.width < MAX_NARROW_WIDTH_IN_HEIGHTS * box.height
        if box.height > (MAX_NARROW_HEIGHT_RATIO if is_narrow else MAX_HEIGHT_RATIO) * shortest:
            doubts[i] = OTHER
    return doubts


def slash_of(ink: np.ndarray, box: Component, others: Sequence[Component]) -> str:
    """ "/" if a component is a slash between digits; A_SLASH if it may be; else empty.

    ink: uint8 [H, W], the component's. box: where it lies; others: the boxes of the row's digits.
    """
    if not others:
        return ""
    rows, columns = np.nonzero(ink > INK_THRESHOLD_LEVEL)
    if np.ptp(rows) < 4:
        return ""
    slope, start = np.polyfit(rows, columns, 1)
    deviation = float(np.std(columns - (slope * rows + start)))
    if deviation > MAX_STRAIGHT_DEVIATION * box.height or -slope < MIN_SLASH_LEAN:
        return ""
    nearest = sorted(others, key=lambda each: abs(each.left + each.right - box.left - box.right))
    top = float(np.mean([each.top for each in nearest[:2]]))
    base = float(np.mean([each.bottom for each in nearest[:2]]))
    sides = np.array([top - box.top, box.bottom - base]) / max(base - top, 1)
    is_higher = sides.sum() > MIN_CLEAR_REACH and sides.min() > 0
    if is_higher or sides.min() > MIN_CLEAR_SIDE_REACH:
        return "/"
    may_be = sides.sum() > MIN_SLASH_REACH and sides.min() > MIN_SIDE_REACH
    return A_SLASH if may_be or -slope > MIN_CLEAR_LEAN else ""


def part_of(digit: Digit, piece: Piece) -> Digit:
    """A piece of a component as a digit of its own, without a doubt."""
    height, width = digit.ink.shape
    rows, columns = piece.ink.shape
    x, y, w, h = digit.box
    box = (x + w * piece.left / width, y + h * piece.top / height,
           w * columns / width, h * rows / height)  # fmt: skip
    return digit._replace(ink=piece.ink, box=box, doubt="")


def _cut_out_digit(
    ink: np.ndarray,
    labels: np.ndarray,
    components: Sequence[Component],
    box: Component,
    row_height: float,
) -> Digit:
    """The ink of a digit's components, without its neighbors'."""
    place = slice(max(box.top - 1, 0), box.bottom + 1), slice(max(box.left - 1, 0), box.right + 1)
    own = np.isin(labels[place], [each.label for each in components])
    digit = np.where(own, ink[place], 0).astype(np.uint8)
    height, width = ink.shape
    shares = (box.left / width, box.top / height, box.width / width, box.height / height)
    return Digit(digit, shares, row_height)
