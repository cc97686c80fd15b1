"""Pages, on which a digit may be small → canvases of the digit alone.

On a canvas of 64×64, a digit that takes up a tenth of its picture is six pixels high: too few to be
read. So the graph looks for it on a larger canvas, then cuts it out of the page. Pages and their
sizes are like canvases (nn/pictures/canvas.py), but larger.
"""

import tensorflow as tf

from nn.normalization.image_ops import find_bounds
from nn.normalization.pipeline import CANVASES, Normalized, normalize_by_call
from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL, SMALL_DIGIT_PIXELS

SEARCH_CANVAS = 2 * CANVAS  # pixels a side, of the canvas on which the graph looks for the digit


def normalize_page(pages: tf.Tensor, sizes: tf.Tensor) -> Normalized:
    """uint8 [N, H, W] pages and int32 [N, 3] sizes → digits as MNIST has them; their ink is on
    canvases of 64×64."""
    found = normalize_by_call(*look_closer(pages, sizes))
    return found._replace(ink=tf.ensure_shape(found.ink, [None, CANVAS, CANVAS]))


normalize_page_by_call = tf.function(normalize_page, CANVASES, autograph=False)


def look_closer(pages: tf.Tensor, sizes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """uint8 [N, H, W] pages and int32 [N, 3] sizes → canvases, uint8 [N, 64, 64], and their sizes.

    A canvas shows the ink that was found with some paper around it, or the whole page where there
    is no ink.
    """
    whole = _picture_on(tf.shape(pages)[1:], sizes)
    ink = normalize_by_call(*shrink_windows(pages, whole, sizes, SEARCH_CANVAS)).ink
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


def _picture_on(canvas: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Where the picture lies on its canvas: int32 [N, 4], top, left, bottom, right."""
    start = (canvas - sizes[:, :2]) // 2
    return tf.concat([start, start + sizes[:, :2]], 1)


def _bounding_box(ink: tf.Tensor) -> tf.Tensor:
    """The box around the ink, uint8 [N, H, W]: int32 [N, 4], top, left, bottom, right; 0 where
    there is no ink."""
    (top, bottom), (left, right) = (
        find_bounds(ink, 2, INK_THRESHOLD_LEVEL),
        find_bounds(ink, 1, INK_THRESHOLD_LEVEL),
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
    is_found = tf.reduce_any(ink > INK_THRESHOLD_LEVEL, [1, 2])
    return tf.where(is_found[:, None], tf.cast(tf.round(window), tf.int32), whole)


def shrink_windows(
    pages: tf.Tensor, windows: tf.Tensor, sizes: tf.Tensor, side: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The windows of pages on canvases: uint8 [N, side, side], and their sizes, int32 [N, 3].

    windows: int32 [N, 4], top, left, bottom, right. A window is never enlarged.

    The TensorFlow twin of nn.pictures.canvas.place_image: the triangle filter is Pillow's BILINEAR,
    as one product of matrices a page. tests/normalization/test_small_digits.py compares both.
    """
    lengths = tf.cast(windows[:, 2:] - windows[:, :2], tf.float32)
    factor = tf.minimum(1.0, side / tf.reduce_max(lengths, 1, keepdims=True))
    new_lengths = tf.maximum(tf.round(lengths * factor), 1)

    def weights_along(axis: int) -> tf.Tensor:
        """The weights of a page's rows or columns for each of the canvas: float32 [N, side, H or
        W]."""
        start = tf.cast(windows[:, axis], tf.float32)[:, None]
        length, new_length = lengths[:, axis, None], new_lengths[:, axis, None]
        place = tf.range(side, dtype=tf.float32) - (side - new_length) // 2  # [N, side]
        step = (length / new_length)[:, :, None]
        target = start[:, :, None] + (place[:, :, None] + 0.5) * step
        pixel = tf.range(tf.cast(tf.shape(pages)[1 + axis], tf.float32)) + 0.5
        weights = tf.maximum(1 - tf.abs(target - pixel) / step, 0)  # [N, side, H or W]
        there = (pixel > start) & (pixel < start + length)
        weights *= tf.cast(there[:, None, :], tf.float32)
        weights *= tf.cast((place >= 0) & (place < new_length), tf.float32)[:, :, None]
        return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, 2, keepdims=True))

    narrow = tf.matmul(tf.cast(pages, tf.float32), weights_along(1), transpose_b=True)
    return (
        tf.cast(tf.round(tf.matmul(weights_along(0), narrow)), tf.uint8),
        tf.concat([tf.cast(new_lengths, tf.int32), sizes[:, 2:]], 1),
    )
