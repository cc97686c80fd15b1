"""Towers compute what one network would, except that each draws its own random numbers for
dropout."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import reference
import tensorflow as tf
from conftest import ROOT, run_script

from nn.networks.layers import batch_moments, batch_norm, dropout, move_averages
from nn.networks.registry import get_network, readers
from nn.runtime import sessions
from nn.runtime.sessions import FLOAT32, training_session_config
from nn.training.graph import build_training_graph
from nn.training.objectives import in_towers

tf1 = tf.compat.v1


def trained(name: str, digits, towers: int, batch_size: int = 32) -> dict[str, np.ndarray]:
    """A network's variables after three steps."""
    network = get_network(name)
    recipe = replace(network.recipe, batch_size=batch_size, towers=towers)
    graph = build_training_graph(network, recipe, count=len(digits), seed=0)
    config = training_session_config(FLOAT32, towers)
    with tf1.Session(graph=graph.graph, config=config) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: digits.images, graph.feed.labels: digits.labels}
        session.run(graph.load, feed)
        session.run(graph.train, {graph.feed.steps: 3})
        return session.run({variable.op.name: variable for variable in graph.saved})


# Their batch norm takes the mean of a whole batch, as their accuracies were measured.
AS_ONE = {"dense_batchnorm", "optimized_cnn", "compact", "flagship", "residual"}


@pytest.mark.parametrize("name", readers())
def test_a_training_graph_has_the_towers_of_its_recipe(name):
    network = get_network(name)
    graph = build_training_graph(network, network.recipe, count=200, seed=0).graph
    body = str(graph.as_graph_def().library)  # the loop's body is a function
    assert "logits/MatMul" in body
    assert ("tower_1/" in body) == (network.recipe.towers == 2)
    if name in AS_ONE:
        assert network.recipe.towers == 1


@pytest.mark.parametrize("batch_size", [32, 5, 1])
def test_two_towers_train_as_one_network_does(batch_size, digits):
    # `tiny` has no dropout; an odd batch has towers of different heights, a batch of one only one.
    ours, theirs = (trained("tiny", digits[0][:100], towers, batch_size) for towers in (2, 1))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_batch_norm_is_of_each_tower_and_its_averages_of_all():
    x = np.random.default_rng(0).normal(size=[6, 5]).astype(np.float32)
    with tf.Graph().as_default(), tf1.Session() as session:

        def tower(x: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
            with tf1.variable_scope("", reuse=tf1.AUTO_REUSE):
                return batch_norm(x, "b", training=True)

        y = in_towers(tower, tf.constant(x), tf.constant([0, 0]), 2)
        moves = move_averages(*batch_moments())
        session.run(tf1.global_variables_initializer())
        y, _ = session.run([y, moves])
        averages = {variable.op.name: session.run(variable) for variable in tf1.global_variables()}
    halves = np.split(x, 2)
    expected = [reference.batch_norm(half, 1, 0, half.mean(0), half.var(0)) for half in halves]
    np.testing.assert_allclose(y, np.concatenate(expected), rtol=1e-4, atol=1e-4)
    mean = np.mean([half.mean(0) for half in halves], 0)
    variance = np.mean([half.var(0, ddof=1) for half in halves], 0)
    np.testing.assert_allclose(averages["b/moving_mean"], 0.1 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(averages["b/moving_variance"], 0.9 + 0.1 * variance, rtol=1e-4)


@pytest.mark.parametrize("towers", [1, 2])
def test_a_step_moves_batch_norms_averages(towers, digits):
    variables = trained("sprint", digits[0][:100], towers)
    for scope in ("batch_norm_1", "batch_norm_2", "batch_norm_3"):
        assert np.all(variables[f"{scope}/moving_mean"] != 0)
        assert np.all(variables[f"{scope}/moving_variance"] != 1)


# In this process other sessions have run oneDNN's convolutions in other numbers of threads, and
# TensorFlow keeps those for each of its threads, whatever the number of the session that asks.
TRAIN_TWICE = """
import numpy as np
from nn.data.digits import Digits
from test_towers import trained

digits = Digits(**np.load("digits.npz"))
ours, theirs = (trained("sprint", digits, 2) for _ in range(2))
for name, value in ours.items():
    np.testing.assert_array_equal(value, theirs[name], err_msg=name)
print(len(ours), "variables are equal")
"""


def test_towers_train_the_same_each_time(digits, tmp_path):
    few = digits[0][:100]
    np.savez(tmp_path / "digits.npz", images=few.images, labels=few.labels)
    found = os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent)))
    done = run_script("-c", TRAIN_TWICE, cwd=tmp_path, PYTHONPATH=found)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 10


def test_each_tower_drops_others():
    with tf.Graph().as_default(), tf1.Session() as session:
        kept = in_towers(
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
    monkeypatch.setattr(sessions, "available_processors", lambda: processors)
    config = training_session_config(FLOAT32, count)
    assert config.intra_op_parallelism_threads == threads  # 0: TensorFlow's own choice, all
