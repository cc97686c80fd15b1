"""Pictures of all of Pillow's modes → gray levels."""

import numpy as np
from PIL import Image


def to_gray(image: Image.Image) -> Image.Image:
    """Luma, Pillow's mode L; a transparent picture lies on white where its ink is dark, on black
    where it is light. decoding.to_gray is the TensorFlow twin."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):  # a TIFF of large numbers or fractions, on no agreed scale
        return _stretch_to_full_range(np.asarray(image, np.float64))
    if not image.has_transparency_data:
        return image.convert("L")
    gray, alpha = (np.asarray(band, np.float32) for band in image.convert("LA").split())
    # No opaque pixel at all: some writers leave the fourth byte unused, and 0.
    opacity = alpha / 255 if alpha.any() else np.ones_like(alpha)
    dark_ink = (gray * opacity).sum() < 127.5 * opacity.sum()
    paper = 255 if dark_ink else 0
    return Image.fromarray(np.round(gray * opacity + paper * (1 - opacity)).astype(np.uint8))


def _stretch_to_full_range(levels: np.ndarray) -> Image.Image:
    """The lowest level becomes black, the highest white. Raises ValueError where a level is not a
    finite number."""
    if not np.isfinite(levels).all():
        raise ValueError("some of its pixels are not finite numbers")
    low, high = levels.min(), levels.max()
    return Image.fromarray(
        np.round((levels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    )
