"""Dense networks: images → logits, each an explicit graph.

The comment above each network says why it trains as it does. Errors and losses are on MNIST's
12,000 validation digits, with seed 0, never on its test digits. Each network has the
learning rate with the lowest loss of those that were tried: its errors at the different rates
differ by no more than chance, except those of `tiny` at 4e-3. 15 epochs take 5 to 25 s on two
cores. `towers=1` does not split a batch, so that batch norm takes the mean of whole batches.
"""

import tensorflow as tf

from nn.networks.layers import batch_norm, dense, dropout, flatten
from nn.networks.registry import register


# No dropout: with ten units, each is needed. Learning rate 1e-3: 819 errors, loss 0.2433; 2e-3:
# 846, 0.2439; 4e-3: 992, 0.2909.
@register("tiny", hidden=(10, 10), parameters=8_070, epochs=15)
def tiny(images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int) -> tf.Tensor:
    """784 → 10 ReLU, 10 ReLU, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    return dense(x, 10, "logits")


# The network of TensorFlow's own quickstart for beginners, with its dropout 0.2. Learning rate
# 1e-3: 282 errors, loss 0.0816; 2e-3: 261, 0.0783; 3e-3: 256, 0.0855.
@register(
    "simple_dnn", hidden=(128,), parameters=101_770, epochs=15, learning_rate=2e-3, dropout=0.2
)  # fmt: skip
def simple_dnn(images: tf.Tensor, seed: tf.Tensor | None, size: int, *, rate: float) -> tf.Tensor:
    """784 → 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=rate, seed=seed)
    return dense(x, 10, "logits")


# Dropout as in simple_dnn. Learning rate 1e-3: 231 errors, loss 0.0769; 2e-3: 225, 0.0853; 3e-3:
# 219, 0.0875.
@register("dense", hidden=(256, 128), parameters=235_146, epochs=15, dropout=0.2)
def dense_network(
    images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int, *, rate: float
) -> tf.Tensor:
    """784 → 256 ReLU, dropout 0.2, 128 ReLU, dropout 0.2, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=rate, seed=seed)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dropout(x, "dropout_2", rate=rate, seed=seed)
    return dense(x, 10, "logits")


# Dropout 0.5: Srivastava et al. 2014, for hidden layers. Learning rate 1e-3: 239 errors, loss
# 0.0695; 2e-3: 232, 0.0713; 4e-3: 226, 0.0708.
@register(
    "dense_batchnorm", hidden=(256, 128, 128), parameters=252_170, epochs=15, dropout=0.5, towers=1
)  # fmt: skip
def dense_batchnorm(
    images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int, size_3: int, *, rate: float
) -> tf.Tensor:
    """784 → 256 ReLU, dropout 0.5, 128 ReLU, 128 ReLU, batch norm, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=rate, seed=seed)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dense(x, size_3, "dense_3", activation=tf.nn.relu)
    x = batch_norm(x, "batch_norm_1", training=seed is not None)
    return dense(x, 10, "logits")


# Dropout as in dense_batchnorm. Learning rate 1e-3: 216 errors, loss 0.0859; 2e-3: 211, 0.1042;
# 4e-3: 234, 0.1487.
@register("classic", hidden=(512, 64), parameters=435_402, epochs=15, dropout=0.5)
def classic(
    images: tf.Tensor, seed: tf.Tensor | None, size_1: int, size_2: int, *, rate: float
) -> tf.Tensor:
    """784 → 512 ReLU, 64 ReLU, dropout 0.5, 10"""
    x = flatten(images)  # [N, 784]
    x = dense(x, size_1, "dense_1", activation=tf.nn.relu)
    x = dense(x, size_2, "dense_2", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=rate, seed=seed)
    return dense(x, 10, "logits")
