"""Connected components → the rows of a page, and the digits and signs of each row.

Limits are shares of the digits' height where they say nothing else, so that they hold at any scale.
No model is needed here: whether a component is a digit is seen by its size and place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.prediction.number_ink import MIN_FULL_HEIGHT, Component

# Rows: what is as high as a digit starts a row, or goes on with the row whose last digit lies at
# the same height.
MIN_ROW_HEIGHT = 0.55
MIN_SHARED_ROWS = 0.35  # of the lower one of two neighbors in a row
MAX_BESIDE_ROW = 0.4  # how far above or below a row's digits a dot or a comma may lie

# A component shorter than MIN_FULL_HEIGHT is a stroke of the digit that it overlaps by this share
# of its width.
MIN_STROKE_OVERLAP = 0.3
MIN_TALL_STROKE_OVERLAP = 0.6  # of a tall stroke, which may be a small digit too
MIN_TALL_STROKE_HEIGHT = 0.5
MIN_DIGIT_HEIGHT = 0.35  # a shorter component beside all digits is a sign or a speck

# Signs between two digits, by their size and by where they lie: 0 is the top of the digits beside
# them, 1 the line that these stand on.
MAX_SPECK = 0.06  # both ways
MAX_DOT_WIDTH, MAX_DOT_HEIGHT = 0.4, 0.3
MAX_DOT_SHAPE = 2.2  # width to height
MIN_COMMA_SHAPE = 1.35  # height to width: a dot is as high as wide
LOW = 0.68
MIN_DASH_SHAPE = 1.7  # width to height
MAX_DASH_HEIGHT = 0.3
DASH_MIDDLE = (0.25, 0.75)


class Row(NamedTuple):
    """Digits, each as its components; and signs, each as its text and its components; from left to
    right. A sign's text is empty if it is unclear which it is."""

    digits: list[list[Component]]
    signs: list[tuple[str, list[Component]]]


def find_rows(
    components: Sequence[Component], height: float, marks: Sequence[Component] = ()
) -> list[Row]:
    """Groups components into rows, from top to bottom.

    height: of the digits, in pixels. marks: components that were not found to be ink; one that may
    be a sign between two digits is an unclear sign.
    """
    tall = [each for each in components if each.height >= MIN_ROW_HEIGHT * height]
    rows: list[list[Component]] = []
    for each in sorted(tall, key=lambda c: c.left):
        shared = [_shared_rows(row[-1], each) for row in rows]
        best = int(np.argmax(shared)) if shared else -1
        if shared and shared[best] >= MIN_SHARED_ROWS:
            rows[best].append(each)
        else:
            rows.append([each])
    rows.sort(key=lambda row: float(np.mean([each.top + each.bottom for each in row])))
    members = [list(row) for row in rows]
    for each in components:
        is_low = each.height < MIN_ROW_HEIGHT * height
        if is_low and (place := _row_of(each, rows, height)) is not None:
            members[place].append(each)
    found = [_row(row, height) for row in members]
    for each in marks:
        if (place := _row_of(each, rows, height)) is not None:
            boxes = [bounding_box(digit) for digit in found[place].digits]
            if [text for text, _ in find_signs([each], boxes) if text in (".", ",", "-")]:
                found[place].signs.append(("", [each]))
    return found


def _row(components: Sequence[Component], height: float) -> Row:
    """The digits and signs among a row's components."""
    digits, rest = group_by_digit(components, height)
    return Row(digits, find_signs(rest, [bounding_box(digit) for digit in digits]))


def group_by_digit(
    components: Sequence[Component], height: float
) -> tuple[list[list[Component]], list[Component]]:
    """Groups the components of each digit, left to right; returns also those of no digit.

    A component of full height is a digit, even if its box overlaps the box of another, as those of
    slanted digits do. A shorter component above, on or below a digit is a stroke of it: the top of
    a five, the bar of a four. A shorter component beside all digits is a digit too, unless it is
    very short.
    """
    digits: list[list[Component]] = []
    rest = []
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
        else:
            rest.append(component)
    return sorted(digits, key=_middle_column), rest


def find_signs(
    rest: Sequence[Component], digits: Sequence[Component]
) -> list[tuple[str, list[Component]]]:
    """Finds the signs between digits among components of no digit. Specks are left out, and what
    lies before the first digit or after the last. digits: their boxes, left to right."""
    gaps: dict[int, list[Component]] = {}
    for each in rest:
        middle = (each.left + each.right) / 2
        before = sum((digit.left + digit.right) / 2 < middle for digit in digits)
        if 0 < before < len(digits):
            gaps.setdefault(before, []).append(each)
    signs = []
    for place, parts in sorted(gaps.items()):
        left, right = digits[place - 1], digits[place]
        top, base = (left.top + right.top) / 2, (left.bottom + right.bottom) / 2
        size = max(base - top, 1)
        parts = [p for p in parts if max(p.height, p.width) > MAX_SPECK * size]
        if parts:
            signs.append((_sign(parts, top, size), parts))
    return signs


def _sign(parts: Sequence[Component], top: float, size: float) -> str:
    """Which sign some components between two digits are: one of .,-: or empty. top: of the digits
    beside them; size: their height."""
    middles = [((part.top + part.bottom) / 2 - top) / size for part in parts]
    if len(parts) == 2 and all(_is_dot(part, size) for part in parts):
        upper, lower = sorted(middles)
        aligned = abs(parts[0].left + parts[0].right - parts[1].left - parts[1].right) < size
        return ":" if aligned and lower - upper > 0.2 and lower < 1.05 else ""
    if len(parts) > 1:
        return ""
    (part,), (middle,) = parts, middles
    if middle > LOW and part.width < MAX_DOT_WIDTH * size:
        is_comma = part.height > MIN_COMMA_SHAPE * part.width or part.height > MAX_DOT_HEIGHT * size
        return "," if is_comma else "."
    is_flat = part.width > MIN_DASH_SHAPE * part.height and part.height < MAX_DASH_HEIGHT * size
    if is_flat and DASH_MIDDLE[0] < middle < DASH_MIDDLE[1]:
        return "-"
    return ""


def _is_dot(part: Component, size: float) -> bool:
    is_small = part.width < MAX_DOT_WIDTH * size and part.height < MAX_DOT_HEIGHT * size
    return is_small and part.width < MAX_DOT_SHAPE * part.height


def bounding_box(components: Sequence[Component]) -> Component:
    """The box around several components, labeled 0."""
    _, tops, bottoms, lefts, rights = zip(*components, strict=True)
    return Component(0, min(tops), max(bottoms), min(lefts), max(rights))


def _row_of(small: Component, rows: Sequence[Sequence[Component]], height: float) -> int | None:
    """The place of the row that a small component belongs to: the one whose nearest digit is at
    the same height. None if there is none."""
    middle, column = (small.top + small.bottom) / 2, small.left + small.right
    distances = []
    for row in rows:
        nearest = min(row, key=lambda digit: abs(digit.left + digit.right - column))
        distances.append(max(nearest.top - middle, middle - nearest.bottom, 0))
    best = int(np.argmin(distances)) if distances else -1
    return best if distances and distances[best] <= MAX_BESIDE_ROW * height else None


def _shared_rows(one: Component, other: Component) -> float:
    """The share of the lower one's height that both have in common."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared / min(one.height, other.height)


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
