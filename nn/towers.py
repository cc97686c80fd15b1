"""Training in towers: a batch's halves go through the network side by side, each in threads of its
own, as TF1 code had it for several GPUs (https://github.com/tensorflow/models,
tutorials/image/cifar10/cifar10_multi_gpu_train.py).
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from nn.layers import scoped_seed

TOWERS = 2  # on any machine, so that a seed draws the same random numbers on each

# (images float32 [N, ...], seed int32 [2]) → logits float32 [N, 10]
Tower = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def count_towers(variables: Sequence[tf.Variable], batch_size: int) -> int:
    """How many a network trains in. variables: all of its own.

    One where some are not trained, but moved, as batch norm's averages are: it takes the mean and
    the variance of the whole batch. Any other network takes each image by itself.
    """
    return min(TOWERS, batch_size) if all(each.trainable for each in variables) else 1


def in_towers(tower: Tower, images: tf.Tensor, seed: tf.Tensor, count: int) -> tf.Tensor:
    """The logits, float32 [N, 10], of images, float32 [N, ...], N known.

    Each tower draws random numbers of its own. All share the variables: their gradients add up.
    """
    if count == 1:
        return tower(images, seed)
    sizes = [len(part) for part in np.array_split(range(images.shape[0]), count)]
    logits = []
    for number, part in enumerate(tf.split(images, sizes)):
        name = f"tower_{number}"
        with tf.name_scope(name):
            logits.append(tower(part, scoped_seed(seed, name)))
    return tf.concat(logits, 0)
