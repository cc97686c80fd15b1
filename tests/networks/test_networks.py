"""Every registered network: its size, what it computes, and that it learns."""

import importlib
import re
from dataclasses import replace

import numpy as np
import pytest
import reference
import tensorflow as tf

from nn.errors import UserError
from nn.networks import layers, registry
from nn.networks.inference import build_inference_graph
from nn.networks.layers import scale
from nn.networks.registry import NETWORKS, get_network, readers
from nn.training.evaluation import evaluate
from nn.training.graph import build_training_graph
from nn.training.optimizer import cross_entropy, penalty

tf1 = tf.compat.v1

PARAMETERS = {
    "tiny": 8_070,
    "simple_dnn": 101_770,
    "dense": 235_146,
    "dense_batchnorm": 252_170,  # of which 256 are moving averages
    "classic": 435_402,
    "basic_cnn": 225_034,
    "optimized_cnn": 225_930,
    "sprint": 109_402,
    "compact": 73_410,
    "flagship": 206_890,
    "residual": 175_706,
}
BIASES_BEFORE_BATCH_NORM = {"optimized_cnn": 3}  # they have no effect, so no gradient
every_network = pytest.mark.parametrize("name", readers())


def test_all_networks_are_registered():
    assert set(PARAMETERS) <= set(readers())
    assert set(NETWORKS) - set(readers()) == {"finder", "rows"}


def random_variables() -> dict[str, np.ndarray]:
    """Values for the current graph's variables, none of which is as it was initialized."""
    rng = np.random.default_rng(0)
    values = {}
    for variable in tf1.global_variables():
        shape = variable.shape.as_list()
        if "variance" in variable.op.name:
            values[variable.op.name] = rng.uniform(0.5, 2, shape)
        else:
            spread = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.5
            values[variable.op.name] = rng.normal(0, spread, shape)
    return values


@every_network
def test_a_network_predicts_as_its_definition_in_numpy(name, digits):
    images = digits[1].images[:7]
    with build_inference_graph(get_network(name)).as_default() as graph, tf1.Session() as session:
        values = random_variables()
        for variable in tf1.global_variables():
            variable.load(values[variable.op.name], session)
        feed = {graph.get_tensor_by_name("images:0"): images}
        probabilities = session.run(graph.get_tensor_by_name("probabilities:0"), feed)
    logits = reference.twin(name)(images / 255, reference.Weights(values))
    np.testing.assert_allclose(probabilities, reference.softmax(logits), rtol=1e-3, atol=1e-5)
    assert probabilities.std() > 0.05


@every_network
def test_a_networks_gradients_are_finite_differences(name, digits):
    """In training, with dropout and the batch's statistics: along its own gradient, the loss
    rises as fast as the gradient is long, for each variable."""
    few = digits[0][:16]
    # Empty paper is alike everywhere: where one of its pixels is at a corner of ReLU, all are.
    noise = np.random.default_rng(0).integers(0, 256, few.images.shape, dtype=np.uint8)
    images = np.maximum(few.images, noise)
    network = get_network(name)
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(1)
        logits = network.build(scale(tf.constant(images)), tf.constant([3, 4]))
        variables = tf1.trainable_variables()
        loss = tf.reduce_mean(cross_entropy(logits, few.labels)) + penalty(
            variables, network.recipe.l2
        )
        gradients = tf.gradients(loss, variables)
        session.run(tf1.global_variables_initializer())
        values = random_variables()  # where biases are 0, ReLU has a corner under empty paper
        for variable in variables:
            variable.load(values[variable.op.name], session)
        checked = 0
        for variable, gradient in zip(variables, session.run(gradients), strict=True):
            value, length = session.run(variable), np.linalg.norm(gradient)
            if length < 1e-4:  # a bias before batch norm, which takes every mean away
                assert variable.op.name.endswith("/bias")
                assert "batch_norm" in " ".join(values)
                continue
            step = 0.002 * gradient / length
            ends = []
            for end in (value + step, value - step):
                variable.load(end, session)
                ends.append(session.run(loss))
            variable.load(value, session)
            slope = (ends[0] - ends[1]) / 0.004
            assert slope == pytest.approx(length, rel=0.03, abs=2e-3), variable.name
            checked += 1
    assert checked
    if name in PARAMETERS:
        assert checked == len(variables) - BIASES_BEFORE_BATCH_NORM.get(name, 0)


@every_network
def test_a_network_has_the_parameters_it_states(name):
    network = get_network(name)
    with build_inference_graph(network).as_default():
        count = sum(variable.shape.num_elements() for variable in tf1.global_variables())
    assert network.parameters == count
    if name in PARAMETERS:  # a network that was added since needs no entry
        assert count == PARAMETERS[name]


def register_for_this_test(monkeypatch, parameters: int) -> None:
    """Registers a network, "extra", that no list and no test names."""
    monkeypatch.setattr(registry, "NETWORKS", dict(NETWORKS))

    @registry.register("extra", parameters=parameters, epochs=1)
    def extra(images, seed):
        """784 → 10"""
        return layers.dense(layers.flatten(images), 10, "logits")


@pytest.mark.parametrize("graph", ["inference", "training"])
def test_a_network_with_a_wrong_number_of_parameters_cannot_be_built(monkeypatch, graph):
    register_for_this_test(monkeypatch, parameters=7_000)
    network = get_network("extra")
    message = (
        "network 'extra' is registered with parameters=7,000, but its variables have 7,850 "
        "elements; register it with parameters=7_850"
    )
    with pytest.raises(ValueError, match=message):
        if graph == "inference":
            build_inference_graph(network)
        else:
            build_training_graph(network, network.recipe, count=100, seed=0)
    register_for_this_test(monkeypatch, parameters=7_850)
    build_inference_graph(get_network("extra"))


def test_a_network_without_a_twin_in_numpy_is_told_where_to_write_one(monkeypatch, digits):
    register_for_this_test(monkeypatch, parameters=7_850)
    message = r"write its NumPy twin in tests/reference.py: def extra\("
    with pytest.raises(AssertionError, match=message):
        test_a_network_predicts_as_its_definition_in_numpy("extra", digits)


@every_network
def test_a_network_overfits_64_images(name, digits):
    training, _ = digits
    few = training[:64]
    steps = 1200 if name == "tiny" else 100  # ten units a layer learn slowly
    network = get_network(name)
    recipe = replace(
        network.recipe, epochs=steps, batch_size=32, learning_rate=2e-3, warmup=0.0, augment=False,
        label_smoothing=0.0,
    )  # fmt: skip
    graph = build_training_graph(network, recipe, count=64, seed=0)
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        session.run(graph.load, {graph.feed.images: few.images, graph.feed.labels: few.labels})
        for _ in range(steps // 2):  # a call stays within an epoch
            session.run(graph.train, {graph.feed.steps: 2})
        scores = evaluate(session, graph, few)
    assert scores.errors == 0
    assert scores.loss < 0.1


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


DROPOUT = {
    "tiny": [],
    "simple_dnn": [0.2],
    "dense": [0.2, 0.2],
    "dense_batchnorm": [0.5],
    "classic": [0.5],
    "basic_cnn": [0.5],
    "optimized_cnn": [0.5],
    "sprint": [],
    "compact": [0.3],
    "flagship": [0.5],
    "residual": [],
}


@every_network
def test_a_network_drops_what_its_summary_says_in_training(name, monkeypatch):
    network, seen = get_network(name), []

    def record(x, scope, *, rate, seed):
        seen.append((rate, seed))
        return x

    # Where its function finds `dropout`; a module whose networks use none has no such name.
    module = importlib.import_module(network.layers.__module__)
    monkeypatch.setattr(module, "dropout", record, raising=False)
    with tf.Graph().as_default():
        seed = tf.constant([1, 2])
        network.build(tf.zeros([1, 28, 28]), seed)
    stated = [float(rate) for rate in re.findall(r"dropout (0\.\d+)", network.summary)]
    assert seen == [(rate, seed) for rate in stated]
    with tf.Graph().as_default():  # another rate replaces every one of its own
        network.build(tf.zeros([1, 28, 28]), tf.constant([1, 2]), dropout=0.7)
    assert [rate for rate, _ in seen[len(stated) :]] == [0.7] * len(stated)
    if name in DROPOUT:
        assert stated == DROPOUT[name]


def test_hidden_sizes_are_set_on_any_dense_network():
    network = get_network("dense_batchnorm", [30, 20, 10])
    assert network.parameters == 784 * 30 + 30 + 30 * 20 + 20 + 20 * 10 + 10 + 4 * 10 + 10 * 10 + 10
    with build_inference_graph(network).as_default():
        shapes = {v.op.name: v.shape.as_list() for v in tf1.global_variables()}
    assert shapes["dense_1/weights"] == [784, 30]
    assert shapes["dense_3/weights"] == [20, 10]
    assert get_network("dense_batchnorm").hidden == (256, 128, 128)


@pytest.mark.parametrize(
    ("name", "hidden", "message"),
    [
        ("tiny", [5], "hidden sizes 5: tiny has 2 hidden layers, so it takes 2 sizes, "
                      "such as 10 10"),
        ("simple_dnn", [5, 6], "hidden sizes 5 6: simple_dnn has 1 hidden layer, so it takes one "
                               "size, such as 128"),
        ("basic_cnn", [5, 6], "basic_cnn has no hidden layers to resize. These networks do: tiny"),
    ],
)  # fmt: skip
def test_another_count_of_hidden_sizes_is_a_clear_error(name, hidden, message):
    with pytest.raises(UserError, match=message):
        get_network(name, hidden)


def test_an_unknown_name_lists_the_networks():
    with pytest.raises(UserError, match=r"'dens'.*tiny, simple_dnn, dense, "):
        get_network("dens")


def test_list_networks_shows_each_with_its_size(train_here):
    finished = train_here("--list-networks")
    assert finished.returncode == 0
    for name, count in PARAMETERS.items():
        assert name in finished.stdout
        assert f"{count:,} parameters" in finished.stdout
