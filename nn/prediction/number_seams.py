"""Cuts ink that joins two rows, where a digit reaches down into the row below.

The cut follows the seam of least ink from side to side, so that rows may slope. Method: R. Saabni
and J. El-Sana, "Language-Independent Text Lines Extraction Using Seam Carving", ICDAR 2011.
"""

import numpy as np
from scipy import ndimage

from nn.prediction.connected_components import Component, find_components, label_components

# Of the digits' height. A slash is the tallest character of a row; two rows joined are taller.
MAX_CHARACTER_HEIGHT = 1.75
MIN_ROW_SHARE = 0.6  # how much of a digit is left above the seam, and below it
STEP_COST = 10.0  # of a row that a seam goes up or down, beside 255 of a pixel full of ink


def cut_between_rows(ink: np.ndarray, labels: np.ndarray, height: float) -> np.ndarray:
    """Labels the connected components of each row apart.

    ink: [H, W], from 0 to 255; labels: of its components, int [H, W]; height: of the digits, in
    pixels, 0 if there are none.
    """
    labels, count = labels.copy(), int(labels.max())
    margin = round(MIN_ROW_SHARE * height)
    # If digits are one pixel high, both margins of two pixels would leave no row for a seam.
    uncut = max(MAX_CHARACTER_HEIGHT * height, 2 * margin)
    waiting = find_components(labels) if height else []
    while waiting:
        component = waiting.pop()
        place = np.s_[component.top : component.bottom, component.left : component.right]
        is_own = labels[place] == component.label
        if _height_within(is_own, round(height)) <= uncut:
            continue
        is_below = _is_below_seam(np.where(is_own, ink[place], 0), margin)
        for part in (is_own & ~is_below, is_own & is_below):
            parts = label_components(part)
            labels[place][part] = parts[part] + count
            for each in find_components(parts):
                waiting.append(_moved(each, count, component))
            count += int(parts.max())
    return labels


def _height_within(mask: np.ndarray, width: int) -> int:
    """The largest height of what lies within so many columns: a row that slopes is tall as a whole,
    but not there."""
    columns = mask[:, mask.any(0)]
    lasts = mask.shape[0] - columns[::-1].argmax(0)
    firsts = columns.argmax(0)
    within = ndimage.maximum_filter1d(lasts, width) - ndimage.minimum_filter1d(firsts, width)
    return int(within.max())


def _is_below_seam(ink: np.ndarray, margin: int) -> np.ndarray:
    """Which pixels lie on or below the seam of least ink, at least `margin` pixels from the upper
    and the lower side: [H, W] → bool [H, W]."""
    costs = ink[margin:-margin].astype(np.float32)  # [rows, W]
    for column in range(1, costs.shape[1]):
        costs[:, column] += _steps_from(costs[:, column - 1]).min(0)
    row = int(costs[:, -1].argmin())
    seam = [row]
    for column in range(costs.shape[1] - 2, -1, -1):
        row += int(_steps_from(costs[:, column])[:, row].argmin()) - 1
        seam.append(row)
    return np.arange(ink.shape[0])[:, None] >= np.array(seam[::-1]) + margin


def _steps_from(costs: np.ndarray) -> np.ndarray:
    """What it costs to come from the row above, from the same row and from the row below in the
    column before: [rows] → [3, rows]."""
    beyond = np.pad(costs, 1, constant_values=np.inf)
    return np.stack([beyond[:-2] + STEP_COST, costs, beyond[2:] + STEP_COST])


def _moved(part: Component, count: int, whole: Component) -> Component:
    """A component of a part of the picture, as one of the picture."""
    return Component(
        part.label + count,
        part.top + whole.top,
        part.bottom + whole.top,
        part.left + whole.left,
        part.right + whole.left,
    )
