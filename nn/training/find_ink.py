"""The objective of the finder: the ink of composed pictures (nn/networks/finder.py)."""

from dataclasses import dataclass

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.networks.layers import scale, scoped_seed
from nn.networks.recipe import Recipe
from nn.networks.registry import Network
from nn.pictures.canvas import CANVAS
from nn.training.objective import Losses

# How much the cross-entropy of a pixel weighs beside the overlap of the whole ink.
PIXEL_WEIGHT = 5.0
# Pixels, added to both sides of the overlap's fraction: a picture without ink has an overlap too.
OVERLAP_FLOOR_PIXELS = 5.0
MIN_FOUND_SHARE = 0.7  # of intersection to union: the ink of a picture is found


@dataclass(frozen=True)
class FindInk:
    """Pictures and their ink, both uint8 [N, 64, 64] as InkPictures has them → logits, float32
    [N, 64, 64]."""

    network: Network
    recipe: Recipe

    def placeholders(self) -> tuple[tf.Tensor, tf.Tensor]:
        """As Objective says."""
        shape = [None, CANVAS, CANVAS]
        return (
            tf1.placeholder(tf.uint8, shape, "images"),
            tf1.placeholder(tf.uint8, shape, "labels"),
        )

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """As Objective says."""
        inside = tf.cast(images > 0, tf.float32)
        return self.network.build(tf.stack([scale(images), inside], -1), None)

    def losses(self, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> Losses:
        """The cross-entropy of the pixels, and the soft Dice loss of Milletari et al. 2016 (arXiv
        1606.04797). Each picture is inverted in half of the steps."""
        gray, inside, ink = scale(images), tf.cast(images > 0, tf.float32), scale(labels)
        key = scoped_seed(seed, "inverted")
        inverted = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1], key) < 0.5
        gray = tf.where(inverted, inside - gray, gray)  # 0 stays around the picture
        with tf1.variable_scope("", reuse=True):
            logits = self.network.build(tf.stack([gray, inside], -1), seed)
        found = tf.sigmoid(logits) * inside
        loss = tf.reduce_mean(ink_loss(logits, ink))
        return Losses(loss, loss, overlap(found, ink) < MIN_FOUND_SHARE)


def ink_loss(logits: tf.Tensor, ink: tf.Tensor) -> tf.Tensor:
    """The loss of each picture: float32 [N, H, W], logits and ink from 0 to 1 → float32 [N]."""
    of_pixels = tf.nn.sigmoid_cross_entropy_with_logits(labels=ink, logits=logits)
    found = tf.sigmoid(logits)
    both = tf.reduce_sum(found * ink, [1, 2])
    squares = tf.reduce_sum(found**2 + ink**2, [1, 2])
    dice = (2 * both + OVERLAP_FLOOR_PIXELS) / (squares + OVERLAP_FLOOR_PIXELS)
    return PIXEL_WEIGHT * tf.reduce_mean(of_pixels, [1, 2]) + 1 - dice


def overlap(found: tf.Tensor, ink: tf.Tensor) -> tf.Tensor:
    """The intersection of the pixels above one half by their union: float32 [N, H, W], both from 0
    to 1 → float32 [N]. It is 1 where there is no ink and none was found."""
    one, other = found > 0.5, ink > 0.5
    both, either = (
        tf.reduce_sum(tf.cast(mask, tf.float32), [1, 2]) for mask in (one & other, one | other)
    )
    return tf.where(either > 0, both / tf.maximum(either, 1), 1.0)
