"""The inputs of load_saved_model.py: pictures, folders and data files."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from nn.data.file_names import is_data_file
from nn.data.told import UNTOLD, Told
from nn.errors import DataError
from nn.pictures.formats import EXTENSIONS
from nn.pictures.sources import STANDARD_INPUT, STANDARD_INPUT_NAME, is_web_address, split_page
from nn.prediction.readings import NumberReading, Reading

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
