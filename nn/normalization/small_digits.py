"""Pages, on which a digit may be small → canvases of the digit alone.

On a canvas of 64×64 a digit that takes up a tenth of its picture is six pixels high: too few to be
read. So it is sought on a larger canvas, then cut out of the page.
Pages and sizes are as canvases are, described in nn/pictures/files.py, but larger.
"""

import tensorflow as tf

from nn.normalization.image_ops import ends
from nn.normalization.pipeline import CANVASES, Normalized, normalize_by_call
from nn.pictures.canvas import CANVAS, INK, SMALL_DIGIT

SEARCH = 2 * CANVAS  # pixels a side, of the canvas on which the digit is sought


def normalize_page(pages: tf.Tensor, sizes: tf.Tensor) -> Normalized:
    """uint8 [N, H, W] pages and int32 [N, 3] sizes → digits as MNIST has them; their ink is on
    canvases of 64×64."""
    found = normalize_by_call(*look_closer(pages, sizes))
    return found._replace(ink=tf.ensure_shape(found.ink, [None, CANVAS, CANVAS]))


normalize_page_by_call = tf.function(normalize_page, CANVASES, autograph=False)


def look_closer(pages: tf.Tensor, sizes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """uint8 [N, H, W] pages and int32 [N, 3] sizes → canvases, uint8 [N, 64, 64], and theirs.

    A canvas shows the ink that was found and as much around it; the whole page, where there is no
    ink.
    """
    whole = _picture_on(tf.shape(pages)[1:], sizes)
    ink = normalize_by_call(*_shrunk(pages, whole, sizes, SEARCH)).ink
    return _shrunk(pages, _around(ink, whole), sizes, CANVAS)


def is_small(found: Normalized, sizes: tf.Tensor) -> tf.Tensor:
    """Where a closer look shows more: the picture was shrunk to fit on its canvas, on which there
    is no ink, or a small digit: bool [N]. pipeline.is_small is the same for one answer."""
    top, left, bottom, right = tf.unstack(_box(found.ink), axis=1)
    return (tf.maximum(bottom - top, right - left) < SMALL_DIGIT) & (
        sizes[:, 2] > tf.reduce_min(sizes[:, :2], 1)
    )


def _picture_on(canvas: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Where the picture lies on its canvas: int32 [N, 4], top, left, bottom, right."""
    start = (canvas - sizes[:, :2]) // 2
    return tf.concat([start, start + sizes[:, :2]], 1)


def _box(ink: tf.Tensor) -> tf.Tensor:
    """Around what is inked, uint8 [N, H, W]: int32 [N, 4], top, left, bottom, right; 0 if nothing
    is."""
    (top, bottom), (left, right) = ends(ink, 2, INK), ends(ink, 1, INK)
    return tf.stack([top, left, bottom, right], 1)


def _around(ink: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
    """Windows on pages, as `whole` is, about the ink found on a canvas of SEARCH: squares of twice
    its longer side, CANVAS at least, but for what lies beside the picture."""
    picture = tf.cast(whole, tf.float32)
    start, length = picture[:, :2], picture[:, 2:] - picture[:, :2]
    box = tf.cast(_box(ink), tf.float32)
    factor = tf.reduce_max(length, 1, keepdims=True) / SEARCH  # page pixels for one of the canvas
    factor = tf.maximum(factor, 1)
    low, high = box[:, :2] * factor, box[:, 2:] * factor
    # The middle of the canvas is the middle of the picture.
    middle = start + length / 2 + (low + high) / 2 - SEARCH / 2 * factor
    reach = tf.maximum(tf.reduce_max(high - low, 1, keepdims=True), CANVAS / 2)
    window = tf.concat([tf.maximum(middle - reach, start),
                        tf.minimum(middle + reach, start + length)], 1)  # fmt: skip
    is_found = tf.reduce_any(ink > INK, [1, 2])
    return tf.where(is_found[:, None], tf.cast(tf.round(window), tf.int32), whole)


def _shrunk(
    pages: tf.Tensor, windows: tf.Tensor, sizes: tf.Tensor, side: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """What pages show in windows, on canvases: uint8 [N, side, side], and int32 [N, 3] sizes.

    Never enlarged. The triangle filter is Pillow's BILINEAR, as one product of matrices a page.
    """
    lengths = tf.cast(windows[:, 2:] - windows[:, :2], tf.float32)
    factor = tf.minimum(1.0, side / tf.reduce_max(lengths, 1, keepdims=True))
    lengths_then = tf.maximum(tf.round(lengths * factor), 1)

    def along(axis: int) -> tf.Tensor:
        """float32 [N, side, length of the page]: each row has the weights of a row's pixels."""
        start = tf.cast(windows[:, axis], tf.float32)[:, None]
        length, then = lengths[:, axis, None], lengths_then[:, axis, None]
        place = tf.range(side, dtype=tf.float32) - (side - then) // 2  # [N, side]
        step = (length / then)[:, :, None]
        target = start[:, :, None] + (place[:, :, None] + 0.5) * step
        pixel = tf.range(tf.cast(tf.shape(pages)[1 + axis], tf.float32)) + 0.5
        weights = tf.maximum(1 - tf.abs(target - pixel) / step, 0)  # [N, side, H or W]
        there = (pixel > start) & (pixel < start + length)
        weights *= tf.cast(there[:, None, :], tf.float32)
        weights *= tf.cast((place >= 0) & (place < then), tf.float32)[:, :, None]
        return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, 2, keepdims=True))

    narrow = tf.matmul(tf.cast(pages, tf.float32), along(1), transpose_b=True)  # [N, H, side]
    return (
        tf.cast(tf.round(tf.matmul(along(0), narrow)), tf.uint8),
        tf.concat([tf.cast(lengths_then, tf.int32), sizes[:, 2:]], 1),
    )
