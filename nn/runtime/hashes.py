"""One hash for several arrays."""

import hashlib
from collections.abc import Iterable

import numpy as np


def sha256_of(arrays: Iterable[np.ndarray]) -> str:
    """SHA-256, in hexadecimal, of the bytes that arrays have in memory, one after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
