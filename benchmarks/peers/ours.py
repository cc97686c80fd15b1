"""This project as a contender: it runs the same code as the scripts."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.peers.shop import Shop, latency, passes, reached
from nn.data.digits import PIXELS


def training(
    shop: str,
    network: str,
    batch_size: int,
    precision: str = "float32",
    count: int | None = None,
    cpus: int | None = None,
) -> Callable[[], dict]:
    """Returns a function that trains one epoch, then scores the test digits untimed.

    It trains as nn.training.train does. count: the number of training digits, from the first on;
    None takes all. cpus: the number of processors that it may use; None allows all. Work is counted
    in images.
    """
    if cpus:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cpus])
    _import_tensorflow()
    from nn.data.digits import Digits
    from nn.networks.registry import get_network
    from nn.training.evaluation import evaluate
    from nn.training.settings import Settings
    from nn.training.trainer import run_steps

    images, labels, *test = Shop(shop).digits()
    images, labels = images[:count], labels[:count]
    settings = Settings.of(
        get_network(network), batch_size=batch_size, precision=precision, epochs=100
    )
    session, graph = _begun(settings, images, labels)
    steps = settings.recipe.steps_per_epoch(len(images))

    def epoch() -> dict:
        started = time.perf_counter()
        for _ in run_steps(session, graph, steps):
            pass
        seconds = time.perf_counter() - started
        accuracy = evaluate(session, graph, Digits(*test)).accuracy
        return {"seconds": seconds, "work": steps * batch_size, "accuracy": accuracy}

    return epoch


def training_in_multiply_adds(
    shop: str, network: str, batch_size: int, count: int
) -> Callable[[], dict]:
    """Returns the same function as `training`, but counts work in multiply-adds."""
    epoch = training(shop, network, batch_size, count=count)

    def run() -> dict:
        found = epoch()
        return found | {"work": found["work"] * multiply_adds(network)}

    return run


def sprint(shop: str) -> Callable[[], dict]:
    """Returns a function that builds the graph of `sprint` and trains it to its last step.

    It times both. Each run has another seed. Scoring is not timed.
    """
    _import_tensorflow()
    from nn.data.digits import Digits
    from nn.networks.registry import get_network
    from nn.training.evaluation import evaluate
    from nn.training.settings import Settings
    from nn.training.trainer import run_steps

    images, labels, *test = Shop(shop).digits()
    network = get_network("sprint")
    seeds = iter(range(1000))

    def train() -> dict:
        started = time.perf_counter()
        settings = Settings.of(network, seed=next(seeds))
        session, graph = _begun(settings, images, labels)
        with session:
            for _ in run_steps(session, graph, settings.recipe.steps_per_epoch(len(images))):
                pass
            seconds = time.perf_counter() - started
            accuracy = evaluate(session, graph, Digits(*test)).accuracy
        return reached({"seconds": seconds, "work": 1, "accuracy": accuracy})

    return train


def _begun(settings, images: np.ndarray, labels: np.ndarray) -> tuple:
    """Returns a session that holds the digits and is ready to train, and its training graph."""
    import tensorflow as tf

    from nn.networks.registry import get_network
    from nn.runtime.sessions import training_session_config
    from nn.training.graph import build_training_graph

    network = get_network(settings.network)
    graph = build_training_graph(network, settings.recipe, count=len(images), seed=settings.seed)
    config = training_session_config(settings.precision, settings.recipe.towers)
    session = tf.compat.v1.Session(graph=graph.graph, config=config)
    session.run(graph.initialize)
    session.run(graph.load, {graph.feed.images: images, graph.feed.labels: labels})
    return session, graph


def product(precision: str, side: int = 2048) -> Callable[[], dict]:
    """Returns a function that multiplies two square matrices, 20 times.

    This stands for the peak of the machine. precision: the dtype. side: of the matrices. Work is
    counted in multiply-adds.
    """
    _import_tensorflow()
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        dtype = tf.as_dtype(precision)
        shape = [side, side]
        a, b = (
            tf.Variable(tf.cast(tf.random.stateless_normal(shape, [0, seed]), dtype))
            for seed in (1, 2)
        )
        result = tf.matmul(a, b).op
        session = tf.compat.v1.Session(graph=graph)
        session.run(tf.compat.v1.global_variables_initializer())
    run = session.make_callable(result)

    def products(count: int = 20) -> dict:
        started = time.perf_counter()
        for _ in range(count):
            run()
        return {"seconds": time.perf_counter() - started, "work": count * side**3}

    return products


def single(shop: str, network: str, runtime: str) -> Callable[[], dict]:
    """Returns a function that measures how long Predictor.predict takes for one image."""
    predictor, images = _predictor(shop, network, runtime)
    return lambda: latency(lambda image: predictor.predict(image).probabilities, images)


def batches(shop: str, network: str, batch_size: int, runtime: str) -> Callable[[], dict]:
    """Returns a function that predicts the test digits batch by batch, with Predictor.predict."""
    predictor, images = _predictor(shop, network, runtime)

    def answers() -> np.ndarray:
        starts = range(0, len(images), batch_size)
        return np.concatenate(
            [predictor.predict(images[at : at + batch_size]).probabilities for at in starts]
        )

    return lambda: passes(answers, Shop(shop), network)


def folder(shop: str, runtime: str) -> Callable[[], dict]:
    """Returns a function that reads a folder with Predictor.read. Work is counted in files."""
    predictor, _ = _predictor(shop, "basic_cnn", runtime)
    paths = Shop(shop).pictures()

    def run() -> dict:
        started = time.perf_counter()
        digits = [reading.digit for reading in predictor.read(paths)]
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "work": len(paths), "accuracy": Shop(shop).accuracy(digits)}

    return run


def csv(path: str) -> Callable[[], dict]:
    """Returns a function that reads a CSV file with nn.data. Work is counted in megabytes."""
    from nn.data.csv_files import read_images

    def run() -> dict:
        started = time.perf_counter()
        read_images(Path(path))
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "work": Path(path).stat().st_size / 1e6}

    return run


def multiply_adds(network: str) -> int:
    """The multiply-adds of training with one image, computed from the shapes of the layers.

    Each layer computes its output, the gradient of its weights and, except for the first layer, the
    gradient of its input. network: dense or basic_cnn.
    """
    layers = {
        "dense": [PIXELS * 256, 256 * 128, 128 * 10],
        "basic_cnn": [26 * 26 * 9 * 32, 11 * 11 * 9 * 32 * 64, 5 * 5 * 64 * 128, 128 * 10],
    }[network]
    return 3 * sum(layers) - layers[0]


def _predictor(shop: str, network: str, runtime: str):
    """Returns the export's Predictor, and the test images, uint8 [N, 28, 28]."""
    from nn.prediction.runtimes import TENSORFLOW

    if runtime == TENSORFLOW:
        _import_tensorflow()
    from nn import Predictor

    return Predictor(Shop(shop).model(network), runtime=runtime), Shop(shop).digits()[2]


def _import_tensorflow() -> None:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # as both scripts do
    from nn.runtime.startup import import_tensorflow

    import_tensorflow()
