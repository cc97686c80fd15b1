"""Pages, on which a digit may be small → canvases of the digit alone.

On a canvas of 64×64, a digit that takes up a tenth of its picture is six pixels high: too few to be
read. So the graph looks for it on a larger canvas, then cuts it out of the page. Pages and their
sizes are like canvases (nn/pictures/canvas.py), but larger.
"""

from collections.abc import Callable

import tensorflow as tf

from nn.normalization.image_ops import find_bounds
from nn.normalization.pipeline import CANVASES, Normalized
from nn.normalization.resampling import in_the_middle, resample
from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL, SMALL_DIGIT_PIXELS

SEARCH_CANVAS = 2 * CANVAS  # pixels a side, of the canvas on which the graph looks for the digit
# Pages, or canvases, uint8 [N, H, W], and their sizes, int32 [N, 3] → digits.
Normalize = Callable[[tf.Tensor, tf.Tensor], Normalized]


def page_normalization(normalize: Normalize) -> Normalize:
    """The normalization of pages as a function of the graph, from that of canvases: uint8 [N, H, W]
    pages and int32 [N, 3] sizes → digits as MNIST has them; their ink is on canvases of 64×64."""

    def normalize_page(pages: tf.Tensor, sizes: tf.Tensor) -> Normalized:
        found = normalize(*look_closer(pages, sizes, normalize))
        return found._replace(ink=tf.reshape(found.ink, [-1, CANVAS, CANVAS]))

    return tf.function(normalize_page, CANVASES, autograph=False)


def look_closer(
    pages: tf.Tensor, sizes: tf.Tensor, normalize: Normalize
) -> tuple[tf.Tensor, tf.Tensor]:
    """uint8 [N, H, W] pages and int32 [N, 3] sizes → canvases, uint8 [N, 64, 64], and their sizes.

    A canvas shows the ink that was found with some paper around it, or the whole page where there
    is no ink.
    """
    whole = in_the_middle(tf.shape(pages)[1:], sizes[:, :2])
    ink = normalize(*shrink_windows(pages, whole, sizes, SEARCH_CANVAS)).ink
    return shrink_windows(pages, _window_around(ink, whole), sizes, CANVAS)


def is_small(found: Normalized, sizes: tf.Tensor) -> tf.Tensor:
    """Where a closer look shows more: bool [N]. The picture was shrunk to fit on its canvas, and
    there is no ink on it, or a small digit.

    The TensorFlow twin of nn.prediction.read_ahead.is_small, which decides the same for one answer;
    tests/normalization/test_small_digits.py compares both.
    """
    top, left, bottom, right = tf.unstack(_bounding_box(found.ink), axis=1)
    return (tf.maximum(bottom - top, right - left) < SMALL_DIGIT_PIXELS) & (
        sizes[:, 2] > tf.reduce_min(sizes[:, :2], 1)
    )


def _bounding_box(ink: tf.Tensor) -> tf.Tensor:
    """The box around the ink, uint8 [N, H, W]: int32 [N, 4], top, left, bottom, right; 0 where
    there is no ink."""
    levels = tf.cast(ink, tf.float32)
    (top, bottom), (left, right) = (
        find_bounds(levels, 2, INK_THRESHOLD_LEVEL),
        find_bounds(levels, 1, INK_THRESHOLD_LEVEL),
    )
    return tf.stack([top, left, bottom, right], 1)


def _window_around(ink: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
    """Windows on pages around the ink that was found on the search canvas: int32 [N, 4], as
    `whole`, the windows of the whole pictures.

    A window is a square of twice the longer side of the ink, of CANVAS pixels at least, without the
    part that lies beside the picture.
    """
    picture = tf.cast(whole, tf.float32)
    start, length = picture[:, :2], picture[:, 2:] - picture[:, :2]
    box = tf.cast(_bounding_box(ink), tf.float32)
    # Page pixels for one of the canvas.
    factor = tf.reduce_max(length, 1, keepdims=True) / SEARCH_CANVAS
    factor = tf.maximum(factor, 1)
    low, high = box[:, :2] * factor, box[:, 2:] * factor
    # The middle of the canvas is the middle of the picture.
    middle = start + length / 2 + (low + high) / 2 - SEARCH_CANVAS / 2 * factor
    reach = tf.maximum(tf.reduce_max(high - low, 1, keepdims=True), CANVAS / 2)
    window = tf.concat([tf.maximum(middle - reach, start),
                        tf.minimum(middle + reach, start + length)], 1)  # fmt: skip
    is_found = tf.reduce_max(box, 1, keepdims=True) > 0
    return tf.where(is_found, tf.cast(tf.round(window), tf.int32), whole)


def shrink_windows(
    pages: tf.Tensor, windows: tf.Tensor, sizes: tf.Tensor, side: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The windows of pages on canvases: uint8 [N, side, side], and their sizes, int32 [N, 3].

    windows: int32 [N, 4], top, left, bottom, right. A window is never enlarged.

    The TensorFlow twin of nn.pictures.canvas.place_image; tests/normalization/test_small_digits.py
    compares both.
    """
    lengths = tf.cast(windows[:, 2:] - windows[:, :2], tf.float32)
    factor = tf.minimum(1.0, side / tf.reduce_max(lengths, 1, keepdims=True))
    shrunk = tf.cast(tf.maximum(tf.round(lengths * factor), 1), tf.int32)
    canvas = tf.constant([side, side])
    pixels = resample(tf.cast(pages, tf.float32), windows, in_the_middle(canvas, shrunk), canvas)
    return tf.cast(tf.round(pixels), tf.uint8), tf.concat([shrunk, sizes[:, 2:]], 1)
