"""Towers: they compute what one network would, but for dropout's random numbers, of which each has
its own."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from nn import precision, towers
from nn.graph import build_training_graph
from nn.layers import dropout
from nn.networks import NETWORKS, get_network
from nn.precision import FLOAT32, session_config

tf1 = tf.compat.v1


def trained(name: str, digits, batch_size: int) -> tuple[int, list[np.ndarray]]:
    """How many towers a network trains in, and its weights after three steps."""
    network = get_network(name)
    recipe = replace(network.recipe, batch_size=batch_size)
    graph = build_training_graph(network, recipe, count=len(digits), seed=0)
    config = session_config(FLOAT32, graph.towers)
    with tf1.Session(graph=graph.graph, config=config) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: digits.images, graph.feed.labels: digits.labels}
        session.run(graph.load, feed)
        session.run(graph.train, {graph.feed.steps: 3})
        return graph.towers, session.run(graph.weights)


@pytest.mark.parametrize(("batch_size", "count"), [(32, 2), (5, 2), (1, 1)])
def test_two_towers_train_as_one_network_does(batch_size, count, digits, monkeypatch):
    # `tiny` has no dropout; an odd batch has towers of different heights.
    found, weights = trained("tiny", digits[0][:100], batch_size)
    assert found == count
    monkeypatch.setattr(towers, "TOWERS", 1)
    found, expected = trained("tiny", digits[0][:100], batch_size)
    assert found == 1
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_batch_norm_is_of_the_whole_batch(digits, monkeypatch):
    found, weights = trained("dense_batchnorm", digits[0][:100], 32)
    assert found == 1
    monkeypatch.setattr(towers, "TOWERS", 1)
    _, expected = trained("dense_batchnorm", digits[0][:100], 32)
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_without_batch_norm_trains_in_two(name):
    recipe = replace(get_network(name).recipe, batch_size=8)
    graph = build_training_graph(get_network(name), recipe, count=8, seed=0)
    normalizes = any("moving_mean" in variable.name for variable in graph.saved)
    assert graph.towers == (1 if normalizes else 2)


def test_each_tower_drops_others():
    with tf.Graph().as_default(), tf1.Session() as session:
        kept = towers.in_towers(
            lambda images, seed: dropout(images, "dropout", rate=0.5, seed=seed),
            tf.ones([2, 1000]), tf.constant([0, 0]), 2,
        )  # fmt: skip
        first, second = session.run(kept)
    assert 300 < np.sum(first != second) < 700
    assert 400 < np.sum(first > 0) < 600


@pytest.mark.parametrize(
    ("count", "processors", "threads"), [(2, 1, 1), (2, 2, 1), (2, 8, 4), (1, 8, 0)]
)
def test_all_towers_together_have_a_thread_for_each_processor(
    count, processors, threads, monkeypatch
):
    monkeypatch.setattr(precision, "processors", lambda: processors)
    config = session_config(FLOAT32, count)
    assert config.intra_op_parallelism_threads == threads  # 0: TensorFlow's own choice, all
