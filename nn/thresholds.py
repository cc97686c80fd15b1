"""How sure an answer must be to count: a threshold for each rate of errors that a user may name."""

from collections.abc import Sequence
from typing import NamedTuple

from nn.errors import ModelError

DEFAULT_MAX_ERROR = 0.001


class Threshold(NamedTuple):
    """Answers at least this probable are wrong no more often than max_error.

    The digits that it was fitted to say so, with 95% confidence, for digits like them: `answered`
    of them were as probable, `wrong` of these were wrong. Shares are 0 to 1; probability 0 is for
    all answers.
    """

    max_error: float
    probability: float
    answered: int
    wrong: int


def choose(thresholds: Sequence[Threshold], max_error: float | None) -> Threshold | None:
    """The threshold for a rate of errors, or for the next stricter one that there is.

    max_error: None is DEFAULT_MAX_ERROR, or the lowest rate that there is a threshold for, and
    None where there is none at all. Raises ModelError where the rate was named and cannot be kept.
    """
    asked = DEFAULT_MAX_ERROR if max_error is None else max_error
    strict = [threshold for threshold in thresholds if threshold.max_error <= asked]
    if strict:
        return max(strict)
    if max_error is None:
        return min(thresholds, default=None)
    if not thresholds:
        raise ModelError(
            f"--max-error {percent(asked)}: this model cannot say, it was trained without "
            "validation digits; drop --max-error"
        )
    raise ModelError(
        f"--max-error {percent(asked)}: this model had too few validation digits, or too many of "
        f"them wrong, to promise that; its lowest is {percent(min(thresholds).max_error)}"
    )


def percent(rate: float) -> str:
    """A rate as it is written: 0.001 is 0.1%."""
    return f"{100 * rate:g}%"
