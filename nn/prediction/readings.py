"""What was read: of a picture of one digit, of a number; and what that came from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nn.confidence.thresholds import EVEN_ODDS, Threshold, percent

OK, UNSURE, ERROR = "ok", "unsure", "error"
LIKE_NONE = "looks like no digit"
NO_INK = "no ink"  # as the signatures say it


@dataclass(frozen=True)
class Reading:
    """What was read from one input; docs/saved_model.md describes each field.

    status: ok; unsure (digit is the best guess, less probable than the threshold, or None where
    there is no ink); error (digit, probability and probabilities are None). reason: one line, why
    the status is not ok.
    """

    input: str
    status: str
    digit: int | None
    probability: float | None
    probabilities: list[float] | None
    reason: str | None


@dataclass(frozen=True)
class NumberDigit:
    """One digit of a number. box: left, top, width and height, in pixels of the picture as it was
    before it was shrunk, upright."""

    digit: int
    probability: float
    box: list[int]


@dataclass(frozen=True)
class NumberReading:
    """What was read from one picture of a number; docs/saved_model.md describes each field.

    status: ok; unsure (a digit is, or there is no ink: number is None and digits is empty); error
    (number and digits are None). number: text, as leading zeros count.
    """

    input: str
    status: str
    number: str | None
    digits: list[NumberDigit] | None
    reason: str | None

    @property
    def probability(self) -> float | None:
        """The lowest of its digits'; None without digits."""
        return min((digit.probability for digit in self.digits or ()), default=None)


class Evidence(NamedTuple):
    """What a reading came from. digit: uint8 [28, 28], 255 = ink, what the network saw; ink: uint8
    [H, W], what was found, on the shrunk picture; light_on_dark: whether that is lighter than the
    paper; dropped: how many parts of the ink were dropped; closer: whether the digit was small, and
    ink is of a part of the picture alone. A row of pixels has the digit alone."""

    digit: np.ndarray
    ink: np.ndarray | None = None
    light_on_dark: bool | None = None
    dropped: int = 0
    closer: bool = False


def answered(
    name: str, digit: int, probabilities: np.ndarray, threshold: Threshold | None, least: float
) -> Reading:
    """The reading of an input in which there is a digit; unsure if less probable than `least`."""
    shares = probabilities.astype(float).tolist()
    status, reason = OK, None
    if shares[digit] < least:
        status = UNSURE
        reason = f"{LIKE_NONE}: even the likeliest has less than even odds"
        if shares[digit] >= EVEN_ODDS:
            reason = (
                f"less probable than {percent(threshold.probability)}, the threshold for at most "
                f"{percent(threshold.max_error)} errors"
            )
    return Reading(name, status, int(digit), shares[digit], shares, reason)


def failed(name: str, reason: str) -> Reading:
    """The reading of an input that cannot be read."""
    return Reading(name, ERROR, None, None, None, reason)


def failed_number(name: str, reason: str) -> NumberReading:
    """The reading of a picture of a number that cannot be read."""
    return NumberReading(name, ERROR, None, None, reason)
