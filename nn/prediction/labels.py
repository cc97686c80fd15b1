"""The labels of what load_saved_model.py reads: the right answers, from a file."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nn.data import data_files
from nn.data.file_names import is_data_file
from nn.data.text_files import lines_of
from nn.errors import DataError
from nn.prediction.readings import AnyReading
from nn.runtime.regular_files import why_not_regular

# Digits, with signs between them; the rows of a page are lines of a quoted cell.
NUMBER_LABEL = re.compile(r"[0-9]([0-9.,:/\n-]*[0-9])?")


class Labels:
    """The right answers: from a data file with labels, such as one digit a line, or from rows
    `file,label`.

    numbers: whether labels are numbers; these stay text, because leading zeros count. Raises
    DataError where the file is bad or does not fit the inputs. unused: how many labels are for
    files that are not among the inputs.
    """

    unused = 0

    def __init__(self, path: Path, inputs: Sequence[Path], numbers: bool = False) -> None:
        self._by_line: Iterator[int] | None = None
        self._by_file: dict[Path, int | str] = {}
        if len(inputs) == 1 and is_data_file(inputs[0]):
            labels = data_files.read_labels(path)
            _check_count(path, len(labels), inputs[0])
            self._by_line = iter(labels.tolist())
        else:
            self._by_file = _read_file_labels(path, _parse_number if numbers else _parse_digit)
            named = {picture.resolve() for picture in inputs} & self._by_file.keys()
            self.unused = len(self._by_file) - len(named)
            if not named:
                raise DataError(
                    f"{path}: names none of the inputs; name files relative to the folder of this "
                    "file"
                )

    def find(self, reading: AnyReading) -> int | str | None:
        """Returns the label of a reading, None where it has none. Call it for each reading, in
        order: labels of CSV rows have no names."""
        if self._by_line is not None:
            return next(self._by_line, None)
        return self._by_file.get(Path(reading.input).resolve())


def unused_labels_line(labels: Labels) -> str | None:
    """Says how many labels are for files that are not among the inputs; None if none are."""
    if not labels.unused:
        return None
    are = "label is for a file that is" if labels.unused == 1 else "labels are for files that are"
    return f"{labels.unused:,} {are} not among the inputs"


def _check_count(path: Path, count: int, pixels: Path) -> None:
    """Raises DataError where there are not as many labels as rows of pixels."""
    rows = data_files.count_rows(pixels)
    if rows != count:
        raise DataError(f"{path}: expected {rows:,} labels, one a row of {pixels}, found {count:,}")


def _parse_digit(label: str) -> int:
    if label not in list("0123456789"):
        raise ValueError("a label of 0 to 9")
    return int(label)


def _parse_number(label: str) -> str:
    if not NUMBER_LABEL.fullmatch(label):
        raise ValueError("a label of digits, with the signs . , - : / between them")
    return label


def _read_file_labels(path: Path, parse: Callable[[str], int | str]) -> dict[Path, int | str]:
    """Reads rows `file,label`, with or without this header. File names are relative to the folder
    of the labels."""
    labels: dict[Path, int | str] = {}
    if reason := why_not_regular(path):
        raise DataError(f"{path}: {reason}")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(lines_of(file, path)), 1):
                if row and not (number == 1 and row == ["file", "label"]):
                    name, label = _file_and_label(path, number, row, parse)
                    labels[(path.parent / name).resolve()] = label
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read ({reason})") from None
    return labels


def _file_and_label(
    path: Path, number: int, row: list[str], parse: Callable[[str], int | str]
) -> tuple[str, int | str]:
    try:
        name, label = row if len(row) == 2 else (*row[:1], "")
        return name.strip(), parse(label.strip())
    except ValueError as expected:
        raise DataError(
            f"{path}, line {number}: expected file,label with {expected}, "
            f"found {','.join(row)[:40]!r}"
        ) from None
