"""Which pictures can be read: their formats, and how large they may be."""

import math
from typing import BinaryIO

from PIL import ExifTags, Image

from nn.errors import PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
EXTENSIONS = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif",
)  # fmt: skip
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

MAX_PIXELS = 100_000_000  # larger pictures are refused, as they take too much memory
# What Pillow may hold of a picture while it decodes it: MAX_PIXELS of 4 bytes, and some buffers.
# With TensorFlow, which takes 640 MB, the process then stays under 1 GiB.
MAX_DECODED_BYTES = 405_000_000
# Bytes a pixel in Pillow's memory, by mode; 4 in all others.
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Bytes a pixel while a file is decoded. A WebP decoder holds this frame, the one before, a copy and
# the picture, 4 bytes each; pillow-heif was measured at 7.
DECODING_BYTES = {"WEBP": 16, "HEIF": 8}
_TIFF_ROWS_PER_STRIP, _TIFF_TILE_WIDTH = 278, 322  # tags


def identify(name: str, file: BinaryIO) -> Image.Image:
    """Opens a picture in one of FORMATS, or HEIC, without decoding its pixels.

    HEIC needs a library that registers itself with Pillow. It is imported only for such a file.
    """
    start = file.read(12)
    file.seek(0)
    if start[4:8] != b"ftyp" or start[8:] not in HEIF_BRANDS:
        return Image.open(file, formats=FORMATS)
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise PictureError(f"{name}: a HEIC picture; pip install pillow-heif first") from None
    register_heif_opener(thumbnails=False)
    return Image.open(file, formats=["HEIF"])


def check_size(name: str, image: Image.Image) -> None:
    """Raises PictureError where a picture has too many pixels to be decoded in little memory."""
    width, height = image.size
    most, of_a_kind = MAX_PIXELS, ""
    if width * height * _decoding_bytes(image) > MAX_DECODED_BYTES:
        most = min(most, int(MAX_DECODED_BYTES / _decoding_bytes(image)))
        of_a_kind = f", the most that are decoded of a {image.format} file like this"
    if width * height > most:
        raise PictureError(
            f"{name}: {width:,}x{height:,} pixels, over {most // 1_000_000} megapixels{of_a_kind}; "
            "shrink it first"
        )


def _decoding_bytes(image: Image.Image) -> float:
    """The bytes that decoding takes for each pixel."""
    pixel = MODE_BYTES.get(image.mode, 4)
    if image.format == "JPEG" and image.info.get("progressive"):
        return _progressive_bytes(image)
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
