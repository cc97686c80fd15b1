"""The layers and the networks written a second time, in NumPy, straight from their definitions.

Each registered network has its twin here, a function of the same name (see `twin`).
"""

from collections.abc import Callable

import numpy as np

from nn.data.texts import CHARACTERS, NO_CHARACTER


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def conv2d(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | float) -> np.ndarray:
    """VALID, with stride 1."""
    size = kernel.shape[0]
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    y = np.zeros((len(x), height, width, kernel.shape[3]))
    for row in range(height):
        for column in range(width):
            patch = x[:, row : row + size, column : column + size]
            y[:, row, column] = np.tensordot(patch, kernel, 3)
    return y + bias


def conv2d_same(x: np.ndarray, kernel: np.ndarray, bias=0.0, stride: int = 1) -> np.ndarray:
    """SAME, of even sides and an odd kernel: with stride 2, TensorFlow pads only the far sides."""
    reach = kernel.shape[0] // 2
    near = reach if stride == 1 else reach - 1
    padded = np.pad(x, [(0, 0), (near, reach), (near, reach), (0, 0)])
    return conv2d(padded, kernel, bias)[:, ::stride, ::stride]


def enlarge(x: np.ndarray) -> np.ndarray:
    """Twice as large, bilinear: a new pixel lies a quarter of an old one beside its middle."""
    for axis in (1, 2):
        x = np.moveaxis(x, axis, 0)
        padded = np.concatenate([x[:1], x, x[-1:]])
        near, far = 0.75 * x, 0.25 * padded
        both = np.stack([near + far[:-2], near + far[2:]], 1)
        x = np.moveaxis(both.reshape(-1, *x.shape[1:]), 0, axis)
    return x


def local_sum(x: np.ndarray, window: int) -> np.ndarray:
    """Over a square around each pixel: [N, H, W]."""
    padded = np.pad(x, [(0, 0)] + 2 * [(window // 2, window // 2)])
    views = np.lib.stride_tricks.sliding_window_view(padded, (window, window), (1, 2))
    return views.sum((-2, -1))


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


def text_log_probability(log_probabilities: np.ndarray, text: str) -> float:
    """The logarithm of the probability of a text, summed over all ways of spelling it: the forward
    algorithm of Graves et al. 2006, section 4.1, one step and one state at a time.

    log_probabilities: float [T, 16], of each class at each step.
    """
    states = [NO_CHARACTER]
    for character in text:
        states += [CHARACTERS.index(character), NO_CHARACTER]
    ways = np.full((len(log_probabilities), len(states)), -np.inf)
    ways[0, :2] = log_probabilities[0, states[:2]]
    for step in range(1, len(ways)):
        for place, state in enumerate(states):
            before = [ways[step - 1, place]]
            if place > 0:
                before.append(ways[step - 1, place - 1])
            if place > 1 and state not in (NO_CHARACTER, states[place - 2]):
                before.append(ways[step - 1, place - 2])
            ways[step, place] = np.logaddexp.reduce(before) + log_probabilities[step, state]
    return float(np.logaddexp.reduce(ways[-1, -2:]))


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


def residual(x, w):
    """The pre-activation of a unit that changes the shape feeds its shortcut too."""

    def conv(x, name, stride=1):
        kernel = w.variables[f"{name}/kernel"]
        sides = [
            max((-(-side // stride) - 1) * stride + len(kernel) - side, 0) for side in x.shape[1:3]
        ]
        padding = [
            (side // 2, side - side // 2) for side in sides
        ]  # an odd row lies at the far side
        return conv2d(np.pad(x, [(0, 0), *padding, (0, 0)]), kernel, 0.0)[:, ::stride, ::stride]

    x = max_pool(conv(x[..., None], "conv_1"))
    for number, stride in enumerate((1, 1, 2, 1, 2, 1), 1):
        unit = f"unit_{number}"
        y = relu(w.batch_norm(x, f"{unit}/batch_norm_1"))
        shortcut = conv(y, f"{unit}/shortcut", stride) if stride == 2 else x
        y = relu(w.batch_norm(conv(y, f"{unit}/conv_1", stride), f"{unit}/batch_norm_2"))
        x = shortcut + conv(y, f"{unit}/conv_2")
    return w.dense(relu(w.batch_norm(x, "batch_norm_1")).mean((1, 2)), "logits")


def finder(pictures, w):
    """[N, H, W, 2] → logits of ink, [N, H, W]."""

    def block(x, number, stride=1):
        y = conv2d_same(x, w.variables[f"conv_{number}/kernel"], stride=stride)
        return relu(w.batch_norm(y, f"batch_norm_{number}"))

    levels, inside = pictures[..., 0], pictures[..., 1]
    count = inside.sum((1, 2), keepdims=True)
    centered = (levels - (levels * inside).sum((1, 2), keepdims=True) / count) * inside
    contrast = (centered - local_sum(centered, 15) / (local_sum(inside, 15) + 1)) * inside
    x = np.stack([
        *(each / (np.sqrt((each**2).sum((1, 2), keepdims=True) / count) + 0.01)
          for each in (centered, contrast)), inside,
    ], -1)  # fmt: skip
    # 2×2 pixels become channels: the upper row first, from left to right.
    x = np.concatenate([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1)
    fine = block(block(x, 1), 2)
    middle = block(block(fine, 3, 2), 4)
    coarse = block(block(middle, 5, 2), 6)
    x = block(block(coarse, 7, 2), 8)
    x = block(enlarge(block(x, 9)) + coarse, 10)
    x = block(enlarge(block(x, 11)) + middle, 12)
    x = block(enlarge(block(x, 13)) + fine, 14)
    x = conv2d_same(x, w.variables["logits/kernel"], w.variables["logits/bias"])
    logits = np.zeros(pictures.shape[:3])
    for channel in range(4):
        logits[:, channel // 2 :: 2, channel % 2 :: 2] = x[..., channel]
    return logits
