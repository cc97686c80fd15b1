"""Finds out how a table of pixels is laid out: separator, header row, column of labels."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nn.data.csv_files import is_number, shorten
from nn.data.digits import PIXELS
from nn.data.text_files import open_lines
from nn.errors import DataError
from nn.runtime.printable import printable

SEPARATORS = (",", ";", "\t", " ")
LABEL_NAMES = {"label", "labels", "class", "digit", "target", "y", "number", "character"}
INDEX_NAMES = {"", "id", "index", "imageid", "unnamed: 0", "row", "rownames"}
SAMPLE_LINES = 20  # lines that are looked at to find the layout


@dataclass(frozen=True)
class Layout:
    """Where a table has its pixels. columns: how many there are; label and index: the columns,
    from 0, of a label and of a row's number, if any; header: the number of the header's line, 0
    without one."""

    separator: str
    columns: int
    header: int = 0
    label: int | None = None
    index: int | None = None

    @property
    def pixels(self) -> list[int]:
        """The columns of pixels, from 0."""
        return [n for n in range(self.columns) if n not in (self.label, self.index)]

    def cells(self, line: str) -> list[str]:
        """Splits a line into its cells."""
        return _cells(line, self.separator)


def find_layout(path: Path) -> Layout | None:
    """Looks at a table's first lines; None if they hold no rows of pixels.

    Raises DataError if the file cannot be read, or its header does not say which column is the
    label.
    """
    with open_lines(path) as file:
        lines = list(islice(file, SAMPLE_LINES))
    numbered = [
        (number, line.strip("\r\n")) for number, line in enumerate(lines, 1) if line.strip()
    ]
    sizes: Counter[tuple[str, int]] = Counter()
    for separator in SEPARATORS:
        counts = [len(_cells(line, separator)) for _, line in numbered]
        sizes.update((separator, n) for n in counts if PIXELS <= n <= PIXELS + 2)
    if not sizes:
        return None
    (separator, columns), _ = sizes.most_common(1)[0]
    number, first = numbered[0]
    cells = _cells(first, separator)
    if len(cells) == columns and _is_header(cells):
        return _with_header(path, number, separator, [cell.strip().lower() for cell in cells])
    if columns > PIXELS + 1:
        return None
    return Layout(separator, columns, label=0 if columns > PIXELS else None)


def _with_header(path: Path, number: int, separator: str, names: Sequence[str]) -> Layout:
    """The layout that a header's names tell. Raises DataError if they tell none."""
    labels = [n for n, name in enumerate(names) if name in LABEL_NAMES]
    extra = len(names) - PIXELS
    indices = [n for n, name in enumerate(names[:1]) if name in INDEX_NAMES and n not in labels]
    index = indices[0] if indices and extra > len(labels) else None
    label = labels[0] if labels else None
    if label is None and extra == 1 and index is None and all(map(is_number, names)):
        label = 0  # numbered columns: pandas wrote a table without names, labels first
    if extra != (label is not None) + (index is not None) or len(labels) > 1:
        found = printable(shorten(", ".join(names), 60))
        raise DataError(
            f"{path}, line {number}: expected {PIXELS} columns of pixels, and a column named label "
            f"if there are labels; found {len(names)} columns, {found}"
        )
    return Layout(separator, len(names), number, label, index)


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the cells name columns. pandas numbers columns that have no names."""
    if not any(is_number(cell) for cell in cells[1:3]):
        return True
    names = [cell.strip().lower() for cell in cells]
    rest = [name for name in names if name not in LABEL_NAMES | INDEX_NAMES]
    return any(rest == [str(n + first) for n in range(len(rest))] for first in (0, 1))


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if '"' in line:
        return next(csv.reader([line], delimiter=separator), [])
    return line.strip("\r\n").split(separator)
