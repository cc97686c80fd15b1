"""Quantization: a network's weights, rounded to 8-bit integers times a scale.

Jacob et al. 2018 (arXiv 1712.05877). As LiteRT's 8-bit specification asks of weights, the integers
lie between -127 and 127, zero stays zero, and each output channel has its own scale:
https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf1

INT8_WEIGHTS = "int8 weights"  # what a card says of a version whose weights are rounded
LARGEST = 127  # not 128 below zero: the range is symmetric
SCALE_BITS = 17  # a float32 has 24, an integer up to LARGEST has 7


class Quantized(NamedTuple):
    """Weights as integers, int8 [..., outputs], and the scales of the outputs, float32 [outputs]:
    integers · scales are the weights."""

    integers: np.ndarray
    scales: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """The rounded weights: float32 [..., outputs]"""
        return self.integers * self.scales


def quantize(weights: np.ndarray) -> Quantized:
    """Rounds weights, float32 [..., outputs], to the nearest multiple of their output's scale.

    The scale is the largest weight's size divided by LARGEST, rounded up to SCALE_BITS. So each
    product of a scale and an integer is exact in float32: all runtimes get the same weights, and
    rounding them again changes nothing.
    """
    sizes = np.abs(weights.astype(np.float64)).max(axis=tuple(range(weights.ndim - 1)))
    mantissas, exponents = np.frexp(np.where(sizes > 0, sizes, LARGEST) / LARGEST)
    scales = np.ldexp(np.ceil(np.ldexp(mantissas, SCALE_BITS)), exponents - SCALE_BITS)
    integers = np.rint(weights / scales).astype(np.int8)
    return Quantized(integers, scales.astype(np.float32))


def round_weights(session: tf1.Session, variables: Iterable[tf1.Variable]) -> list[Quantized]:
    """Rounds the matrices and kernels among a session's variables; returns them as integers.

    Biases and the parameters of batch norm stay as they are: they are few.
    """
    rounded = []
    with session.graph.as_default():
        for variable in variables:
            if variable.shape.rank > 1:
                quantized = quantize(session.run(variable))
                variable.load(quantized.weights, session)
                rounded.append(quantized)
    return rounded
