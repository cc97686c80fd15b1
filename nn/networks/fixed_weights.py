"""The weights of a network that helps those which read digits: as a file, and as constants.

Such a network finds the ink of a picture, or reads a row of digits. Its weights lie beside it in
the repository, and go into every export as constants: no user has to train it, and the graph of
another network needs no variables for it.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import ModelError
from nn.networks.layers import BATCH_NORM_EPSILON
from nn.runtime.hashes import sha256_of

Weights = Mapping[str, np.ndarray]  # the values of variables, by their names


def weights_file(network: str) -> Path:
    """The file of the repository with the weights of a network."""
    return Path(__file__).with_name(f"{network}.npz")


def save_weights(weights: Weights, file: Path) -> None:
    """Writes variables by their names, as float16, which halves the file."""
    halves: dict[str, Any] = {name: value.astype(np.float16) for name, value in weights.items()}
    with open(file, "wb") as stream:  # to a path, NumPy adds .npz where it is missing
        np.savez_compressed(stream, **halves)


def load_weights(file: Path) -> dict[str, np.ndarray]:
    """The variables by their names, float32. Raises ModelError if the file cannot be read."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float32) for name in sorted(stored.files)}
    except (
        OSError, EOFError, LookupError, RuntimeError, TypeError, ValueError, BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise ModelError(f"{file}: the network's weights cannot be read ({error})") from None


def weights_sha256(weights: Weights) -> str:
    """SHA-256 of the bytes of all variables, in the order of their names."""
    return sha256_of(weights[name] for name in sorted(weights))


def fold_batch_norm(weights: Weights) -> dict[str, np.ndarray]:
    """Makes each batch_norm_N a part of the conv_N before it, as its mean and variance are fixed:
    kernel · gamma / sqrt(variance + epsilon), and a bias (Jacob et al. 2018, arXiv 1712.05877,
    section 3.2).

    The result is rounded to float16 again, because the scale has filled the last bits of the
    kernels: gzip makes nothing of random bits, and a page that reads in a browser carries them.
    """
    folded = {name: value for name, value in weights.items() if not name.startswith("batch_norm_")}
    for kernel in [name for name in folded if name.startswith("conv_")]:
        conv = kernel.removesuffix("/kernel")
        norm = conv.replace("conv_", "batch_norm_")
        gamma, beta, mean, variance = (
            weights[f"{norm}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        folded[kernel] = weights[kernel] * factor
        folded[f"{conv}/bias"] = beta - mean * factor
    return {name: value.astype(np.float16).astype(np.float32) for name, value in folded.items()}


@contextmanager
def constants(values: Weights) -> Iterator[None]:
    """In the block, constants with these values stand for the variables of these names: a constant
    can be folded into the operations behind it."""

    def constant(getter: Callable, name: str, **_: object) -> tf.Tensor:
        """Stands for tf1.get_variable."""
        return tf.constant(values[name], name=name.replace("/", "_"))

    with tf1.variable_scope("", custom_getter=constant):
        yield
