"""How sure an answer must be to count: a threshold for each rate of errors that a user may name."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nn.errors import ModelError

DEFAULT_MAX_ERROR = 0.001
EVEN_ODDS = 0.5  # what is less probable looks like no digit, or like several


class Threshold(NamedTuple):
    """How probable an answer must be to be wrong no more often than max_error.

    The digits that it was fitted to say so: `answered` of them were as probable, `wrong` of these
    were wrong. Shares are 0 to 1; probability 0 takes every answer.
    """

    max_error: float
    probability: float
    answered: int
    wrong: int

    @classmethod
    def of(cls, fields: Mapping) -> "Threshold":
        """From a card or a config. Raises TypeError or ValueError where it is no threshold."""
        threshold = cls(**fields)
        if not (0 < threshold.max_error <= 1 and 0 <= threshold.probability <= 1):
            raise ValueError(f"no threshold: {fields}")
        return threshold


def choose(thresholds: Sequence[Threshold], max_error: float | None) -> Threshold | None:
    """The threshold for a rate of errors, or for the next stricter one that there is.

    max_error: more than 0, up to 1. None is DEFAULT_MAX_ERROR, or the lowest rate that there is a
    threshold for, and None where there is none at all. Raises ModelError where the rate was named
    and there is no threshold for it, and ValueError where it is no rate.
    """
    asked = DEFAULT_MAX_ERROR if max_error is None else max_error
    if not 0 < asked <= 1:
        raise ValueError(f"max_error: expected more than 0, up to 1, found {asked}")
    strict = [threshold for threshold in thresholds if threshold.max_error <= asked]
    if strict:
        return max(strict)
    if max_error is None:
        return min(thresholds, default=None)
    lowest = f"ask for {percent(min(thresholds).max_error)}" if thresholds else "it has none at all"
    raise ModelError(f"at most {percent(asked)} errors: this model has no such threshold; {lowest}")


def least_probability(threshold: Threshold | None, max_error: float | None) -> float:
    """How probable an answer must be; max_error: as the user named it. What has less than even odds
    counts only for those who ask for every answer, 1."""
    least = threshold.probability if threshold else 0.0
    return least if max_error == 1 else max(least, EVEN_ODDS)


def percent(share: float) -> str:
    """0.001 is 0.1%, 0.9999996 is 99.99996%."""
    return f"{100 * share:.7g}%"
