"""What load_saved_model.py is given: pictures, folders and CSV files, and their labels."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from nn import data
from nn.errors import DataError
from nn.pictures import EXTENSIONS
from nn.predictor import Reading, failed


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


def read_all(predictor: Reader, paths: Sequence[Path]) -> Iterator[Reading]:
    """Reads what expand returned, in order; what cannot be read becomes an error reading."""
    pictures: list[Path] = []
    for path in paths:
        if path.suffix.lower() == ".csv" or _is_folder(path):
            yield from predictor.read(pictures)
            pictures = []
            yield from _read_other(predictor, path)
        else:
            pictures.append(path)
    yield from predictor.read(pictures)


def _read_other(predictor: Reader, path: Path) -> Iterator[Reading]:
    if _is_folder(path):
        yield failed(
            str(path), f"{path}: no pictures to be read in this folder ({', '.join(EXTENSIONS)})"
        )
        return
    try:
        yield from predictor.read_csv(path)
    except DataError as error:
        yield failed(str(path), str(error))


class Labels:
    """The right answers, from a file of one digit a line or of rows `file,label`.

    Raises DataError where the file is bad or does not fit the inputs.
    """

    def __init__(self, path: Path, inputs: Sequence[Path]) -> None:
        self._path = path
        self._by_line: Iterator[int] | None = None
        self._by_file: dict[Path, int] = {}
        if len(inputs) == 1 and inputs[0].suffix.lower() == ".csv":
            labels = data.read_labels(path)
            _check_count(path, len(labels), inputs[0])
            self._by_line = iter(labels.tolist())
        else:
            self._by_file = _read_file_labels(path)
            if not any(picture.resolve() in self._by_file for picture in inputs):
                raise DataError(
                    f"{path}: names none of the inputs; its names count from its own folder"
                )

    def find(self, reading: Reading) -> int | None:
        """The label of a reading, None where there is none. Call it for every one, in order."""
        if self._by_line is not None:
            return next(self._by_line, None)
        return self._by_file.get(Path(reading.input).resolve())


def _check_count(path: Path, count: int, pixels: Path) -> None:
    rows = sum(len(block.lines) + len(block.errors) for block in data.iter_images(pixels))
    if rows != count:
        raise DataError(f"{path}: expected {rows:,} labels, one a row of {pixels}, found {count:,}")


def _read_file_labels(path: Path) -> dict[Path, int]:
    """Rows `file,label`; a file is named from the folder of the labels. A header may be there."""
    labels = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not row or (number == 1 and row == ["file", "label"]):
                    continue
                if len(row) != 2 or row[1].strip() not in list("0123456789"):
                    raise DataError(
                        f"{path}, line {number}: expected file,label with a label of 0 to 9, "
                        f"found {','.join(row)[:40]!r}"
                    )
                labels[(path.parent / row[0].strip()).resolve()] = int(row[1])
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read ({reason})") from None
    return labels
