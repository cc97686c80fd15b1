"""Picture files → gray canvases: formats, size limits, EXIF, alpha, shrinking, with Pillow.

The `photos` signature of the SavedModel does the same inside the graph
(nn/normalization/decoding.py), but for TIFF, HEIC and EXIF.
"""

import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from nn.errors import PictureError
from nn.pictures.canvas import (
    CANVAS,
    PAGE,
    Canvas,
    _place,
)
from nn.runtime.processors import available_processors

MAX_PIXELS = 100_000_000
# Decode large files: Pillow's decoders run beside each other.
THREADS = min(4, available_processors())
BATCH, BATCH_BYTES = 256, 10_000_000
LARGE_FILE = 50_000  # bytes; smaller ones are faster read one by one
LARGE = 16_000_000  # pixels; of pictures that are larger one is decoded at a time, for the memory
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
EXTENSIONS = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif",
)  # fmt: skip
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def read_canvas(path: Path, side: int = CANVAS) -> Canvas:
    """Reads a picture file. Raises PictureError, one line, where that cannot be done."""
    with _unwarned():
        return _read_canvas(path, side)


def read_canvases(paths: Sequence[Path], side: int = CANVAS) -> list[Canvas | PictureError]:
    """Reads picture files, large ones several at once: of each its canvas, or why it cannot be
    read."""

    def read(path: Path) -> Canvas | PictureError:
        try:
            return _read_canvas(path, side)
        except PictureError as error:
            return error

    with _unwarned(), ThreadPoolExecutor(THREADS) as pool:
        started = [pool.submit(read, path) if _bytes(path) > LARGE_FILE else None for path in paths]
        try:
            return [
                task.result() if task else read(path)
                for task, path in zip(started, paths, strict=True)
            ]
        finally:  # Ctrl-C does not wait for all the others
            pool.shutdown(wait=False, cancel_futures=True)


def read_gray(path: Path, side: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A picture file in gray, upright, shrunk to `side` pixels where it is wider or higher.

    Returns uint8 [H, W], and the width and height that it has unshrunk. Raises PictureError.
    """
    with _unwarned(), _opened(path) as image:
        size = _upright_size(image)
        gray = _to_gray(_upright(image, side // 2))
        gray.thumbnail((side, side), Image.Resampling.BILINEAR)
        return np.asarray(gray), size


def read_thumbnail(path: Path, side: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A picture file as it looks: upright, in color, up to `side` pixels wide and high.

    Returns uint8 [H, W, 3], or [H, W] where it is gray or has transparent parts, and the width and
    height that it has unshrunk. Raises PictureError.
    """
    with _unwarned(), _opened(path) as image:
        size = _upright_size(image)
        image = _upright(image, side, "RGB")
        gray = image.mode in ("1", "L", "I", "F") or image.mode.startswith("I;16")
        # What is transparent lies on the paper that it is read on.
        gray |= image.has_transparency_data
        image = _to_gray(image) if gray else image.convert("RGB")
        image.thumbnail((side, side))
        return np.asarray(image), size


def in_batches(paths: Iterable[Path], size: int = BATCH) -> Iterator[list[Path]]:
    """Up to `size` paths at a time, or BATCH_BYTES of files: these take longer to decode."""
    batch, total = [], 0
    for path in paths:
        batch.append(path)
        total += _bytes(path)
        if len(batch) == size or total > BATCH_BYTES:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # reading it tells why
        return 0


_LARGE_ONES = threading.Lock()


@contextmanager
def _unwarned() -> Iterator[None]:
    """Without warnings of what Pillow minds and reads all the same; not to be entered by several
    threads, for it is the process's setting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read_canvas(path: Path, side: int) -> Canvas:
    with _opened(path) as image:
        shorter_side = min(image.size)
        # A page is decoded as large as it will be, a canvas twice as large, for smoother strokes.
        return _place(_to_gray(_upright(image, min(side, PAGE // 2))), shorter_side, side)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """An opened picture of a size that can be read; what goes wrong with it is a PictureError."""
    try:
        with open(path, "rb") as file, _identify(path, file) as image:
            width, height = image.size
            _check_size(path, width, height)
            with _LARGE_ONES if width * height > LARGE else nullcontext():
                yield image
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        reason = "an empty file" if empty else f"not a picture ({', '.join(FORMATS)} can be read)"
        raise PictureError(f"{path}: {reason}") from None
    except Image.DecompressionBombError:
        raise PictureError(
            f"{path}: over {MAX_PIXELS / 1e6:.0f} megapixels; shrink it first"
        ) from None
    except FileNotFoundError:
        raise PictureError(f"{path}: no such file") from None
    except PictureError:
        raise
    except Exception as error:  # a damaged file makes Pillow's decoders raise anything
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{path}: cannot be read ({reason})") from None


def _identify(path: Path, file: BinaryIO) -> Image.Image:
    """HEIC needs a library that registers itself with Pillow: only where there is such a file."""
    start = file.read(12)
    file.seek(0)
    if start[4:8] != b"ftyp" or start[8:] not in HEIF_BRANDS:
        return Image.open(file, formats=FORMATS)
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise PictureError(f"{path}: a HEIC picture; pip install pillow-heif first") from None
    register_heif_opener(thumbnails=False)
    return Image.open(file, formats=["HEIF"])


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{path}: {width:,}x{height:,} pixels, over {MAX_PIXELS / 1e6:.0f} megapixels; "
            "shrink it first"
        )


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Its width and height once turned as its EXIF says."""
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) > 4  # by a quarter
    return image.size[::-1] if turned else image.size


def _upright(image: Image.Image, side: int, mode: str = "L") -> Image.Image:
    """Turned as its EXIF says; a JPEG that is much larger than `side` comes smaller."""
    if max(image.size) > 4 * side:
        # A JPEG is decoded at a half, a quarter or an eighth, which is several times faster.
        image.draft(mode, (2 * side, 2 * side))
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _to_gray(image: Image.Image) -> Image.Image:
    """Luma, uint8; a transparent picture lies on what its ink stands out from."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):  # a TIFF of large numbers or fractions, on no agreed scale
        return _own_range(np.asarray(image, np.float64))
    if not image.has_transparency_data:
        return image.convert("L")
    gray, alpha = (np.asarray(band, np.float32) for band in image.convert("LA").split())
    opacity = alpha / 255 if alpha.any() else np.ones_like(alpha)  # see decoding._flatten_alpha
    dark_ink = (gray * opacity).sum() < 127.5 * opacity.sum()
    paper = 255 if dark_ink else 0
    return Image.fromarray(np.round(gray * opacity + paper * (1 - opacity)).astype(np.uint8))


def _own_range(levels: np.ndarray) -> Image.Image:
    """The lowest level is black, the highest white. Raises ValueError where one is no number."""
    if not np.isfinite(levels).all():
        raise ValueError("some of its pixels are not finite numbers")
    low, high = levels.min(), levels.max()
    return Image.fromarray(
        np.round((levels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    )
