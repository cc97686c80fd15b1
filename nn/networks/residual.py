"""The residual network: images → logits, an explicit graph of residual units with pre-activation.

He et al. 2016, Identity Mappings in Deep Residual Networks (arXiv 1603.05027).
"""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.networks.layers import batch_norm, conv2d, dense, max_pool
from nn.networks.registry import register
from nn.runtime.sessions import BFLOAT16


# Three stages of two units, as wide as those of He et al. 2016 for CIFAR-10. The max-pool after the
# first convolution leaves a quarter of the pixels, and so of the work. The settings are those of
# `compact`, in bfloat16 and without dropout; nobody searched others.
@register(
    "residual", parameters=175_706, epochs=6, batch_size=128, learning_rate=2e-2, warmup=0.25,
    beta_2=0.99, weight_decay=0.01, label_smoothing=0.1, augment=True, precision=BFLOAT16,
    towers=1,
)  # fmt: skip
def residual(images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
    """conv 3×3: 16, max-pool, residual units: 2 of 16, 32, 64; batch norm, ReLU, mean; dense: 10"""
    training = seed is not None
    x = tf.expand_dims(images, -1)  # [N, 28, 28, 1]
    x = max_pool(conv2d(x, 16, "conv_1", padding="SAME", bias=False), "pool_1")  # [N, 14, 14, 16]
    x = residual_unit(x, 16, "unit_1", training=training)
    x = residual_unit(x, 16, "unit_2", training=training)
    x = residual_unit(x, 32, "unit_3", training=training, stride=2)  # [N, 7, 7, 32]
    x = residual_unit(x, 32, "unit_4", training=training)
    x = residual_unit(x, 64, "unit_5", training=training, stride=2)  # [N, 4, 4, 64]
    x = residual_unit(x, 64, "unit_6", training=training)
    x = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
    return dense(tf.reduce_mean(x, [1, 2]), 10, "logits")


def residual_unit(
    x: tf.Tensor, filters: int, scope: str, *, training: bool, stride: int = 1
) -> tf.Tensor:
    """x + conv(ReLU(BN(conv(ReLU(BN(x)))))): float32 [N, H, W, C] → [N, H / stride, W / stride,
    filters], rounded up.

    He et al. 2016, figure 4 (e). Where the shape changes, a 1×1 convolution of ReLU(BN(x)) takes
    the place of x in the sum.
    """
    with tf1.variable_scope(scope):
        y = tf.nn.relu(batch_norm(x, "batch_norm_1", training=training))
        if stride > 1 or x.shape[-1] != filters:
            x = conv2d(y, filters, "shortcut", size=1, stride=stride, padding="SAME", bias=False)
        y = conv2d(y, filters, "conv_1", stride=stride, padding="SAME", bias=False)
        y = tf.nn.relu(batch_norm(y, "batch_norm_2", training=training))
        return x + conv2d(y, filters, "conv_2", padding="SAME", bias=False)
