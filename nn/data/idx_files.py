"""The IDX format, in which MNIST and EMNIST are published."""

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
    """The array in an IDX file: uint8 [N, 28, 28] of images or [N] of labels.

    http://yann.lecun.com/exdb/mnist/ describes the format at its end: the magic number, one
    big-endian int32 for each dimension, then the bytes. Raises DataError, which names `where`.
    """
    dimensions = file.magic & 0xFF
    header = 4 * (1 + dimensions)
    magic = int.from_bytes(content[:4], "big")
    if magic != file.magic:
        raise DataError(
            f"{where}: expected an IDX file with magic number {file.magic:#06x}, found {magic:#06x}"
        )
    if len(content) < header:
        raise DataError(f"{where}: expected a header of {header} bytes, found {len(content)}")
    shape = [int(n) for n in np.frombuffer(content, ">i4", dimensions, offset=4)]
    if shape[1:] not in ([], [SIDE, SIDE]):
        raise DataError(f"{where}: expected images of 28x28, found {shape[1]}x{shape[2]}")
    expected = header + int(np.prod(shape))
    if len(content) != expected:
        raise DataError(f"{where}: expected {expected:,} bytes, found {len(content):,}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
