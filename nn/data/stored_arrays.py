"""Arrays in files, read row by row: in little memory however large they are, packed or not.

No file is mapped into memory: where one shrinks meanwhile, the process would be killed.
"""

import io
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

Opener = Callable[[], AbstractContextManager[BinaryIO]]

MAX_HEADER_BYTES = 20_000  # NumPy itself refuses a header of over 10,000
MAX_WHOLE_BYTES = 1_000_000_000  # of an array that can only be read whole
_CUT_OFF = "it ends before the {:,} bytes that its header states"


@dataclass(frozen=True)
class StoredArray:
    """An array in a file. open_file: opens the file, unpacked; offset: where its first row is, in
    bytes; by_columns: whether its first axis varies fastest, as in Fortran.

    Each method raises ValueError where the file has fewer bytes than it should, besides what
    reading it raises.
    """

    open_file: Opener
    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]
    by_columns: bool = False

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.shape[0]

    @property
    def size_bytes(self) -> int:
        """The size of all rows."""
        return math.prod(self.shape) * self.dtype.itemsize

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """Yields so many rows at a time: [rows, values of a row], the last block fewer."""
        if self.by_columns:
            whole = self.whole().reshape(self.count, -1)
            yield from (whole[start : start + rows] for start in range(0, self.count, rows))
            return
        with self.open_file() as file:
            file.seek(self.offset)
            for start in range(0, self.count, rows):
                yield self._rows(file, min(rows, self.count - start))

    def sample(self, rows: int) -> np.ndarray:
        """About so many rows, from all over the array: [rows, values of a row]."""
        step = max(1, self.count // rows)
        if self.by_columns:
            return self.whole().reshape(self.count, -1)[::step]
        found = []
        with self.open_file() as file:
            for row in range(0, self.count, step):
                file.seek(self.offset + row * (self.size_bytes // self.count))
                found.append(self._rows(file, 1))
        return np.concatenate(found)

    def whole(self) -> np.ndarray:
        """The array in memory. Raises ValueError where it is too large for that."""
        if self.size_bytes > MAX_WHOLE_BYTES:
            raise ValueError(
                f"{self.size_bytes / 1e9:,.1f} GB, over {MAX_WHOLE_BYTES / 1e9:g} GB, the most "
                "that is read at once"
            )
        with self.open_file() as file:
            file.seek(self.offset)
            values = self._rows(file, self.count).ravel()
        return values.reshape(self.shape, order="F" if self.by_columns else "C")

    def _rows(self, file: BinaryIO, count: int) -> np.ndarray:
        """The next rows of a file: [count, values of a row]."""
        values = math.prod(self.shape[1:])
        size_bytes = count * values * self.dtype.itemsize
        content = file.read(size_bytes)
        if len(content) < size_bytes:
            raise ValueError(_CUT_OFF.format(self.size_bytes))
        return np.frombuffer(content, self.dtype).reshape(count, values)


def stored_npy(open_file: Opener, size_bytes: int) -> StoredArray:
    """The array in a .npy file. size_bytes: of the file, unpacked.

    Raises ValueError where it is no .npy file of format 1 or 2, holds Python objects, or is cut
    off. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    """
    with open_file() as file:
        start = io.BytesIO(file.read(MAX_HEADER_BYTES))
    version = np.lib.format.read_magic(start)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"a .npy file of the unknown format {version[0]}.{version[1]}")
    shape, by_columns, dtype = readers[version](start)
    if dtype.hasobject:
        raise ValueError("it holds Python objects; save arrays of numbers")
    if any(side < 0 for side in shape):
        raise ValueError(f"its header states the shape {list(shape)}")
    array = StoredArray(open_file, start.tell(), dtype, shape, by_columns and len(shape) > 1)
    if array.offset + array.size_bytes > size_bytes:
        raise ValueError(_CUT_OFF.format(array.size_bytes))
    return array
