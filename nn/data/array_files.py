"""Reads arrays of images and labels: NumPy's .npy and .npz, and IDX files, gzipped or not."""

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO, cast

import numpy as np

from nn.data.csv_files import Rows
from nn.data.digits import PIXELS, SIDE
from nn.data.idx_files import IMAGES_MAGIC, LABELS_MAGIC, idx_header
from nn.data.pixel_scale import find_scale
from nn.data.stored_arrays import Opener, StoredArray, stored_npy
from nn.data.text_files import require_file
from nn.errors import DataError

NPY_START, ZIP_START, IDX_START = b"\x93NUMPY", b"PK\x03\x04", b"\0\0"
BLOCK_ROWS = 1024
SAMPLE_ROWS = 1000  # rows, spread over an array, that its scale is found from
CHECKED_BYTES = 1_000_000  # of a packed file, at a time
# What unpacking a file and reading an array's header raise. RuntimeError: a ZIP file needs a
# password, or is packed in an unknown way. TokenError: NumPy parses a header as Python's literals.
_UNREADABLE = (
    OSError, EOFError, ValueError, RuntimeError, MemoryError, TokenError, zlib.error,
    lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip


def read_arrays(path: Path) -> dict[str, StoredArray] | None:
    """The arrays of a file by their names, "" for the only one; None if it is none of the formats.

    The first bytes tell the format, whatever the file is called. Arrays stay on the disk until they
    are used; a packed file is unpacked once before, which checks it. Raises DataError if the file
    cannot be read. Nothing in a file is run: pickled objects are refused.
    """
    require_file(path)
    is_gzip = path.suffix.lower() == ".gz"
    open_file = cast(Opener, partial(gzip.open, path) if is_gzip else partial(open, path, "rb"))
    with _reading(str(path)):
        with open_file() as file:
            start = file.read(len(NPY_START))
        if start.startswith(ZIP_START) and not is_gzip:
            return _members(path)
        if start == NPY_START or start.startswith(IDX_START):
            size_bytes = _unpacked_bytes(open_file) if is_gzip else path.stat().st_size
            if start == NPY_START:
                return {"": stored_npy(open_file, size_bytes)}
            return {"": _stored_idx(open_file, size_bytes, str(path))}
    return None


def is_labels(array: StoredArray) -> bool:
    """Whether an array's shape is that of labels: [N] or [N, 1]."""
    return array.ndim == 1 or array.shape[1:] == (1,)


def is_images(array: StoredArray) -> bool:
    """Whether an array's shape is that of images: [N, 28, 28], [N, 784], or either with an axis
    of one channel."""
    shape = [size for size in array.shape[1:] if size != 1]
    return shape in ([PIXELS], [SIDE, SIDE]) and array.dtype.kind in "buif"


def iter_array(array: StoredArray, where: str, block: int = BLOCK_ROWS) -> Iterator[Rows]:
    """Reads images as csv_files.iter_images does; lines are row numbers from 1.

    array: as is_images accepts it; where: what messages call it. Raises DataError if it is empty,
    or cannot be read.
    """
    if not array.count:
        raise DataError(f"{where}: expected images of 28x28, found an empty array")
    with _reading(where):
        scale = find_scale(array.sample(SAMPLE_ROWS))
        scale.announce(where)
        first = 1
        for values in array.blocks(block):
            gray, is_bad = scale.to_gray(values)
            good = ~is_bad.any(1)
            errors = []
            for row in np.flatnonzero(~good).tolist():
                pixel = int(is_bad[row].argmax())
                found = values[row, pixel]
                problem = f"pixel {pixel + 1}: expected {scale.expected}, found {found:g}"
                errors.append((first + row, problem))
            lines = (np.flatnonzero(good) + first).tolist()
            yield Rows(lines, gray[good].reshape(-1, SIDE, SIDE), errors)
            first += len(values)


def labels_of(array: StoredArray, where: str) -> np.ndarray:
    """Labels, as is_labels accepts them → int64 [N]. Raises DataError at the first that is not 0 to
    9, or where they cannot be read."""
    if array.dtype.kind not in "uif":
        raise DataError(f"{where}: expected labels 0 to 9, found values of type {array.dtype}")
    with _reading(where):
        values = array.whole().reshape(-1)
    is_bad = ~np.isin(values, range(10))
    if is_bad.any():
        row = int(is_bad.argmax())
        raise DataError(f"{where}, row {row + 1}: expected a label 0 to 9, found {values[row]:g}")
    return values.astype(np.int64)


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Turns what the block raises at a damaged file into a DataError, one line."""
    try:
        yield
    except _UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or "it does not fit into memory"
        raise DataError(f"{where}: cannot be read ({reason.splitlines()[0]})") from None


def _members(path: Path) -> dict[str, StoredArray]:
    """The arrays of a .npz file, which is a ZIP file of .npy files."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if not all(name.endswith(".npy") for name in names):
        raise DataError(f"{path}: a ZIP archive, not NumPy's .npz; unpack it and name a file of it")
    arrays = {}
    for name in names:
        open_member = partial(_open_member, path, name)
        with open_member() as file:
            if file.read(len(NPY_START)) != NPY_START:
                raise ValueError(f"{name} is no array")
        arrays[name.removesuffix(".npy")] = stored_npy(open_member, _unpacked_bytes(open_member))
    return arrays


@contextmanager
def _open_member(path: Path, name: str) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        yield cast(BinaryIO, file)


def _unpacked_bytes(open_file: Opener) -> int:
    """The size of a packed file, unpacked. Reading it to its end checks the checksum."""
    with open_file() as file:
        return sum(map(len, iter(lambda: file.read(CHECKED_BYTES), b"")))


def _stored_idx(open_file: Opener, size_bytes: int, where: str) -> StoredArray:
    with open_file() as file:
        start = file.read(16)
    is_labels = int.from_bytes(start[:4], "big") == LABELS_MAGIC
    offset, shape = idx_header(
        LABELS_MAGIC if is_labels else IMAGES_MAGIC, start, size_bytes, where
    )
    return StoredArray(open_file, offset, np.dtype(np.uint8), tuple(shape))
