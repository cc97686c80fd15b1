"""Compares the answers of a runtime with those of the reference: functions of arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from nn.data.digits import NO_DIGIT
from nn.pictures.reasons import A_DIGIT_CODE
from nn.prediction.readings import OK, UNSURE

# A status may differ if its probability is so close to the threshold: runtimes add up the layers in
# another order.
MAX_DISTANCE = 1e-4


@dataclass(frozen=True)
class Answers:
    """What a runtime answered to N inputs.

    digits: int64 [N], NO_DIGIT where there is none; probabilities: float32 [N, 10].
    """

    digits: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, outputs: Mapping[str, np.ndarray]) -> Self:
        """Makes them from a signature's outputs: `digits`, `probabilities` and, of pictures,
        `reason_codes`. Raises ValueError if their shapes do not fit each other, or if a probability
        is not a number."""
        digits, probabilities = np.asarray(outputs["digits"]), np.asarray(outputs["probabilities"])
        codes = np.asarray(outputs.get("reason_codes", np.full(len(digits), A_DIGIT_CODE)))
        count = len(digits)
        if (probabilities.shape, codes.shape) != ((count, 10), (count,)):
            raise ValueError(
                f"expected probabilities of [{count}, 10] and reason codes of [{count}], found "
                f"{list(probabilities.shape)} and {list(codes.shape)}"
            )
        if not np.isfinite(probabilities).all():
            raise ValueError("expected probabilities, found values that are not finite")
        return cls(np.where(codes == A_DIGIT_CODE, digits, NO_DIGIT), probabilities)

    def chosen(self, places: np.ndarray) -> Self:
        """The answers to the inputs at some places."""
        return type(self)(self.digits[places], self.probabilities[places])

    def sureness(self) -> np.ndarray:
        """The probability of each digit, 0 where there is none: float64 [N]."""
        places = np.maximum(self.digits, 0)
        found = np.take_along_axis(self.probabilities, places[:, None], 1)[:, 0].astype(float)
        return np.where(self.digits == NO_DIGIT, 0, found)


@dataclass(frozen=True)
class Difference:
    """An input to which a runtime gives another digit or status than the reference.

    digits, statuses, probabilities: the reference's, then the runtime's. distance: of the
    reference's probability from the threshold.
    """

    name: str
    digits: tuple[int, int]
    statuses: tuple[str, str]
    probabilities: tuple[float, float]
    distance: float

    def is_permitted(self) -> bool:
        """Whether only the status differs, and the probability is close to the threshold."""
        return self.digits[0] == self.digits[1] and self.distance <= MAX_DISTANCE


@dataclass(frozen=True)
class Comparison:
    """A runtime and the reference on the same inputs.

    digits, statuses: how many differ. largest: the largest difference of one of the ten
    probabilities. different: the inputs whose digit or status differs.
    """

    inputs: int
    digits: int
    statuses: int
    largest: float
    different: list[Difference]

    def agrees(self) -> bool:
        """Whether all that differs is a status close to the threshold."""
        return all(each.is_permitted() for each in self.different)


def compare(names: Sequence[str], reference: Answers, found: Answers, least: float) -> Comparison:
    """Compares answers to the same inputs. names: one for each. least: how probable an answer must
    be to be `ok`. Raises ValueError if there are not as many answers as names."""
    if not len(names) == len(reference.digits) == len(found.digits):
        raise ValueError(
            f"expected {len(names)} answers, found {len(reference.digits)} and {len(found.digits)}"
        )
    sure = np.stack([reference.sureness(), found.sureness()], 1)
    digits = np.stack([reference.digits, found.digits], 1)
    is_ok = sure >= least
    has_other_digit, has_other_status = digits[:, 0] != digits[:, 1], is_ok[:, 0] != is_ok[:, 1]
    differences = np.abs(reference.probabilities.astype(float) - found.probabilities)
    return Comparison(
        inputs=len(names),
        digits=int(has_other_digit.sum()),
        statuses=int(has_other_status.sum()),
        largest=float(differences.max()),
        different=[
            Difference(
                names[at],
                tuple(digits[at].tolist()),
                tuple(OK if each else UNSURE for each in is_ok[at]),
                tuple(sure[at].tolist()),
                abs(float(sure[at, 0]) - least),
            )
            for at in np.flatnonzero(has_other_digit | has_other_status)
        ],
    )
