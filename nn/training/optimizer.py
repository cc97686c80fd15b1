"""One training step's parts: the loss, the learning rate, the optimizer's update."""

import math
from collections.abc import Sequence

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import NO_DIGIT
from nn.networks.recipe import ADAM, MOMENTUM, SGD, Recipe

# The share of its velocity that momentum keeps at each step: Krizhevsky et al. 2012, ImageNet
# Classification with Deep Convolutional Neural Networks, 5.
KEPT_VELOCITY = 0.9


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    """Categorical cross-entropy of float32 [N, 10] with int64 [N], in nats: float32 [N].

    smoothing: the share of a label that all ten digits get alike. A label of NO_DIGIT is shared
    among all ten alike: the network learns to be unsure of such a picture (outlier exposure:
    Hendrycks et al. 2019, arXiv 1812.04606).
    """
    digits = logits.shape[-1]
    targets = tf.one_hot(labels, digits) * (1 - smoothing) + smoothing / digits
    targets = tf.where(tf.equal(labels, NO_DIGIT)[:, None], 1 / digits, targets)
    return tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)


def wrong_answers(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Which answers are wrong: bool [N]. Where the label is NO_DIGIT, an answer with a probability
    above one half is wrong."""
    answers = tf.argmax(logits, 1)
    # The answer's probability is above one half where its cross-entropy is below log 2. This is
    # cheaper than a softmax (docs/performance.md, "What was tried").
    sure = cross_entropy(logits, answers) < math.log(2)
    return tf.where(tf.equal(labels, NO_DIGIT), sure, tf.not_equal(answers, labels))


def penalty(variables: Sequence[tf.Variable], l2: float) -> tf.Tensor | float:
    """l2 / 2 times the sum of squares of kernels and weights, a scalar.

    It leaves out biases and batch norm's gamma and beta (Goodfellow et al. 2016, Deep Learning,
    7.1).
    """
    if not l2:
        return 0.0
    return l2 * tf.add_n([tf.nn.l2_loss(variable) for variable in _matrices(variables)])


def learning_rate(step: tf.Tensor, total_steps: int, recipe: Recipe) -> tf.Tensor:
    """The learning rate at a step, int64, of total_steps: float32, a scalar."""
    progress = tf.cast(step, tf.float32) / total_steps
    falling = (1 - progress) / (1 - recipe.warmup)
    rising = progress / recipe.warmup if recipe.warmup else falling
    return recipe.learning_rate * tf.minimum(rising, falling)


def gradients_of(loss: tf.Tensor, variables: Sequence[tf.Variable]) -> list[tf.Tensor]:
    """The gradient of the loss by each variable. No gradient is used before all of them are
    computed."""
    return tf1.gradients(loss, variables, gate_gradients=True)


def descend(
    gradients: Sequence[tf.Tensor],
    variables: Sequence[tf.Variable],
    rate: tf.Tensor,
    recipe: Recipe,
) -> tf.Operation:
    """The op that takes one step of the recipe's optimizer, with decoupled weight decay, down the
    gradients."""
    optimizer = _optimizer(rate, recipe)
    pairs = list(zip(gradients, variables, strict=True))
    if not recipe.weight_decay:
        return optimizer.apply_gradients(pairs)
    with tf.control_dependencies(gradients):
        share = rate * recipe.weight_decay
        decays = [matrix.assign_sub(share * matrix) for matrix in _matrices(variables)]
    with tf.control_dependencies(decays):
        return optimizer.apply_gradients(pairs)


def _optimizer(rate: tf.Tensor, recipe: Recipe) -> tf1.train.Optimizer:
    if recipe.optimizer == ADAM:
        return tf1.train.AdamOptimizer(rate, beta2=recipe.beta_2)
    if recipe.optimizer == MOMENTUM:
        return tf1.train.MomentumOptimizer(rate, KEPT_VELOCITY)
    if recipe.optimizer == SGD:
        return tf1.train.GradientDescentOptimizer(rate)
    raise ValueError(f"no optimizer is called {recipe.optimizer!r}")


def _matrices(variables: Sequence[tf.Variable]) -> list[tf.Variable]:
    """The kernels and weights among the variables: those with two axes or more."""
    return [variable for variable in variables if variable.shape.rank > 1]
