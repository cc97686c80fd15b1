"""Keras 3 on TensorFlow, used as its documentation shows: `fit`, `predict`, and its example."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.peers.shop import Shop, latency, passes, reached

NETWORKS = ("dense", "basic_cnn")


def training(
    shop: str, network: str, batch_size: int, steps: int = 1, xla: bool = False,
    precision: str = "float32", count: int | None = None,
) -> Callable[[], dict]:  # fmt: skip
    """Returns a function that trains one epoch with `fit`, then scores the test digits untimed.

    steps: Keras' steps_per_execution. xla: whether Keras compiles with XLA. precision: float32 or
    bfloat16. count: the number of training digits, from the first on; None takes all. Work is
    counted in images.
    """
    import keras

    if precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    images, labels, test_images, test_labels = _scaled(shop)
    images, labels = images[:count], labels[:count]
    model = build(network, dropout=True)
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"],
        steps_per_execution=steps, jit_compile=xla,
    )  # fmt: skip

    def epoch() -> dict:
        started = time.perf_counter()
        model.fit(images, labels, batch_size=batch_size, epochs=1, verbose=0)
        seconds = time.perf_counter() - started
        _, accuracy = model.evaluate(test_images, test_labels, batch_size=1000, verbose=0)
        return {"seconds": seconds, "work": len(images), "accuracy": accuracy}

    return epoch


def example(shop: str) -> Callable[[], dict]:
    """Returns a function that trains Keras' "Simple MNIST convnet", with its network and settings.

    See keras.io/examples/vision/mnist_convnet. Training stops when an epoch ends with 99.0% of the
    test digits right, or after 15 epochs. Scoring is not timed.
    """
    import keras

    layers = keras.layers
    images, labels, test_images, test_labels = _scaled(shop)

    def train() -> dict:
        started = time.perf_counter()
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2)),
            layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
        ])  # fmt: skip
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        seconds = time.perf_counter() - started
        for epoch in range(1, 16):  # noqa: B007 used after the loop
            started = time.perf_counter()
            model.fit(images, labels, batch_size=128, epochs=1, validation_split=0.1, verbose=0)
            seconds += time.perf_counter() - started
            _, accuracy = model.evaluate(test_images, test_labels, batch_size=1000, verbose=0)
            if accuracy >= 0.99:
                break
        return reached({"seconds": seconds, "work": 1, "accuracy": accuracy, "epochs": epoch})

    return train


def single(shop: str, network: str, call: bool) -> Callable[[], dict]:
    """Returns a function that measures how long one image takes: model(x) if `call`, or predict."""
    model, images = _restored(shop, network)
    if call:
        return lambda: latency(lambda image: np.asarray(model(image)), images)
    return lambda: latency(lambda image: model.predict(image, verbose=0), images)


def batches(shop: str, network: str, batch_size: int) -> Callable[[], dict]:
    """Returns a function that predicts the test digits with `predict`."""
    model, images = _restored(shop, network)

    def answers() -> np.ndarray:
        return model.predict(images, batch_size=batch_size, verbose=0)

    return lambda: passes(answers, Shop(shop), network)


def build(network: str, dropout: bool):
    """Builds a network: float32 [N, 28, 28, 1], from 0 to 1 → probabilities, float32 [N, 10].

    network: dense or basic_cnn. dropout: whether to add the dropout layers, which have no weights.
    """
    import keras

    layers = keras.layers
    drop = (lambda rate: [layers.Dropout(rate)]) if dropout else lambda rate: []
    middle = {
        "dense": lambda: [
            layers.Flatten(),
            layers.Dense(256, "relu"), *drop(0.2), layers.Dense(128, "relu"), *drop(0.2),
        ],
        "basic_cnn": lambda: [
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Flatten(), layers.Dense(128, "relu"), *drop(0.5),
        ],
    }[network]()  # fmt: skip
    softmax = layers.Dense(10, activation="softmax", dtype="float32")
    return keras.Sequential([keras.Input((28, 28, 1)), *middle, softmax])


def save(shop: str, network: str) -> None:
    """Writes the network with its trained weights in Keras' own format."""
    model, _ = _restored(shop, network)
    model.save(Shop(shop).path / f"{network}.keras")


def _restored(shop: str, network: str):
    """Returns the network with the export's weights, and the test images as `_scaled` does."""
    model = build(network, dropout=False)
    weights = Shop(shop).weights(network)
    for layer, name in zip(model.layers, _names(model), strict=True):
        if name:
            kernel = weights.get(f"{name}/kernel", weights.get(f"{name}/weights"))
            layer.set_weights([kernel, weights[f"{name}/bias"]])
    return model, _from_0_to_1(Shop(shop).digits()[2])


def _names(model) -> list[str | None]:
    """Returns this project's name of each layer; None for a layer without weights."""
    counts: dict[str, int] = {}
    names = []
    for layer in model.layers:
        kind = {"Conv2D": "conv", "Dense": "dense"}.get(type(layer).__name__)
        if kind:
            counts[kind] = counts.get(kind, 0) + 1
        names.append(f"{kind}_{counts[kind]}" if kind else None)
    return [*names[:-1], "logits"]


def _scaled(shop: str) -> list[np.ndarray]:
    """Loads the digits as Shop.digits does. Images are float32 [N, 28, 28, 1], from 0 to 1."""
    images, labels, test_images, test_labels = Shop(shop).digits()
    return [_from_0_to_1(images), labels, _from_0_to_1(test_images), test_labels]


def _from_0_to_1(images: np.ndarray) -> np.ndarray:
    """uint8 [N, 28, 28] → float32 [N, 28, 28, 1], from 0 to 1."""
    return images[..., None] * np.float32(1 / 255)
