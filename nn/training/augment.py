"""Random distortions of digits for training: each is bent, gets thicker or thinner strokes, is
zoomed, slanted, turned and moved a little."""

import math
from typing import NamedTuple

import tensorflow as tf

from nn.data.digits import SIDE
from nn.networks.layers import scoped_seed


class Distortion(NamedTuple):
    """How far each digit is distorted, float32 [N] each; or limits, which hold to either side.

    rotation: degrees, counterclockwise; zoom_x, zoom_y: shares of the width and height, 0.1 makes
    a digit a tenth larger; slant: pixels to the right for each pixel upwards; right, down: pixels.
    """

    rotation: tf.Tensor | float
    zoom_x: tf.Tensor | float
    zoom_y: tf.Tensor | float
    slant: tf.Tensor | float
    right: tf.Tensor | float
    down: tf.Tensor | float


# In the units of Distortion. docs/experiments.md ("Distortions") has the limits that were tried.
LIMITS = Distortion(rotation=9.0, zoom_x=0.1, zoom_y=0.1, slant=0.1, right=1.5, down=1.5)
BEND_KNOTS_PER_SIDE = 5  # with bends of 1 pixel, the best of what was tried on the bundled digits
THIN_SHARE = 0.7  # of the way to a full erosion by a pixel, which would break thin strokes


def augment(
    images: tf.Tensor, seed: tf.Tensor, limits: Distortion = LIMITS, bends: float = 0.0
) -> tf.Tensor:
    """Distorts each image on its own: float32 [N, 28, 28] → the same shape.

    Half of the images keep their strokes; a quarter gets thicker ones, a quarter thinner ones.
    bends: standard deviation, in pixels, of how far a knot of `bend` moves; 0 does not bend.
    seed: int32 [2], (seed, step): the same seed distorts in the same way.
    """
    count = tf.shape(images)[0]
    shape = [1 + len(limits), count]
    strokes, *parts = tf.unstack(
        tf.random.stateless_uniform(shape, scoped_seed(seed, "augment"), -1.0, 1.0)
    )
    if bends:
        knots = [count, BEND_KNOTS_PER_SIDE, BEND_KNOTS_PER_SIDE, 2]
        images = bend(images, bends * tf.random.stateless_normal(knots, scoped_seed(seed, "bend")))
    # Uniform from -1 to 1: the half nearest to 0 becomes 0, the rest is stretched to -1 to 1 again.
    strokes = tf.sign(strokes) * tf.maximum(2 * tf.abs(strokes) - 1, 0)
    by = Distortion(*(part * limit for part, limit in zip(parts, limits, strict=True)))
    return distort(thicken(images, strokes), by)


def bend(images: tf.Tensor, knots: tf.Tensor) -> tf.Tensor:
    """Fetches each pixel from elsewhere, which bends the strokes: float32 [N, 28, 28] → the same.

    knots: float32 [N, K, K, 2], a coarse grid of how many pixels further right and down to fetch;
    cubics interpolate between the knots. Elastic distortions as in Ronneberger et al. 2015, arXiv
    1505.04597, section 3.1.
    """
    ways = tf.image.resize(knots, [SIDE, SIDE], "bicubic")
    columns, rows = tf.meshgrid(tf.range(float(SIDE)), tf.range(float(SIDE)))
    return _sample(images, columns + ways[..., 0], rows + ways[..., 1])


def _sample(images: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bilinear values at x, y, float32 [N, 28, 28] each; outside the image is paper, 0."""
    padded = tf.pad(images, [[0, 0], [1, 2], [1, 2]])  # from -1 to SIDE + 1
    side = SIDE + 3
    x, y = (tf.clip_by_value(places, -1.0, float(SIDE)) for places in (x, y))
    left, top = tf.floor(x), tf.floor(y)
    right, down = x - left, y - top  # the weights of the right and the lower neighbor
    column, row = (tf.cast(places, tf.int32) + 1 for places in (left, top))
    image = tf.reshape(tf.range(tf.shape(images)[0]), [-1, 1, 1])
    corner = (image * side + row) * side + column
    pixels = tf.reshape(padded, [-1])

    def across(index: tf.Tensor) -> tf.Tensor:
        return (1 - right) * tf.gather(pixels, index) + right * tf.gather(pixels, index + 1)

    return (1 - down) * across(corner) + down * across(corner + side)


def thicken(images: tf.Tensor, by: tf.Tensor) -> tf.Tensor:
    """Makes strokes thicker or thinner by up to a pixel: float32 [N, 28, 28] → the same shape.

    by: float32 [N]; 1 is gray dilation by a 2×2 patch, 0 leaves the image as it is, -1 is
    THIN_SHARE of the way to gray erosion by that patch.
    """
    pixels = tf.expand_dims(images, -1)
    by = tf.reshape(by, [-1, 1, 1, 1])
    dilated = tf.nn.max_pool2d(pixels, 2, strides=1, padding="SAME")
    eroded = -tf.nn.max_pool2d(-pixels, 2, strides=1, padding="SAME")
    thicker = tf.maximum(by, 0) * (dilated - pixels)
    thinner = THIN_SHARE * tf.maximum(-by, 0) * (eroded - pixels)
    return tf.reshape(pixels + thicker + thinner, [-1, SIDE, SIDE])


def distort(images: tf.Tensor, by: Distortion) -> tf.Tensor:
    """Zooms, slants and turns each image about its middle, then moves it: float32 [N, 28, 28] → the
    same shape. Pixels are interpolated bilinearly; beyond the image is paper, 0."""
    angle = by.rotation * (math.pi / 180)
    cos, sin = tf.cos(angle), tf.sin(angle)
    # The transform leads from a pixel's new place back to its old one, so it undoes the turn, then
    # the slant, then the zoom. x grows to the right, y downwards; a positive angle is
    # counterclockwise.
    wide, high = 1 / (1 + by.zoom_x), 1 / (1 + by.zoom_y)
    x_x, x_y = wide * (cos + by.slant * sin), wide * (by.slant * cos - sin)
    y_x, y_y = high * sin, high * cos
    middle = (SIDE - 1) / 2
    from_x, from_y = middle + by.right, middle + by.down  # the new place of the old middle
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
