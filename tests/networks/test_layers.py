"""Each layer against NumPy, and its gradients against finite differences."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from nn.networks import layers
from nn.networks.layers import scale
from nn.training.optimizer import cross_entropy, penalty

tf1 = tf.compat.v1
RNG = np.random.default_rng(0)


def random(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def run(build, **arrays):
    """Builds a graph from placeholders of unknown batch size; returns what build returned."""
    with tf.Graph().as_default():
        tf1.set_random_seed(1)
        placeholders = {
            name: tf1.placeholder(array.dtype, [None, *array.shape[1:]])
            for name, array in arrays.items()
        }
        fetches = build(**placeholders)
        feed = {placeholders[name]: array for name, array in arrays.items()}
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for variable in tf1.global_variables():  # a bias of zeros would hide a mistake
                variable.load(random(*variable.shape.as_list()), session)
            return session.run([fetches, {v.op.name: v for v in tf1.global_variables()}], feed)


@pytest.mark.parametrize("count", [1, 7])
def test_dense_is_a_product_and_a_bias(count):
    x = random(count, 5)
    y, variables = run(lambda x: layers.dense(x, 3, "d", activation=tf.nn.relu), x=x)
    expected = np.maximum(x @ variables["d/weights"] + variables["d/bias"], 0)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("count", "size"), [(1, 3), (7, 3), (2, 5)])
def test_conv2d_valid_is_the_sum_over_each_patch(count, size):
    x = random(count, 8, 9, 2)
    y, variables = run(lambda x: layers.conv2d(x, 4, "c", size=size), x=x)
    expected = reference.conv2d(x, variables["c/kernel"], variables["c/bias"])
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_conv2d_same_pads_with_zeros():
    x = random(2, 6, 6, 2)
    y, variables = run(lambda x: layers.conv2d(x, 3, "c", padding="SAME"), x=x)
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    expected = reference.conv2d(padded, variables["c/kernel"], variables["c/bias"])
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [6, 7])
def test_max_pool_takes_the_largest_and_drops_what_is_left_over(side):
    x = random(3, side, side, 2)
    y, _ = run(lambda x: layers.max_pool(x, "p"), x=x)
    assert y.shape == (3, 3, 3, 2)
    np.testing.assert_array_equal(y, reference.max_pool(x))


def test_flatten_keeps_the_order_of_pixels():
    x = random(2, 3, 4, 5)
    y, _ = run(lambda x: layers.flatten(x), x=x)
    np.testing.assert_array_equal(y, x.reshape(2, 60))


def dropped(seed, scope="a", count=400, rate=0.3):
    x = np.ones((count, 50), np.float32)
    return run(
        lambda x: layers.dropout(x, scope, rate=rate, seed=tf.constant(seed, tf.int32)), x=x
    )[0]


def test_dropout_drops_the_share_asked_for_and_keeps_the_mean():
    y = dropped([1, 2])
    assert abs((y == 0).mean() - 0.3) < 0.02  # 20,000 draws: a standard deviation is 0.003
    np.testing.assert_allclose(np.unique(y), [0, 256 / (256 - 77)], rtol=1e-6)
    assert abs(y.mean() - 1) < 0.03


def test_dropout_hangs_on_seed_step_and_scope_alone():
    y = dropped([1, 2])
    np.testing.assert_array_equal(y, dropped([1, 2]))
    for other in (dropped([1, 3]), dropped([2, 2]), dropped([1, 2], scope="b")):
        assert 0.3 < (y == other).mean() < 0.7  # 0.58 where the two are independent


def test_dropout_takes_sizes_that_no_word_of_four_bytes_fits():
    assert dropped([1, 2], count=1).shape == (1, 50)


def test_dropout_without_a_seed_is_the_identity():
    x = random(3, 4)
    y, _ = run(lambda x: layers.dropout(x, "a", rate=0.5, seed=None), x=x)
    np.testing.assert_array_equal(y, x)


def batch_normalized(x, training, steps):
    """The last step's output and the moving averages after it; gamma and beta are 2 and 3."""
    with tf.Graph().as_default(), tf1.Session() as session:
        feed = tf1.placeholder(tf.float32, [None, *x.shape[1:]])
        y = layers.batch_norm(feed, "b", training=training)
        moves = layers.move_averages(*layers.batch_moments())
        variables = {v.op.name: v for v in tf1.global_variables()}
        session.run(tf1.global_variables_initializer())
        variables["b/gamma"].load(np.full(x.shape[-1], 2.0, np.float32), session)
        variables["b/beta"].load(np.full(x.shape[-1], 3.0, np.float32), session)
        for _ in range(steps):
            output, _ = session.run([y, moves], {feed: x})
        return output, *session.run([variables["b/moving_mean"], variables["b/moving_variance"]])


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 6, 5)], ids=["dense", "maps"])
def test_batch_norm_trains_on_the_batchs_own_mean_and_variance(shape):
    x = 3 * random(*shape) + 1
    axes = tuple(range(len(shape) - 1))
    mean, variance = x.mean(axes), x.var(axes)
    y, moving_mean, moving_variance = batch_normalized(x, training=True, steps=2)
    np.testing.assert_allclose(
        y, reference.batch_norm(x, 2, 3, mean, variance), rtol=1e-4, atol=1e-4
    )
    # Two steps of a tenth of the way: from 0, and from 1 to the unbiased variance.
    count = x.size // shape[-1]
    np.testing.assert_allclose(moving_mean, 0.19 * mean, rtol=1e-4, atol=1e-5)
    unbiased = variance * count / (count - 1)
    np.testing.assert_allclose(moving_variance, 0.81 + 0.19 * unbiased, rtol=1e-4)


def test_batch_norm_predicts_with_the_moving_averages_and_leaves_them_alone():
    x = 3 * random(7, 5) + 1
    y, moving_mean, moving_variance = batch_normalized(x, training=False, steps=2)
    np.testing.assert_allclose(y, reference.batch_norm(x, 2, 3, 0, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(moving_mean, np.zeros(5))
    np.testing.assert_array_equal(moving_variance, np.ones(5))


def test_penalty_is_half_the_sum_of_squared_kernels_and_weights():
    with tf.Graph().as_default(), tf1.Session() as session:
        layers.batch_norm(layers.conv2d(tf.zeros([1, 5, 5, 1]), 2, "c"), "b", training=False)
        layers.dense(tf.zeros([1, 3]), 2, "d")
        variables = tf1.trainable_variables()
        session.run(tf1.global_variables_initializer())
        for variable in variables:
            variable.load(random(*variable.shape.as_list()), session)
        values = {v.op.name: session.run(v) for v in variables}
        found = session.run(penalty(variables, 0.1))
        assert penalty(variables, 0.0) == 0
    squares = sum((values[name] ** 2).sum() for name in ("c/kernel", "d/weights"))
    assert found == pytest.approx(0.05 * squares, rel=1e-5)


def test_cross_entropy_is_minus_the_log_of_the_labels_probability():
    logits, labels = random(7, 10), RNG.integers(0, 10, 7)
    losses, _ = run(lambda logits, labels: cross_entropy(logits, labels),
                    logits=logits, labels=labels)  # fmt: skip
    probabilities = reference.softmax(logits)
    np.testing.assert_allclose(losses, -np.log(probabilities[range(7), labels]), rtol=1e-4)


def test_scale_maps_255_to_one():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    y, _ = run(lambda x: scale(x), x=pixels)
    np.testing.assert_allclose(y, pixels / 255, rtol=1e-6)


SEED = [3, 4]


@pytest.mark.parametrize(
    "layer",
    [
        lambda x: layers.dense(layers.flatten(x), 3, "l", activation=tf.nn.relu),
        lambda x: layers.conv2d(x, 3, "l", activation=tf.nn.relu),
        lambda x: layers.conv2d(x, 2, "l", padding="SAME"),
        lambda x: layers.max_pool(layers.conv2d(x, 2, "l"), "p"),
        lambda x: layers.dropout(layers.conv2d(x, 2, "l"), "d", rate=0.4, seed=tf.constant(SEED)),
        lambda x: layers.batch_norm(layers.flatten(x)[:, :4], "b", training=False),
        lambda x: layers.batch_norm(layers.conv2d(x, 2, "l"), "b", training=True),
        lambda x: cross_entropy(layers.dense(layers.flatten(x), 10, "l"), tf.constant([3, 9])),
    ],
    ids=[
        "dense",
        "conv2d",
        "conv2d same",
        "max_pool",
        "dropout",
        "batch_norm predicting",
        "batch_norm training",
        "cross_entropy",
    ],
)
def test_gradients_are_finite_differences(layer):
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(5)
        x = tf1.get_variable("x", [2, 6, 6, 1], initializer=tf1.random_normal_initializer())
        y = layer(x)
        total = tf.reduce_sum(y * random(*y.shape))  # a scalar in which every output counts
        variables = tf1.trainable_variables()
        gradients = tf.gradients(total, variables)
        session.run(tf1.global_variables_initializer())
        for variable, analytic in zip(variables, session.run(gradients), strict=True):
            numeric = finite_differences(session, total, variable)
            np.testing.assert_allclose(analytic, numeric, rtol=2e-2, atol=2e-2)


def finite_differences(session, total, variable, step=2e-3):
    value = session.run(variable)
    differences = np.zeros_like(value)
    for index in np.ndindex(*value.shape):
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[index] += sign * step
            variable.load(moved, session)
            ends.append(session.run(total))
        differences[index] = (ends[0] - ends[1]) / (2 * step)
    variable.load(value, session)
    return differences
