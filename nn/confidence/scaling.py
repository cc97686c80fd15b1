"""How logits become probabilities that can be trusted."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


class Scaling(NamedTuple):
    """(gap / temperature) ** power replaces each logit's gap to the highest, before the softmax.

    Which digit is how likely compared with another changes, their order never does: an
    order-preserving function, as in Rahimi et al. 2020, arXiv 2003.06820. With power 1 it is the
    usual division by a temperature (Guo et al. 2017, arXiv 1706.04599); as it stands, softmax.
    """

    temperature: float = 1.0
    power: float = 1.0


UNSCALED = Scaling()


def scale_logits(logits: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Scales logits for the softmax: float [N, 10] → float64 [N, 10].

    The NumPy twin of scale_logits_in_graph: calibration fits with it, evaluation scores with it.
    """
    gaps = logits.max(1, keepdims=True).astype(np.float64) - logits
    return -((gaps / scaling.temperature) ** scaling.power)


def scale_logits_in_graph(logits: "tf.Tensor", scaling: Scaling) -> "tf.Tensor":
    """Scales logits for the softmax: float32 [N, 10] → float32 [N, 10].

    The graph's twin of scale_logits: the export predicts with it. Unscaled logits pass unchanged.
    """
    import tensorflow as tf  # here, so that reading thresholds does not import TensorFlow

    if scaling == UNSCALED:
        return logits
    gaps = tf.reduce_max(logits, axis=1, keepdims=True) - logits
    return -((gaps / scaling.temperature) ** scaling.power)
