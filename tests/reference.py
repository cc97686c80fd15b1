"""The layers and the networks written a second time, in NumPy, straight from their definitions.

Each registered network has its twin here, a function of the same name (see `twin`).
"""

from collections.abc import Callable

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def conv2d(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """VALID, with stride 1."""
    size = kernel.shape[0]
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    y = np.zeros((len(x), height, width, kernel.shape[3]))
    for row in range(height):
        for column in range(width):
            patch = x[:, row : row + size, column : column + size]
            y[:, row, column] = np.tensordot(patch, kernel, 3)
    return y + bias


def max_pool(x: np.ndarray) -> np.ndarray:
    """The largest of each 2×2 patch; a last odd row or column is dropped."""
    height, width = x.shape[1] // 2, x.shape[2] // 2
    whole = x[:, : 2 * height, : 2 * width]
    return whole.reshape(len(x), height, 2, width, 2, -1).max((2, 4))


def batch_norm(x, gamma, beta, mean, variance) -> np.ndarray:
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


class Weights:
    """A network's variables, by layer: a function for each kind that finds them by scope."""

    def __init__(self, variables: dict[str, np.ndarray]) -> None:
        self.variables = variables

    def dense(self, x, scope):
        bias = self.variables.get(f"{scope}/bias", 0.0)  # there is none before batch norm
        return x @ self.variables[f"{scope}/weights"] + bias

    def conv2d(self, x, scope):
        bias = self.variables.get(f"{scope}/bias", 0.0)
        return conv2d(x, self.variables[f"{scope}/kernel"], bias)

    def batch_norm(self, x, scope):
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        return batch_norm(x, *(self.variables[f"{scope}/{name}"] for name in names))


def twin(name: str) -> Callable[[np.ndarray, Weights], np.ndarray]:
    """The function below that predicts as the network of that name."""
    function = globals().get(name)
    if function is None:
        raise AssertionError(f"write its NumPy twin in tests/reference.py: def {name}(x, w)")
    return function


# The twins: images, float [N, 28, 28] from 0 to 1, and Weights → logits, float [N, 10].


def tiny(x, w):
    x = relu(w.dense(x.reshape(len(x), 784), "dense_1"))
    return w.dense(relu(w.dense(x, "dense_2")), "logits")


def simple_dnn(x, w):
    return w.dense(relu(w.dense(x.reshape(len(x), 784), "dense_1")), "logits")


def dense_batchnorm(x, w):
    x = relu(w.dense(x.reshape(len(x), 784), "dense_1"))
    x = relu(w.dense(relu(w.dense(x, "dense_2")), "dense_3"))
    return w.dense(w.batch_norm(x, "batch_norm_1"), "logits")


def basic_cnn(x, w):
    x = max_pool(relu(w.conv2d(x[..., None], "conv_1")))
    x = max_pool(relu(w.conv2d(x, "conv_2")))
    return w.dense(relu(w.dense(x.reshape(len(x), 1600), "dense_1")), "logits")


def optimized_cnn(x, w):
    x = relu(w.batch_norm(max_pool(w.conv2d(x[..., None], "conv_1")), "batch_norm_1"))
    x = relu(w.batch_norm(max_pool(w.conv2d(x, "conv_2")), "batch_norm_2"))
    x = w.dense(x.reshape(len(x), 1600), "dense_1")
    return w.dense(relu(w.batch_norm(x, "batch_norm_3")), "logits")


def sprint(x, w):
    x = relu(w.batch_norm(max_pool(w.conv2d(x[..., None], "conv_1")), "batch_norm_1"))
    x = relu(w.batch_norm(max_pool(w.conv2d(x, "conv_2")), "batch_norm_2"))
    x = w.dense(x.reshape(len(x), 800), "dense_1")
    return w.dense(relu(w.batch_norm(x, "batch_norm_3")), "logits")


def compact(x, w):
    x = relu(w.batch_norm(max_pool(w.conv2d(x[..., None], "conv_1")), "batch_norm_1"))
    x = relu(w.batch_norm(w.conv2d(x, "conv_2"), "batch_norm_2"))
    x = relu(w.batch_norm(max_pool(w.conv2d(x, "conv_3")), "batch_norm_3"))
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    x = relu(w.batch_norm(w.conv2d(padded, "conv_4"), "batch_norm_4"))
    return w.dense(x.reshape(len(x), -1), "logits")


dense = classic = tiny  # two hidden layers too; they differ in sizes and dropout
flagship = compact  # the same layers; it differs in filters and dropout
