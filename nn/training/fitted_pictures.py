"""Pictures of nothing but ink → digits as MNIST has them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import SIDE
from nn.normalization.fit import fit_digit
from nn.pictures.canvas import CANVAS, place


def fit_pictures(pictures: Sequence[np.ndarray], batch_size: int = 512) -> np.ndarray:
    """Fits pictures of nothing but ink as MNIST's digits are, in a session of its own.

    pictures: gray, uint8 [H, W] each, 255 = ink → uint8 [N, 28, 28]. batch_size: pictures in one
    session.run.
    """
    batches = [np.empty((0, SIDE, SIDE), np.uint8)]
    with tf.Graph().as_default(), tf1.Session() as session:
        pixels = tf1.placeholder(tf.uint8, [None, CANVAS, CANVAS])
        fitted = fit_digit(tf.cast(pixels, tf.float32) * (1 / 255))
        images = tf.cast(tf.round(tf.clip_by_value(fitted, 0, 1) * 255), tf.uint8)
        for start in range(0, len(pictures), batch_size):
            placed = [place(picture).pixels for picture in pictures[start : start + batch_size]]
            batches.append(session.run(images, {pixels: np.stack(placed)}))
    return np.concatenate(batches)
