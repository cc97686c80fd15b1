"""The loss, the learning rate's course and the optimizers' steps, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from nn.networks.recipe import Recipe
from nn.training.optimizer import (
    cross_entropy,
    descend,
    gradients_of,
    learning_rate,
    penalty,
)

tf1 = tf.compat.v1


def rates(recipe: Recipe, steps: list[int], total: int) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        return np.array([
            session.run(learning_rate(tf.constant(step, tf.int64), total, recipe)) for step in steps
        ])  # fmt: skip


def test_without_warmup_the_rate_falls_in_a_line_to_zero():
    found = rates(Recipe(epochs=1, learning_rate=0.01), [0, 25, 99], 100)
    np.testing.assert_allclose(found, [0.01, 0.0075, 0.0001], rtol=1e-4)


def test_with_warmup_the_rate_rises_then_falls():
    recipe = Recipe(epochs=1, learning_rate=0.01, warmup=0.2)
    found = rates(recipe, [0, 10, 20, 60, 100], 100)
    np.testing.assert_allclose(found, [0, 0.005, 0.01, 0.005, 0], rtol=1e-4, atol=1e-8)


def test_label_smoothing_gives_each_digit_a_share():
    logits = np.random.default_rng(0).normal(size=(5, 10)).astype(np.float32)
    labels = np.array([0, 9, 3, 3, 1])
    with tf.Graph().as_default(), tf1.Session() as session:
        plain, smooth = session.run([
            cross_entropy(tf.constant(logits), tf.constant(labels), smoothing)
            for smoothing in (0.0, 0.2)
        ])  # fmt: skip
    log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(plain, -log[np.arange(5), labels], rtol=1e-5)
    np.testing.assert_allclose(smooth, 0.8 * plain - 0.2 * log.mean(1), rtol=1e-5)


# The starts of a matrix and of a bias, and what their losses pull them to.
STARTS = np.array([[1.0, -2.0]]), np.array([1.0, -2.0])
TARGETS = np.array([[0.5, 3.0]]), np.array([0.3, -0.7])


def two_steps(recipe: Recipe, rate: float) -> list[np.ndarray]:
    """A matrix and a bias after two steps down half the squared distance to their targets."""
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = [
            tf1.get_variable(name, initializer=tf.constant(start, tf.float32))
            for name, start in zip(("weights", "bias"), STARTS, strict=True)
        ]
        loss = sum(
            0.5 * tf.reduce_sum((variable - target) ** 2)
            for variable, target in zip(variables, TARGETS, strict=True)
        )
        gradients = gradients_of(loss + penalty(variables, recipe.l2), variables)
        update = descend(gradients, variables, tf.constant(rate), recipe)
        session.run(tf1.global_variables_initializer())
        for _ in range(2):
            session.run(update)
        return session.run(variables)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_two_steps_are_adams_with_decoupled_weight_decay(weight_decay):
    """Loshchilov and Hutter 2019, algorithm 2; biases do not decay."""
    rate, beta_2 = 0.01, 0.99
    found = two_steps(Recipe(epochs=1, beta_2=beta_2, weight_decay=weight_decay), rate)
    for value, target, decay, result in zip(
        STARTS, TARGETS, (weight_decay, 0.0), found, strict=True
    ):
        m, v = 0.0, 0.0
        for step in (1, 2):
            gradient = value - target
            m = 0.9 * m + 0.1 * gradient
            v = beta_2 * v + (1 - beta_2) * gradient**2
            value = value - rate * decay * value
            value -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - beta_2**step)) + 1e-8)
        np.testing.assert_allclose(result, value, rtol=1e-5)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("optimizer", "kept"), [("momentum", 0.9), ("sgd", 0.0)])
def test_two_steps_are_gradient_descents_with_l2_and_decoupled_weight_decay(
    optimizer, kept, weight_decay
):
    """Loshchilov and Hutter 2019, algorithm 1. L2 pulls at the matrix alone, as weight decay does;
    its pull goes into the velocity, that of weight decay does not."""
    rate, l2 = 0.1, 0.3
    recipe = Recipe(epochs=1, optimizer=optimizer, l2=l2, weight_decay=weight_decay)
    found = two_steps(recipe, rate)
    for value, target, is_matrix, result in zip(STARTS, TARGETS, (1, 0), found, strict=True):
        velocity = 0.0
        for _ in range(2):
            velocity = kept * velocity + (value - target) + is_matrix * l2 * value
            value = value - rate * is_matrix * weight_decay * value - rate * velocity
        np.testing.assert_allclose(result, value, rtol=1e-5)


def test_an_unknown_optimizer_is_an_error():
    with pytest.raises(ValueError, match="no optimizer is called 'adagrad'"):
        two_steps(Recipe(epochs=1, optimizer="adagrad"), 0.1)
