"""Readings: what was read from one input, a digit or a number, and what an explanation shows of it.

Reading and NumberReading have the same methods, so that whatever prints or counts readings treats
both alike.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from nn.confidence.thresholds import EVEN_ODDS, Threshold, least_probability, percent

OK, UNSURE, ERROR = "ok", "unsure", "error"
LIKE_NO_DIGIT = "looks like no digit"
LIKE_NO_NUMBER = "looks like no number"
PROBABILITY_JSON_DECIMALS = 6


@dataclass(frozen=True)
class Reading:
    """What was read from one input; docs/saved_model.md describes each field.

    status: `ok`; `unsure`, if the best guess is not probable enough (digit is that guess) or there
    is no ink; `error`, if the input cannot be read. Without ink, and after an error, digit,
    probability and probabilities are None. reason: one line that says why the status is not ok;
    None if it is ok. label: the right answer, if the input itself holds it: a row with a label.
    """

    input: str
    status: str
    digit: int | None
    probability: float | None
    probabilities: list[float] | None
    reason: str | None
    label: int | None = None

    @classmethod
    def answered(
        cls,
        name: str,
        digit: int,
        probabilities: np.ndarray,
        threshold: Threshold | None,
        max_error: float | None,
    ) -> "Reading":
        """The reading of an input with a digit on it; unsure where the digit is too improbable.

        probabilities: float32 [10]. threshold and max_error as `least_probability` takes them.
        """
        all_ten = probabilities.astype(float).tolist()
        probability, status, reason = all_ten[digit], OK, None
        if probability < least_probability(threshold, max_error):
            status = UNSURE
            if threshold is None or probability < EVEN_ODDS:
                reason = f"{LIKE_NO_DIGIT}: even the likeliest has less than even odds"
            else:
                reason = (
                    f"less probable than {percent(threshold.probability)}, the threshold for at "
                    f"most {percent(threshold.max_error)} errors"
                )
        return cls(name, status, int(digit), probability, all_ten, reason)

    @classmethod
    def without_digit(cls, name: str, reason: str) -> "Reading":
        """The reading of a picture on which there is no digit; it is unsure."""
        return cls(name, UNSURE, None, None, None, reason)

    @classmethod
    def failed(cls, name: str, reason: str) -> "Reading":
        """The reading of an input that cannot be read."""
        return cls(name, ERROR, None, None, None, reason)

    ANSWER_HEADING, ANSWER_WIDTH_CHARACTERS = "digit", 5  # of a table's column
    CSV_COLUMNS = (
        "input", "status", "digit", "probability", *(f"p{digit}" for digit in range(10)), "reason",
    )  # fmt: skip

    @property
    def answer(self) -> int | None:
        """The digit; None without one."""
        return self.digit

    def runners_up(self, count: int) -> list[tuple[int, float]]:
        """The `count` likeliest digits after the first, each with its probability."""
        if self.probabilities is None:
            return []
        ranked = np.argsort(-np.array(self.probabilities), kind="stable")[1 : count + 1]
        return [(digit, self.probabilities[digit]) for digit in ranked.tolist()]

    def remark(self) -> str:
        """What a table says of a reading that is not ok. It does not mention the threshold, because
        a line above the table states it once for all readings."""
        if self.status == OK or self.probability is None:
            return _status_and_reason(self)
        return f"{self.status}: {LIKE_NO_DIGIT}" if self.probability < EVEN_ODDS else self.status

    def json_fields(self) -> dict:
        """The fields for JSON, probabilities rounded; a label is not part of them."""
        fields = asdict(self)
        del fields["label"]
        fields["probability"] = _rounded(self.probability)
        if self.probabilities is not None:
            fields["probabilities"] = [_rounded(each) for each in self.probabilities]
        return fields

    def csv_row(self) -> list:
        """The values of CSV_COLUMNS, None for an empty cell."""
        all_ten: Sequence[float | None] = self.probabilities or [None] * 10
        return [self.input, self.status, self.digit, self.probability, *all_ten, self.reason]


@dataclass(frozen=True)
class NumberDigit:
    """One digit of a number. box: left, top, width and height, in pixels of the picture at its
    original size, turned upright. row: the place of its row on the page, from 0."""

    digit: int
    probability: float
    box: list[int]
    row: int


@dataclass(frozen=True)
class NumberRow:
    """One row of a page. number: its digits and the signs between them; status: `ok` or `unsure`;
    probability: of all of it; reason: why it is unsure, or None."""

    number: str
    status: str
    probability: float
    reason: str | None


@dataclass(frozen=True)
class NumberReading:
    """What was read from one picture of a number; docs/saved_model.md describes each field.

    status: `ok`; `unsure`, if one of its rows is unsure or if there is no ink; `error`, if the
    picture cannot be read. Without ink, number is None and digits is empty; after an error both are
    None. number: text, because leading zeros count; with the signs . , - : / between digits, and a
    line for each row. rows: from top to bottom; None after an error.
    """

    input: str
    status: str
    number: str | None
    digits: list[NumberDigit] | None
    reason: str | None
    rows: list[NumberRow] | None = None
    label: ClassVar[None] = None  # no picture holds one

    @classmethod
    def failed(cls, name: str, reason: str) -> "NumberReading":
        """The reading of a picture that cannot be read."""
        return cls(name, ERROR, None, None, reason)

    # A longer number moves the rest of its line to the right.
    ANSWER_HEADING, ANSWER_WIDTH_CHARACTERS = "number", 10
    CSV_COLUMNS = ("input", "status", "number", "probability", "reason")

    @property
    def answer(self) -> str | None:
        """The number; None without one."""
        return self.number

    @property
    def probability(self) -> float | None:
        """The lowest probability of its rows; None without rows."""
        return min((row.probability for row in self.rows or ()), default=None)

    def runners_up(self, count: int) -> list[tuple[int, float]]:
        """An empty list: each digit has runners-up of its own, too many for one line."""
        return []

    def remark(self) -> str:
        """What a table says of a reading that is not ok."""
        return _status_and_reason(self)

    def json_fields(self) -> dict:
        """The fields for JSON, probabilities rounded."""
        fields = asdict(self)
        for part in (*(fields["digits"] or ()), *(fields["rows"] or ())):
            part["probability"] = _rounded(part["probability"])
        digits, reason, rows = (fields.pop(name) for name in ("digits", "reason", "rows"))
        own = {"probability": _rounded(self.probability), "digits": digits, "reason": reason}
        return {**fields, **own, "rows": rows}

    def csv_row(self) -> list:
        """The values of CSV_COLUMNS, None for an empty cell."""
        return [self.input, self.status, self.number, self.probability, self.reason]


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, PROBABILITY_JSON_DECIMALS)


AnyReading = Reading | NumberReading


class Evidence(NamedTuple):
    """What a reading is based on.

    digit: uint8 [28, 28], 255 = ink, as the network saw it. The rest is None or False for a row of
    pixels. ink: uint8 [H, W], what was found on the shrunk picture. light_on_dark: whether the ink
    is lighter than the paper. closer: whether the graph looked at a small digit again, enlarged;
    then ink shows only a part of the picture.
    """

    digit: np.ndarray
    ink: np.ndarray | None = None
    light_on_dark: bool | None = None
    closer: bool = False


def _status_and_reason(reading: AnyReading) -> str:
    """The status and the reason, as in `error: no such file`; empty if the reading is ok."""
    if reading.status == OK:
        return ""
    # An error's reason starts with the input, which the table's line already shows.
    return f"{reading.status}: {(reading.reason or '').removeprefix(f'{reading.input}: ')}"
