"""Shows readings as they come: an aligned table or JSON lines, a CSV file, the score."""

import csv
import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nn.confidence.thresholds import (
    DEFAULT_MAX_ERROR,
    EVEN_ODDS,
    Threshold,
    least_probability,
    percent,
)
from nn.data.digits import confusion_matrix
from nn.errors import DataError
from nn.prediction.readings import ERROR, LIKE_NONE, OK, Reading

Write = Callable[[Reading], None]


def table_header(width: int) -> str:
    """The line above table rows; width: of the longest input's name."""
    return f"{'input':{width}s}  digit  probability"


def table_row(reading: Reading, width: int, label: int | None = None, top: int = 1) -> str:
    """A reading as an aligned line: the input, its digit, the `top` likeliest with how likely."""
    digit = "–" if reading.digit is None else str(reading.digit)
    line = f"{reading.input:{width}s}  {digit:>5s}"
    if reading.probabilities:
        line += f"  {reading.probability:11.2%}"
    if reading.probabilities and top > 1:
        likeliest = np.argsort(-np.array(reading.probabilities), kind="stable")[1:top]
        line += "".join(f"   {i} {reading.probabilities[i]:6.2%}" for i in likeliest)
    if label is not None:
        line += f"   label {label}"
    if reading.status != OK and reading.digit is not None:
        line += f"  {reading.status}"  # the line above the table says why
        line += f": {LIKE_NONE}" if reading.probability < EVEN_ODDS else ""
    elif reading.status != OK:
        # An error's reason names its input, which stands at the start of the line.
        reason = reading.reason.removeprefix(f"{reading.input}: ")
        line += f"  {'':11s}  {reading.status}: {reason}"
    return line


def threshold_line(threshold: Threshold | None, max_error: float | None) -> str:
    """What makes an answer unsure; max_error: as the user gave it, None if not at all."""
    least = least_probability(threshold, max_error)
    if threshold is None:
        errors = "the model has no thresholds"
    else:
        errors = f"at most {percent(threshold.max_error)} errors expected"
    if not least:
        return f"No answer is unsure: {errors}"
    of_others = "of the others " if threshold else ""
    lowest = threshold and max_error is None and threshold.max_error > DEFAULT_MAX_ERROR
    return f"Unsure below {percent(least)}: {of_others}{errors}" + (
        ", its lowest" if lowest else ""
    )


def json_line(reading: Reading) -> str:
    """A reading as one JSON object, probabilities to six places."""
    fields = asdict(reading)
    if reading.probabilities:
        fields["probability"] = round(reading.probability, 6)
        fields["probabilities"] = [round(p, 6) for p in reading.probabilities]
    return json.dumps(fields, ensure_ascii=False)


@contextmanager
def csv_file(path: Path) -> Iterator[Write]:
    """Yields a function that writes a reading as a CSV row; the file appears whole, at the end."""
    columns = [f"p{digit}" for digit in range(10)]
    header = ["input", "status", "digit", "probability", *columns, "reason"]
    with csv_rows(path, header) as write_row:

        def write(reading: Reading) -> None:
            values = [reading.input, reading.status, reading.digit, reading.probability]
            write_row([*values, *(reading.probabilities or [None] * 10), reading.reason])

        yield write


@contextmanager
def csv_rows(path: Path, header: Sequence[str]) -> Iterator[Callable[[Sequence], object]]:
    """Yields a function that writes a row. Raises DataError where the file cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        temporary.touch()
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(header)
            yield rows.writerow
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class Score:
    """Counts readings against their labels."""

    field = "digit"  # of a reading, what is compared with the label

    def __init__(self) -> None:
        self._labels: list = []
        self._answers: list = []
        self._sure = self._sure_wrong = 0
        self._no_answer = self._unread = self._unlabelled = 0

    def add(self, reading: Reading, label: int | str | None) -> bool:
        """Counts a reading, and returns whether it is right; one without a label counts for
        nothing, and is not."""
        answer = getattr(reading, self.field)
        if label is None:
            self._unlabelled += 1
        elif reading.status == ERROR:
            self._unread += 1
        elif answer is None:
            self._no_answer += 1
        else:
            self._labels.append(label)
            self._answers.append(answer)
            self._sure += reading.status == OK
            self._sure_wrong += reading.status == OK and answer != label
        return answer is not None and answer == label

    def summary(self) -> list[str]:
        """The accuracy, in a line; what the sure answers come to."""
        pairs = zip(self._labels, self._answers, strict=True)
        right = sum(label == answer for label, answer in pairs)
        count = len(self._labels) + self._no_answer
        accuracy = f"{right / count:.2%}" if count else "unknown"
        summary = f"Accuracy {accuracy}: {right:,} of {count:,} right, {count - right:,} wrong"
        for number, what in (
            (self._no_answer, "of them without an answer"),
            (self._unread, "could not be read"),
            (self._unlabelled, "had no label"),
        ):
            summary += f"; {number:,} {what}" if number else ""
        return [summary, f"Sure of {self._sure:,}: {self._sure_wrong:,} of these wrong"]

    def lines(self) -> Sequence[str]:
        """The summary, and the confusion matrix."""
        confusion = confusion_matrix(np.array(self._labels, int), np.array(self._answers, int))
        rows = [f"{label:5d}  " + "".join(f"{n or '·':>6}" for n in row)
                for label, row in enumerate(confusion)]  # fmt: skip
        header = "label  " + "".join(f"{digit:6d}" for digit in range(10)) + "   ← predicted"
        return [*self.summary(), header, *rows]
