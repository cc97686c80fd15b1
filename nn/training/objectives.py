"""What a network is trained to do: to read digits, to find ink, or to read rows. Each is a class in
OBJECTIVES.

An objective says what the data set holds, and turns a batch of it into the loss that a step
minimizes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import NO_DIGIT, SIDE
from nn.networks.layers import scale, scoped_seed
from nn.networks.recipe import Recipe
from nn.networks.registry import Network, Task
from nn.pictures.canvas import CANVAS
from nn.training.augment import augment
from nn.training.objective import Losses, Objective
from nn.training.optimizer import cross_entropy, wrong_answers
from nn.training.read_rows import ReadRows


@dataclass(frozen=True)
class ReadDigits:
    """Images, uint8 [N, 28, 28], and labels, int64 [N] → logits, float32 [N, 10].

    tower: the only tower to build, where the others are built by other workers. All workers' losses
    then add up to the batch's, and each has the errors of its own part.
    """

    network: Network
    recipe: Recipe
    tower: int | None = None

    def placeholders(self) -> tuple[tf.Tensor, tf.Tensor]:
        """As Objective says."""
        return (
            tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images"),
            tf1.placeholder(tf.int64, [None], "labels"),
        )

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """As Objective says."""
        return self.network.build(scale(images), None)

    def losses(self, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> Losses:
        """The cross-entropy: reported of the digits alone and without label smoothing."""
        count, towers = labels.shape[0], self.recipe.towers
        is_digit = tf.cast(tf.not_equal(labels, NO_DIGIT), tf.float32)
        digits = tf.reduce_sum(is_digit)
        logits = in_towers(self._build, scale(images), seed, towers, self.tower)
        if self.tower is not None:
            sizes = tower_sizes(count, towers)
            labels, is_digit = (tf.split(x, sizes)[self.tower] for x in (labels, is_digit))
        loss = tf.math.divide_no_nan(
            tf.reduce_sum(is_digit * cross_entropy(logits, labels)), digits
        )
        smoothed = cross_entropy(logits, labels, self.recipe.label_smoothing)
        return Losses(loss, tf.reduce_sum(smoothed) / count, wrong_answers(logits, labels))

    def _build(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if self.recipe.augment:
            images = augment(images, seed, bends=self.recipe.bends)
        with tf1.variable_scope("", reuse=True):
            return self.network.build(images, seed, self.recipe.dropout)


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


# (images float32 [N, ...], seed int32 [2]) → logits float32 [N, 10]
Tower = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def tower_sizes(batch_size: int, towers: int) -> list[int]:
    """How many images of a batch each tower takes; a small batch has fewer towers."""
    return [len(part) for part in np.array_split(range(batch_size), towers) if len(part)]


def in_towers(
    tower: Tower, images: tf.Tensor, seed: tf.Tensor, count: int, only: int | None = None
) -> tf.Tensor:
    """Splits a batch into `count` parts, which go through the network side by side.

    images: float32 [N, ...], N known → logits, float32 [N, 10]. Each tower draws random numbers of
    its own. All share the variables, so their gradients add up. only: the number of the only tower
    to build; then the logits are of its part.
    """
    sizes = tower_sizes(images.shape[0], count)
    if len(sizes) == 1:
        return tower(images, seed)
    logits = []
    for number, part in enumerate(tf.split(images, sizes)):
        if only not in (None, number):
            continue
        name = f"tower_{number}"
        with tf.name_scope(name):
            logits.append(tower(part, scoped_seed(seed, name)))
    return tf.concat(logits, 0)


OBJECTIVES: dict[Task, type[Objective]] = {
    Task.READ_DIGITS: ReadDigits,
    Task.FIND_INK: FindInk,
    Task.READ_ROWS: ReadRows,
}
