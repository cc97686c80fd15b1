"""Connected components of ink, and their bounding boxes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage


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


# The bounding box of the part of a component from one row up to another; None if there is no part.
BoxBetween = Callable[[Component, int, int], Component | None]


def label_components(mask: np.ndarray) -> np.ndarray:
    """Labels connected components, by a side or a corner: bool [H, W] → int32 [H, W], 0 =
    background."""
    return ndimage.label(mask, np.ones((3, 3)))[0]


def find_components(labels: np.ndarray) -> list[Component]:
    """Finds the bounding box of each label but 0: int [H, W] → components by label."""
    found = []
    for label, place in enumerate(ndimage.find_objects(labels), 1):
        if place is not None:
            rows, columns = place
            found.append(Component(label, rows.start, rows.stop, columns.start, columns.stop))
    return found


def bounding_box(components: Sequence[Component]) -> Component:
    """The box around several components, labeled 0."""
    _, tops, bottoms, lefts, rights = zip(*components, strict=True)
    return Component(0, min(tops), max(bottoms), min(lefts), max(rights))


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
