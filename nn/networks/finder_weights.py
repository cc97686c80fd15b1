"""The weights of the finder as a file, and a finder with these weights as constants of a graph.

`python train_neural_network.py --network finder` writes such a file. The one in the repository,
nn/networks/finder.npz, goes into every export: no user has to train a finder. With its weights as
constants, a graph of any other network finds ink without variables of its own.
"""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import ModelError
from nn.networks.finder import finder
from nn.runtime.hashes import sha256_of

WEIGHTS_FILE = Path(__file__).with_name("finder.npz")


def save_weights(weights: Mapping[str, np.ndarray], file: Path) -> None:
    """Writes variables by their names, as float16, which halves the file."""
    halves: dict[str, Any] = {name: value.astype(np.float16) for name, value in weights.items()}
    with open(file, "wb") as stream:  # to a path, NumPy adds .npz where it is missing
        np.savez_compressed(stream, **halves)


def load_weights(file: Path = WEIGHTS_FILE) -> dict[str, np.ndarray]:
    """The variables by their names, float32. Raises ModelError if the file cannot be read."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float32) for name in sorted(stored.files)}
    except (OSError, ValueError, BadZipFile, zlib.error) as error:
        raise ModelError(f"{file}: the finder's weights cannot be read ({error})") from None


def weights_sha256(weights: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the bytes of all variables, in the order of their names."""
    return sha256_of(weights[name] for name in sorted(weights))


def find_ink(
    weights: Mapping[str, np.ndarray] | None = None,
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The finder with fixed weights, as a function that adds it to the current graph.

    weights: by their names; by default those in the repository.

    The function takes gray levels and a mask of the picture on its canvas, both float32 [N, H, W]
    from 0 to 1. It returns each pixel's probability of being a digit's ink: the same shape and
    range.
    """

    values = load_weights() if weights is None else weights

    def constant(getter: Callable, name: str, **_: object) -> tf.Tensor:
        """Stands for tf1.get_variable: a constant can be folded into the operations behind it."""
        return tf.constant(values[name], name=name.replace("/", "_"))

    def find(gray: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
        def found() -> tf.Tensor:
            with tf1.variable_scope("", custom_getter=constant):
                logits = finder(tf.stack([gray, inside], -1), None)
            return tf.sigmoid(logits) * inside

        # oneDNN's convolutions fail on an empty batch.
        return tf.cond(tf.size(gray) > 0, found, lambda: tf.zeros_like(gray))

    return find
