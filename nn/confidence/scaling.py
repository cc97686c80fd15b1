"""How logits become probabilities that can be trusted."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


class Scaling(NamedTuple):
    """Replaces each logit's gap to the highest logit by (gap / temperature) ** power, times the
    ink's certainty ** certainty_power.

    The softmax of the scaled logits has other probabilities in the same order: an order-preserving
    function, as in Rahimi et al. 2020, arXiv 2003.06820. With power 1 it is the usual division by a
    temperature (Guo et al. 2017, arXiv 1706.04599). Both are above 0.

    The certainty, from 0 to 1, says how sure the finder is of a picture's ink
    (nn/normalization/pipeline.py). If it is unsure, the answer is less probable. Digits that come
    without a picture, such as MNIST's, have a certainty of 1. certainty_power is 0 or more; with 0,
    the certainty does not count.
    """

    temperature: float = 1.0
    power: float = 1.0
    certainty_power: float = 0.0


UNSCALED = Scaling()  # the plain softmax: temperature 1, power 1


def scale_logits(
    logits: np.ndarray, scaling: Scaling, certainties: np.ndarray | None = None
) -> np.ndarray:
    """Scales logits for the softmax: float [N, 10] → float64 [N, 10].

    certainties: of the ink, float [N]; None if all are 1.

    The NumPy form of scale_logits_in_graph; a test compares the two. Calibration fits with it,
    evaluation scores with it. UNSCALED subtracts the highest logit, which no softmax notices.
    """
    gaps = logits.max(1, keepdims=True).astype(np.float64) - logits
    scaled = -((gaps / scaling.temperature) ** scaling.power)
    if certainties is None or not scaling.certainty_power:
        return scaled
    return scaled * certainties[:, None].astype(np.float64) ** scaling.certainty_power


def scale_logits_in_graph(
    logits: "tf.Tensor", scaling: Scaling, certainties: "tf.Tensor | None" = None
) -> "tf.Tensor":
    """Scales logits for the softmax: float32 [N, 10] → float32 [N, 10].

    certainties: of the ink, float32 [N]; None if all are 1.

    The graph form of scale_logits; a test compares the two. The export predicts with it. UNSCALED
    adds no operation: the logits pass unchanged.
    """
    import tensorflow as tf  # here, so that the NumPy form needs no TensorFlow

    if scaling == UNSCALED:
        return logits
    gaps = tf.reduce_max(logits, axis=1, keepdims=True) - logits
    scaled = -((gaps / scaling.temperature) ** scaling.power)
    if certainties is None or not scaling.certainty_power:
        return scaled
    return scaled * certainties[:, None] ** scaling.certainty_power
