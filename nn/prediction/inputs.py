"""The inputs of load_saved_model.py: pictures, folders and data files, and their labels."""

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from nn.data import data_files
from nn.data.file_names import is_data_file
from nn.data.text_files import lines_of
from nn.data.told import UNTOLD, Told
from nn.errors import DataError
from nn.pictures.formats import EXTENSIONS
from nn.pictures.sources import STANDARD_INPUT, STANDARD_INPUT_NAME, is_web_address, split_page
from nn.prediction.readings import AnyReading, NumberReading, Reading
from nn.runtime.regular_files import why_not_regular

# Digits, with signs between them; the rows of a page are lines of a quoted cell.
NUMBER_LABEL = re.compile(r"[0-9]([0-9.,:/\n-]*[0-9])?")

ReadingType = TypeVar("ReadingType", Reading, NumberReading, covariant=True)


class Reader(Protocol[ReadingType]):
    """Reads pictures and data files: a Predictor, a NumberReader, or an explainer of either."""

    @property
    def reading_type(self) -> type[ReadingType]:
        """The class of the readings."""

    def read(self, pictures: Iterable[Path]) -> Iterator[ReadingType]:
        """Yields a reading for each picture, in order."""

    def read_csv(self, path: Path, told: Told = UNTOLD) -> Iterator[ReadingType]:
        """Yields a reading for each row. Raises DataError where the file cannot be read."""


def expand(inputs: Iterable[Path], recursive: bool = False) -> list[Path]:
    """Replaces each folder by its pictures, sorted by name; returns all other inputs as they are.

    A folder without a picture stays, and so does one below it that cannot be read, so that read_all
    reports them. Raises DataError where standard input is among them twice.
    """
    inputs = list(inputs)
    if inputs.count(STANDARD_INPUT) > 1:
        raise DataError(f"{STANDARD_INPUT_NAME}: given twice; standard input holds one picture")
    paths: list[Path] = []
    for path in inputs:
        paths += (_pictures(path, recursive) or [path]) if _is_folder(path) else [path]
    return paths


def refuse_to_overwrite(output: Path, inputs: Iterable[Path], option: str = "--csv") -> None:
    """Raises DataError if output, which an option names, is one of the inputs, under this or
    another name."""
    for path in inputs:
        if _is_same_file(output, split_page(path)[0]):
            raise DataError(
                f"{option} {output} would overwrite the input {path}; name another file"
            )


def _is_same_file(one: Path, other: Path) -> bool:
    """Whether both lead to one file. A path that leads nowhere is no other's file."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def read_all(
    reader: Reader[ReadingType], paths: Sequence[Path], told: Told = UNTOLD
) -> Iterator[ReadingType]:
    """Reads what expand returned, in order; an input that cannot be read becomes an error reading.

    told: what the user says of how the images of data files are stored.
    """
    pictures: list[Path] = []
    for path in paths:
        if _is_data_file(path) or _is_folder(path):
            yield from reader.read(pictures)
            pictures = []
            try:
                if _is_folder(path):
                    raise DataError(_why_nothing_is_read(path))
                yield from reader.read_csv(path, told)
            except DataError as problem:
                yield reader.reading_type.failed(str(path), str(problem))
        else:
            pictures.append(path)
    yield from reader.read(pictures)


def _is_data_file(path: Path) -> bool:
    return is_data_file(path) and not is_web_address(path)


def _pictures(folder: Path, recursive: bool) -> list[Path]:
    """The picture files of a folder, sorted, then the folders that cannot be read: read_all reports
    these. Hidden files are left out."""
    found: list[Path] = []
    unreadable: list[Path] = []
    walk = os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename)))
    for root, folders, files in walk:
        names = files if recursive else [*folders, *files]
        found += [Path(root, name) for name in names if not name.startswith(".")]
        if not recursive:
            break
    return sorted(path for path in found if path.suffix.lower() in EXTENSIONS) + unreadable


def _why_nothing_is_read(folder: Path) -> str:
    try:
        os.scandir(folder).close()
    except OSError as error:
        return f"{folder}: cannot be read ({error.strerror})"
    return f"{folder}: no pictures to be read in this folder ({', '.join(EXTENSIONS)})"


def _is_folder(path: Path) -> bool:
    try:
        return path != STANDARD_INPUT and path.is_dir()
    except (OSError, ValueError):  # a name that is too long, for example: reading it reports it
        return False


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
