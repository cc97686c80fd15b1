"""The objective of the reader of rows: the texts of strips (nn/networks/row_reader.py)."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.texts import MAX_TEXT, PADDING
from nn.networks.layers import scale, scoped_seed
from nn.networks.recipe import Recipe
from nn.networks.registry import Network
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS
from nn.prediction.number_strips import PAPER_LEVEL
from nn.training.objective import Losses

CANVAS_WIDTH_PIXELS = 256  # of a canvas with strips of rows
WIDTHS = 0.85, 1.0  # of a canvas: narrower, so that no digit falls off
MAX_SLANT = 0.12  # to either side, in pixels for each pixel of height
MAX_SHIFT_PIXELS = 2  # up or down: the middle of a row is found no better
NOISE = 0.04  # its highest standard deviation, for pixels from 0 to 1
GAINS = 0.75, 1.15  # of ink and of darkness
NO_INK_SHARE = 0.07  # of the rows: without the ink, to learn to read the darkness


@dataclass(frozen=True)
class ReadRows:
    """Canvases of strips, uint8 [N, 40, 256, 2], and their texts, int8 [N, MAX_TEXT] → logits,
    float32 [N, 128, 16]."""

    network: Network
    recipe: Recipe

    def placeholders(self) -> tuple[tf.Tensor, tf.Tensor]:
        """As Objective says."""
        shape = [None, STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2]
        return (
            tf1.placeholder(tf.uint8, shape, "images"),
            tf1.placeholder(tf.int8, [None, MAX_TEXT], "labels"),
        )

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """As Objective says."""
        return self.network.build(scale(images), None)

    def losses(self, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> Losses:
        """How improbable the texts are, in nats (Graves et al. 2006, Connectionist Temporal
        Classification), of canvases that are distorted a little."""
        with tf1.variable_scope("", reuse=True):
            logits = self.network.build(distort(scale(images), seed), seed)
        losses = text_loss(logits, labels)
        loss = tf.reduce_mean(losses)
        return Losses(loss, loss, losses > np.log(2))


def distort(canvases: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Makes each canvas narrower, slants it, moves it up or down, changes its contrast, adds noise,
    and takes the ink from a few.

    canvases: float32 [N, H, W, 2] from 0 to 1, N known → the same. seed: int32 [2], (seed, step).
    """
    count, height, width = canvases.shape[0], canvases.shape[1], canvases.shape[2]

    def draw(scope: str, shape: list[int], low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, scoped_seed(seed, scope), low, high)

    # Two channels of paper, from which the rows that are moved in are taken.
    paper = tf.constant([0, PAPER_LEVEL / 255], tf.float32)
    widths, slants = draw("width", [count], *WIDTHS), draw("slant", [count], -MAX_SLANT, MAX_SLANT)
    slanted = paper + slant(canvases - paper, widths, slants)
    margin = tf.broadcast_to(paper, [count, MAX_SHIFT_PIXELS, width, 2])
    padded = tf.concat([margin, slanted, margin], 1)
    first = tf.cast(draw("shift", [count, 1], 0, 2 * MAX_SHIFT_PIXELS + 1), tf.int32)
    moved = tf.gather(padded, first + tf.range(height), axis=1, batch_dims=1)
    noise = tf.random.stateless_normal(tf.shape(moved), scoped_seed(seed, "noise"))
    moved += noise * draw("noise level", [count, 1, 1, 1], 0, NOISE)
    gains = draw("gains", [count, 1, 1, 2], *GAINS)
    has_ink = tf.cast(draw("no ink", [count, 1, 1, 1]) >= NO_INK_SHARE, tf.float32)
    return moved * gains * tf.concat([has_ink, tf.ones_like(has_ink)], -1)


def slant(canvases: tf.Tensor, widths: tf.Tensor, slants: tf.Tensor) -> tf.Tensor:
    """Makes canvases narrower about their left side, and slants them about their middle row:
    float32 [N, H, W, 2] → the same; 0 beyond the border.

    widths: float32 [N], a share of the old width; slants: float32 [N], how far to the right a pixel
    moves, for each pixel above the middle.
    """
    one, zero = tf.ones_like(widths), tf.zeros_like(widths)
    middle = (canvases.shape[1] - 1) / 2
    # Where a pixel (x, y) comes from: x / width + slant · (y - middle), y.
    transforms = tf.stack(
        [1 / widths, slants, -slants * middle, zero, one, zero, zero, zero], 1
    )  # fmt: skip
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=canvases, transforms=transforms, output_shape=canvases.shape[1:3], fill_value=0.0,
        interpolation="BILINEAR", fill_mode="CONSTANT",
    )  # fmt: skip


def text_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The negative logarithm of each text's probability: logits, float32 [N, T, classes], and
    labels, int8 [N, MAX_TEXT] → float32 [N]."""
    places = tf.where(tf.not_equal(labels, PADDING))
    values = tf.cast(tf.gather_nd(labels, places), tf.int32)
    texts = tf.SparseTensor(places, values, tf.cast(tf.shape(labels), tf.int64))
    steps = tf.fill([tf.shape(logits)[0]], tf.shape(logits)[1])
    by_step = tf.transpose(tf.cast(logits, tf.float32), [1, 0, 2])
    return tf1.nn.ctc_loss(texts, by_step, steps, ignore_longer_outputs_than_inputs=True)
