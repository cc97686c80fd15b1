"""What a data file holds: images, labels, or both; for training or for the test.

The content says what a part is: rows of 784 pixels, with or without a label, or labels alone. The
name says what it is for: train.csv, t10k-images-idx3-ubyte, x_test in mnist.npz.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.data import array_files, csv_files, table_files
from nn.data.csv_files import Rows
from nn.data.digits import PIXELS
from nn.data.file_names import group_of, role_of
from nn.data.stored_arrays import StoredArray
from nn.data.table_layout import LABEL_NAMES, Layout, find_layout
from nn.data.text_files import open_lines
from nn.errors import DataError


@dataclass(frozen=True)
class Part:
    """A table or an array.

    name: what messages call it; rows: reads its images block by block, with their labels if it has
    them; count: the number of its rows, bad ones included; read: reads it whole, (images or None,
    labels or None).
    """

    name: str
    path: Path
    array: str
    has_images: bool
    has_labels: bool
    rows: Callable[[], Iterator[Rows]]
    count: Callable[[], int]
    read: Callable[[], tuple[np.ndarray | None, np.ndarray | None]]

    @property
    def role(self) -> str | None:
        """What the name says that the part is for; an array's own name comes first."""
        return role_of(self.array) or role_of(self.path.name)

    @property
    def group(self) -> str:
        """The set of files that the file belongs to, by its name."""
        return group_of(self.path.name)


def parts_of(path: Path) -> list[Part]:
    """The parts of a file; an empty list if it holds neither images nor labels.

    Raises DataError if it cannot be read.
    """
    arrays = array_files.read_arrays(path)
    if arrays is None:
        return _table(path)
    parts = [_array(path, name, array) for name, array in arrays.items()]
    return [part for part in parts if part is not None]


def no_rows() -> Iterator[Rows]:
    """The rows of a part that holds labels alone."""
    return iter(())


def concatenated(blocks: Iterator[Rows], where: str) -> tuple[np.ndarray, np.ndarray | None]:
    """All rows of a part: uint8 [N, 28, 28], and int64 [N] or None. Raises DataError at the first
    bad one."""
    images, labels = [], []
    for rows in blocks:
        if rows.errors:
            line, problem = rows.errors[0]
            raise DataError(f"{where}, row {line}: {problem}")
        images.append(rows.images)
        if rows.labels is not None:
            labels.append(rows.labels)
    return np.concatenate(images), np.concatenate(labels) if labels else None


def _table(path: Path) -> list[Part]:
    layout = find_layout(path)
    if layout is None:
        return _labels_alone(path)

    def read() -> tuple[np.ndarray, np.ndarray | None]:
        if layout == table_files.PLAIN and not _is_scaled(path, layout):
            return csv_files.read_images(path), None
        return table_files.read_table(path, layout)

    return [
        Part(
            str(path), path, "", True, layout.label is not None,
            lambda: table_files.iter_rows(path, layout),
            lambda: table_files.count_rows(path, layout), read,
        )
    ]  # fmt: skip


def _is_scaled(path: Path, layout: Layout) -> bool:
    return table_files.scale_of_table(path, layout).note is not None


def _labels_alone(path: Path) -> list[Part]:
    """A table of one column; no part if it has several."""
    with open_lines(path) as file:
        first = next((line.strip() for line in file if line.strip()), "")
    name = first.strip('"').lower()
    header = name in LABEL_NAMES
    if not header and not re.fullmatch(r"\d(\.0*)?", name):
        return []
    return [
        Part(
            str(path), path, "", False, True, no_rows, lambda: 0,
            lambda: (None, csv_files.read_labels(path, header)),
        )
    ]  # fmt: skip


def _array(path: Path, name: str, array: StoredArray) -> Part | None:
    where = f"{path}, array {name}" if name else str(path)
    if array_files.is_labels(array):
        return Part(
            where, path, name, False, True, no_rows, lambda: 0,
            lambda: (None, array_files.labels_of(array, where)),
        )  # fmt: skip
    if array_files.is_images(array):
        return Part(
            where, path, name, True, False, lambda: array_files.iter_array(array, where),
            lambda: array.count, lambda: concatenated(array_files.iter_array(array, where), where),
        )  # fmt: skip
    if name:
        return None  # another array beside images and labels
    raise DataError(
        f"{where}: expected images, [N, 28, 28] or [N, {PIXELS}], or labels, [N]; found "
        f"{array.dtype} {list(array.shape)}"
    )
