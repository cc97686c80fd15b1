"""What a picture is read from: a file, or standard input."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nn.errors import PictureError

STANDARD_INPUT = Path("/dev/stdin")
STANDARD_INPUT_NAME = "-"  # as commands write it
# Its bytes are held in memory until its reading is yielded. The largest photos have less.
MAX_STANDARD_INPUT_BYTES = 100_000_000


class Source(NamedTuple):
    """A picture to be read.

    name: as readings and messages show it. content: the path of a file, the bytes of a file, or why
    there is no picture. page: of a file of several, counted from 1; None is the first.
    """

    name: str
    content: Path | bytes | PictureError
    page: int | None = None

    def byte_count(self) -> int:
        """The size of the file; 0 where it cannot be found: reading it gives the reason."""
        if isinstance(self.content, bytes):
            return len(self.content)
        try:
            return self.content.stat().st_size if isinstance(self.content, Path) else 0
        except (OSError, ValueError):
            return 0


Picture = str | Path | Source  # what a caller may give


def as_sources(pictures: Iterable[Picture]) -> Iterator[Source]:
    """Yields the source of each picture, in order, when it is asked for it."""
    return map(as_source, pictures)


def as_source(picture: Picture) -> Source:
    """The source of one picture. For STANDARD_INPUT it reads all that is there."""
    if isinstance(picture, Source):
        return picture
    path = Path(picture)
    if path == STANDARD_INPUT:
        return Source(STANDARD_INPUT_NAME, _read_standard_input())
    if is_web_address(path):
        address = path.as_posix().replace(":/", "://", 1)  # a Path has one slash where two were
        problem = PictureError(f"{address}: a web address; download it first, and give the file")
        return Source(address, problem)
    file, page = split_page(path)
    return Source(str(path), file, page)


def is_web_address(path: Path) -> bool:
    """Whether a path was meant as one, such as https://example.org/7.png."""
    return path.parts[:1] in (("https:",), ("http:",), ("ftp:",))


def split_page(path: Path) -> tuple[Path, int | None]:
    """scan.tiff#2 → scan.tiff and 2, unless there is a file of that whole name."""
    file, mark, page = path.name.rpartition("#")
    is_page = bool(mark and file) and page.isascii() and page.isdigit()
    if not is_page or os.path.lexists(path):
        return path, None
    return path.with_name(file), int(page)


def _read_standard_input() -> bytes | PictureError:
    name = STANDARD_INPUT_NAME
    try:
        if os.isatty(0):
            return PictureError(
                f"{name}: standard input is a terminal; send a picture into it, as in "
                "`python load_saved_model.py - < picture.png`"
            )
        with open(0, "rb", closefd=False) as file:
            content = file.read(MAX_STANDARD_INPUT_BYTES + 1)
    except OSError as error:
        return PictureError(f"{name}: standard input cannot be read ({error.strerror})")
    if not content:
        return PictureError(f"{name}: standard input is empty; send a picture into it")
    if len(content) > MAX_STANDARD_INPUT_BYTES:
        return PictureError(
            f"{name}: over {MAX_STANDARD_INPUT_BYTES / 1e6:.0f} MB on standard input; save it to a "
            "file, and give that"
        )
    return content
