"""Which pictures can be read: their formats, and how large they may be."""

import ctypes
import logging
import math
import os
import re
from functools import cache
from typing import BinaryIO, cast

from PIL import ExifTags, Image, UnidentifiedImageError, _imaging

from nn.errors import PictureError
from nn.pictures.limited_files import LimitedFile

FORMATS: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
EXTENSIONS = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif",
)  # fmt: skip
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

# A picture file may be so large. A TIFF may be larger: it holds pages, and one is decoded.
MAX_FILE_BYTES = 300_000_000
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_SIDE_PIXELS = 100_000  # Pillow takes long for millions of rows, and much memory
MAX_PIXELS = 100_000_000  # larger pictures are refused, as they take too much memory
# What Pillow may hold of a picture while it decodes it. TensorFlow and the model take 610 to 660
# MB, and the process is to stay under 1 GiB: with 405 MB here it was measured at 1.10 GB.
MAX_DECODED_BYTES = 300_000_000
# Bytes a pixel in Pillow's memory, by mode; 4 in all others.
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Bytes a pixel while a file is decoded. A WebP decoder holds this frame, the one before, a copy and
# the picture, 4 bytes each; pillow-heif was measured at 7.
DECODING_BYTES = {"WEBP": 16, "HEIF": 8}
_DRAFT_BYTES = 1  # of a JPEG, which is decoded at half its size or less if it is so large
_TIFF_ROWS_PER_STRIP, _TIFF_TILE_WIDTH = 278, 322  # tags

_START_BYTES = 2048  # of a file, that tell what it is
_ARCHIVE = "an archive; unpack it, and give the pictures in it"
_OTHER_KINDS = {
    b"%PDF-": "a PDF file; save its pages as PNG files first",
    b"%!PS": "a PostScript file; save its pages as PNG files first",
    b"PK\x03\x04": _ARCHIVE,
    b"PK\x05\x06": _ARCHIVE,  # an empty ZIP file
    b"\x1f\x8b": _ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": _ARCHIVE,
    b"Rar!": _ARCHIVE,
}
# A ZIP file that starts with one of these is a document of Microsoft Office or LibreOffice.
_DOCUMENT_MEMBERS = (b"[Content_Types].xml", b"_rels/.rels", b"mimetypeapplication/vnd.oasis")


def identify(name: str, file: BinaryIO, page: int | None = None) -> Image.Image:
    """Opens a picture in one of FORMATS, or HEIC, without decoding its pixels.

    HEIC needs a library that registers itself with Pillow. It is imported only for such a file.
    page: of several, counted from 1; None is the first. Raises PictureError where there is no such
    page or library, or where the file is too large; and what Pillow raises.
    """
    limited = LimitedFile(file)
    image = _open(name, cast(BinaryIO, limited))
    limited.allow_decoding(image.format, _size_of(file))
    if page is not None:
        count = page_count(image)
        if not 1 <= page <= count:
            pages = "page" if count == 1 else "pages"
            whole = name.rpartition("#")[0]
            raise PictureError(f"{name}: {whole} holds {count} {pages}, counted from 1")
        image.seek(page - 1)
    return image


def page_count(image: Image.Image) -> int:
    """The number of a TIFF's pages, or of an animation's frames."""
    return getattr(image, "n_frames", 1)


def _open(name: str, file: BinaryIO) -> Image.Image:
    start = file.read(_START_BYTES)
    size_bytes = _size_of(file)
    if size_bytes > MAX_FILE_BYTES and not start.startswith(_TIFF_STARTS):
        raise PictureError(
            f"{name}: {size_bytes / 1e6:,.0f} MB, over {MAX_FILE_BYTES / 1e6:g} MB, the most of a "
            "picture's file"
        )
    file.seek(0)
    formats = FORMATS
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        try:
            from pillow_heif import register_heif_opener
        except ImportError:
            raise PictureError(f"{name}: a HEIC picture; pip install pillow-heif first") from None
        register_heif_opener(thumbnails=False)
        formats = ("HEIF",)
    if start.startswith(_TIFF_STARTS):
        _silence_libtiff()
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError:
        raise PictureError(f"{name}: {_what_it_is(start)}") from None


@cache
def _silence_libtiff() -> None:
    """Lets libtiff write nothing to standard error: it names no file, and Pillow raises an error
    wherever it stops. Pillow has no function for this; a build without the symbols writes on.

    Pillow itself logs errors of TIFF files; a program that logs nothing would print them."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    try:
        library = ctypes.CDLL(_imaging.__file__)  # finds the symbols of what Pillow is linked to
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
    except (OSError, AttributeError):
        pass


def _size_of(file: BinaryIO) -> int:
    """The size of a file in bytes. Its position stays."""
    position = file.tell()
    try:
        return file.seek(0, os.SEEK_END)
    finally:
        file.seek(position)


def _what_it_is(start: bytes) -> str:
    """Says for a message what a file holds that is no picture, and what to do. start: its first
    _START_BYTES."""
    if not start:
        return "an empty file"
    if start.startswith(b"PK\x03\x04") and any(name in start for name in _DOCUMENT_MEMBERS):
        return "an office document; save the picture in it as a PNG file first"
    for magic, kind in _OTHER_KINDS.items():
        if start.startswith(magic):
            return kind
    not_a_picture = f"not a picture ({', '.join(FORMATS)} can be read)"
    try:
        # The last letter may be cut off.
        text = start.decode("utf-8-sig", "strict" if len(start) < _START_BYTES else "ignore")
    except UnicodeDecodeError:
        return not_a_picture
    if re.search(r"<svg\b", text, re.IGNORECASE):
        return "an SVG drawing; save it as a PNG file first"
    if re.search(r"<(!doctype html|html|head|body)\b", text, re.IGNORECASE):
        return "a web page, not a picture; save the picture that it shows, and give that file"
    if text and all(letter.isprintable() or letter.isspace() for letter in text):
        return f"{not_a_picture} but text; the name of a file of pixels ends with .csv"
    return not_a_picture


def check_size(name: str, image: Image.Image, held_bytes: int = 0) -> None:
    """Raises PictureError where a picture has too many pixels to be decoded in little memory.

    held_bytes: of its file, where that is in memory too.
    """
    width, height = image.size
    if max(width, height) > MAX_SIDE_PIXELS:
        raise PictureError(
            f"{name}: {width:,}x{height:,} pixels, over {MAX_SIDE_PIXELS:,} a side; cut it first"
        )
    most, of_a_kind = MAX_PIXELS, ""
    free_bytes = max(0, MAX_DECODED_BYTES - held_bytes)
    if width * height * _decoding_bytes(image) > free_bytes:
        most = min(most, int(free_bytes / _decoding_bytes(image)))
        of_a_kind = f", the most that are decoded of a {image.format} file like this"
    if width * height > most:
        raise PictureError(
            f"{name}: {width:,}x{height:,} pixels, over {most // 1_000_000} megapixels{of_a_kind}; "
            "shrink it first"
        )


def _decoding_bytes(image: Image.Image) -> float:
    """The bytes that decoding takes for each pixel."""
    pixel = MODE_BYTES.get(image.mode, 4)
    if image.format == "JPEG":
        return _progressive_bytes(image) if image.info.get("progressive") else _DRAFT_BYTES
    if image.format == "TIFF":
        return pixel + _tiff_bytes(image, pixel)
    return DECODING_BYTES.get(image.format or "", pixel)


def _progressive_bytes(image: Image.Image) -> float:
    """libjpeg holds all coefficients of a progressive JPEG, 2 bytes each; the pixels of a large one
    are few, as it is decoded smaller."""
    samples = [(across, down) for _, across, down, _ in image.layer]  # type: ignore[attr-defined]
    most = max(across for across, _ in samples) * max(down for _, down in samples)
    return 2 * sum(across * down for across, down in samples) / most


def _tiff_bytes(image: Image.Image, pixel: int) -> float:
    """libtiff holds a strip, which may be the whole picture. Pillow copies it to turn it."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    turned = pixel if tags.get(ExifTags.Base.Orientation, 1) != 1 else 0
    if image.info.get("compression") == "raw" or _TIFF_TILE_WIDTH in tags:
        return turned
    strip = min(1.0, tags.get(_TIFF_ROWS_PER_STRIP, math.inf) / image.height)
    return turned + strip * pixel
