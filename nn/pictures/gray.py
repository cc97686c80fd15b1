"""Pictures of all of Pillow's modes → gray levels or colors, in little memory.

A picture is converted band by band: Pillow and NumPy would otherwise hold several copies of it,
some of them with eight bytes a pixel.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from PIL import ExifTags, Image, ImageOps

from nn.pictures.canvas import fitted_size

BAND_PIXELS = 200_000  # about so many are converted at once; a band has whole rows
# A picture of more pixels is also shrunk while it is converted: even in gray it would take more
# than 50 MB.
MAX_UNSHRUNK_PIXELS = 50_000_000
# Such a picture is shrunk in two steps. The first averages blocks of pixels; its result has at
# least this many times the width and height of the final one. With 3 or more, the final picture
# hardly differs from one that is shrunk in a single step:
# https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.Image.resize
REDUCING_GAP = 3

Convert = Callable[[Image.Image], Image.Image]  # a band in any mode → the same in one mode


def to_gray(image: Image.Image, side: int) -> Image.Image:
    """Luma, Pillow's mode L. A transparent picture is put on white if its ink is dark on average,
    on black if it is light. decoding.to_gray is the TensorFlow twin.

    side: the size in pixels to which the caller will shrink the result. A picture of more than
    MAX_UNSHRUNK_PIXELS is shrunk here already, unless its longer side is below six times `side`.
    """
    return _convert(image, _gray_conversion(image), "L", side)


def to_colors(image: Image.Image, side: int) -> Image.Image:
    """As `to_gray`, but Pillow's mode RGB, without regard to transparency."""
    return _convert(image, lambda band: band.convert("RGB"), "RGB", side)


def turn_upright(converted: Image.Image, image: Image.Image) -> Image.Image:
    """Turns `converted`, which was made from `image`, by the orientation in the EXIF of `image`."""
    orientation = ExifTags.Base.Orientation
    converted.getexif()[orientation] = image.getexif().get(orientation, 1)
    ImageOps.exif_transpose(converted, in_place=True)
    return converted


def _convert(image: Image.Image, convert: Convert, mode: str, side: int) -> Image.Image:
    """Converts an image band by band, and shrinks it where it is too large. mode: of the bands that
    `convert` makes."""
    if image.width * image.height <= BAND_PIXELS:
        return convert(image)
    size, factor = image.size, 1
    if image.width * image.height > MAX_UNSHRUNK_PIXELS:
        factor = max(1, max(size) // (REDUCING_GAP * side))
    converted = Image.new(mode, (math.ceil(size[0] / factor), math.ceil(size[1] / factor)))
    for top, band in _bands(image, factor):
        band = convert(band)
        converted.paste(band.reduce(factor) if factor > 1 else band, (0, top // factor))
    if factor == 1:
        return converted
    used = (0, 0, size[0] / factor, size[1] / factor)  # the last blocks may be smaller
    return converted.resize(fitted_size(size, side), Image.Resampling.BILINEAR, used)


def _bands(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yields the bands of an image, each with the row that it starts at. All but the last have a
    multiple of `factor` rows."""
    rows = math.ceil(BAND_PIXELS / image.width / factor) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _gray_conversion(image: Image.Image) -> Convert:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return lambda band: _from_levels(np.asarray(band).astype(np.int64) >> 8)
    if image.mode in ("I", "F"):  # a TIFF of large numbers or fractions, on no agreed scale
        return _stretch_to_full_range(image)
    if image.has_transparency_data:
        return _put_on_paper(image)
    return lambda band: band.convert("L")


def _stretch_to_full_range(image: Image.Image) -> Convert:
    """The lowest level becomes black, the highest white. Raises ValueError where a level is not a
    finite number."""
    low, high = math.inf, -math.inf
    for _, band in _bands(image):
        levels = np.asarray(band, np.float64)
        if not np.isfinite(levels).all():
            raise ValueError("some of its pixels are not finite numbers")
        low, high = min(low, levels.min()), max(high, levels.max())
    scale = 255 / max(high - low, 1e-9)
    return lambda band: _from_levels((np.asarray(band, np.float64) - low) * scale)


def _put_on_paper(image: Image.Image) -> Convert:
    """Puts a transparent picture on white if its ink is dark on average, else on black."""
    ink = opaque = 0
    for _, band in _bands(image):
        gray, alpha = _gray_and_alpha(band, np.uint32)
        ink += int((gray * alpha).sum())
        opaque += int(alpha.sum())
    if not opaque:  # all transparent: some writers leave the alpha byte unused, and 0
        return lambda band: band.convert("LA").getchannel("L")
    paper = 255 if 2 * ink < 255 * opaque else 0

    def put(band: Image.Image) -> Image.Image:
        gray, alpha = _gray_and_alpha(band, np.float32)
        opacity = alpha / 255
        return _from_levels(gray * opacity + paper * (1 - opacity))

    return put


def _gray_and_alpha(band: Image.Image, dtype: type) -> list[np.ndarray]:
    return [np.asarray(channel, dtype) for channel in band.convert("LA").split()]


def _from_levels(levels: np.ndarray) -> Image.Image:
    """Levels of 0 to 255, whole or not: [H, W] → mode L."""
    return Image.fromarray(np.round(levels).astype(np.uint8))
