"""Convolutional networks: images → logits, each an explicit graph.

The comment above each network says why it trains as it does. Errors and losses are on MNIST's
12,000 validation digits, with seed 0, never on its test digits. 10 epochs take `basic_cnn` and
`optimized_cnn` some 100 s on two cores. A network with `towers=1` was measured with batch norm over
whole batches.
"""

import tensorflow as tf

from nn.networks.layers import batch_norm, conv2d, dense, dropout, flatten, max_pool
from nn.networks.registry import register
from nn.runtime.sessions import BFLOAT16


# Dropout 0.5 as in Keras' example of a small convolutional network. ReLU after max-pool gives the
# same numbers as before it, from a quarter of the work.
@register("basic_cnn", parameters=225_034, epochs=10)
def basic_cnn(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 3×3: 32, max-pool, ReLU, 64, max-pool, ReLU; dense: 128 ReLU, dropout 0.5, 10"""
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = tf.nn.relu(max_pool(conv2d(x, 32, "conv_1"), "pool_1"))  # [N, 13, 13, 32]
    x = tf.nn.relu(max_pool(conv2d(x, 64, "conv_2"), "pool_2"))  # [N, 5, 5, 64]
    x = dense(flatten(x), 128, "dense_1", activation=tf.nn.relu)
    x = dropout(x, "dropout_1", rate=0.5, seed=seed)
    return dense(x, 10, "logits")


# Dropout 0.5, learning rate 2e-3, batch 128 and L2 1e-4 make 85 errors. One change at a time:
# dropout 0.3: 102 errors. Learning rate 4e-3: 87. Batch 64: 87, and with learning rate 1e-3 91. No
# L2: 96. L2 5e-4: 87, but over three seeds 82.0 on average, loss 0.0230, against 82.7 and 0.0248.
# Batch norm after max-pool, not before, works on a quarter of the values: 194 errors after one
# epoch against 210, in 4/5 the time.
# (All with moving averages of momentum 0.99; with 0.9 the 87 are 88.)
@register(
    "optimized_cnn", parameters=225_930, epochs=10, batch_size=128, learning_rate=2e-3, l2=5e-4,
    towers=1,
)  # fmt: skip
def optimized_cnn(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """basic_cnn with batch norm before each ReLU, and L2; dropout 0.5"""
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


# For a single epoch: 99% in seconds. docs/experiments.md says what was tried. 16 filters fill one
# of oneDNN's blocks.
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


# What the plain command trains: its epochs are as many as fit into two minutes.
# docs/experiments.md says what was tried.
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


# For a training of a quarter of an hour. docs/experiments.md says what was tried.
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
