"""Parses tables of numbers, by NumPy."""

import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

# What parse_numbers raises at a file that NumPy does not accept, or that is gzipped and damaged.
# Read again line by line, such a file gives the reason.
UNPARSED = (ValueError, OSError, EOFError, zlib.error)


def parse_numbers(
    table: Path | Iterable[str],
    dtype: type,
    separator: str | None = ",",
    quote: str | None = None,
    skipped_lines: int = 0,
) -> np.ndarray:
    """Rows of numbers → array of that dtype, [rows, columns].

    table: a file, gzipped or not, or lines. NumPy reads a file faster than lines, but then the
    whole file must be ASCII. separator: None for any white space. Raises ValueError if a cell is
    no number of that dtype, and what reading a file raises.
    """
    if not isinstance(table, Path):
        table = list(table)
        # At a character such as an emoji, NumPy 2.4 reads past a table of its own, and may crash
        # the process: np.loadtxt(["\U0001f642"], np.uint8).
        if not all(map(str.isascii, table)):
            raise ValueError("a character that is not ASCII")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of an empty file; the caller checks for it
        return np.loadtxt(
            table, dtype, delimiter=separator, comments=None, ndmin=2, encoding="ascii",
            quotechar=quote, skiprows=skipped_lines,
        )  # fmt: skip
