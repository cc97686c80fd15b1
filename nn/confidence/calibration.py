"""Probabilities to trust: a scaling for the logits, thresholds for the answers, and how well stated
and true errors agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaincinv, log_softmax, softmax

from nn.confidence.scaling import UNSCALED, Scaling, scale_logits
from nn.confidence.thresholds import Threshold

LIMIT = 20.0  # temperature and power are sought from 1/20 to this
USUAL_POWERS = 0.3  # the standard deviation of their logarithms
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
UNANSWERED = (
    0.0, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07,
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """How a network's logits become probabilities, and when those count as an answer.

    scaling: of the logits; thresholds: for rates of errors; fitted_to: which digits both were
    fitted to, None where there were none to fit them to.
    """

    scaling: Scaling = UNSCALED
    thresholds: tuple[Threshold, ...] = ()
    fitted_to: str | None = None

    @classmethod
    def fit(cls, logits: np.ndarray, labels: np.ndarray, fitted_to: str) -> "Calibration":
        """The calibration for float [N, 10], int64 [N]: digits that the weights never saw."""
        scaling = fit_scaling(logits, labels)
        confidences = softmax(scale_logits(logits, scaling), axis=1).max(1)
        thresholds = fit_thresholds(confidences, logits.argmax(1) != labels)
        return cls(scaling, thresholds, fitted_to)

    @classmethod
    def of(cls, fields: Mapping) -> "Calibration":
        """What was described so. Raises TypeError, ValueError or KeyError where it was not."""
        scaling = Scaling(*(fields[name] for name in Scaling._fields))
        for name, value in scaling._asdict().items():
            if not 0 < value < np.inf:
                raise ValueError(f"{name} cannot be {value!r}")
        thresholds = tuple(Threshold.of(row) for row in fields["thresholds"])
        return cls(scaling, thresholds, fields["fitted_to"])

    def describe(self) -> dict:
        """For a card or a config."""
        return {
            **self.scaling._asdict(),
            "thresholds": [threshold._asdict() for threshold in self.thresholds],
            "fitted_to": self.fitted_to,
        }


def fit_scaling(logits: np.ndarray, labels: np.ndarray) -> Scaling:
    """The scaling that makes the cross-entropy the lowest. No prediction changes by it.

    logits: float [N, 10]; labels: int64 [N], of digits that the weights were not fitted to. A power
    far from 1 must be worth it: its logarithm is taken to be drawn from a normal distribution
    around 0, so a few digits cannot bend it. Where no digit is read wrong, nothing says how
    wrong the network can be: then both are 1.
    """
    if (logits.argmax(1) == labels).all():
        return UNSCALED
    limit = np.log(LIMIT)

    def cost(logs: np.ndarray) -> float:
        prior = (logs[1] / USUAL_POWERS) ** 2 / 2
        return cross_entropy(scale_logits(logits, Scaling(*np.exp(logs))), labels) + prior / len(
            labels
        )

    found = minimize(
        cost, [0.0, 0.0], method="Nelder-Mead", bounds=[(-limit, limit)] * 2,
        options={"xatol": 1e-4, "fatol": 1e-9},
    )  # fmt: skip
    return Scaling(*(float(number) for number in np.exp(found.x)))


def fit_thresholds(confidences: np.ndarray, wrong: np.ndarray) -> tuple[Threshold, ...]:
    """The lowest threshold for each of RATES that there is one for, up to that which answers all.

    confidences: float [N]; wrong: bool [N]; of digits that the weights were not fitted to. A
    threshold leaves one of UNANSWERED out. It will do where so few of those as confident are wrong
    that the upper 95% bound of their share is at most the rate (Clopper and Pearson 1934,
    one-sided). Geifman and El-Yaniv 2017, arXiv 1705.08500, choose so too, with a stricter bound
    that makes up for choosing; it would ask for several times as many digits.
    """
    ranked = np.sort(confidences)
    cuts = [_cut(confidences, wrong, ranked, share) for share in UNANSWERED]
    thresholds = []
    for rate in RATES:
        kept = next((cut for cut in cuts if _upper_bound(cut.answered, cut.wrong) <= rate), None)
        if kept:
            thresholds.append(kept._replace(max_error=rate))
        if kept and not kept.probability:
            break
    return tuple(thresholds)


def _cut(
    confidences: np.ndarray, wrong: np.ndarray, ranked: np.ndarray, unanswered: float
) -> Threshold:
    """The threshold that leaves a share of the digits out, or fewer where some are as confident."""
    left_out = int(unanswered * len(ranked))
    lowest = float(ranked[left_out]) if left_out else 0.0
    answered = confidences >= lowest
    return Threshold(1.0, lowest, int(answered.sum()), int((answered & wrong).sum()))


def _upper_bound(answered: int, wrong: int) -> float:
    return float(betaincinv(wrong + 1, answered - wrong, 0.95)) if wrong < answered else 1.0


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
