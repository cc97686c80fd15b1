"""Thresholds: how probable an answer must be to count as sure, for each rate of errors that a user
may ask for."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from nn.errors import ModelError

DEFAULT_MAX_ERROR = 0.001  # a share: one wrong answer in a thousand
# If the best answer is less probable than this, the picture looks like no digit, or like several.
EVEN_ODDS = 0.5


class Threshold(NamedTuple):
    """The lowest probability for which at most `max_error` of the answers that reach it are wrong.

    It was fitted to held-out digits: `answered` of them reached the probability, and `wrong` of
    those were wrong. max_error and probability are shares, 0 to 1; probability 0 accepts every
    answer.
    """

    max_error: float
    probability: float
    answered: int
    wrong: int

    @classmethod
    def of(cls, fields: Mapping) -> "Threshold":
        """Makes a threshold from a card or a config. Raises TypeError or ValueError where the
        fields do not describe one."""
        threshold = cls(**fields)
        if not (0 < threshold.max_error <= 1 and 0 <= threshold.probability <= 1):
            raise ValueError(
                "not a threshold: expected max_error above 0, up to 1, and probability 0 to 1, "
                f"found {fields}"
            )
        return threshold


def choose(thresholds: Sequence[Threshold], max_error: float | None) -> Threshold | None:
    """Returns the threshold for a rate of errors, or else the one for the next stricter rate.

    max_error: a share, more than 0, up to 1. None asks for DEFAULT_MAX_ERROR. If no threshold is
    that strict, it takes the strictest one, or returns None if there are no thresholds at all.
    Raises ModelError if max_error is given and no threshold is that strict. Raises ValueError if
    max_error is out of range.
    """
    asked = DEFAULT_MAX_ERROR if max_error is None else max_error
    if not 0 < asked <= 1:
        raise ValueError(f"max_error: expected more than 0, up to 1, found {asked}")
    strict_enough = [threshold for threshold in thresholds if threshold.max_error <= asked]
    if strict_enough:
        return max(strict_enough)
    if max_error is None:
        return min(thresholds, default=None)
    advice = f"ask for {percent(min(thresholds).max_error)}" if thresholds else "it has none at all"
    raise ModelError(
        f"at most {percent(asked)} errors: this model has no threshold for so few; {advice}"
    )


def least_probability(threshold: Threshold | None, max_error: float | None) -> float:
    """Returns how probable an answer must be to count as sure: 0 to 1.

    max_error: as the user gave it. Where it is 1, the user asks for every answer, and the threshold
    decides alone. Otherwise an answer below EVEN_ODDS is unsure whatever the threshold says.
    """
    least = threshold.probability if threshold else 0.0
    return least if max_error == 1 else max(least, EVEN_ODDS)


def percent(share: float) -> str:
    """Writes a share to seven significant figures: 0.001 is 0.1%, 0.9999996 is 99.99996%."""
    return f"{100 * share:.7g}%"


def percent_rounded_down(share: float) -> str:
    """Writes a share of 0 to 1 to two decimals: 0.9953347 is 99.53%.

    It rounds down, so that an answer below the percentage shown is below the share too. Close to
    100% it writes the distance to 100% with two figures: 0.9998412 is 99.984%. Only 1 is 100%.
    """
    exact = 100 * Decimal(str(share))
    distance = 100 - exact
    decimals = max(2, 1 - distance.adjusted()) if distance else 2
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_FLOOR)
    return f"{rounded.normalize():f}%"
