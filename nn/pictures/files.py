"""Picture files → gray canvases: formats, size limits, EXIF, alpha, shrinking, with Pillow.

nn/normalization/decoding.py is the TensorFlow twin of this module: the SavedModel's `photos`
signature does the same in the graph, except for TIFF, HEIC and EXIF.
"""

import io
import logging
import math
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image

from nn.errors import PictureError
from nn.pictures.canvas import CANVAS, PAGE, Canvas, place_image
from nn.pictures.formats import MAX_PIXELS, check_size, identify, page_count
from nn.pictures.gray import to_colors, to_gray, turn_upright
from nn.pictures.sources import Source, as_source, as_sources
from nn.runtime.processors import available_processors
from nn.runtime.regular_files import why_not_regular

# Threads that decode large files: Pillow's decoders run in parallel.
DECODING_THREADS = min(4, available_processors())
# A batch is full with so many files, or when its files have more bytes than this.
BATCH_SIZE = 256
MAX_BATCH_BYTES = 10_000_000
LARGE_FILE_BYTES = 50_000  # smaller files are read faster one after the other
LARGE_PICTURE_PIXELS = 16_000_000  # larger pictures are decoded one at a time, to save memory
DECODER_MODULES = r"(PIL|pillow_heif)\."  # a regular expression

log = logging.getLogger(__name__)

_large_picture_lock = threading.Lock()
_warnings_lock = threading.Lock()
_readers = 0  # the number of threads that read at the moment


def read_canvas(picture: Path | Source, side: int = CANVAS) -> Canvas:
    """Reads a picture. Raises PictureError, one line, where it cannot be read."""
    with _decoder_warnings_ignored():
        return _read_canvas(as_source(picture), side)


def read_canvases(
    pictures: Sequence[Path | Source], side: int = CANVAS
) -> list[Canvas | PictureError]:
    """Reads pictures, large files in parallel. Returns the canvas of each in order, or the reason
    why it cannot be read."""

    def read(source: Source) -> Canvas | PictureError:
        try:
            return _read_canvas(source, side)
        except PictureError as error:
            return error

    with _decoder_warnings_ignored(), ThreadPoolExecutor(DECODING_THREADS) as pool:
        sources = [as_source(picture) for picture in pictures]
        started = [
            pool.submit(read, source) if source.byte_count() > LARGE_FILE_BYTES else None
            for source in sources
        ]
        try:
            return [
                task.result() if task else read(source)
                for task, source in zip(started, sources, strict=True)
            ]
        finally:  # Ctrl-C does not wait for the other files
            pool.shutdown(wait=False, cancel_futures=True)


def read_gray(picture: Path | Source, side: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Reads a picture in gray, upright, shrunk to `side` pixels where it is wider or higher.

    Returns uint8 [H, W], and the width and height before shrinking. Raises PictureError.
    """
    source = as_source(picture)
    with _decoder_warnings_ignored(), _open_picture(source) as image:
        _mention_other_pages(source, image)
        size = _upright_size(image)
        _draft(image, side // 2)
        gray = turn_upright(to_gray(image, side), image)
        gray.thumbnail((side, side), Image.Resampling.BILINEAR)
        return np.asarray(gray), size


def read_thumbnail(picture: Path | Source, side: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Reads a picture as it looks: upright, in color, up to `side` pixels wide and high.

    Returns uint8 [H, W, 3], or [H, W] where it is gray or has transparent parts, and the width and
    height before shrinking. Raises PictureError.
    """
    with _decoder_warnings_ignored(), _open_picture(as_source(picture)) as image:
        size = _upright_size(image)
        _draft(image, side, "RGB")
        is_gray = image.mode in ("1", "L", "I", "F") or image.mode.startswith("I;16")
        # Transparent parts show the paper that the digit is read on.
        is_gray |= image.has_transparency_data
        shown = (to_gray if is_gray else to_colors)(image, side)
        shown = turn_upright(shown, image)
        shown.thumbnail((side, side))
        return np.asarray(shown), size


def batch_sources(
    pictures: Iterable[Path | Source], size: int = BATCH_SIZE
) -> Iterator[list[Source]]:
    """Yields up to `size` pictures at a time, fewer where their files have more than
    MAX_BATCH_BYTES: large files take longer to decode."""
    batch, total = [], 0
    for source in as_sources(pictures):
        batch.append(source)
        total += source.byte_count()
        if len(batch) == size or total > MAX_BATCH_BYTES:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


@contextmanager
def _decoder_warnings_ignored() -> Iterator[None]:
    """Ignores warnings of Pillow about files that it reads all the same, such as damaged EXIF.

    Python's warning filters belong to the whole process, and warnings.catch_warnings is not safe
    where several threads read. So the first thread that reads adds one filter, for warnings raised
    in the decoders' own modules, and the last thread that ends removes it. Other warnings and other
    filters stay as they are.
    """
    global _readers
    with _warnings_lock:
        if not _readers:
            warnings.filterwarnings("ignore", module=DECODER_MODULES)
        _readers += 1
    try:
        yield
    finally:
        with _warnings_lock:
            _readers -= 1
            if not _readers:
                ours = ("ignore", None, Warning, re.compile(DECODER_MODULES), 0)
                warnings.filters = [one for one in warnings.filters if one != ours]


def _read_canvas(source: Source, side: int) -> Canvas:
    with _open_picture(source) as image:
        if side == CANVAS:  # not once more where it is looked at more closely
            _mention_other_pages(source, image)
        shorter_side = min(image.size)
        # A page is decoded as large as it will be, a canvas twice as large, for smoother strokes.
        _draft(image, min(side, PAGE // 2))
        gray = turn_upright(to_gray(image, side), image)
        return place_image(gray, shorter_side, side)


@contextmanager
def _open_picture(source: Source) -> Iterator[Image.Image]:
    """Opens a picture of a size that can be read. Raises PictureError in place of any error, those
    of the `with` block included."""
    name = source.name
    try:
        with (
            _opened(source) as image,
            _large_picture_lock if math.prod(image.size) > LARGE_PICTURE_PIXELS else nullcontext(),
        ):
            yield image
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name}: over {MAX_PIXELS / 1e6:.0f} megapixels; shrink it first"
        ) from None
    except FileNotFoundError:
        raise PictureError(f"{name}: no such file") from None
    except PictureError:
        raise
    except Exception as error:  # a damaged file makes Pillow's decoders raise anything
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise PictureError(f"{name}: cannot be read ({reason})") from None


@contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    """A picture that is not decoded yet, or an image from memory."""
    if isinstance(source.content, Image.Image):
        yield source.content  # its size was checked when it was copied
        return
    with _open_file(source) as file, identify(source.name, file, source.page) as image:
        held_bytes = len(source.content) if isinstance(source.content, bytes) else 0
        check_size(source.name, image, held_bytes)
        yield image


def _open_file(source: Source) -> BinaryIO:
    """Opens what holds a picture's file. Raises OSError, ValueError or PictureError."""
    if isinstance(source.content, PictureError):
        raise source.content
    if isinstance(source.content, bytes):
        return io.BytesIO(source.content)
    assert isinstance(source.content, Path)
    if why := why_not_regular(source.content):
        raise PictureError(f"{source.name}: {why}")
    return open(source.content, "rb")


def _mention_other_pages(source: Source, image: Image.Image) -> None:
    """Warns where a TIFF has pages that are not read."""
    if image.format != "TIFF" or source.page is not None or (count := page_count(image)) < 2:
        return
    name = source.name
    hint = ""
    if isinstance(source.content, Path):
        others = f"#2 to {name}#{count:d} read the others" if count > 2 else "#2 reads the second"
        hint = f", {name}{others}"
    log.warning("%s: holds %d pages; the first is read%s", name, count, hint)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """The width and height of the picture when it is turned upright, as its EXIF says."""
    if image.format == "TIFF":  # Pillow turns these itself
        return image.size
    is_lying = image.getexif().get(ExifTags.Base.Orientation, 1) > 4  # a quarter turn
    return image.size[::-1] if is_lying else image.size


def _draft(image: Image.Image, side: int, mode: str = "L") -> None:
    """Decodes a JPEG that is much larger than `side` smaller, in Pillow's mode "L" or "RGB"."""
    if max(image.size) > 4 * side:
        # A JPEG is decoded at a half, a quarter or an eighth, which is several times faster.
        image.draft(mode, (2 * side, 2 * side))
