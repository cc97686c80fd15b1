"""Reads tables of pixels as other programs write them: with or without a header row, with or
without a label in each row, separated by commas, semicolons, tabs or spaces.

nn/data/csv_files.py reads the one form that this project writes itself, faster.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from nn.data import csv_files
from nn.data.csv_files import Rows, shorten, whole_number
from nn.data.digits import PIXELS, SIDE
from nn.data.parsing import UNPARSED, parse_numbers
from nn.data.pixel_scale import BYTES, Scale, find_scale
from nn.data.table_layout import Layout
from nn.data.text_files import check_line_lengths, open_lines
from nn.errors import DataError

BLOCK_LINES = 1024
PLAIN = Layout(",", PIXELS)  # csv_files reads it faster, and knows best what is wrong


def iter_table(path: Path, layout: Layout, block: int = BLOCK_LINES) -> Iterator[Rows]:
    """Reads a table block by block, as csv_files.iter_images does. block: lines in a block."""
    scale = None
    first, found = 1, False
    with open_lines(path) as file:
        while lines := list(islice(file, block)):
            if first <= layout.header < first + len(lines):
                lines[layout.header - first] = ""
            if scale is None:
                scale = _scale_of(lines, layout)
                scale.announce(str(path))
            if any(line.strip() for line in lines):
                rows = _parse_block(lines, first, layout, scale)
                found = found or bool(rows.lines or rows.errors)
                yield rows
            first += len(lines)
    if not found:
        raise DataError(f"{path}: expected rows of {PIXELS} pixels, found no row")


def count_rows(path: Path, layout: Layout) -> int:
    """The number of a table's rows, bad ones included."""
    with open_lines(path) as file:
        return sum(bool(line.strip()) for line in file) - bool(layout.header)


def scale_of_table(path: Path, layout: Layout) -> Scale:
    """The scale of a table's pixels, by its first block."""
    with open_lines(path) as file:
        lines = list(islice(file, BLOCK_LINES))
    if 0 < layout.header <= len(lines):
        lines[layout.header - 1] = ""
    return _scale_of(lines, layout)


def read_table(path: Path, layout: Layout) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a whole table: (images, labels), uint8 [N, 28, 28] and int64 [N] or None.

    NumPy parses the file directly into uint8. If it rejects the file, iter_table reads it, and
    either finds the bad row or accepts what NumPy does not. Raises DataError at the first bad row.
    """
    if scale_of_table(path, layout) == BYTES:
        try:
            check_line_lengths(path)
            values = _load(path, np.uint8, layout, skip=layout.header)
        except UNPARSED:
            values = np.empty((0, 0), np.uint8)
        if len(values) and values.shape[1] == layout.columns:
            images, labels = _images(values, layout), _labels(values, layout)
            if labels is None or labels.max() <= 9:
                return images, labels
    blocks = []
    for rows in iter_table(path, layout):
        if rows.errors:
            line, problem = rows.errors[0]
            raise DataError(f"{path}, line {line}: {problem}")
        blocks.append(rows)
    known = [rows.labels for rows in blocks if rows.labels is not None]
    images = np.concatenate([rows.images for rows in blocks])
    return images, np.concatenate(known) if known else None


def _scale_of(lines: Sequence[str], layout: Layout) -> Scale:
    filled = [line for line in lines if line.strip()]
    for dtype in (np.uint8, np.float32):
        try:
            values = _load(filled, dtype, layout)
        except ValueError:
            continue
        if values.shape[1] == layout.columns:
            return find_scale(values[:, layout.pixels])
    rows = map(layout.cells, filled)
    numbers = [
        [_number(row[n]) for n in layout.pixels] for row in rows if len(row) == layout.columns
    ]
    return find_scale(_as_float32(numbers))


def _load(lines: Path | Iterable[str], dtype: type, layout: Layout, skip: int = 0) -> np.ndarray:
    """Rows of numbers → array of that dtype, [rows, columns]. Raises as parse_numbers does."""
    separator = None if layout.separator == " " else layout.separator
    return parse_numbers(lines, dtype, separator, quote='"', skipped_lines=skip)


def _images(values: np.ndarray, layout: Layout) -> np.ndarray:
    """The pixels of rows of uint8 [N, columns] → [N, 28, 28]."""
    first = layout.pixels[0]
    is_slice = layout.pixels[-1] - first == PIXELS - 1
    pixels = values[:, first : first + PIXELS] if is_slice else values[:, layout.pixels]
    return np.ascontiguousarray(pixels).reshape(-1, SIDE, SIDE)


def _labels(values: np.ndarray, layout: Layout) -> np.ndarray | None:
    return None if layout.label is None else values[:, layout.label].astype(np.int64)


def _parse_block(lines: Sequence[str], first: int, layout: Layout, scale: Scale) -> Rows:
    """Parses a block of lines. first: the number of its first line."""
    numbers = [number for number, line in enumerate(lines, first) if line.strip()]
    filled = [line for line in lines if line.strip()]
    for dtype in (np.uint8, np.float32) if scale == BYTES else (np.float32,):
        try:
            values = _load(filled, dtype, layout)
        except ValueError:
            continue
        if values.shape != (len(filled), layout.columns):
            break
        pixels, is_bad = scale.to_gray(values[:, layout.pixels])
        labels = None if layout.label is None else values[:, layout.label]
        if not is_bad.any() and (labels is None or np.isin(labels, range(10)).all()):
            labels = None if labels is None else labels.astype(np.int64)
            return Rows(numbers, pixels.reshape(-1, SIDE, SIDE), labels=labels)
    return _parse_row_by_row(filled, numbers, layout, scale)


def _parse_row_by_row(
    lines: Sequence[str], numbers: Sequence[int], layout: Layout, scale: Scale
) -> Rows:
    """Parses a block that has a bad row; slower than NumPy, but it finds the row."""
    good, lines_of_good, labels, errors = [], [], [], []
    for number, line in zip(numbers, lines, strict=True):
        try:
            pixels, label = _parse_row(layout.cells(line), layout, scale)
        except ValueError as error:
            errors.append((number, str(error)))
        else:
            lines_of_good.append(number)
            good.append(pixels)
            labels.append(label)
    images = np.array(good, np.uint8).reshape(-1, SIDE, SIDE)
    known = None if layout.label is None else np.array(labels, np.int64)
    return Rows(lines_of_good, images, errors, known)


def _parse_row(cells: Sequence[str], layout: Layout, scale: Scale) -> tuple[np.ndarray, int]:
    """(uint8 [784], label or -1). Raises ValueError saying what was expected and found."""
    if len(cells) != layout.columns:
        raise ValueError(f"expected {layout.columns} columns, as above, found {len(cells)}")
    label = -1
    if layout.label is not None:
        try:
            label = whole_number(cells[layout.label], 9)
        except ValueError:
            raise ValueError(
                f"column {layout.label + 1}: expected a label 0 to 9, "
                f"found {shorten(cells[layout.label])!r}"
            ) from None
    gray, is_bad = scale.to_gray(_as_float32([_number(cells[n]) for n in layout.pixels]))
    if is_bad.any():
        column = layout.pixels[int(is_bad.argmax())]
        raise ValueError(
            f"column {column + 1}: expected {scale.expected}, found {shorten(cells[column])!r}"
        )
    return gray, label


def _number(cell: str) -> float:
    """The number in a cell; NaN for any other text, also for one that only Python reads: 1_0."""
    try:
        return float(cell) if cell.isascii() and "_" not in cell else np.nan
    except ValueError:
        return np.nan


def _as_float32(numbers: Sequence[float] | Sequence[Sequence[float]]) -> np.ndarray:
    """A number too large for float32 becomes infinite, as it does when NumPy reads a whole file."""
    with np.errstate(over="ignore"):
        return np.array(numbers, np.float32)


def iter_rows(path: Path, layout: Layout) -> Iterator[Rows]:
    """Reads any table block by block; raises DataError as csv_files.iter_images does."""
    if layout == PLAIN and scale_of_table(path, layout) == BYTES:
        return csv_files.iter_images(path)
    return iter_table(path, layout)
