"""Ink → a 28×28 digit: scaled into a box of 20×20, its center of mass in the middle."""

import tensorflow as tf

from nn.data.digits import SIDE
from nn.normalization.image_ops import find_bounds
from nn.pictures.canvas import INK_THRESHOLD

DIGIT_BOX_PIXELS = 20  # of 28: MNIST's digits fill a box of 20×20


def fit_digit(ink: tf.Tensor) -> tf.Tensor:
    """Scales each picture's ink into a box of 20×20 and moves its center of mass to the middle.

    float32 [N, H, W] → [N, 28, 28]. One product of matrices a picture: rows · ink · columns, where
    each row of `rows` averages the canvas rows that fall into one row of the result.
    """
    masses = [tf.reduce_sum(ink, 2), tf.reduce_sum(ink, 1)]  # over rows [N, H], columns [N, W]
    # At a quarter of full ink MNIST's own digits measure 20 pixels.
    bounds = [
        [tf.cast(bound, tf.float32) for bound in find_bounds(ink, across, INK_THRESHOLD)]
        for across in (2, 1)
    ]
    longest = tf.reduce_max([high - low for low, high in bounds], 0)
    factor = DIGIT_BOX_PIXELS / tf.maximum(longest, 1)  # [N]
    rows, columns = (
        _resampling(mass, low, factor) for mass, (low, _) in zip(masses, bounds, strict=True)
    )
    return tf.matmul(tf.matmul(rows, ink), columns, transpose_b=True)


def _resampling(mass: tf.Tensor, low: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """The matrices that scale along one axis: float32 [N, 28, length].

    mass: [N, length], the ink of each canvas row; low: [N], where the ink begins; factor: [N],
    pixels of the result for one of the canvas. Pixel i of the result begins at
    (i - shift) / factor + low.

    The center of mass goes to 14.5, where it lies in MNIST on average: MNIST's digits were moved by
    whole pixels, and their centers lie anywhere in [14, 15). Digits moved by parts of a pixel are
    read no worse, and a picture that is decoded a little differently cannot jump by a pixel.
    """
    length = tf.shape(mass)[1]
    center = tf.cast(tf.range(length), tf.float32) + 0.5
    center_of_mass = tf.math.divide_no_nan(tf.reduce_sum(mass * center, 1), tf.reduce_sum(mass, 1))
    shift = (SIDE + 1) / 2 - (center_of_mass - low) * factor
    place = tf.range(SIDE, dtype=tf.float32) + 0.5 - tf.expand_dims(shift, 1)  # [N, 28]
    target = place / tf.expand_dims(factor, 1) + tf.expand_dims(low, 1)  # in canvas pixels
    # Average over a pixel of the result, or of the canvas, whichever is larger.
    reach = tf.reshape(tf.maximum(1 / factor, 1), [-1, 1, 1]) / 2
    distance = tf.abs(tf.expand_dims(target, 2) - center)  # [N, 28, length]
    overlap = tf.clip_by_value(reach + 0.5 - distance, 0, tf.minimum(2 * reach, 1))
    return overlap / (2 * reach)
