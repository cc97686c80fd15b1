"""The IDX format, in which MNIST and EMNIST are published."""

import math
from typing import NamedTuple

import numpy as np

from nn.data.digits import SIDE
from nn.errors import DataError

IMAGES_MAGIC, LABELS_MAGIC = 0x803, 0x801


class IdxFile(NamedTuple):
    """One of MNIST's files.

    magic: the file's first four bytes as a big-endian number: two zero bytes, 0x08 for uint8, then
    the number of dimensions.
    sha256: of the uncompressed bytes, because compressed bytes depend on the compressor.
    """

    name: str
    magic: int
    sha256: str


def parse_idx(file: IdxFile, content: bytes, where: str) -> np.ndarray:
    """The array in an IDX file: uint8 [N, 28, 28] of images or [N] of labels. Raises DataError as
    idx_header does."""
    header, shape = idx_header(file.magic, content, len(content), where)
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def idx_header(
    expected_magic: int, start: bytes, size_bytes: int, where: str
) -> tuple[int, list[int]]:
    """The size of an IDX file's header in bytes, and the shape of its array.

    start: the file's first bytes; size_bytes: of the whole file.
    http://yann.lecun.com/exdb/mnist/ describes the format at its end: the magic number, one
    big-endian int32 for each dimension, then the bytes. Raises DataError, which names `where`.
    """
    dimensions = expected_magic & 0xFF
    header = 4 * (1 + dimensions)
    magic = int.from_bytes(start[:4], "big")
    if magic != expected_magic:
        raise DataError(
            f"{where}: expected an IDX file with magic number {expected_magic:#06x}, found "
            f"{magic:#06x}"
        )
    if size_bytes < header:
        raise DataError(f"{where}: expected a header of {header} bytes, found {size_bytes}")
    shape = [int(n) for n in np.frombuffer(start, ">i4", dimensions, offset=4)]
    if shape[1:] not in ([], [SIDE, SIDE]):
        raise DataError(f"{where}: expected images of 28x28, found {shape[1]}x{shape[2]}")
    expected = header + math.prod(shape)
    if size_bytes != expected:
        raise DataError(f"{where}: expected {expected:,} bytes, found {size_bytes:,}")
    return header, shape
