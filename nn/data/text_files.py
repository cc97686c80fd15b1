"""Opens text files of data, gzipped or not; refuses pipes, devices and folders, and holds no line
that is longer than a row of numbers can be."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nn.errors import DataError
from nn.runtime.regular_files import why_not_regular

MAX_LINE_CHARACTERS = 100_000  # 785 numbers with all their decimals are some 20,000
MAX_SKIPPED_CHARACTERS = 100_000_000  # of a longer line; behind that, the rest is given up
CUT = "…"  # ends what is left of a longer line, so that nobody takes it for a row


@contextmanager
def open_lines(path: Path) -> Iterator[Iterator[str]]:
    """Opens a text file, gzipped if its name ends in .gz; gives its lines, as lines_of does. Raises
    DataError where it cannot be read, then or later."""
    require_file(path)
    with open(path, "rb") as raw:
        is_gzip = path.suffix.lower() == ".gz"
        content = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if is_gzip else raw
        # utf-8-sig: spreadsheets put a byte order mark before the first number.
        with io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace") as text:
            try:
                yield lines_of(text, path)
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(f"{path}: cannot be read ({error})") from None


def lines_of(text: TextIO, path: Path) -> Iterator[str]:
    """Yields the lines of a text; of one that is too long for a row, its start and CUT.

    Raises DataError where a line does not end for MAX_SKIPPED_CHARACTERS: a file of something else.
    """
    number = 0
    while line := text.readline(MAX_LINE_CHARACTERS):
        number += 1
        skipped = 0
        rest = line
        while len(rest) == MAX_LINE_CHARACTERS and not rest.endswith("\n"):
            rest = text.readline(MAX_LINE_CHARACTERS)
            skipped += len(rest)
            if skipped > MAX_SKIPPED_CHARACTERS:
                raise DataError(
                    f"{path}, line {number}: over {MAX_SKIPPED_CHARACTERS / 1e6:g} MB in one line"
                )
        yield line if rest is line else line + CUT


def check_line_lengths(path: Path) -> None:
    """Raises ValueError where a line is too long for a row: NumPy would hold it whole in memory.
    Raises what reading the file raises, too."""
    is_gzip = path.suffix.lower() == ".gz"
    with gzip.open(path) if is_gzip else open(path, "rb") as file:
        while len(part := file.read(MAX_LINE_CHARACTERS)) == MAX_LINE_CHARACTERS:
            if b"\n" not in part and b"\r" not in part:
                raise ValueError("a line is too long for a row")


def require_file(path: Path) -> None:
    """Raises DataError where a path leads to no regular file, or to one that cannot be read."""
    if reason := why_not_regular(path):  # to open a pipe could hang
        raise DataError(f"{path}: {reason}")
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        hint = "python -m nn.mnist fetches MNIST's four files"
        raise DataError(f"{path}: no such file ({hint})") from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected a CSV file, found a folder") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
