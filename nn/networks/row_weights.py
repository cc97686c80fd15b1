"""The reader of rows with the weights in the repository, as a function of the graph.

`python train_neural_network.py --network rows` writes such weights.
"""

from collections.abc import Callable

import tensorflow as tf

from nn.networks.fixed_weights import (
    Weights,
    constants,
    fold_batch_norm,
    load_weights,
    weights_file,
)
from nn.networks.layers import scale
from nn.networks.row_reader import rows

ROWS_FILE = weights_file("rows")


def read_rows(weights: Weights | None = None) -> Callable[[tf.Tensor], tf.Tensor]:
    """The reader with fixed weights, as a function that adds it to the current graph.

    weights: by their names; by default those in the repository.

    The function takes strips, uint8 [N, 40, W, 2], N at least 1 and W even. It returns the
    logarithm of the probability of each character, and of none, at each step: float32 [N, W / 2,
    16].
    """
    values = fold_batch_norm(load_weights(ROWS_FILE) if weights is None else weights)

    def read(strips: tf.Tensor) -> tf.Tensor:
        with constants(values):
            return tf.nn.log_softmax(rows(scale(strips), None, folded=True))

    return read
