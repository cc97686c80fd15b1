"""The finder: a network that marks the pixels of a picture that are a digit's ink.

It is a U-Net (Ronneberger et al. 2015, arXiv 1505.04597). It shrinks the picture four times, so
that a unit sees all of it. Then it enlarges the result four times, and adds the features from
before each shrinking. There is no rule about polarity, light, printed lines or neighbors: the
network learns all that from the pictures that nn/composition/scenes.py composes.
"""

import tensorflow as tf

from nn.networks.layers import batch_norm, conv2d
from nn.networks.registry import Task, register
from nn.normalization.image_ops import local_sum
from nn.runtime.sessions import BFLOAT16

# Canvas pixels a side, odd: the mean of this neighborhood is a pixel's paper. It is wider than a
# stroke, so that a thick one keeps its contrast in the middle.
NEIGHBORHOOD_PIXELS = 15
# Added to a standard deviation of gray levels from 0 to 1: a picture without contrast stays flat.
DEVIATION_FLOOR = 0.01
FINE, MIDDLE, COARSE = 24, 48, 96  # filters where a side has 32 pixels, 16, and 8 or 4


@register(
    "finder", task=Task.FIND_INK, parameters=457_348, epochs=8, batch_size=64, learning_rate=4e-3,
    warmup=0.15, beta_2=0.99, weight_decay=0.01, precision=BFLOAT16, towers=1,
    pictures=150_000,
)  # fmt: skip
def finder(pictures: tf.Tensor, seed: tf.Tensor | None, *, folded: bool = False) -> tf.Tensor:
    """a U-Net: conv 3×3: 24, 48, 96 and 96 filters, each half as large as the one before; BN, ReLU

    Returns a logit for each pixel, positive for a digit's ink: float32 [N, H, W].

    pictures: float32 [N, H, W, 2]. The first channel holds gray levels from 0 to 1; the second is 1
    where the canvas holds its picture, 0 around it. H and W are multiples of 16. seed: None in
    inference; with a seed, batch norm takes the batch's own mean and variance. folded: whether
    batch norm is a part of the kernels and biases (nn/networks/fixed_weights.py), in inference
    alone.
    """
    training = seed is not None

    def block(x: tf.Tensor, filters: int, number: int, stride: int = 1, size: int = 3) -> tf.Tensor:
        """A convolution, batch norm, ReLU."""
        name = f"conv_{number}"
        x = conv2d(x, filters, name, size=size, stride=stride, padding="SAME", bias=folded)
        if not folded:
            x = batch_norm(x, f"batch_norm_{number}", training=training)
        return tf.nn.relu(x)

    x = tf.nn.space_to_depth(standardize(pictures), 2)  # [N, 32, 32, 12] of 64 × 64
    fine = block(block(x, FINE, 1), FINE, 2)  # [N, 32, 32, 24]
    middle = block(block(fine, MIDDLE, 3, stride=2), MIDDLE, 4)  # [N, 16, 16, 48]
    coarse = block(block(middle, COARSE, 5, stride=2), COARSE, 6)  # [N, 8, 8, 96]
    whole = block(block(coarse, COARSE, 7, stride=2), COARSE, 8)  # [N, 4, 4, 96]
    x = block(enlarge(block(whole, COARSE, 9, size=1)) + coarse, COARSE, 10)  # [N, 8, 8, 96]
    x = block(enlarge(block(x, MIDDLE, 11, size=1)) + middle, MIDDLE, 12)  # [N, 16, 16, 48]
    x = block(enlarge(block(x, FINE, 13, size=1)) + fine, FINE, 14)  # [N, 32, 32, 24]
    x = conv2d(x, 4, "logits", padding="SAME")  # four pixels each
    return tf.nn.depth_to_space(x, 2)[..., 0]  # [N, 64, 64]


def standardize(pictures: tf.Tensor) -> tf.Tensor:
    """Standardizes pictures, so that light and contrast make no difference.

    float32 [N, H, W, 2], as `finder` takes them → [N, H, W, 3]. The first channel holds the gray
    levels minus the picture's mean; the second, minus the mean of each pixel's neighborhood. Each
    is divided by its standard deviation. The third is 1 inside the picture.
    """
    levels, inside = tf.unstack(pictures, axis=-1)  # [N, H, W] each
    count = tf.reduce_sum(inside, [1, 2], keepdims=True)
    mean = tf.reduce_sum(levels * inside, [1, 2], keepdims=True) / count
    centered = (levels - mean) * inside
    # Of the difference from the mean, which is small: a product of matrices may be in bfloat16.
    paper = local_sum(centered, NEIGHBORHOOD_PIXELS) / (local_sum(inside, NEIGHBORHOOD_PIXELS) + 1)

    def by_deviation(difference: tf.Tensor) -> tf.Tensor:
        variance = tf.reduce_sum(difference**2, [1, 2], keepdims=True) / count
        return difference / (tf.sqrt(variance) + DEVIATION_FLOOR)

    contrasts = by_deviation(centered), by_deviation((centered - paper) * inside)
    return tf.stack([*contrasts, inside], -1)


def enlarge(x: tf.Tensor) -> tf.Tensor:
    """[N, H, W, C] → [N, 2 H, 2 W, C], bilinear."""
    return tf.image.resize(x, 2 * tf.shape(x)[1:3], "bilinear")
