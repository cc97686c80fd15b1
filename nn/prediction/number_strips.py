"""Rows of a number → strips, which a network reads as a whole (nn/networks/row_reader.py).

A strip shows a row at one height and level: a digit's height is STRIP_DIGIT_PIXELS, and the line
through the middles of the digits is the strip's own middle. It has two channels, because the finder
may miss a stroke or take a piece of a printed line for one: the ink that was found, and how dark
each pixel is, whatever it shows.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from nn.pictures.canvas import INK_THRESHOLD_LEVEL, STRIP_HEIGHT_PIXELS
from nn.prediction.connected_components import (
    bounding_box,
    boxes_between,
    find_components,
    label_components,
)
from nn.prediction.number_ink import FindInk, find_ink_at_digit_scale
from nn.prediction.number_rows import Row, find_rows
from nn.prediction.number_seams import cut_between_rows

STRIP_DIGIT_PIXELS = 24
MIN_STRIP_PIXELS = 16  # wide
# Shares of the digits' height.
MARGIN = 0.8  # at both ends: the finder may have missed the first digit or the last
MAX_SIGN_REACH = 2.0  # beyond the first and the last digit: what is farther away is no sign
# A row's slope is measured if it has so many digits, so far apart.
MIN_SLOPE_DIGITS, MIN_SLOPE_WIDTH, MAX_SLOPE = 3, 2.5, 0.2
PAPER_PIXELS = 25  # a side of the square whose mean, without the ink, is a pixel's paper
LEAST_SHARE = 1e-3  # of the square: how much the paper of the whole picture counts
MIN_CONTRAST_LEVELS = 2.0  # of ink and paper
# Of the ink's darkness: where all of 3×3 pixels are brighter, the finder took bare paper for a
# stroke, as it does at times between two rows.
MIN_DARKNESS = 0.1
# Of the ink's darkness: what a strip's second channel shows as 0, and as 255.
BRIGHTEST, DARKEST = -0.25, 1.25
PAPER_LEVEL = round(255 * -BRIGHTEST / (DARKEST - BRIGHTEST))  # as dark as paper


class Strip(NamedTuple):
    """pixels: uint8 [STRIP_HEIGHT_PIXELS, W, 2], W even; box: left, top, right and bottom of its
    row, as shares of the picture's width and height; column: the width of one of its columns, as a
    share of the picture's width."""

    pixels: np.ndarray
    box: tuple[float, float, float, float]
    column: float


class Line(NamedTuple):
    """The line through the middles of a row's digits, and the row's ends: the height of its digits;
    the line's place in column 0 and its slope; the first column and the one after the last."""

    height: float
    middle: float
    slope: float
    left: float
    right: float


class Page(NamedTuple):
    """A picture at the scale at which it is read: its ink, uint8 [H, W]; the labels of the ink's
    components, int [H, W]; its rows from top to bottom, and the strip of each."""

    ink: np.ndarray
    labels: np.ndarray
    rows: list[Row]
    strips: list[Strip]


def find_strips(gray: np.ndarray, find_ink: FindInk) -> Page:
    """Finds the rows of a gray picture, uint8 [H, W], and their strips."""
    found = find_ink_at_digit_scale(gray, find_ink)
    darkness = relative_darkness(found.gray, found.ink)
    is_bare = ndimage.maximum_filter(darkness, 3) < MIN_DARKNESS
    ink = np.where(is_bare, 0, found.ink)
    labels = label_components(ink > INK_THRESHOLD_LEVEL)
    labels = cut_between_rows(ink * darkness.clip(0, 1), labels, found.height)
    components = find_components(labels)
    rows = find_rows(components, found.height, boxes_between(labels)) if components else []
    # Soft edges, fainter than INK_THRESHOLD_LEVEL, belong to the component beside them.
    labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3))
    return Page(ink, labels, rows, cut_strips(ink, darkness, labels, rows))


def cut_strips(
    ink: np.ndarray, darkness: np.ndarray, labels: np.ndarray, rows: Sequence[Row]
) -> list[Strip]:
    """Cuts out the strip of each row, without the ink of the other rows.

    ink: uint8 [H, W]; darkness: as relative_darkness has it; labels: of the components of ink, int
    [H, W].
    """
    darkness = 255 * (darkness - BRIGHTEST) / (DARKEST - BRIGHTEST)
    members = [{each.label for each in row.components} for row in rows]
    every = set().union(*members)
    strips = []
    for row, own in zip(rows, members, strict=True):
        others = [*(every - own)]
        alone = np.where(np.isin(labels, others), 0, ink) if others else ink
        line = _line_of(row, ink.shape[1])
        column = line.height / STRIP_DIGIT_PIXELS / ink.shape[1]
        strips.append(Strip(_resample(alone, darkness, line), _box_of(line, ink.shape), column))
    return strips


def relative_darkness(gray: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """How much each pixel differs from its paper, as a share of the ink's difference: float32 [H,
    W]. Light ink on dark paper counts the same."""
    is_ink = ink > INK_THRESHOLD_LEVEL
    levels = gray.astype(np.float32)
    # Inside ink that is wider than the square, the paper is that of the whole picture.
    everywhere = float(levels[~is_ink].mean()) if not is_ink.all() else 255.0
    weights = ndimage.uniform_filter((~is_ink).astype(np.float32), PAPER_PIXELS) + LEAST_SHARE
    paper = ndimage.uniform_filter(np.where(is_ink, 0, levels), PAPER_PIXELS)
    difference = levels - (paper + LEAST_SHARE * everywhere) / weights
    strokes = ink > 200 if (ink > 200).any() else is_ink
    contrast = float(np.median(difference[strokes])) if strokes.any() else 1.0
    sign = -1.0 if contrast < 0 else 1.0
    return difference / (sign * max(abs(contrast), MIN_CONTRAST_LEVELS))


def _line_of(row: Row, width: int) -> Line:
    boxes = [bounding_box(digit) for digit in row.digits]
    height = float(np.median([box.height for box in boxes]))
    columns = np.array([(box.left + box.right) / 2 for box in boxes])
    middles = np.array([(box.top + box.bottom) / 2 for box in boxes])
    slope = 0.0
    if len(boxes) >= MIN_SLOPE_DIGITS and np.ptp(columns) > MIN_SLOPE_WIDTH * height:
        slope = float(np.clip(np.polyfit(columns, middles, 1)[0], -MAX_SLOPE, MAX_SLOPE))
    first, last = min(box.left for box in boxes), max(box.right for box in boxes)
    left = max(min(box.left for box in row.components), first - MAX_SIGN_REACH * height)
    right = min(max(box.right for box in row.components), last + MAX_SIGN_REACH * height)
    margin, beyond = MARGIN * height, 3  # pixels of a border, so that a stroke on it has an end
    return Line(
        height,
        float(np.median(middles - slope * columns)),
        slope,
        max(left - margin, -beyond),
        min(right + margin, width + beyond),
    )


def _resample(ink: np.ndarray, darkness: np.ndarray, line: Line) -> np.ndarray:
    """A row of the picture as a strip's pixels."""
    scale = STRIP_DIGIT_PIXELS / line.height
    wide = max(MIN_STRIP_PIXELS, 2 * round((line.right - line.left) * scale / 2))
    x = line.left + (np.arange(wide) + 0.5) / scale - 0.5
    y = (np.arange(STRIP_HEIGHT_PIXELS) + 0.5 - STRIP_HEIGHT_PIXELS / 2) / scale - 0.5
    rows = line.middle + line.slope * x[None] + y[:, None]
    places = [rows, np.broadcast_to(x[None], rows.shape)]
    blur = 0.4 * max(0.0, 1 / scale - 1)  # when it shrinks, so that no thin stroke falls between
    planes = []
    for plane, outside in ((ink, 0), (darkness, PAPER_LEVEL)):
        smooth = ndimage.gaussian_filter(plane.astype(np.float32), blur)
        planes.append(ndimage.map_coordinates(smooth, places, order=1, cval=outside))
    return np.stack(planes, -1).clip(0, 255).round().astype(np.uint8)


def _box_of(line: Line, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    tall, wide = shape
    middle = line.middle + line.slope * (line.left + line.right) / 2
    top, bottom = middle - line.height / 2, middle + line.height / 2
    return line.left / wide, top / tall, line.right / wide, bottom / tall
