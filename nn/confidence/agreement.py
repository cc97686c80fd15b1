"""How well stated and true error rates agree: bins of digits, and the calibration error."""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv


class Bin(NamedTuple):
    """Digits of similar confidence.

    size: the number of digits; wrong: the number read wrong; expected_wrong: the number of wrong
    answers that their confidences predict.
    """

    size: int
    wrong: int
    expected_wrong: float


def equal_bins(confidences: np.ndarray, wrong: np.ndarray, count: int = 15) -> list[Bin]:
    """Sorts digits by confidence into `count` bins, whose sizes differ by at most one digit.

    confidences: float [N]; wrong: bool [N].
    """
    order = np.argsort(confidences, kind="stable")
    return [_bin(confidences[part], wrong[part]) for part in np.array_split(order, count)]


def bins_between(confidences: np.ndarray, wrong: np.ndarray, edges: list[float]) -> list[Bin]:
    """One bin for each pair of neighboring edges: from the lower edge up to, but not including,
    the upper one. confidences: float [N]; wrong: bool [N]."""
    place = np.digitize(confidences, edges) - 1
    return [_bin(confidences[place == i], wrong[place == i]) for i in range(len(edges) - 1)]


def calibration_error(confidences: np.ndarray, wrong: np.ndarray) -> float:
    """The expected calibration error, 0 to 1.

    It is the mean distance between the stated and the true share of errors over 15 bins of equal
    size (Naeini et al. 2015; equal-mass bins as in Nguyen and O'Connor 2015, arXiv 1508.05154).
    confidences: float [N]; wrong: bool [N].
    """
    bins = equal_bins(confidences, wrong)
    return sum(abs(bin.wrong - bin.expected_wrong) for bin in bins) / len(confidences)


def error_interval(bin: Bin) -> tuple[float, float]:
    """The two-sided 95% confidence interval of a bin's true share of errors: (low, high).

    Clopper and Pearson 1934: exact for independent digits.
    """
    right = bin.size - bin.wrong
    low = betaincinv(bin.wrong, right + 1, 0.025) if bin.wrong else 0.0
    high = betaincinv(bin.wrong + 1, right, 0.975) if right else 1.0
    return float(low), float(high)


def _bin(confidences: np.ndarray, wrong: np.ndarray) -> Bin:
    return Bin(len(wrong), int(wrong.sum()), float((1 - confidences.astype(np.float64)).sum()))
