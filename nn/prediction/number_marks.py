"""What is dark on the paper beside the ink of a number: signs that were not found, printed lines.

Pictures are those that number_ink.py shrank: gray and ink are uint8 [H, W], 255 = ink. Lengths are
in their pixels, or shares of the digits' height.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from nn.pictures.canvas import INK_THRESHOLD_LEVEL
from nn.prediction.number_ink import Component, find_components, label_components

PAPER_PIXELS = 25  # a side of the square whose mean is a pixel's paper
MIN_CONTRAST_LEVELS = 12  # of ink and paper: with less, noise looks like marks
MIN_MARK_CONTRAST, MIN_LINE_CONTRAST = 0.55, 0.25  # of the ink's; lines may be fainter than signs

# The end of a short wall of a comb, which was taken for ink: it stands on a printed line.
MAX_WALL_HEIGHT = 0.55
MIN_WALL_SHAPE = 1.2  # height to width; what is lower may be a dot on a line
MIN_LINE_LENGTH = 1.0
MIN_PRINT_LENGTH = 1.6  # of a line, or of the side of a cell: a digit is shorter
LINE_REACH = 0.2  # above and below the end of the wall: there the line lies


class Sorted(NamedTuple):
    """labels: of all ink, int [H, W]; written: the components of it that were written; marks: the
    components of dark marks that are no ink, and of ink that may be a sign or a part of a printed
    line."""

    labels: np.ndarray
    written: list[Component]
    marks: list[Component]


def sort_components(gray: np.ndarray, ink: np.ndarray, height: float) -> Sorted:
    """Sorts the components of ink and of the marks beside it. It leaves out short walls that stand
    on a line. height: of the digits."""
    darkness = relative_darkness(gray, ink)
    labels = label_components(ink > INK_THRESHOLD_LEVEL)
    near = ndimage.binary_dilation(labels > 0, iterations=2)
    mark_labels = label_components((darkness > MIN_MARK_CONTRAST) & ~near)
    lines = Lines(darkness > MIN_LINE_CONTRAST, labels, height)
    marks = [each for each in find_components(mark_labels) if not lines.is_part(each, mark_labels)]
    components = find_components(labels)
    on_line = [each for each in components if lines.holds(each)]
    unclear = [each for each in on_line if each.height < MIN_WALL_SHAPE * each.width]
    written = [each for each in components if each not in on_line]
    return Sorted(labels, written, [*marks, *unclear])


def relative_darkness(gray: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """How much pixels differ from their paper, as a share of the ink's difference: float32 [H, W].
    Where ink and paper hardly differ, it is 0."""
    is_ink = ink > INK_THRESHOLD_LEVEL
    if not is_ink.any() or is_ink.all():
        return np.zeros(gray.shape, np.float32)
    levels = gray.astype(np.float32)
    beside = np.where(is_ink, 0, levels)
    weights = ndimage.uniform_filter((~is_ink).astype(np.float32), PAPER_PIXELS)
    paper = ndimage.uniform_filter(beside, PAPER_PIXELS) / np.maximum(weights, 1e-6)
    difference = levels - paper
    contrast = float(np.median(difference[ink > 200])) if (ink > 200).any() else 0.0
    if abs(contrast) < MIN_CONTRAST_LEVELS:
        return np.zeros(gray.shape, np.float32)
    return difference / contrast


class Lines:
    """The printed lines of a picture: what is dark, connected and long, but no ink.

    dark: bool [H, W]; ink_labels: of the components of ink, int [H, W]; height: of the digits.
    """

    def __init__(self, dark: np.ndarray, ink_labels: np.ndarray, height: float) -> None:
        self._height = height
        self._printed = dark & (ink_labels == 0)
        self._labels = label_components(dark | (ink_labels > 0))
        self._ink_labels = ink_labels

    def is_part(self, mark: Component, labels: np.ndarray) -> bool:
        """Whether a mark beside the ink is a part of a line, or of the side of a cell. labels: of
        the marks, int [H, W]."""
        printed = self._printed & (self._labels == self._label_of(mark, labels))
        spans = [np.flatnonzero(printed.any(axis)) for axis in (0, 1)]
        return any(len(span) and np.ptp(span) > MIN_PRINT_LENGTH * self._height for span in spans)

    def holds(self, component: Component) -> bool:
        """Whether a short component of ink is connected with a line at its lower end."""
        if component.height > MAX_WALL_HEIGHT * self._height:
            return False
        label = self._label_of(component, self._ink_labels)
        reach = max(1, round(LINE_REACH * self._height))
        rows = slice(max(component.bottom - reach, 0), component.bottom + reach)
        line = self._printed[rows] & (self._labels[rows] == label)
        columns = np.flatnonzero(line.any(0))
        return len(columns) > 0 and bool(np.ptp(columns) >= MIN_LINE_LENGTH * self._height)

    def _label_of(self, component: Component, labels: np.ndarray) -> int:
        """The label, among all that is dark, of the region in which a component lies. labels: of
        the components."""
        place = slice(component.top, component.bottom), slice(component.left, component.right)
        return int(self._labels[place][labels[place] == component.label][0])
