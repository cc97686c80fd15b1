"""What load_saved_model.py is given: pictures, folders and CSV files, and their labels."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from nn.data import csv_files
from nn.errors import DataError
from nn.pictures.files import EXTENSIONS
from nn.prediction.predictor import Predictor
from nn.prediction.readings import NumberReading, Reading, failed


def expand(inputs: Iterable[Path], recursive: bool = False) -> list[Path]:
    """Each folder's pictures, by name, in the place of the folder; all else as it is.

    A folder without a picture stays, for read_all to say so.
    """
    paths: list[Path] = []
    for path in inputs:
        paths += (_pictures(path, recursive) or [path]) if _is_folder(path) else [path]
    return paths


def _pictures(folder: Path, recursive: bool) -> list[Path]:
    try:
        found = folder.rglob("*") if recursive else folder.iterdir()
        return sorted(
            path
            for path in found
            if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".")
        )
    except OSError:  # read_all says that there is nothing in it to be read
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long, say: reading it will tell
        return False


class Reader(Protocol):
    """What reads pictures and CSV files: a Predictor, or what does as it does."""

    def read(self, paths: Iterable[Path]) -> Iterator[Reading]: ...

    def read_csv(self, path: Path) -> Iterator[Reading]: ...


class NumberReader:
    """Reads pictures of numbers."""

    def __init__(self, predictor: Predictor) -> None:
        self.read = predictor.read_numbers

    def read_csv(self, path: Path) -> Iterator[NumberReading]:
        """Raises DataError: rows of pixels hold one digit each."""
        raise DataError(f"{path}: numbers are read from pictures; its rows hold a digit each")


def read_all(
    reader: Reader,
    paths: Sequence[Path],
    error: Callable[[str, str], Reading | NumberReading] = failed,
) -> Iterator[Reading | NumberReading]:
    """Reads what expand returned, in order; what cannot be read becomes an error reading."""
    pictures: list[Path] = []
    for path in paths:
        if path.suffix.lower() == ".csv" or _is_folder(path):
            yield from reader.read(pictures)
            pictures = []
            try:
                yield from _read_other(reader, path)
            except DataError as problem:
                yield error(str(path), str(problem))
        else:
            pictures.append(path)
    yield from reader.read(pictures)


def _read_other(reader: Reader, path: Path) -> Iterator[Reading]:
    if _is_folder(path):
        raise DataError(f"{path}: no pictures to be read in this folder ({', '.join(EXTENSIONS)})")
    yield from reader.read_csv(path)


class Labels:
    """The right answers, from a file of one digit a line or of rows `file,label`.

    numbers: whether labels are numbers, as text, for leading zeros count. Raises DataError where
    the file is bad or does not fit the inputs.
    """

    def __init__(self, path: Path, inputs: Sequence[Path], numbers: bool = False) -> None:
        self._path = path
        self._by_line: Iterator[int] | None = None
        self._by_file: dict[Path, int | str] = {}
        if len(inputs) == 1 and inputs[0].suffix.lower() == ".csv":
            labels = csv_files.read_labels(path)
            _check_count(path, len(labels), inputs[0])
            self._by_line = iter(labels.tolist())
        else:
            self._by_file = _read_file_labels(path, _number if numbers else _digit)
            if not any(picture.resolve() in self._by_file for picture in inputs):
                raise DataError(
                    f"{path}: names none of the inputs; its names count from its own folder"
                )

    def find(self, reading: Reading | NumberReading) -> int | str | None:
        """The label of a reading, None where there is none. Call it for every one, in order."""
        if self._by_line is not None:
            return next(self._by_line, None)
        return self._by_file.get(Path(reading.input).resolve())


def _check_count(path: Path, count: int, pixels: Path) -> None:
    rows = sum(len(block.lines) + len(block.errors) for block in csv_files.iter_images(pixels))
    if rows != count:
        raise DataError(f"{path}: expected {rows:,} labels, one a row of {pixels}, found {count:,}")


def _digit(label: str) -> int:
    if label not in list("0123456789"):
        raise ValueError("a label of 0 to 9")
    return int(label)


def _number(label: str) -> str:
    if not (label.isascii() and label.isdigit()):
        raise ValueError("a label of digits alone")
    return label


def _read_file_labels(path: Path, parse: Callable[[str], int | str]) -> dict[Path, int | str]:
    """Rows `file,label`; a file is named from the folder of the labels. A header may be there."""
    labels = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
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
