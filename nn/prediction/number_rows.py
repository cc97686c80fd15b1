"""Connected components → the rows of a page, and the digits and signs of each row.

Limits are shares of the digits' height where they say nothing else, so that they hold at any scale.
No model is needed here: whether a component is a digit is seen by its size and place.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nn.prediction.number_ink import MIN_FULL_HEIGHT, Component
from nn.prediction.number_signs import (
    find_signs,
    is_comma,
    is_comma_behind,
    is_dash,
    looks_like_a_sign,
    may_be_sign,
)

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
# Only what a digit has near a stroke, above and below it, counts: a dot under the slanted stem of a
# seven lies beside it. What looks like a dot or a dash must be nearer than the bar of a five.
STROKE_REACH, SIGN_REACH = 0.3, 0.1
MIN_FRAGMENT_HEIGHT = 0.25  # of ink before the first digit or behind the last: less is a speck
MIN_MINUS_WIDTH = 0.2
MAX_DIGIT_HEIGHT = 1.5  # of a mark that may be a digit
MIN_DIGIT_HEIGHT = 0.35  # a shorter component beside all digits is a sign or a speck


# The bounding box of what lies of a component from one row up to another; None if nothing does.
BoxBetween = Callable[[Component, int, int], Component | None]


def whole_box(component: Component, top: int, bottom: int) -> Component:
    """A BoxBetween that does not know more of a component than its box."""
    return component


class Row(NamedTuple):
    """Digits, each as its components; and signs, each as its text and its components; from left to
    right. A sign's text is empty if it is unclear which it is."""

    digits: list[list[Component]]
    signs: list[tuple[str, list[Component]]]


def find_rows(
    components: Sequence[Component],
    height: float,
    marks: Sequence[Component] = (),
    box_between: BoxBetween = whole_box,
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
    found = [_row(row, height, box_between) for row in members]
    for each in marks:
        if (place := _row_of(each, rows, height)) is not None:
            boxes = [bounding_box(digit) for digit in found[place].digits]
            if may_be_sign(each, boxes, height) or may_be_digit(each, boxes, height):
                found[place].signs.append(("", [each]))
    return found


def may_be_digit(mark: Component, digits: Sequence[Component], height: float) -> bool:
    """Whether a mark is as high as a digit, and lies beside one."""
    if not MIN_TALL_STROKE_HEIGHT <= mark.height / height <= MAX_DIGIT_HEIGHT:
        return False
    if mark.width > height:
        return False
    gaps = [max(each.left - mark.right, mark.left - each.right) for each in digits
            if _shared_rows(each, mark) >= MIN_ROW_HEIGHT]  # fmt: skip
    return bool(gaps) and min(gaps) < height


def _row(components: Sequence[Component], height: float, box_between: BoxBetween) -> Row:
    """The digits and signs among a row's components."""
    digits, rest = group_by_digit(components, height, box_between)
    boxes = [bounding_box(digit) for digit in digits]
    fragments = [each for each in rest if _is_fragment(each, boxes, height)]
    return Row(digits, [*find_signs(rest, boxes), *(("", [each]) for each in fragments)])


def _is_fragment(component: Component, digits: Sequence[Component], height: float) -> bool:
    """Whether a component may be what was found of a digit before the first one or behind the last;
    or a minus."""
    if not digits:
        return False
    middle = component.left + component.right
    first, last = digits[0], digits[-1]
    is_before, is_behind = middle < first.left + first.right, middle > last.left + last.right
    gap = max(first.left - component.right, component.left - last.right)
    if not (is_before or is_behind) or gap > height:
        return False
    is_minus = is_dash(component, first) and component.width > MIN_MINUS_WIDTH * height
    return component.height >= MIN_FRAGMENT_HEIGHT * height or (is_before and is_minus)


def group_by_digit(
    components: Sequence[Component], height: float, box_between: BoxBetween = whole_box
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
        overlaps = [_width_overlap(component, digit, height, box_between) for digit in digits]
        nearest = int(np.argmax(overlaps)) if overlaps else -1
        is_tall = component.height >= MIN_TALL_STROKE_HEIGHT * height
        needed = MIN_TALL_STROKE_OVERLAP if is_tall else MIN_STROKE_OVERLAP
        is_short = component.height < MIN_FULL_HEIGHT * height
        if is_short and overlaps and overlaps[nearest] >= needed:
            digits[nearest].append(component)
        elif component.height >= MIN_DIGIT_HEIGHT * height and not is_comma(
            component, [bounding_box(digit) for digit in digits], height
        ):
            digits.append([component])
        else:
            rest.append(component)
    return sorted(digits, key=_middle_column), rest


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


def _width_overlap(
    component: Component, digit: Sequence[Component], height: float, box_between: BoxBetween
) -> float:
    """The share of a component's width that lies above, on or below the part of a digit that is
    near. If the digit is shorter than full height, it is the share of the narrower one's width. 0
    for a comma."""
    whole = bounding_box(digit)
    reach = round(
        (SIGN_REACH if looks_like_a_sign(component, whole, height) else STROKE_REACH) * height
    )
    parts = [box_between(each, component.top - reach, component.bottom + reach) for each in digit]
    near = [part for part in parts if part is not None]
    if not near or is_comma_behind(component, whole, height):
        return 0.0
    box = bounding_box(near)
    common = max(0, min(component.right, box.right) - max(component.left, box.left))
    if whole.height >= MIN_FULL_HEIGHT * height:
        return common / component.width
    return common / min(component.width, box.width)


def _middle_column(components: Sequence[Component]) -> float:
    box = bounding_box(components)
    return (box.left + box.right) / 2
