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
from nn.training.augment import augment
from nn.training.find_ink import FindInk
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
