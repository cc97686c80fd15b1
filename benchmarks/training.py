"""Training speed beside Keras `fit`: the same network, batch and data, one after the other.

    python -m benchmarks.training                          dense, batch 64
    python -m benchmarks.training --network basic_cnn --repeats 3

Each repeat times one epoch of ours, then one of Keras', both after a warm-up epoch; the ratio is
taken within the repeat, because machines drift. Keras is used as its documentation shows first:
float32 arrays in memory, `compile` and `fit`; --steps-per-execution gives it larger chunks.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable

from nn.startup import import_tensorflow

KERAS_DROPOUT = {"simple_dnn": 0.2, "dense": 0.2, "basic_cnn": 0.5}


def ours(network_name: str, batch_size: int, digits) -> Callable[[], float]:
    """A function that trains one epoch and returns its seconds; as nn.trainer runs it."""
    import tensorflow as tf

    from nn.graph import build_training_graph
    from nn.networks import get_network
    from nn.optimization import Recipe
    from nn.trainer import run_steps

    steps = math.ceil(len(digits) / batch_size)
    recipe = Recipe(epochs=1000, batch_size=batch_size)
    graph = build_training_graph(get_network(network_name), recipe, count=len(digits), seed=0)
    session = tf.compat.v1.Session(graph=graph.graph)
    session.run(graph.initialize)
    feed = {graph.feed.images: digits.images, graph.feed.labels: digits.labels}
    session.run(graph.load, feed)

    def epoch() -> float:
        started = time.perf_counter()
        for _ in run_steps(session, graph, steps):
            pass
        return time.perf_counter() - started

    return epoch


def keras_fit(network_name: str, batch_size: int, digits, steps: int) -> Callable[[], float]:
    """The same of the same network in Keras."""
    import keras

    layers = keras.layers
    rate = KERAS_DROPOUT[network_name]
    middle = {
        "simple_dnn": lambda: [layers.Flatten(), layers.Dense(128, "relu"), layers.Dropout(rate)],
        "dense": lambda: [
            layers.Flatten(),
            layers.Dense(256, "relu"), layers.Dropout(rate),
            layers.Dense(128, "relu"), layers.Dropout(rate),
        ],
        "basic_cnn": lambda: [
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Flatten(), layers.Dense(128, "relu"), layers.Dropout(rate),
        ],
    }[network_name]()  # fmt: skip
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), *middle, layers.Dense(10, activation="softmax")]
    )
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=steps
    )
    images = digits.images[..., None].astype("float32") / 255

    def epoch() -> float:
        started = time.perf_counter()
        model.fit(images, digits.labels, batch_size=batch_size, epochs=1, verbose=0)
        return time.perf_counter() - started

    return epoch


def spread(values: list[float]) -> str:
    """Median, with the smallest and the largest."""
    return f"{statistics.median(values):6.2f}   ({min(values):.2f} to {max(values):.2f})"


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--network", choices=KERAS_DROPOUT, default="dense")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7, help="epochs of each (default: 7)")
    parser.add_argument("--steps-per-execution", type=int, default=1, help="Keras' (default: 1)")
    options = parser.parse_args()
    import_tensorflow()
    from nn import sources

    digits = sources.load("auto").training
    print(f"{options.network}, batch {options.batch_size}, {len(digits):,} digits an epoch")
    epochs = {
        "this project": ours(options.network, options.batch_size, digits),
        "Keras fit": keras_fit(
            options.network, options.batch_size, digits, options.steps_per_execution
        ),
    }
    for epoch in epochs.values():
        epoch()
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(options.repeats):
        for name, epoch in epochs.items():
            seconds[name].append(epoch())
    print("seconds an epoch, median of", options.repeats, "(smallest to largest)")
    for name, values in seconds.items():
        print(f"  {name:14s} {spread(values)}")
    pairs = zip(seconds["Keras fit"], seconds["this project"], strict=True)
    print(f"  Keras / this   {spread([theirs / our for theirs, our in pairs])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
