"""The networks: images → logits, each an explicit graph, and the registry of their names.

A network takes images, float32 [N, 28, 28] from 0 (paper) to 1 (ink), and returns logits,
float32 [N, 10]. `seed`, int32 [2] (seed, step), makes it a training graph, with dropout and the
batch's own mean and variance; None makes it an inference graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from nn.data.csv_files import SIDE
from nn.errors import UserError
from nn.networks.layers import batch_norm, conv2d, dense, dropout, flatten, max_pool
from nn.runtime.sessions import BFLOAT16
from nn.training.optimizer import Recipe

tf1 = tf.compat.v1

# (images, seed, size of the first hidden layer, of the second, …) → logits
Layers = Callable[..., tf.Tensor]


@dataclass(frozen=True)
class Network:
    """A registered network, its size, and the training that suits it.

    parameters: elements of all its variables. hidden: the sizes of a dense network's hidden
    layers; empty for a convolutional one.
    """

    name: str
    layers: Layers
    parameters: int
    recipe: Recipe
    hidden: tuple[int, ...] = ()

    @property
    def summary(self) -> str:
        """What the network is, in a line: its docstring's first."""
        return self.layers.__doc__.splitlines()[0]

    def build(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Adds the network to the current graph: images → logits."""
        return self.layers(images, seed, *self.hidden)

    def resized(self, hidden: Sequence[int]) -> "Network":
        """The same with other hidden sizes. Raises UserError where there are not as many."""
        if len(hidden) != len(self.hidden):
            raise UserError(_wrong_sizes(self, hidden))
        network = replace(self, hidden=tuple(hidden))
        return replace(network, parameters=count_parameters(network))


NETWORKS: dict[str, Network] = {}


def register(
    name: str, *, parameters: int, hidden: tuple[int, ...] = (), **recipe: Any
) -> Callable[[Layers], Layers]:
    """A decorator that enters a network's graph function under a name, with its recipe's fields."""

    def enter(layers: Layers) -> Layers:
        NETWORKS[name] = Network(name, layers, parameters, Recipe(**recipe), hidden)
        return layers

    return enter


def get_network(name: str, hidden: Sequence[int] = ()) -> Network:
    """The network of that name, with its own hidden sizes or those given.

    Raises UserError, which says what there is, where there is no such network, or it has not so
    many hidden layers.
    """
    if name not in NETWORKS:
        raise UserError(f"no network is called {name!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[name].resized(hidden) if hidden else NETWORKS[name]


def count_parameters(network: Network) -> int:
    """Elements of all the variables that the network creates."""
    with tf.Graph().as_default():
        network.build(tf1.placeholder(tf.float32, [None, SIDE, SIDE]), None)
        return sum(variable.shape.num_elements() for variable in tf1.global_variables())


def _wrong_sizes(network: Network, hidden: Sequence[int]) -> str:
    usual, found = (" ".join(map(str, sizes)) for sizes in (network.hidden, hidden))
    if not network.hidden:
        names = ", ".join(other.name for other in NETWORKS.values() if other.hidden)
        return f"hidden sizes {found}: {network.name} has none to set; these have: {names}"
    count = len(network.hidden)
    wanted = "layer, so it takes one size" if count == 1 else "layers, so it takes as many sizes"
    return f"hidden sizes {found}: {network.name} has {count} hidden {wanted}, such as {usual}"


# Beside each network stands why it trains as it does. Errors and losses are of MNIST's 12,000
# validation digits, with seed 0, never of its test digits. Of the learning rates that were tried,
# each dense network has the one with the lowest loss: their errors differ by no more than chance.
# 15 epochs take a dense network 5 to 25 s on two cores, 10 a convolutional one some 100 s.
# `compact`, which the plain command trains, has so many that it ends within two minutes. One tower
# where these were measured with batch norm of whole batches.


# No dropout: ten units have nothing to spare. Learning rate 1e-3: 819 errors, loss 0.2433; 2e-3:
# 846, 0.2439; 4e-3: 992, 0.2909.
@register("tiny", hidden=(10, 10), parameters=8_070, epochs=15)
def tiny(images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int) -> tf.Tensor:
    """784 → 10 ReLU, 10 ReLU, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    return dense(x, 10, "logits")


# Dropout 0.2 as in TensorFlow's own quickstart for beginners, whose network this is. Learning rate
# 1e-3: 282 errors, loss 0.0816; 2e-3: 261, 0.0783; 3e-3: 256, 0.0855.
@register("simple_dnn", hidden=(128,), parameters=101_770, epochs=15, learning_rate=2e-3)
def simple_dnn(images: tf.Tensor, seed: tf.Tensor | None, size: int) -> tf.Tensor:
    """784 → 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.2, seed=seed)
    return dense(x, 10, "logits")


# Dropout as above. 1e-3: 231 errors, loss 0.0769; 2e-3: 225, 0.0853; 3e-3: 219, 0.0875.
@register("dense", hidden=(256, 128), parameters=235_146, epochs=15)
def dense_network(images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int) -> tf.Tensor:
    """784 → 256 ReLU, dropout 0.2, 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.2, seed=seed)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dropout(x, "dropout_2", rate=0.2, seed=seed)
    return dense(x, 10, "logits")


# Dropout 0.5: Srivastava et al. 2014, for hidden layers. 1e-3: 239 errors, loss 0.0695; 2e-3: 232,
# 0.0713; 4e-3: 226, 0.0708.
@register("dense_batchnorm", hidden=(256, 128, 128), parameters=252_170, epochs=15, towers=1)
def dense_batchnorm(
    images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int, size_3: int
) -> tf.Tensor:
    """784 → 256 ReLU, dropout 0.5, 128 ReLU, 128 ReLU, batch norm, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dense(x, size_3, "dense_3", activation=tf.nn.relu)
    x = batch_norm(x, "batch_norm_1", training=seed is not None)
    return dense(x, 10, "logits")


# Dropout 0.5 as above. 1e-3: 216 errors, loss 0.0859; 2e-3: 211, 0.1042; 4e-3:
# 234, 0.1487.
@register("classic", hidden=(512, 64), parameters=435_402, epochs=15)
def classic(images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int) -> tf.Tensor:
    """784 → 512 ReLU, 64 ReLU, dropout 0.5, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")


# Dropout 0.5 as above, as in Keras' example of a small convolutional network. ReLU after max-pool
# gives the same numbers as before it, from a quarter of the work.
@register("basic_cnn", parameters=225_034, epochs=10)
def basic_cnn(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 3×3: 32, max-pool, ReLU, 64, max-pool, ReLU; dense: 128 ReLU, dropout 0.5, 10"""
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = tf.nn.relu(max_pool(conv2d(x, 32, "conv_1"), "pool_1"))  # [N, 13, 13, 32]
    x = tf.nn.relu(max_pool(conv2d(x, 64, "conv_2"), "pool_2"))  # [N, 5, 5, 64]
    x = dense(flatten(x), 128, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")


# One change at a time from dropout 0.5, learning rate 2e-3, batch 128, L2 1e-4: 85 errors. Dropout
# 0.3: 102. Learning rate 4e-3: 87. Batch 64: 87, and at 1e-3 91. No L2: 96. L2 5e-4: 87, but over
# three seeds 82.0 on average, loss 0.0230, against 82.7 and 0.0248. Batch norm after max-pool, not
# before, works on a quarter of the values: 194 errors after one epoch against 210, in 4/5 the time.
# (All with moving averages of momentum 0.99; with 0.9 the 87 are 88.)
@register(
    "optimized_cnn", parameters=225_930, epochs=10, batch_size=128, learning_rate=2e-3, l2=5e-4,
    towers=1,
)  # fmt: skip
def optimized_cnn(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """basic_cnn with batch norm before each ReLU, and L2"""
    training = seed is not None
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = max_pool(conv2d(x, 32, "conv_1"), "pool_1")  # [N, 13, 13, 32]
    x = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
    x = max_pool(conv2d(x, 64, "conv_2"), "pool_2")  # [N, 5, 5, 64]
    x = tf.nn.relu(batch_norm(x, "batch_norm_2", training=training))
    x = dense(flatten(x), 128, "dense_1")
    x = tf.nn.relu(batch_norm(x, "batch_norm_3", training=training))
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")


# Meant for one epoch: 99% in seconds. docs/experiments.md has what was tried. 16 filters
# fill one of oneDNN's blocks.
@register(
    "sprint", parameters=109_402, epochs=1, batch_size=128, learning_rate=3e-2, warmup=0.25,
    beta_2=0.99, label_smoothing=0.1,
)  # fmt: skip
def sprint(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 5×5: 16, max-pool, conv 3×3: 32, max-pool; dense: 128, 10; batch norm and ReLU"""
    training = seed is not None
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = max_pool(conv2d(x, 16, "conv_1", size=5, bias=False), "pool_1")  # [N, 12, 12, 16]
    x = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
    x = max_pool(conv2d(x, 32, "conv_2", bias=False), "pool_2")  # [N, 5, 5, 32]
    x = tf.nn.relu(batch_norm(x, "batch_norm_2", training=training))
    x = dense(flatten(x), 128, "dense_1", bias=False)
    x = tf.nn.relu(batch_norm(x, "batch_norm_3", training=training))
    return dense(x, 10, "logits")


# Meant for two minutes; what was tried stands there too.
@register(
    "compact", parameters=73_410, epochs=6, batch_size=128, learning_rate=2e-2, warmup=0.25,
    beta_2=0.99, weight_decay=0.01, label_smoothing=0.1, augment=True, towers=1,
)  # fmt: skip
def compact(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 3×3: 24, max-pool, 32, 64, max-pool, 64; dropout 0.3, dense: 10; batch norm and ReLU"""
    training = seed is not None
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = max_pool(conv2d(x, 24, "conv_1", bias=False), "pool_1")  # [N, 13, 13, 24]
    x = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
    x = conv2d(x, 32, "conv_2", bias=False)  # [N, 11, 11, 32]
    x = tf.nn.relu(batch_norm(x, "batch_norm_2", training=training))
    x = max_pool(conv2d(x, 64, "conv_3", bias=False), "pool_2")  # [N, 4, 4, 64]
    x = tf.nn.relu(batch_norm(x, "batch_norm_3", training=training))
    x = conv2d(x, 64, "conv_4", padding="SAME", bias=False)  # [N, 4, 4, 64]
    x = tf.nn.relu(batch_norm(x, "batch_norm_4", training=training))
    x = dropout(flatten(x), "dropout_1", rate=0.3, seed=seed)
    return dense(x, 10, "logits")


# Meant for a quarter of an hour.
@register(
    "flagship", parameters=206_890, epochs=16, batch_size=128, learning_rate=2e-2, warmup=0.25,
    beta_2=0.99, weight_decay=0.01, label_smoothing=0.1, augment=True, extras=0.12,
    precision=BFLOAT16, towers=1,
)  # fmt: skip
def flagship(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 5×5: 32, max-pool, 3×3: 64, 96, max-pool, 128; dropout 0.5, dense: 10; BN and ReLU"""
    training = seed is not None
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = max_pool(conv2d(x, 32, "conv_1", size=5, bias=False), "pool_1")  # [N, 12, 12, 32]
    x = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
    x = conv2d(x, 64, "conv_2", bias=False)  # [N, 10, 10, 64]
    x = tf.nn.relu(batch_norm(x, "batch_norm_2", training=training))
    x = max_pool(conv2d(x, 96, "conv_3", bias=False), "pool_2")  # [N, 4, 4, 96]
    x = tf.nn.relu(batch_norm(x, "batch_norm_3", training=training))
    x = conv2d(x, 128, "conv_4", padding="SAME", bias=False)  # [N, 4, 4, 128]
    x = tf.nn.relu(batch_norm(x, "batch_norm_4", training=training))
    x = dropout(flatten(x), "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")
