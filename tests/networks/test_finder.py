"""nn/networks/finder.py: what the finder of ink computes; and its weights as a file."""

import numpy as np
import pytest
import reference
import tensorflow as tf
from test_networks import random_variables

from nn.errors import ModelError
from nn.networks.finder_weights import find_ink
from nn.networks.fixed_weights import load_weights, save_weights, weights_sha256
from nn.networks.inference import build_inference_graph
from nn.networks.registry import get_network

tf1 = tf.compat.v1


def some_pictures(count: int = 3, height: int = 64, width: int = 64) -> np.ndarray:
    """float32 [N, H, W, 2]; the first fills its canvas, the others do not."""
    rng = np.random.default_rng(1)
    levels = rng.uniform(0, 1, (count, height, width))
    inside = np.ones((count, height, width))
    inside[1:, :, :10] = inside[1:, -7:] = 0
    return np.stack([levels * inside, inside], -1).astype(np.float32)


@pytest.mark.parametrize("size", [(64, 64), (32, 96)])
def test_the_finder_finds_as_its_definition_in_numpy(size):
    pictures = some_pictures(3, *size)
    with build_inference_graph(get_network("finder")).as_default() as graph, tf1.Session() as s:
        values = random_variables()
        for variable in tf1.global_variables():
            variable.load(values[variable.op.name], s)
        ink = s.run("ink:0", {graph.get_tensor_by_name("pictures:0"): pictures})
    logits = reference.finder(pictures.astype(float), reference.Weights(values))
    np.testing.assert_allclose(ink, 1 / (1 + np.exp(-logits)), atol=2e-4)
    assert ink.std() > 0.05


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Random weights, none of which is as it was initialized."""
    with build_inference_graph(get_network("finder")).as_default():
        return {name: value.astype(np.float32) for name, value in random_variables().items()}


def found(weights, levels: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What a finder with fixed weights finds."""
    with tf.Graph().as_default(), tf1.Session() as session:
        return session.run(find_ink(weights)(tf.constant(levels), tf.constant(inside)))


def test_light_and_contrast_of_a_picture_make_little_difference(weights):
    pictures = some_pictures()
    levels, inside = pictures[..., 0], pictures[..., 1]
    bright = found(weights, levels, inside)
    dim = found(weights, (0.2 + 0.5 * levels) * inside, inside)
    np.testing.assert_allclose(bright, dim, atol=0.05)
    assert not bright[inside == 0].any()


def test_weights_come_back_from_a_file_and_a_damaged_file_is_an_error(weights, tmp_path):
    file = tmp_path / "finder.npz"
    save_weights(weights, file)
    halves = {name: value.astype(np.float16).astype(np.float32) for name, value in weights.items()}
    assert weights_sha256(load_weights(file)) == weights_sha256(halves)
    assert file.stat().st_size < 2_000_000
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"finder\.npz: the network's weights cannot be read"):
        load_weights(file)
    with pytest.raises(ModelError, match="cannot be read"):
        load_weights(tmp_path / "missing.npz")
