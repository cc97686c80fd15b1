"""Random distortions of digits, for training: zoomed, slanted, turned and moved a little."""

import math
from typing import NamedTuple

import tensorflow as tf

from nn.data import SIDE
from nn.layers import scoped_seed


class Distortion(NamedTuple):
    """How far a digit is distorted, each float32 [N], or the most that it may be, to either side.

    rotation: degrees, counterclockwise; zoom_x, zoom_y: of its width and height, 0.1 makes it a
    tenth larger; slant: pixels to the right for each pixel upwards; right, down: pixels.
    """

    rotation: tf.Tensor | float
    zoom_x: tf.Tensor | float
    zoom_y: tf.Tensor | float
    slant: tf.Tensor | float
    right: tf.Tensor | float
    down: tf.Tensor | float


# docs/experiments.md says what was tried.
LIMITS = Distortion(rotation=9.0, zoom_x=0.1, zoom_y=0.1, slant=0.1, right=1.5, down=1.5)


def augment(images: tf.Tensor, seed: tf.Tensor, limits: Distortion = LIMITS) -> tf.Tensor:
    """Distorts each image on its own: float32 [N, 28, 28] → the same shape.

    seed: int32 [2], (seed, step): the same seed distorts in the same way.
    """
    shape = [len(limits), tf.shape(images)[0]]
    uniform = tf.random.stateless_uniform(shape, scoped_seed(seed, "augment"), -1.0, 1.0)
    return distort(images, Distortion(*(uniform[i] * limit for i, limit in enumerate(limits))))


def distort(images: tf.Tensor, by: Distortion) -> tf.Tensor:
    """Zooms, slants and turns each image about its middle, then moves it: float32 [N, 28, 28] →
    the same shape. What comes in at the sides is paper, 0; pixels are interpolated bilinearly."""
    angle = by.rotation * (math.pi / 180)
    cos, sin = tf.cos(angle), tf.sin(angle)
    # From where a pixel stands afterwards back to where it came from: turned back, slanted back,
    # zoomed back. x grows to the right, y downwards; a positive angle is counterclockwise.
    wide, high = 1 / (1 + by.zoom_x), 1 / (1 + by.zoom_y)
    x_x, x_y = wide * (cos + by.slant * sin), wide * (by.slant * cos - sin)
    y_x, y_y = high * sin, high * cos
    middle = (SIDE - 1) / 2
    from_x, from_y = middle + by.right, middle + by.down  # what comes to stand in the middle
    zeros = tf.zeros_like(x_x)
    transforms = tf.stack(
        [
            x_x, x_y, middle - x_x * from_x - x_y * from_y,
            y_x, y_y, middle - y_x * from_x - y_y * from_y,
            zeros, zeros,
        ],
        axis=1,
    )  # fmt: skip
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.expand_dims(images, -1), transforms=transforms, output_shape=[SIDE, SIDE],
        fill_value=0.0, interpolation="BILINEAR", fill_mode="CONSTANT",
    )  # fmt: skip
    return tf.reshape(warped, [-1, SIDE, SIDE])
