"""How logits become probabilities that can be trusted."""

from typing import NamedTuple


class Scaling(NamedTuple):
    """(gap / temperature) ** power replaces each logit's gap to the highest, before the softmax.

    Which digit is how likely compared with another changes, their order never does: an
    order-preserving function, as in Rahimi et al. 2020, arXiv 2003.06820. With power 1 it is the
    usual division by a temperature (Guo et al. 2017, arXiv 1706.04599); as it stands, softmax.
    """

    temperature: float = 1.0
    power: float = 1.0


UNSCALED = Scaling()
