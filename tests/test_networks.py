"""Every registered network: its size, and that it learns."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import train

from nn.errors import UserError
from nn.graph import build_inference_graph, build_training_graph
from nn.networks import NETWORKS, get_network

tf1 = tf.compat.v1

PARAMETERS = {"simple_dnn": 101_770, "dense": 235_146, "basic_cnn": 225_034}
every_network = pytest.mark.parametrize("name", NETWORKS)


def test_the_networks_of_the_brief_are_there():
    assert set(PARAMETERS) <= set(NETWORKS)


@every_network
def test_a_network_has_the_parameters_it_states(name):
    with build_inference_graph(get_network(name)).as_default():
        count = sum(variable.shape.num_elements() for variable in tf1.global_variables())
    assert count == get_network(name).parameters == PARAMETERS.get(name, count)


@every_network
def test_a_network_overfits_64_images(name, digits):
    training, _ = digits
    few = training[:64]
    graph = build_training_graph(
        get_network(name), count=64, batch_size=32, total_steps=400, learning_rate=2e-3, seed=0
    )
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        session.run(graph.load, {graph.feed.images: few.images, graph.feed.labels: few.labels})
        for _ in range(100):
            session.run(graph.train, {graph.feed.steps: 2})
        answers = session.run(
            graph.answers, {graph.feed.images: few.images, graph.feed.labels: few.labels}
        )
    assert (answers.predictions == few.labels).all()
    assert answers.losses.mean() < 0.1


@every_network
def test_a_network_answers_the_same_at_every_batch_size(name, digits):
    images = digits[1].images[:101]
    with build_inference_graph(get_network(name)).as_default() as graph, tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        probabilities = graph.get_tensor_by_name("probabilities:0")
        feed = graph.get_tensor_by_name("images:0")

        def batches(size):
            return np.concatenate([
                session.run(probabilities, {feed: images[i : i + size]})
                for i in range(0, len(images), size)
            ])  # fmt: skip

        whole = batches(101)
        np.testing.assert_allclose(whole.sum(1), 1, rtol=1e-5)
        for size in (1, 7):
            np.testing.assert_allclose(batches(size), whole, rtol=1e-4, atol=1e-6)


def test_an_unknown_name_lists_the_networks():
    with pytest.raises(UserError, match=r"'dens'.*simple_dnn, dense, basic_cnn"):
        get_network("dens")


def test_list_networks_shows_each_with_its_size():
    finished = train("--list-networks")
    assert finished.returncode == 0
    for name, count in PARAMETERS.items():
        assert name in finished.stdout
        assert f"{count:,} parameters" in finished.stdout
