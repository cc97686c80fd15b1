"""Reads arrays of images and labels: NumPy's .npy and .npz, and IDX files, gzipped or not."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nn.data.csv_files import Rows
from nn.data.digits import PIXELS, SIDE
from nn.data.idx_files import IMAGES_MAGIC, LABELS_MAGIC, IdxFile, parse_idx
from nn.data.pixel_scale import find_scale
from nn.data.text_files import require_file
from nn.errors import DataError

NPY_START, ZIP_START, IDX_START = b"\x93NUMPY", b"PK\x03\x04", b"\0\0"
BLOCK_ROWS = 1024
SAMPLE_ROWS = 1000  # rows, spread over an array, that its scale is found from


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a file by their names, "" for the only one; None if it is none of the formats.

    The first bytes tell the format, whatever the file is called. Arrays of a plain .npy file stay
    on the disk until they are used. Raises DataError if the file cannot be read. Nothing in a file
    is run: pickled objects are refused.
    """
    require_file(path)
    is_gzip = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path) if is_gzip else open(path, "rb") as file:
            start = file.read(len(NPY_START))
        if start.startswith(IDX_START):
            content = gzip.decompress(path.read_bytes()) if is_gzip else path.read_bytes()
            return {"": _parse_idx(path, content)}
        if start == NPY_START and not is_gzip:
            return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
        if start == NPY_START:
            with gzip.open(path) as file:
                return {"": np.lib.format.read_array(file, allow_pickle=False)}
        if start.startswith(ZIP_START):
            return _read_npz(path)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        if "allow_pickle" in reason or "Python objects" in reason:
            reason = "it holds Python objects; save arrays of numbers"
        raise DataError(f"{path}: cannot be read ({reason})") from None
    return None


def is_labels(array: np.ndarray) -> bool:
    """Whether an array's shape is that of labels: [N] or [N, 1]."""
    return array.ndim == 1 or array.shape[1:] == (1,)


def is_images(array: np.ndarray) -> bool:
    """Whether an array's shape is that of images: [N, 28, 28], [N, 784], or either with an axis
    of one channel."""
    shape = [size for size in array.shape[1:] if size != 1]
    return shape in ([PIXELS], [SIDE, SIDE]) and array.dtype.kind in "buif"


def iter_array(array: np.ndarray, where: str, block: int = BLOCK_ROWS) -> Iterator[Rows]:
    """Reads images as csv_files.iter_images does; lines are row numbers from 1.

    array: as is_images accepts it; where: what messages call it. Raises DataError if it is empty.
    """
    if not len(array):
        raise DataError(f"{where}: expected images of 28x28, found an empty array")
    pixels = array.reshape(len(array), PIXELS)
    scale = find_scale(np.asarray(pixels[:: max(1, len(pixels) // SAMPLE_ROWS)]))
    scale.announce(where)
    for start in range(0, len(pixels), block):
        values = np.asarray(pixels[start : start + block])
        gray, is_bad = scale.to_gray(values)
        good = ~is_bad.any(1)
        errors = []
        for row in np.flatnonzero(~good).tolist():
            pixel = int(is_bad[row].argmax())
            found = values[row, pixel]
            problem = f"pixel {pixel + 1}: expected {scale.expected}, found {found:g}"
            errors.append((start + row + 1, problem))
        lines = (np.flatnonzero(good) + start + 1).tolist()
        yield Rows(lines, gray[good].reshape(-1, SIDE, SIDE), errors)


def labels_of(array: np.ndarray, where: str) -> np.ndarray:
    """Labels, as is_labels accepts them → int64 [N]. Raises DataError at the first that is not 0 to
    9."""
    values = np.asarray(array).reshape(-1)
    if values.dtype.kind not in "uif":
        raise DataError(f"{where}: expected labels 0 to 9, found values of type {values.dtype}")
    is_bad = ~np.isin(values, range(10))
    if is_bad.any():
        row = int(is_bad.argmax())
        raise DataError(f"{where}, row {row + 1}: expected a label 0 to 9, found {values[row]:g}")
    return values.astype(np.int64)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if not all(name.endswith(".npy") for name in names):
        raise DataError(f"{path}: a ZIP archive, not NumPy's .npz; unpack it and name a file of it")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # the bytes of a member that is no .npy file
            raise ValueError(f"{name}.npy is no array")
    return arrays


def _parse_idx(path: Path, content: bytes) -> np.ndarray:
    magic = int.from_bytes(content[:4], "big")
    expected = LABELS_MAGIC if magic == LABELS_MAGIC else IMAGES_MAGIC
    return parse_idx(IdxFile(path.name, expected, ""), content, str(path))
