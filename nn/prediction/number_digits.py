"""The digits of a row, each cut out with its own ink, as the model reads a single digit."""

from typing import NamedTuple

import numpy as np

from nn.pictures.canvas import CANVAS
from nn.prediction.connected_components import bounding_box
from nn.prediction.number_ink import resize
from nn.prediction.number_rows import Row
from nn.prediction.number_strips import Page

DIGIT_SIDE_PIXELS = 40  # the longer side of a digit on its canvas of 64

# left, top, width and height, as shares of the picture's width and height
Box = tuple[float, float, float, float]


class Digit(NamedTuple):
    """What may be a digit, or several that touch. ink: uint8 [H, W], 255 = ink, of its own
    components alone; box: where it lies."""

    ink: np.ndarray
    box: Box

    @property
    def canvas(self) -> np.ndarray:
        """The digit in the middle of a canvas: uint8 [64, 64]."""
        digit = resize(self.ink, DIGIT_SIDE_PIXELS / max(self.ink.shape))
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        top, left = ((CANVAS - side) // 2 for side in digit.shape)
        canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        return canvas


def cut_out_digits(page: Page, row: Row) -> list[Digit]:
    """The digits of a row, from left to right."""
    tall, wide = page.ink.shape
    found = []
    for components in row.digits:
        box = bounding_box(components)
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        own = np.isin(page.labels[place], [each.label for each in components])
        ink = np.where(own, page.ink[place], 0).astype(np.uint8)
        shares = box.left / wide, box.top / tall, box.width / wide, box.height / tall
        found.append(Digit(ink, shares))
    return found
