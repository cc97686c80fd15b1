"""The loss, the learning rate's course and Adam's step, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from nn.networks.recipe import Recipe
from nn.training.optimizer import cross_entropy, descend, gradients_of, learning_rate

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


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_two_steps_are_adams_with_decoupled_weight_decay(weight_decay):
    """Loshchilov and Hutter 2019, algorithm 2; biases do not decay."""
    rate, beta_2, start = 0.01, 0.99, np.array([[1.0, -2.0]])
    targets = np.array([[0.5, 3.0]]), np.array([0.3, -0.7])
    with tf.Graph().as_default(), tf1.Session() as session:
        weights = tf1.get_variable("weights", initializer=tf.constant(start, tf.float32))
        bias = tf1.get_variable("bias", initializer=tf.constant(start[0], tf.float32))
        loss = sum(
            0.5 * tf.reduce_sum((variable - target) ** 2)
            for variable, target in zip((weights, bias), targets, strict=True)
        )
        recipe = Recipe(epochs=1, beta_2=beta_2, weight_decay=weight_decay)
        gradients = gradients_of(loss, [weights, bias])
        update = descend(gradients, [weights, bias], tf.constant(rate), recipe)
        session.run(tf1.global_variables_initializer())
        for _ in range(2):
            session.run(update)
        found = session.run([weights, bias])
    for value, target, decay, result in zip(
        (start, start[0]), targets, (weight_decay, 0.0), found, strict=True
    ):
        m, v = 0.0, 0.0
        for step in (1, 2):
            gradient = value - target
            m = 0.9 * m + 0.1 * gradient
            v = beta_2 * v + (1 - beta_2) * gradient**2
            value = value - rate * decay * value
            value -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - beta_2**step)) + 1e-8)
        np.testing.assert_allclose(result, value, rtol=1e-5)
