"""The finder of ink with the weights in the repository, as a function of the graph.

`python train_neural_network.py --network finder` writes such weights.
"""

from collections.abc import Callable

import tensorflow as tf

from nn.networks.finder import finder
from nn.networks.fixed_weights import (
    Weights,
    constants,
    fold_batch_norm,
    load_weights,
    weights_file,
)

FINDER_FILE = weights_file("finder")


def find_ink(weights: Weights | None = None) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The finder with fixed weights, as a function that adds it to the current graph.

    weights: by their names; by default those in the repository.

    The function takes gray levels and a mask of the picture on its canvas, both float32 [N, H, W]
    from 0 to 1. It returns each pixel's probability of being a digit's ink: the same shape and
    range.
    """
    values = fold_batch_norm(load_weights(FINDER_FILE) if weights is None else weights)

    def find(gray: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
        def found() -> tf.Tensor:
            with constants(values):
                logits = finder(tf.stack([gray, inside], -1), None, folded=True)
            return tf.sigmoid(logits) * inside

        # oneDNN's convolutions fail on an empty batch.
        return tf.cond(tf.size(gray) > 0, found, lambda: tf.zeros_like(gray))

    return find
