"""Gray pictures on square canvases, and rows of numbers on strips: what the graph takes."""

from typing import NamedTuple

import numpy as np
from PIL import Image

CANVAS = 64  # pixels a side; canvases of 96 and 128 are read no better
PAGE = 512  # pixels a side, of the canvas that a picture with a small digit is read from
STRIP_HEIGHT_PIXELS = 40  # of a row of a number (nn/prediction/number_strips.py); its width is free
# Canvas pixels. A digit that is lower and narrower is looked at more closely; 10 and 20 do as
# well (docs/experiments.md, "Small digits").
SMALL_DIGIT_PIXELS = 14
# A pixel counts as ink above a quarter of full ink, as a share and as a level of 255. At a quarter
# MNIST's own digits measure 20 pixels.
INK_THRESHOLD = 0.25
INK_THRESHOLD_LEVEL = round(INK_THRESHOLD * 255)


class Canvas(NamedTuple):
    """A gray picture, shrunk to fit where it is larger, in the middle of a square of zeros.

    pixels: uint8 [64, 64], a page's [512, 512]; size: int32 [3], the height and width that the
    picture has on the canvas, and the shorter side that it had as a file.
    """

    pixels: np.ndarray
    size: np.ndarray


def cut_out(canvas: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The part of a canvas that its picture takes up; size as in Canvas."""
    height, width = (int(side) for side in size[:2])
    top, left = (canvas.shape[0] - height) // 2, (canvas.shape[1] - width) // 2
    return canvas[top : top + height, left : left + width]


def fitted_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The width and height of a picture on a canvas: of this size, or shrunk to fit."""
    factor = min(1.0, side / max(size))
    width, height = (max(1, round(length * factor)) for length in size)
    return width, height


def place(gray: np.ndarray) -> Canvas:
    """Puts a gray picture, uint8 [H, W], on a canvas: shrunk where larger, never enlarged."""
    return place_image(Image.fromarray(gray), min(gray.shape))


def place_image(gray: Image.Image, shorter_side: int, side: int = CANVAS) -> Canvas:
    """As `place`, from Pillow's mode L.

    shorter_side: the picture's as a file, in pixels; side: the canvas's.

    The graph has two twins that shrink with the same filter: decoding.place_image, for files, and
    small_digits.shrink_windows, for parts of pages. Tests of these two compare them with this one
    (tests/normalization/test_decoding.py and test_small_digits.py).
    """
    width, height = fitted_size(gray.size, side)
    if max(gray.size) > side:
        # TensorFlow's antialiased bilinear is the same filter; its area and Pillow's BOX differ.
        gray = gray.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    pixels[top : top + height, left : left + width] = np.asarray(gray)
    return Canvas(pixels, np.array([height, width, shorter_side], np.int32))
