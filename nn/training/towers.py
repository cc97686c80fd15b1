"""Training in towers: a batch's halves go through the network side by side, each in threads of its
own, as TF1 code had it for several GPUs (https://github.com/tensorflow/models,
tutorials/image/cifar10/cifar10_multi_gpu_train.py).

Batch norm takes the mean and the variance of what its own tower sees, as there, and as "ghost batch
normalization" does, which is said to predict no worse (Hoffer et al. 2017, arXiv 1705.08741).
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nn.networks.layers import scoped_seed

# (images float32 [N, ...], seed int32 [2]) → logits float32 [N, 10]
Tower = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def in_towers(tower: Tower, images: tf.Tensor, seed: tf.Tensor, count: int) -> tf.Tensor:
    """The logits, float32 [N, 10], of images, float32 [N, ...], N known.

    Each tower draws random numbers of its own. All share the variables: their gradients add up.
    """
    sizes = [len(part) for part in np.array_split(range(images.shape[0]), count) if len(part)]
    if len(sizes) == 1:
        return tower(images, seed)
    logits = []
    for number, part in enumerate(tf.split(images, sizes)):
        name = f"tower_{number}"
        with tf.name_scope(name):
            logits.append(tower(part, scoped_seed(seed, name)))
    return tf.concat(logits, 0)
