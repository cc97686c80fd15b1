"""nn/networks/row_reader.py: what the reader of rows computes; and the networks with batch norm as
a part of their kernels, as an export holds them."""

import numpy as np
import pytest
import reference
import tensorflow as tf
from test_networks import random_variables

from nn.data.texts import CHARACTERS
from nn.networks.finder_weights import find_ink
from nn.networks.fixed_weights import fold_batch_norm
from nn.networks.inference import build_inference_graph
from nn.networks.registry import get_network
from nn.networks.row_weights import read_rows
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS
from nn.prediction.number_reader import PAPER_BEHIND_PIXELS, PIXELS_PER_STEP

tf1 = tf.compat.v1
Values = dict[str, np.ndarray]


def some_strips(count: int, width: int) -> np.ndarray:
    """uint8 [N, 40, W, 2]"""
    shape = count, STRIP_HEIGHT_PIXELS, width, 2
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def weights_of(network: str) -> Values:
    """Random weights, as a file stores them: none is as it was initialized."""
    with build_inference_graph(get_network(network)).as_default():
        values = random_variables()
    return {name: value.astype(np.float16).astype(np.float32) for name, value in values.items()}


def predicted(network: str, weights: Values, inputs: np.ndarray, names: tuple[str, str]):
    """What the network's inference graph makes of its inputs: with batch norm as layers of its own.
    names: of its placeholder and of its answer."""
    graph = build_inference_graph(get_network(network))
    with graph.as_default(), tf1.Session() as session:
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        return session.run(f"{names[1]}:0", {f"{names[0]}:0": inputs})


def characters(weights: Values, strips: np.ndarray) -> np.ndarray:
    """The probability of each character at each step of strips, uint8."""
    levels = (strips / 255).astype(np.float32)
    return predicted("rows", weights, levels, ("strips", "characters"))


# The same network in NumPy.


def spread(kernel: np.ndarray, steps: int) -> np.ndarray:
    """The kernel with zeros between its columns, so that they are `steps` apart."""
    height, width, *channels = kernel.shape
    wide = np.zeros((height, (width - 1) * steps + 1, *channels))
    wide[:, ::steps] = kernel
    return wide


def conv2d(x: np.ndarray, kernel: np.ndarray, bias=0.0, down=1, apart=1, same=True):
    """A kernel of any height and width, which stands in the corner of a square one. down: the
    stride along the height, which it divides; SAME pads so that each stride gives one row. apart:
    the dilation along the width."""
    kernel = spread(kernel, apart)
    height, width = kernel.shape[:2]
    side = max(height, width)
    if same:
        margins = height - down, width - 1
        x = np.pad(x, [(0, 0), *((n // 2, n - n // 2) for n in margins), (0, 0)])
    x = np.pad(x, [(0, 0), (0, side - height), (0, side - width), (0, 0)])
    square = np.pad(kernel, [(0, side - height), (0, side - width), (0, 0), (0, 0)])
    return reference.conv2d(x, square, bias)[:, ::down]


def rows(strips: np.ndarray, w: reference.Weights) -> np.ndarray:
    """float [N, 40, W, 2] → logits, [N, W / 2, 16]."""

    def block(x, number, **options):
        y = conv2d(x, w.variables[f"conv_{number}/kernel"], **options)
        return reference.relu(w.batch_norm(y, f"batch_norm_{number}"))

    # 2×2 pixels become channels: the upper row first, from left to right.
    x = np.concatenate([strips[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1)
    x = block(block(x, 1, down=2), 2)
    x = np.maximum(x[:, ::2], x[:, 1::2])
    x = block(block(x, 3), 4)
    x = block(x, 5, same=False)
    assert x.shape[1] == 1
    for number, apart in ((6, 1), (7, 3), (8, 6)):
        x = x + block(x, number, apart=apart)
    return conv2d(x, w.variables["logits/kernel"], w.variables["logits/bias"])[:, 0]


@pytest.mark.parametrize("width", [2, 16, 38])
def test_the_reader_reads_as_its_definition_in_numpy(width: int):
    weights, strips = weights_of("rows"), some_strips(2, width)
    answers = characters(weights, strips)
    logits = rows(strips / 255, reference.Weights(weights))
    assert answers.shape == logits.shape == (2, width // 2, len(CHARACTERS) + 1)
    expected = reference.softmax(logits.reshape(-1, logits.shape[-1])).reshape(logits.shape)
    np.testing.assert_allclose(answers, expected, rtol=1e-3, atol=1e-5)
    assert answers.std() > 0.05


def test_a_step_sees_the_strip_around_it_and_nothing_far_away():
    """Four kernels of width 3 reach four steps to each side, three of width 5 another 2, 6 and 12.
    What lies farther away may be another row, or paper that fills up a batch."""
    weights, strips = weights_of("rows"), some_strips(1, 160)
    changed = strips.copy()
    changed[:, :, 80:] = 255 - changed[:, :, 80:]
    differences = np.abs(characters(weights, strips) - characters(weights, changed)).max((0, 2))
    assert (differences[40:] > 1e-5).all()
    reach = 40 - np.flatnonzero(differences > 1e-6)[0]
    assert reach == 4 * 1 + 2 * (1 + 3 + 6) == PAPER_BEHIND_PIXELS // PIXELS_PER_STEP


def test_batch_norm_in_the_kernels_makes_little_difference_to_what_the_reader_reads():
    weights, strips = weights_of("rows"), some_strips(3, 64)
    with tf.Graph().as_default(), tf1.Session() as session:
        folded = np.exp(session.run(read_rows(weights)(tf.constant(strips))))
    unfolded = characters(weights, strips)
    np.testing.assert_allclose(folded, unfolded, atol=0.02)
    assert np.abs(folded - unfolded).mean() < 1e-3 < 0.05 < unfolded.std()


def test_batch_norm_in_the_kernels_makes_little_difference_to_what_the_finder_finds():
    weights = weights_of("finder")
    levels = np.random.default_rng(2).uniform(0, 1, (3, 48, 64)).astype(np.float32)
    inside = np.ones_like(levels)
    inside[1:, :, :10] = 0
    levels *= inside
    with tf.Graph().as_default(), tf1.Session() as session:
        folded = session.run(find_ink(weights)(tf.constant(levels), tf.constant(inside)))
    pictures = np.stack([levels, inside], -1)
    unfolded = predicted("finder", weights, pictures, ("pictures", "ink")) * inside
    np.testing.assert_allclose(folded, unfolded, atol=0.02)
    assert np.abs(folded - unfolded).mean() < 2e-3 < 0.05 < unfolded.std()


def test_a_folded_convolution_is_the_convolution_and_its_batch_norm():
    rng = np.random.default_rng(3)
    x, kernel = rng.normal(0, 1, (2, 6, 7, 3)), rng.normal(0, 1, (3, 3, 3, 4))
    norm = {
        "gamma": rng.normal(1, 0.3, 4), "beta": rng.normal(0, 1, 4),
        "moving_mean": rng.normal(0, 1, 4), "moving_variance": rng.uniform(0.1, 3, 4),
    }  # fmt: skip
    logits = rng.normal(0, 1, (1, 1, 4, 2)).astype(np.float16)
    weights = {"conv_12/kernel": kernel, "logits/kernel": logits}
    weights |= {f"batch_norm_12/{part}": value for part, value in norm.items()}
    folded = fold_batch_norm(weights)
    assert {*folded} == {"conv_12/kernel", "conv_12/bias", "logits/kernel"}
    np.testing.assert_array_equal(folded["logits/kernel"], logits)
    ours = reference.conv2d(x, folded["conv_12/kernel"], folded["conv_12/bias"])
    theirs = reference.batch_norm(reference.conv2d(x, kernel, 0), *norm.values())
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    for value in folded.values():  # as a file stores it, although float32
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, value.astype(np.float16))
