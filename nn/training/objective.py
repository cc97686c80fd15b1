"""What a network is trained to do, whatever that is: what all objectives have in common."""

from typing import NamedTuple, Protocol

import tensorflow as tf

from nn.networks.recipe import Recipe
from nn.networks.registry import Network


class Losses(NamedTuple):
    """The losses of a batch.

    reported: float32, a scalar to compare with the validation loss; minimized: float32, the scalar
    that a step lowers; errors: bool [N], which answers are wrong.
    """

    reported: tf.Tensor
    minimized: tf.Tensor
    errors: tf.Tensor


class Objective(Protocol):
    """What a network is trained to do. network, recipe: as build_training_graph takes them."""

    def __init__(self, network: Network, recipe: Recipe) -> None: ...

    def placeholders(self) -> tuple[tf.Tensor, tf.Tensor]:
        """New placeholders for images and labels, each of N."""

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """What the network answers to images in inference."""

    def losses(self, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> Losses:
        """The losses of a batch in training. seed: int32 [2], (seed, step)."""
