"""The networks: images → logits, each an explicit graph, and the registry of their names.

A network takes images, float32 [N, 28, 28] from 0 (paper) to 1 (ink), and returns logits,
float32 [N, 10]. `seed`, int32 [2] (seed, step), makes it a training graph, with dropout; None
makes it an inference graph.
"""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from nn.errors import UserError
from nn.layers import conv2d, dense, dropout, flatten, max_pool

Build = Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]


@dataclass(frozen=True)
class Network:
    """A registered network, its size, and the training that suits it.

    learning_rate: Adam's, at the first step; it falls linearly to 0 at the last.
    """

    name: str
    build: Build
    parameters: int
    epochs: int
    batch_size: int
    learning_rate: float

    @property
    def summary(self) -> str:
        """What the network is, in a line: its docstring's first."""
        return self.build.__doc__.splitlines()[0]


NETWORKS: dict[str, Network] = {}


def register(
    name: str,
    *,
    parameters: int,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,  # Adam's own default: Kingma and Ba 2015, arXiv 1412.6980
) -> Callable[[Build], Build]:
    """A decorator that enters a network's graph function under a name."""

    def enter(build: Build) -> Build:
        NETWORKS[name] = Network(name, build, parameters, epochs, batch_size, learning_rate)
        return build

    return enter


def get_network(name: str) -> Network:
    """The network of that name. Raises UserError, which lists the names, where there is none."""
    if name not in NETWORKS:
        raise UserError(f"no network is called {name!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[name]


# Where a learning rate is not Adam's own, it was chosen on the validation digits.


@register("simple_dnn", parameters=101_770, epochs=15, learning_rate=2e-3)
def simple_dnn(images: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
    """784 → 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, 128, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.2, seed=seed)
    return dense(x, 10, "logits")


@register("dense", parameters=235_146, epochs=15, learning_rate=2e-3)
def dense_network(images: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
    """784 → 256 ReLU, dropout 0.2, 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, 256, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.2, seed=seed)
    x = dense(x, 128, "dense_2", activation=tf.nn.relu)
    x = dropout(x, "dropout_2", rate=0.2, seed=seed)
    return dense(x, 10, "logits")


@register("basic_cnn", parameters=225_034, epochs=10)
def basic_cnn(images: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
    """conv 3×3×32 ReLU, max-pool, conv 3×3×64 ReLU, max-pool, 128 ReLU, dropout 0.5, 10"""
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = conv2d(x, 32, "conv_1", activation=tf.nn.relu)  # [N, 26, 26, 32]
    x = max_pool(x, "pool_1")  # [N, 13, 13, 32]
    x = conv2d(x, 64, "conv_2", activation=tf.nn.relu)  # [N, 11, 11, 64]
    x = max_pool(x, "pool_2")  # [N, 5, 5, 64]
    x = dense(flatten(x), 128, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")
