"""Output formats for readings, and the score against labels.

A format is one class with `write`. What a digit's and a number's reading have different, the names
and values of their columns, the readings themselves say.
"""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np

from nn.confidence.thresholds import (
    DEFAULT_MAX_ERROR,
    Threshold,
    least_probability,
    percent,
    percent_rounded_down,
)
from nn.data.digits import confusion_matrix
from nn.errors import DataError
from nn.prediction.readings import ERROR, OK, AnyReading
from nn.runtime.printable import printable
from nn.runtime.whole_files import naming, replacing

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Format(ABC):
    """Shows readings one by one; to be used in a `with` statement. is_empty: whether it is a table
    without a line so far."""

    is_empty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:  # noqa: B027
        """Ends the output; after an exception, a file is not written at all."""

    @abstractmethod
    def write(self, reading: AnyReading, label: int | str | None, right: bool) -> None:
        """Shows one reading. label: its label, None without one; right: whether both agree."""


class Table(Format):
    """An aligned table on standard output: the readings that are wrong or have no label.

    width: characters of the longest input's name; top: how many of the likeliest digits to show.
    """

    def __init__(self, reading_type: type[AnyReading], width: int, top: int = 1) -> None:
        self._reading_type, self._width, self._top = reading_type, width, top
        self.is_empty = True

    def write(self, reading: AnyReading, label: int | str | None, right: bool) -> None:
        """Prints a line, but none for a right answer; before the first line, the header."""
        if right:
            return
        if self.is_empty:
            answer = self._aligned(self._reading_type.ANSWER_HEADING)
            print(f"{'input':{self._width}s}  {answer}  probability")
            self.is_empty = False
        print(self.row(reading, label))

    def row(self, reading: AnyReading, label: int | str | None = None) -> str:
        """A line: input, answer, its probability, the next likeliest digits, label, remark."""
        rows = "–" if reading.answer is None else str(reading.answer)
        answer = self._aligned(rows.replace("\n", " | "))  # a line of a table cannot hold several
        share = "" if reading.probability is None else f"{reading.probability:.2%}"
        line = f"{printable(reading.input):{self._width}s}  {printable(answer)}  {share:>11s}"
        for digit, probability in reading.runners_up(self._top - 1):
            line += f"   {digit} {probability:6.2%}"
        if label is not None:
            line += f"   label {label}"
        if remark := reading.remark():
            line += f"  {printable(remark)}"
        return line.rstrip()

    def _aligned(self, answer: str) -> str:
        return answer.rjust(self._reading_type.ANSWER_WIDTH_CHARACTERS)


class JsonLines(Format):
    """One JSON object a line on standard output, probabilities to six places."""

    def write(self, reading: AnyReading, label: int | str | None, right: bool) -> None:
        """Prints the reading; a label is not part of it."""
        # ASCII alone: what a stream cannot show, it would escape in a way that is no JSON.
        print(json.dumps(reading.json_fields()))


class _WholeFile(Format):
    """A format that is written to a file, which appears whole, at the end.

    Entering opens it and writes the header. It raises DataError where the file cannot be written.
    """

    LINE_END = "\r\n"  # as RFC 4180 has it

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path, self._header = path, header
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            try:
                temporary = stack.enter_context(replacing(self._path))
                file = stack.enter_context(
                    open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="")
                )
            except OSError as error:
                raise DataError(f"{self._path}: cannot be written ({error.strerror})") from None
            self._rows = csv.writer(file, lineterminator=self.LINE_END)
            self._write_row(self._header)
            self._open_files = stack.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        with naming(self._path):
            self._open_files.__exit__(*exception)

    def _write_row(self, cells: Iterable[object]) -> None:
        with naming(self._path):
            self._rows.writerow(cells)


class CsvFile(_WholeFile):
    """A CSV file with a row for each reading."""

    def __init__(self, reading_type: type[AnyReading], path: Path) -> None:
        super().__init__(path, reading_type.CSV_COLUMNS)

    def write(self, reading: AnyReading, label: int | str | None, right: bool) -> None:
        """Adds a row; a label is not part of it."""
        self._write_row(_no_formula(cell) for cell in reading.csv_row())


def _no_formula(cell: object) -> object:
    """A cell that no spreadsheet runs as a formula; a number stays as it is.

    Text that begins as a formula does, a file's name for example, gets `./` before it: the path
    still leads to the file. https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) and cell != "-":
        return f"./{cell}"
    return cell


class KaggleFile(_WholeFile):
    """A submission to Kaggle's competition Digit Recognizer: ImageId, from 1, and Label.

    It has a row for each row of the input, in order. `write` raises DataError for a row that cannot
    be read.
    """

    LINE_END = "\n"  # as Kaggle's own sample has it

    def __init__(self, path: Path) -> None:
        super().__init__(path, ("ImageId", "Label"))
        self._count = 0

    def write(self, reading: AnyReading, label: int | str | None, right: bool) -> None:
        """Adds a row. An unsure answer counts as any other; a label is not part of it."""
        if reading.answer is None:
            # The reason why a whole file cannot be read begins with its name.
            reason = (reading.reason or "").removeprefix(f"{reading.input}: ")
            raise DataError(
                f"{reading.input}: {reason}; {self._path} is not written, because a "
                "submission needs an answer for each row"
            )
        self._count += 1
        self._write_row([self._count, reading.answer])


def threshold_line(threshold: Threshold | None, max_error: float | None) -> str:
    """Says which answers are marked as unsure; max_error: as the user gave it, None without one."""
    least = least_probability(threshold, max_error)
    marks = f"Marks answers below {percent_rounded_down(least)} as unsure"
    if threshold is None:
        return f"{marks}; the model has no thresholds"
    expects = f"expects at most {percent(threshold.max_error)} errors"
    if not least:
        return f"Marks no answer as unsure; accepts every answer and {expects}"
    if max_error is None and threshold.max_error > DEFAULT_MAX_ERROR:
        return f"{marks}; {expects}, its lowest"
    return f"{marks}; {expects} among the rest"


class Score:
    """Counts readings against their labels."""

    def __init__(self) -> None:
        self._labels: list[int | str] = []
        self._answers: list[int | str] = []
        self._sure = self._sure_wrong = 0
        self._no_answer = self._unread = self._unlabelled = 0

    def add(self, reading: AnyReading, label: int | str | None) -> bool:
        """Counts a reading, and returns whether it is right. One without a label is not right, and
        does not enter the accuracy."""
        answer = reading.answer
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

    def lines(self) -> list[str]:
        """The accuracy, and how many of the sure answers are wrong, a line each."""
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


class DigitScore(Score):
    """Counts readings of single digits: with a confusion matrix."""

    def lines(self) -> list[str]:
        """The lines of a Score, and the confusion matrix below: a row for each label."""
        confusion = confusion_matrix(np.array(self._labels, int), np.array(self._answers, int))
        rows = [f"{label:5d}  " + "".join(f"{n or '·':>6}" for n in row)
                for label, row in enumerate(confusion)]  # fmt: skip
        header = "label  " + "".join(f"{digit:6d}" for digit in range(10)) + "   ← predicted"
        return [*super().lines(), header, *rows]
