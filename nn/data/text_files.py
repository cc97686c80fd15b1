"""Opens text files of data, gzipped or not; refuses pipes, devices and folders."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nn.errors import DataError
from nn.runtime.regular_files import why_not_regular


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Opens a text file, gzipped if its name ends in .gz. Raises DataError where it cannot be read,
    then or later."""
    require_file(path)
    with open(path, "rb") as raw:
        is_gzip = path.suffix.lower() == ".gz"
        content = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if is_gzip else raw
        # utf-8-sig: spreadsheets put a byte order mark before the first number.
        with io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace") as text:
            try:
                yield text
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(f"{path}: cannot be read ({error})") from None


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
