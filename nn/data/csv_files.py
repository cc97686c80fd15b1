"""Reads and checks the four CSV files.

A line of a pixel file holds 784 comma-separated whole numbers from 0 to 255, a line of a label file
holds one digit. MNIST/README.md describes both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from nn.data.digits import PIXELS, SIDE, Digits
from nn.data.parsing import UNPARSED, parse_numbers
from nn.data.text_files import check_line_lengths, open_lines, require_file
from nn.errors import DataError
from nn.runtime.printable import printable

CSV_NAMES = ("digit_xtrain.csv", "digit_ytrain.csv", "digit_xtest.csv", "digit_ytest.csv")


@dataclass(frozen=True)
class Rows:
    """A block of a pixel file's rows.

    lines: the line number of each good row; images: uint8 [n, 28, 28], the good rows;
    errors: the line number of each bad row, and what is wrong with it; labels: int64 [n], 0 to 9,
    of the good rows, None where the file holds none.
    """

    lines: list[int]
    images: np.ndarray
    errors: list[tuple[int, str]] = field(default_factory=list)
    labels: np.ndarray | None = None


def read_folder(folder: Path) -> tuple[Digits, Digits]:
    """Reads the four CSV files of a folder: (training digits, test digits).

    Raises DataError where a file is missing or has a bad line.
    """
    paths = [folder / name for name in CSV_NAMES]
    for path in paths:
        require_file(path)
    return read_digits(paths[0], paths[1]), read_digits(paths[2], paths[3])


def read_digits(images_path: Path, labels_path: Path) -> Digits:
    """Reads a pixel file and its label file.

    Raises DataError where a file is missing or has a bad line, and where the counts differ.
    """
    labels = read_labels(labels_path)  # the small file first: a mistake in it shows at once
    images = read_images(images_path)
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: expected {len(images):,} labels, one for each row of "
            f"{images_path.name}, found {len(labels):,}"
        )
    return Digits(images, labels)


def read_images(path: Path) -> np.ndarray:
    """Reads a whole pixel file into uint8 [N, 28, 28]. Raises DataError at the first bad row.

    NumPy parses the file directly into uint8. A file that it rejects is read again block by block,
    which either finds the bad row or accepts what NumPy does not, such as 12.0.
    """
    require_file(path)
    try:
        check_line_lengths(path)
        pixels = parse_numbers(path, np.uint8)
        if len(pixels) and pixels.shape[1] == PIXELS:
            return pixels.reshape(-1, SIDE, SIDE)
    except UNPARSED:
        pass
    blocks = []
    for rows in iter_images(path):
        if rows.errors:
            line, problem = rows.errors[0]
            raise DataError(f"{path}, line {line}: {problem}")
        blocks.append(rows.images)
    return np.concatenate(blocks)


def iter_images(path: Path, block: int = 1024) -> Iterator[Rows]:
    """Reads a pixel file block by block, in flat memory; a bad row does not stop the others.

    Skips blank lines. Raises DataError where the file cannot be opened or is empty. block: the
    number of lines in a block.
    """
    first, found = 1, False
    with open_lines(path) as file:
        while lines := list(islice(file, block)):
            rows = _parse_block(lines, first)
            first += len(lines)
            if rows.lines or rows.errors:
                found = True
                yield rows
    if not found:
        raise DataError(f"{path}: expected rows of {PIXELS} pixels, found an empty file")


def read_labels(path: Path, header: bool = False) -> np.ndarray:
    """Reads a label file into int64 [N]. Raises DataError at the first line without a digit.

    header: whether the first line is a header, which is left out.
    """
    labels = []
    with open_lines(path) as file:
        for number, line in enumerate(file, 1):
            if (cell := line.strip()) and not (header and number == 1):
                try:
                    labels.append(whole_number(cell, 9))
                except ValueError:
                    raise DataError(f"{path}, line {number}: {label_problem(cell)}") from None
    if not labels:
        raise DataError(f"{path}: expected one digit 0 to 9 a line, found an empty file")
    return np.array(labels, np.int64)


def _parse_block(lines: list[str], first: int) -> Rows:
    """Parses a block of lines. first: the number of its first line."""
    if not any(line.strip() for line in lines):
        return Rows([], np.empty((0, SIDE, SIDE), np.uint8))
    for dtype in (np.uint8, np.float32):  # float32: written as 12.0
        try:
            values = parse_numbers(lines, dtype)
        except ValueError:
            continue
        with np.errstate(invalid="ignore"):  # nan and numbers out of range become unequal pixels
            pixels = values.astype(np.uint8)
        if values.shape == (len(lines), PIXELS) and (pixels == values).all():
            numbers = list(range(first, first + len(lines)))
            return Rows(numbers, pixels.reshape(-1, SIDE, SIDE))
    return _parse_row_by_row(lines, first)


def _parse_row_by_row(lines: list[str], first: int) -> Rows:
    """Parses a block that has a bad row or a blank line; slower than NumPy, but it finds them."""
    numbers, good, errors = [], [], []
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            good.append(_parse_row(line))
            numbers.append(number)
        except ValueError as error:
            errors.append((number, str(error)))
    return Rows(numbers, np.array(good, np.uint8).reshape(-1, SIDE, SIDE), errors)


def _parse_row(line: str) -> list[int]:
    """Parses one line into 784 pixels. Raises ValueError saying what was expected and found."""
    cells = line.strip().split(",")
    if not any(is_number(cell) for cell in cells[:2]) and len(cells) > 1:
        raise ValueError(
            f"expected {PIXELS} pixels, found what looks like a header row "
            f"({printable(shorten(line.strip()))}); delete that line"
        )
    if len(cells) != PIXELS:
        hint = "; is the label in the first column?" if len(cells) == PIXELS + 1 else ""
        raise ValueError(f"expected {PIXELS} comma-separated pixels, found {len(cells)}{hint}")
    row = []
    for column, cell in enumerate(cells, 1):
        try:
            row.append(whole_number(cell, 255))
        except ValueError:
            raise ValueError(
                f"column {column}: expected a whole number 0 to 255, found {shorten(cell)!r}"
            ) from None
    return row


def label_problem(cell: str) -> str:
    """Says what is wrong with a line of a label file."""
    if "," in cell:
        return f"expected one digit 0 to 9 a line, found {cell.count(',') + 1} values"
    hint = "" if is_number(cell) else "; delete the line if it is a header"
    return f"expected a digit 0 to 9, found {shorten(cell)!r}{hint}"


def whole_number(cell: str, largest: int) -> int:
    """The number in a cell such as `12` or `12.0`, from 0 to `largest`. Raises ValueError for any
    other cell."""
    number = float(cell)
    if not cell.isascii() or "_" in cell:  # Python's float accepts these, no other reader does
        raise ValueError(cell)
    if not number.is_integer() or not 0 <= number <= largest:
        raise ValueError(cell)
    return int(number)


def is_number(cell: str) -> bool:
    try:
        float(cell or 0)  # an empty cell is a bad number, not a column's name
    except ValueError:
        return False
    return True


def shorten(text: str, length: int = 24) -> str:
    return text if len(text) <= length else text[:length] + "…"
