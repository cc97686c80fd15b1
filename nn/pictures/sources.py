"""What a picture is read from: a file, standard input, bytes, an open file, an image, an array."""

import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from nn.errors import PictureError
from nn.pictures.formats import MODE_BYTES, check_size

STANDARD_INPUT = Path("/dev/stdin")
STANDARD_INPUT_NAME = "-"  # as commands write it
# Its bytes are held in memory until its reading is yielded. The largest photos have less.
MAX_STANDARD_INPUT_BYTES = 100_000_000


class Source(NamedTuple):
    """A picture to be read.

    name: as readings and messages show it. content: the path of a file, the bytes of a file, an
    upright image that is nobody else's, or why there is no picture. page: of a file of several,
    counted from 1; None is the first.
    """

    name: str
    content: Path | bytes | Image.Image | PictureError
    page: int | None = None

    def byte_count(self) -> int:
        """The size of the file, or of the pixels of an image; 0 where it cannot be found: reading
        it gives the reason."""
        if isinstance(self.content, bytes):
            return len(self.content)
        if isinstance(self.content, Image.Image):
            return math.prod(self.content.size) * MODE_BYTES.get(self.content.mode, 4)
        try:
            return self.content.stat().st_size if isinstance(self.content, Path) else 0
        except (OSError, ValueError):
            return 0


# What a caller may give as one picture: a path, the bytes of a file, a file opened as binary, an
# image, or an array of uint8 [H, W], [H, W, 3] or [H, W, 4].
Picture = str | os.PathLike | bytes | bytearray | memoryview | BinaryIO | Image.Image | np.ndarray
Pictures = Picture | Iterable[Picture | Source]
_EXPECTED = (
    "a path, bytes, a file opened as binary, a PIL image, or a NumPy array of uint8 [H, W], "
    "[H, W, 3] or [H, W, 4]"
)
_ONE_PICTURE = (
    Source, str, os.PathLike, bytes, bytearray, memoryview, Image.Image, np.ndarray,
)  # fmt: skip


def as_sources(pictures: Pictures) -> Iterator[Source]:
    """Yields the source of one picture or of each of several, in order, when it is asked for it.

    What has no name of its own is called by its kind and its place: `<bytes 1>`, `<file 2>`,
    `<image 3>`, `<array 4>`. Bytes, images and arrays are copied, so the caller may change or close
    them after the next is asked for. Raises TypeError, one line, at once where `pictures` is
    nothing of the kind; for one of several, when its turn comes.
    """
    several: Iterable = ()
    if isinstance(pictures, _ONE_PICTURE) or hasattr(pictures, "read"):
        several = [pictures]
    elif isinstance(pictures, Mapping) or not isinstance(pictures, Iterable):
        raise TypeError(
            f"expected {_EXPECTED}, or several of these; found {type(pictures).__name__}"
        )
    else:
        several = pictures
    return (as_source(picture, place) for place, picture in enumerate(several, 1))


def named_files(files: Iterable[tuple[str, bytes]]) -> Iterator[Source]:
    """Yields the source of each file, given as its name and its bytes. Raises TypeError, one line,
    at once where `files` are not several; for another kind of item, when its turn comes."""
    if isinstance(files, (str, bytes, Mapping)) or not isinstance(files, Iterable):
        raise TypeError(
            f"expected pairs of a name and the bytes of a file, found {type(files).__name__}"
        )

    return map(_named_file, files)


def _named_file(pair: object) -> Source:
    match pair:
        case [str() as name, bytes() | bytearray() | memoryview() as content]:
            return Source(name, bytes(content))
    kinds = pair if isinstance(pair, tuple | list) else [pair]
    found = ", ".join(type(one).__name__ for one in kinds)
    raise TypeError(f"expected a name and the bytes of a file, found {found}")


def as_source(picture: Picture | Source, place: int = 1) -> Source:
    """The source of one picture. For STANDARD_INPUT it reads all that is there. place: among the
    others, for its name. Raises TypeError."""
    if isinstance(picture, Source):
        return picture
    if isinstance(picture, str | os.PathLike):
        return _of_path(Path(os.fsdecode(picture)))
    if isinstance(picture, bytes | bytearray | memoryview):
        return Source(f"<bytes {place}>", bytes(picture))
    if isinstance(picture, Image.Image):
        return _of_image(f"<image {place}>", picture)
    if isinstance(picture, np.ndarray):
        return _of_array(f"<array {place}>", picture)
    if hasattr(picture, "read"):
        return _of_file(f"<file {place}>", picture)
    raise TypeError(f"expected {_EXPECTED}; found {type(picture).__name__}")


def _of_path(path: Path) -> Source:
    if path == STANDARD_INPUT:
        return Source(STANDARD_INPUT_NAME, _read_standard_input())
    if is_web_address(path):
        address = path.as_posix().replace(":/", "://", 1)  # a Path has one slash where two were
        problem = PictureError(f"{address}: a web address; download it first, and give the file")
        return Source(address, problem)
    file, page = split_page(path)
    return Source(str(path), file, page)


def _of_file(name: str, file: BinaryIO) -> Source:
    """The rest of an open file. It is read at once: a picture may be needed twice."""
    own_name = getattr(file, "name", None)  # of some files it is a number
    name = own_name if isinstance(own_name, str) and own_name else name
    if isinstance(file, io.TextIOBase):
        raise TypeError(f"{name}: a file opened as text; open it as binary, with the mode 'rb'")
    try:
        content = file.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        return Source(name, PictureError(f"{name}: cannot be read ({error})"))
    if not isinstance(content, bytes):
        raise TypeError(f"{name}: expected bytes of its read(), found {type(content).__name__}")
    return Source(name, content)


def _of_image(name: str, image: Image.Image) -> Source:
    """A copy of an image, turned as its EXIF says."""
    try:
        if 0 in image.size:
            raise PictureError(f"{name}: has no pixels")
        check_size(name, image)
        copy = ImageOps.exif_transpose(image)
        copy.format = image.format  # of mode I, only a PNG's levels have a scale
    except PictureError as error:
        return Source(name, error)
    except Exception as error:  # a damaged file makes Pillow's decoders raise anything
        return Source(name, PictureError(f"{name}: cannot be read ({error})"))
    return Source(name, copy)


def _of_array(name: str, array: np.ndarray) -> Source:
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != np.uint8 or not is_picture:
        raise TypeError(
            f"{name}: expected uint8 [H, W], [H, W, 3] or [H, W, 4], found {array.dtype} "
            f"{list(array.shape)}; give several pictures as a list"
        )
    if not array.size:
        return Source(name, PictureError(f"{name}: has no pixels"))
    return _of_image(name, Image.fromarray(array))


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
