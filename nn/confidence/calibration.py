"""Calibration: scales logits and sets thresholds, both fitted to held-out digits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import betaincinv, log_softmax, softmax

from nn.confidence.scaling import UNSCALED, Scaling, scale_logits
from nn.confidence.thresholds import Threshold

# The search for temperature and power runs from 1/20 to 20: bounds that only keep it finite, for
# fitted values lie near 1.
MAX_TEMPERATURE = MAX_POWER = 20.0
MAX_CERTAINTY_POWER = 20.0  # likewise
# The prior of ln(power) is normal, with this standard deviation: about two thirds of all powers lie
# between 0.74 and 1.35.
LOG_POWER_STANDARD_DEVIATION = 0.3
# The error rates, as shares, that a user can ask for; 1 takes every answer. A model card has a
# threshold for each rate, but none for a rate that no threshold reaches, and none above the first
# rate whose threshold answers every digit.
ERROR_RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
# fit_thresholds tries a threshold for each of these shares of digits left unanswered. They lie
# close together at the low end, where the thresholds of a good network are.
UNANSWERED_SHARES = (
    0.0, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07,
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
)  # fmt: skip


@dataclass(frozen=True)
class HeldOut:
    """A network's answers to pictures that its weights were not fitted to.

    logits: float [N, 10]; labels: int64 [N]; of: says what was answered; certainties: of the ink,
    float [N], or None if all are 1.
    """

    logits: np.ndarray
    labels: np.ndarray
    of: str
    certainties: np.ndarray | None = None

    @property
    def wrong(self) -> np.ndarray:
        """Which answers are wrong: bool [N]."""
        return self.logits.argmax(1) != self.labels

    def confidences(self, scaling: Scaling) -> np.ndarray:
        """The best answers' probabilities: float64 [N]."""
        return softmax(scale_logits(self.logits, scaling, self.certainties), axis=1).max(1)

    def threshold(self, max_error: float, probability: float, scaling: Scaling) -> Threshold:
        """A threshold, with how many of the answers reach it and how many of these are wrong."""
        reached = self.confidences(scaling) >= probability
        wrong = int((reached & self.wrong).sum())
        return Threshold(max_error, probability, int(reached.sum()), wrong)


@dataclass(frozen=True)
class Calibration:
    """How a network's logits become probabilities, and how probable an answer must be to count.

    thresholds: at most one for each of ERROR_RATES, the lowest rate first. fitted_to: says to which
    digits scaling and thresholds were fitted; None if they were fitted to none.
    """

    scaling: Scaling = UNSCALED
    thresholds: tuple[Threshold, ...] = ()
    fitted_to: str | None = None

    @classmethod
    def fit(cls, logits: np.ndarray, labels: np.ndarray, fitted_to: str) -> "Calibration":
        """Fits a calibration to logits, float [N, 10], and labels, int64 [N], of digits that the
        weights were not fitted to."""
        answers = HeldOut(logits, labels, fitted_to)
        scaling = fit_scaling(logits, labels)
        thresholds = fit_thresholds(answers.confidences(scaling), answers.wrong)
        return cls(scaling, thresholds, fitted_to)

    @classmethod
    def of(cls, fields: Mapping) -> "Calibration":
        """The calibration that `describe` turned into fields. Raises TypeError, ValueError or
        KeyError where the fields are not such a description."""
        temperature, power = fields["temperature"], fields["power"]
        # A card of before there was a power of the certainty has none.
        scaling = Scaling(temperature, power, fields.get("certainty_power", 0.0))
        for name, value in scaling._asdict().items():
            if not (0 < value < np.inf or (value == 0 and name == "certainty_power")):
                raise ValueError(f"{name} cannot be {value!r}")
        thresholds = tuple(Threshold.of(row) for row in fields["thresholds"])
        return cls(scaling, thresholds, fields["fitted_to"])

    def holding_for(self, pictures: HeldOut, digits: HeldOut) -> "Calibration":
        """The calibration for pictures too: it counts how sure the finder was of their ink, and no
        threshold is below the pictures' own for the same rate.

        Pictures may prove no threshold for a low rate, because they are hard, and few. Then the
        threshold is no lower than their strictest one. digits: the answers that the calibration was
        fitted to.
        """
        power = fit_certainty_power(pictures, self.scaling)
        scaling = self.scaling._replace(certainty_power=power)
        theirs = fit_thresholds(pictures.confidences(scaling), pictures.wrong)
        if not (self.thresholds and theirs):
            return replace(self, scaling=scaling, thresholds=())
        kept: list[Threshold] = []
        for rate in ERROR_RATES:
            ours = [each for each in self.thresholds if each.max_error <= rate]
            of_pictures = [each for each in theirs if each.max_error <= rate] or [min(theirs)]
            if ours:
                lowest = max(max(ours).probability, max(of_pictures).probability)
                kept.append(digits.threshold(rate, lowest, scaling))
                if not lowest:
                    break
        return Calibration(scaling, tuple(kept), f"{self.fitted_to}, and {pictures.of}")

    def no_less_strict(self, thresholds: Sequence[Threshold], answers: HeldOut) -> "Calibration":
        """The same calibration, each threshold raised to that of `thresholds` for the same rate; it
        has none for a rate that these lack. answers: those that each threshold counts."""
        least = {threshold.max_error: threshold.probability for threshold in thresholds}
        raised = [
            answers.threshold(
                each.max_error, max(each.probability, least[each.max_error]), self.scaling
            )
            for each in self.thresholds
            if each.max_error in least
        ]
        return replace(self, thresholds=tuple(raised))

    def describe(self) -> dict:
        """The fields of a card or a config that `of` reads."""
        return {
            **self.scaling._asdict(),
            "thresholds": [threshold._asdict() for threshold in self.thresholds],
            "fitted_to": self.fitted_to,
        }


def fit_scaling(logits: np.ndarray, labels: np.ndarray) -> Scaling:
    """Returns the scaling with the lowest sum of cross-entropy and the prior's penalty.

    It changes no prediction.

    logits: float [N, 10]; labels: int64 [N], of digits that the weights were not fitted to. The
    logarithm of the power has a normal prior around 0, so that a few digits cannot move the power
    far from 1. UNSCALED where the network reads every digit right: then nothing shows how wrong it
    can be.
    """
    if (logits.argmax(1) == labels).all():
        return UNSCALED
    limits = np.log([MAX_TEMPERATURE, MAX_POWER])

    def cost(logs: np.ndarray) -> float:
        prior = (logs[1] / LOG_POWER_STANDARD_DEVIATION) ** 2 / 2
        loss = cross_entropy(scale_logits(logits, Scaling(*np.exp(logs))), labels)
        return loss + prior / len(labels)

    found = minimize(
        cost, [0.0, 0.0], method="Nelder-Mead", bounds=[(-limit, limit) for limit in limits],
        options={"xatol": 1e-4, "fatol": 1e-9},
    )  # fmt: skip
    return Scaling(*(float(number) for number in np.exp(found.x)))


def fit_certainty_power(answers: HeldOut, scaling: Scaling) -> float:
    """Returns the power of the certainties with the lowest cross-entropy, from 0 to
    MAX_CERTAINTY_POWER. scaling: as it is without."""

    def cost(power: float) -> float:
        scaled = scaling._replace(certainty_power=power)
        return cross_entropy(
            scale_logits(answers.logits, scaled, answers.certainties), answers.labels
        )

    return float(minimize_scalar(cost, bounds=(0, MAX_CERTAINTY_POWER), method="bounded").x)


def fit_thresholds(confidences: np.ndarray, wrong: np.ndarray) -> tuple[Threshold, ...]:
    """The lowest valid threshold for each of ERROR_RATES, up to the first rate whose threshold
    answers every digit.

    confidences: float [N]; wrong: bool [N]; of digits that the weights were not fitted to. Each
    threshold tried leaves one of UNANSWERED_SHARES of the digits unanswered. It is valid for a rate
    if the upper 95% bound of the share of wrong answers among those it keeps is at most the rate
    (Clopper and Pearson 1934, one-sided). A rate without a valid threshold gets none. Geifman and
    El-Yaniv 2017, arXiv 1705.08500, choose in the same way, with a stricter bound that corrects for
    the choice; it would need several times as many digits.
    """
    ranked = np.sort(confidences)
    tried = [_threshold_at(confidences, wrong, ranked, share) for share in UNANSWERED_SHARES]
    thresholds = []
    for rate in ERROR_RATES:
        valid = (each for each in tried if _upper_bound(each.answered, each.wrong) <= rate)
        if lowest := next(valid, None):
            thresholds.append(lowest._replace(max_error=rate))
            if not lowest.probability:
                break
    return tuple(thresholds)


def _threshold_at(
    confidences: np.ndarray, wrong: np.ndarray, ranked: np.ndarray, unanswered: float
) -> Threshold:
    """The threshold that leaves a share of the digits unanswered, or fewer where several digits
    have the same confidence. ranked: the confidences, sorted. The caller fills in max_error."""
    left_out = int(unanswered * len(ranked))
    lowest = float(ranked[left_out]) if left_out else 0.0
    answered = confidences >= lowest
    return Threshold(1.0, lowest, int(answered.sum()), int((answered & wrong).sum()))


def _upper_bound(answered: int, wrong: int) -> float:
    """The one-sided upper 95% bound of the share of wrong answers (Clopper and Pearson 1934)."""
    return float(betaincinv(wrong + 1, answered - wrong, 0.95)) if wrong < answered else 1.0


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross-entropy of logits, float [N, 10], with labels, int64 [N], in nats."""
    logs = log_softmax(logits.astype(np.float64), axis=1)
    return float(-logs[np.arange(len(labels)), labels].mean())
