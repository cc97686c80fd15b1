"""Layers: one function each, tensor in, tensor out, with its variables in its own scope."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence

import tensorflow as tf
import tensorflow.compat.v1 as tf1

# A collection of the graph: pairs of a moving average of batch norm and the value it moves towards.
MOVES = "moving_averages"

BATCH_NORM_EPSILON = 1e-3  # the default of tf.compat.v1.layers.batch_normalization

Activation = Callable[[tf.Tensor], tf.Tensor]


def scale(images: tf.Tensor) -> tf.Tensor:
    """uint8 [N, 28, 28] → float32 from 0 to 1. It is in the graph, so no client can forget it."""
    return tf.cast(images, tf.float32) * (1 / 255)


def dense(
    x: tf.Tensor,
    units: int,
    scope: str,
    *,
    bias: bool = True,
    activation: Activation | None = None,
) -> tf.Tensor:
    """activation(x · weights + bias): float32 [N, inputs] → [N, units].

    weights [inputs, units] start as in He et al. 2015 (arXiv 1502.01852), bias at 0. Before batch
    norm a bias has no effect, because batch norm subtracts the mean.
    """
    with tf1.variable_scope(scope):
        weights = tf1.get_variable("weights", [x.shape[-1], units], initializer=_he_normal())
        y = tf.matmul(x, weights)
        y = _add_bias(y) if bias else y
        return activation(y) if activation else y


def conv2d(
    x: tf.Tensor,
    filters: int,
    scope: str,
    *,
    size: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 1,
    dilation: int | tuple[int, int] = 1,
    padding: str = "VALID",
    bias: bool = True,
    activation: Activation | None = None,
) -> tf.Tensor:
    """Convolution: float32 [N, H, W, channels] → [N, H', W', filters].

    size, stride, dilation: along height and width, or one number for both. With dilation d the
    kernel takes every d-th pixel (Yu and Koltun 2016, arXiv 1511.07122). With stride 1 and dilation
    1, VALID: H' = H - height + 1; SAME: H' = H. With stride 2, SAME: H' = H / 2, rounded up. kernel
    [height, width, channels, filters] starts as in He et al. 2015 (arXiv 1502.01852), bias at 0.
    """
    with tf1.variable_scope(scope):
        sides = (size, size) if isinstance(size, int) else size
        shape = [*sides, x.shape[-1], filters]
        kernel = tf1.get_variable("kernel", shape, initializer=_he_normal())
        y = tf.nn.conv2d(x, kernel, strides=stride, padding=padding, dilations=dilation)
        y = _add_bias(y) if bias else y
        return activation(y) if activation else y


def max_pool(x: tf.Tensor, scope: str, *, size: int | tuple[int, int] = 2) -> tf.Tensor:
    """The largest of each patch: [N, H, W, C] → [N, H // height, W // width, C]. size: a patch's
    height and width, or one number for both."""
    return tf.nn.max_pool2d(x, size, strides=size, padding="VALID", name=scope)


def flatten(x: tf.Tensor) -> tf.Tensor:
    """[N, ...] → [N, product of the rest]."""
    return tf.reshape(x, [-1, x.shape[1:].num_elements()])


def dropout(x: tf.Tensor, scope: str, *, rate: float, seed: tf.Tensor | None) -> tf.Tensor:
    """Sets a share `rate` of x to 0 and scales the rest, so that the mean stays the same
    (Srivastava et al. 2014).

    seed: int32 [2], (seed, step); in a scope, the same seed drops the same elements. None, as in
    inference, returns x itself. rate is rounded to the nearest 1/256, at most 255/256: one random
    byte decides about each element, because drawing random floats costs four times as much, and
    more than the multiplication.
    """
    if seed is None:
        return x
    dropped = min(round(256 * rate), 255)
    with tf.name_scope(scope):
        key = scoped_seed(seed, scope)
        words = tf.random.stateless_uniform(
            [(tf.size(x) + 3) // 4], key, minval=None, maxval=None, dtype=tf.int32
        )
        random_bytes = tf.reshape(tf.bitcast(words, tf.uint8), [-1])[: tf.size(x)]
        kept = tf.reshape(random_bytes, tf.shape(x)) >= dropped
        return x * (tf.cast(kept, x.dtype) * (256 / (256 - dropped)))


def scoped_seed(seed: tf.Tensor, scope: str) -> tf.Tensor:
    """The scope's own seed, int32 [2] → int32 [2], so that each scope draws other numbers."""
    return seed + tf.constant([zlib.crc32(scope.encode()) >> 1, 0], tf.int32)


def batch_norm(
    x: tf.Tensor,
    scope: str,
    *,
    training: bool,
    epsilon: float = BATCH_NORM_EPSILON,
) -> tf.Tensor:
    """(x - mean) / sqrt(variance + epsilon) · gamma + beta: float32 [N, ..., channels], same shape.

    Ioffe and Szegedy 2015 (arXiv 1502.03167). In training, mean and variance are those of x, by
    channel, and are added to the collection MOVES (the variance unbiased), from which
    batch_moments takes them. Otherwise they are the moving averages.
    """
    with tf1.variable_scope(scope):
        channels = [x.shape[-1]]
        zeros, ones = tf1.zeros_initializer(), tf1.ones_initializer()
        gamma = tf1.get_variable("gamma", channels, initializer=ones)
        beta = tf1.get_variable("beta", channels, initializer=zeros)
        moving_mean = tf1.get_variable("moving_mean", channels, initializer=zeros, trainable=False)
        moving_variance = tf1.get_variable(
            "moving_variance", channels, initializer=ones, trainable=False
        )
        if not training:
            return tf.nn.batch_normalization(
                x, moving_mean, moving_variance, beta, gamma, variance_epsilon=epsilon
            )
        # A single kernel computes all of it, but takes only [N, H, W, channels].
        maps = x if x.shape.rank == 4 else tf.reshape(x, [-1, 1, 1, *channels])
        y, mean, variance = tf1.nn.fused_batch_norm(maps, gamma, beta, epsilon=epsilon)
        for move in ((moving_mean, mean), (moving_variance, variance)):
            tf1.add_to_collection(MOVES, move)
        return tf.reshape(y, tf.shape(x))


def batch_moments() -> tuple[list[tf.Variable], list[tf.Tensor]]:
    """Batch norm's moving averages, and the values of this batch that they move towards.

    Call this once in a graph that trains, after the network is built. Each tower sees another part
    of the batch: the values are means over the towers.
    """
    seen = defaultdict(list)
    for average, value in tf1.get_collection(MOVES):
        seen[average.ref()].append(value)  # by reference: a variable cannot be a key
    averages = [reference.deref() for reference in seen]
    return averages, [tf.add_n(values) / len(values) for values in seen.values()]


def move_averages(
    averages: Sequence[tf.Variable], values: Sequence[tf.Tensor], momentum: float = 0.9
) -> list[tf.Operation]:
    """Ops that move batch norm's averages a share 1 - momentum of the way to the batch's values.

    With a momentum of 0.99 a network predicts worse after an epoch, and no better after ten.
    """
    return [
        average.assign_sub((average - value) * (1 - momentum))
        for average, value in zip(averages, values, strict=True)
    ]


def _add_bias(y: tf.Tensor) -> tf.Tensor:
    bias = tf1.get_variable("bias", y.shape[-1:], initializer=tf1.zeros_initializer())
    return tf.nn.bias_add(y, bias)


def _he_normal() -> tf1.variance_scaling_initializer:
    return tf1.variance_scaling_initializer(scale=2.0, mode="fan_in")
