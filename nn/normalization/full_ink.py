"""The finder's probabilities → ink: a hairline, which is found gray, becomes full ink."""

import tensorflow as tf

from nn.normalization.image_ops import dilate, local_sum
from nn.pictures.canvas import INK_THRESHOLD

# Canvas pixels a side, odd: wider than a thick stroke, so that each neighborhood of ink holds the
# middle of a stroke; narrow enough that a faint part of a digit is not measured by a dark one.
NEIGHBORHOOD_PIXELS = 9
# What counts as full ink at the least: less is no stroke, and would become one.
MIN_FULL_INK = 0.2


def full_ink(found: tf.Tensor) -> tf.Tensor:
    """Brings the middle of every stroke to 1: float32 [N, H, W], from 0 to 1, the same.

    Full ink is the mean of what was found in the neighborhood, each pixel weighted by itself.
    Pixels that do not touch certain ink become 0.
    """
    certain = tf.cast(found > INK_THRESHOLD, tf.float32)
    kept = found * certain
    squares, sums = (local_sum(x, NEIGHBORHOOD_PIXELS) for x in (kept**2, kept))
    full = tf.maximum(tf.math.divide_no_nan(squares, sums), MIN_FULL_INK)
    return tf.minimum(found / full, 1) * dilate(certain, 3)
