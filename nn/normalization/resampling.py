"""Parts of pictures, shrunk or enlarged, and moved to where they belong on another canvas."""

import tensorflow as tf


def resample(
    pictures: tf.Tensor, windows: tf.Tensor, targets: tf.Tensor, shape: tf.Tensor
) -> tf.Tensor:
    """Brings a window of each picture to a place on a canvas: float32 [N, *shape], 0 around it.

    pictures: float32 [N, H, W]; windows, targets: int32 [N, 4], top, left, bottom, right, on the
    pictures and on the canvas; shape: int32 [2], the canvas's height and width.

    The triangle filter is Pillow's BILINEAR, as one product of matrices a picture; a window of the
    size of its target is copied. tests/normalization/test_small_digits.py compares the two.
    """
    from_, to = (tf.cast(boxes, tf.float32) for boxes in (windows, targets))

    def weights_along(axis: int) -> tf.Tensor:
        """The weights of a picture's rows or columns for each of the canvas: float32 [N, shape, H
        or W]."""
        start, stop, new_start, new_stop = (
            tf.reshape(boxes[:, edge], [-1, 1, 1])
            for boxes in (from_, to)
            for edge in (axis, axis + 2)
        )  # [N, 1, 1] each
        step = (stop - start) / tf.maximum(new_stop - new_start, 1)
        # [N, shape, 1], from the target's edge
        place = tf.expand_dims(tf.range(tf.cast(shape[axis], tf.float32)) + 0.5, 1) - new_start
        pixel = tf.range(tf.cast(tf.shape(pictures)[1 + axis], tf.float32)) + 0.5
        distance = tf.abs(start + place * step - pixel)
        weights = tf.maximum(1 - distance / tf.maximum(step, 1), 0)
        weights *= tf.cast((pixel > start) & (pixel < stop), tf.float32)
        weights *= tf.cast((place > 0) & (place < new_stop - new_start), tf.float32)
        return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, 2, keepdims=True))

    def resampled() -> tf.Tensor:
        narrow = tf.matmul(pictures, weights_along(1), transpose_b=True)
        return tf.matmul(weights_along(0), narrow)

    # Most pictures fill their canvas already: to copy them by products would take as long as the
    # finder's first layers.
    stays = tf.reduce_all(tf.equal(windows, targets)) & tf.reduce_all(
        tf.equal(tf.shape(pictures)[1:], shape)
    )
    return tf.cond(stays, lambda: tf.identity(pictures), resampled)


def in_the_middle(canvas: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Where a picture lies in the middle of its canvas: int32 [N, 4], top, left, bottom, right.

    canvas: int32 [2], its height and width; lengths: int32 [N, 2], the pictures'.
    """
    start = (canvas - lengths) // 2
    return tf.concat([start, start + lengths], 1)
