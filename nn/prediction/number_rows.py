"""Connected components of ink → the rows of a page, and the digits of each row.

A network reads a row as a whole (nn/networks/row_reader.py). This module finds what belongs to a
row, and which components may be one digit. Limits are shares of the digits' height where they
say nothing else, so that they hold at any scale.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.prediction.connected_components import BoxBetween, Component, bounding_box

# A component as high as a digit starts a row, or goes on with the row whose last digit lies at the
# same height.
MIN_ROW_HEIGHT = 0.55
MIN_SHARED_ROWS = 0.35  # of the lower one of two neighbors in a row
MAX_BESIDE_ROW = 0.4  # how far above or below a row's digits a dot or a comma may lie

MIN_FULL_HEIGHT = 0.75  # a component as high is a digit of its own
# A shorter component is a stroke of the digit that it overlaps by this share of its width: the top
# of a five, the bar of a four.
MIN_STROKE_OVERLAP = 0.3
MIN_TALL_STROKE_OVERLAP = 0.6  # of a tall stroke, which may be a small digit too
MIN_TALL_STROKE_HEIGHT = 0.5
STROKE_REACH = 0.3  # only what a digit has near a stroke, above and below it, counts
MIN_DIGIT_HEIGHT = 0.35  # a shorter component beside all digits is a sign or a speck


class Row(NamedTuple):
    """What belongs to a row: its components; and those that may be a digit, digit by digit from
    left to right."""

    components: list[Component]
    digits: list[list[Component]]

    @property
    def marks(self) -> list[Component]:
        """The other components, as dots and hyphens."""
        labels = {each.label for digit in self.digits for each in digit}
        return [each for each in self.components if each.label not in labels]


def find_rows(components: Sequence[Component], height: float, box_between: BoxBetween) -> list[Row]:
    """Groups components into rows, from top to bottom. height: of the digits, in pixels."""
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
    return [Row(row, group_by_digit(row, height, box_between)) for row in members]


def group_by_digit(
    components: Sequence[Component], height: float, box_between: BoxBetween
) -> list[list[Component]]:
    """Groups the components of each digit, from left to right, without the other components.

    A component of full height is a digit, even if its box overlaps the box of another, as those of
    slanted digits do. A shorter component above, on or below a digit is a stroke of it. A shorter
    component beside all digits is a digit too, unless it is very short.
    """
    digits: list[list[Component]] = []
    for component in sorted(components, key=lambda each: -each.height):
        overlaps = [_width_overlap(component, digit, height, box_between) for digit in digits]
        nearest = int(np.argmax(overlaps)) if overlaps else -1
        is_tall = component.height >= MIN_TALL_STROKE_HEIGHT * height
        needed = MIN_TALL_STROKE_OVERLAP if is_tall else MIN_STROKE_OVERLAP
        is_short = component.height < MIN_FULL_HEIGHT * height
        if is_short and overlaps and overlaps[nearest] >= needed:
            digits[nearest].append(component)
        elif component.height >= MIN_DIGIT_HEIGHT * height:
            digits.append([component])
    return sorted(digits, key=_middle_column)


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
    near. If the digit is shorter than full height, it is the share of the narrower one's width."""
    reach = round(STROKE_REACH * height)
    parts = [box_between(each, component.top - reach, component.bottom + reach) for each in digit]
    near = [part for part in parts if part is not None]
    if not near:
        return 0.0
    box = bounding_box(near)
    common = max(0, min(component.right, box.right) - max(component.left, box.left))
    if bounding_box(digit).height >= MIN_FULL_HEIGHT * height:
        return common / component.width
    return common / min(component.width, box.width)


def _middle_column(components: Sequence[Component]) -> float:
    box = bounding_box(components)
    return (box.left + box.right) / 2
