"""Probabilities to trust: a temperature for the logits, thresholds for the answers, and how well
stated and true errors agree."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betaincinv, log_softmax, softmax

from nn.thresholds import Threshold

HOTTEST = 20.0  # a temperature is sought from 1/20 to this
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Calibration:
    """How a network's logits become probabilities, and when those count as an answer.

    temperature: what the logits are divided by; thresholds: for rates of errors; fitted_to: which
    digits both were fitted to, None where there were none to fit them to.
    """

    temperature: float = 1.0
    thresholds: tuple[Threshold, ...] = ()
    fitted_to: str | None = None

    @classmethod
    def fit(cls, logits: np.ndarray, labels: np.ndarray, fitted_to: str) -> "Calibration":
        """The calibration for float [N, 10], int64 [N]: digits that the weights never saw."""
        temperature = fit_temperature(logits, labels)
        confidences = softmax(logits.astype(np.float64) / temperature, axis=1).max(1)
        thresholds = fit_thresholds(confidences, logits.argmax(1) != labels)
        return cls(temperature, thresholds, fitted_to)

    @classmethod
    def of(cls, fields: Mapping) -> "Calibration":
        """What was described so. Raises TypeError, ValueError or KeyError where it was not."""
        thresholds = tuple(Threshold(**row) for row in fields["thresholds"])
        return cls(float(fields["temperature"]), thresholds, fields["fitted_to"])

    def describe(self) -> dict:
        """For a card or a config."""
        return {
            **asdict(self),
            "thresholds": [threshold._asdict() for threshold in self.thresholds],
        }


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The number that logits are to be divided by, so that their cross-entropy is the lowest.

    logits: float [N, 10]; labels: int64 [N], of digits that the weights were not fitted to. No
    prediction changes by it. Guo et al. 2017, arXiv 1706.04599, section 4.2. Where no digit is read
    wrong, nothing says how wrong the network can be: then it is 1.
    """
    if (logits.argmax(1) == labels).all():
        return 1.0
    found = minimize_scalar(
        lambda log: cross_entropy(logits / np.exp(log), labels),
        bounds=(-np.log(HOTTEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))


def fit_thresholds(confidences: np.ndarray, wrong: np.ndarray) -> tuple[Threshold, ...]:
    """The lowest threshold for each of RATES that there is one for, up to that which answers all.

    confidences: float [N]; wrong: bool [N]; of digits that the weights were not fitted to. Of those
    as confident as the threshold so few are wrong that the upper 95% bound of the share of errors
    (Clopper and Pearson 1934, one-sided) is at most the rate: selection with guaranteed risk,
    Geifman and El-Yaniv 2017, arXiv 1705.08500.
    """
    order = np.argsort(-confidences, kind="stable")
    sorted_, errors = confidences[order], np.cumsum(wrong[order])
    answered = np.arange(1, len(order) + 1)
    bounds = betaincinv(errors + 1, answered - errors, 0.95)
    bounds[errors == answered] = 1.0
    last_of_equals = np.append(sorted_[1:] < sorted_[:-1], True)  # equals are answered alike
    thresholds = []
    for rate in RATES:
        kept = np.flatnonzero((bounds <= rate) & last_of_equals)
        if len(kept):
            last = kept[-1]
            everything = last + 1 == len(order)
            lowest = 0.0 if everything else float(sorted_[last])
            thresholds.append(Threshold(rate, lowest, int(answered[last]), int(errors[last])))
            if everything:
                break
    return tuple(thresholds)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over float [N, 10] with int64 [N], in nats."""
    logs = log_softmax(logits.astype(np.float64), axis=1)
    return float(-logs[np.arange(len(labels)), labels].mean())


class Bin(NamedTuple):
    """Digits of like confidence: how many, how many wrong, how many wrong as their confidences
    have it."""

    count: int
    wrong: int
    expected: float


def equal_bins(confidences: np.ndarray, wrong: np.ndarray, count: int = 15) -> list[Bin]:
    """Sorts by confidence, float [N], into `count` bins of as many digits each; wrong: bool [N]."""
    order = np.argsort(confidences, kind="stable")
    return [_bin(confidences[part], wrong[part]) for part in np.array_split(order, count)]


def bins_between(confidences: np.ndarray, wrong: np.ndarray, edges: list[float]) -> list[Bin]:
    """A bin for what lies from each edge up to, but not including, the next."""
    place = np.digitize(confidences, edges) - 1
    return [_bin(confidences[place == i], wrong[place == i]) for i in range(len(edges) - 1)]


def calibration_error(confidences: np.ndarray, wrong: np.ndarray) -> float:
    """Expected calibration error, 0 to 1: over 15 bins of as many digits each, the mean distance
    of the stated share of errors from the true one. Naeini et al. 2015; equal-mass bins as in
    Nguyen and O'Connor 2015, arXiv 1508.05154."""
    bins = equal_bins(confidences, wrong)
    return sum(abs(bin.wrong - bin.expected) for bin in bins) / len(confidences)


def error_interval(bin: Bin) -> tuple[float, float]:
    """Between which shares of errors the true one lies with 95% confidence.

    Clopper and Pearson 1934: exact for independent digits.
    """
    right = bin.count - bin.wrong
    low = betaincinv(bin.wrong, right + 1, 0.025) if bin.wrong else 0.0
    high = betaincinv(bin.wrong + 1, right, 0.975) if right else 1.0
    return float(low), float(high)


def _bin(confidences: np.ndarray, wrong: np.ndarray) -> Bin:
    return Bin(len(wrong), int(wrong.sum()), float((1 - confidences.astype(np.float64)).sum()))
