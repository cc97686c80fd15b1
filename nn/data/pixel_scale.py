"""Finds out in which scale pixels are stored, and brings them to 0 to 255."""

import logging
from dataclasses import dataclass

import numpy as np

log = logging.getLogger(__name__)

# Pixels that were divided by 255 and rounded to three decimals come back to within 0.13.
MAX_ROUNDING_GRAY = 0.2


@dataclass(frozen=True)
class Scale:
    """How stored values become gray values: (value - lowest) * factor.

    expected: the values that are accepted, in words; note: what to tell the user, None where the
    values are taken as they are.
    """

    lowest: float
    factor: float
    expected: str
    note: str | None = None

    def announce(self, where: str) -> None:
        """Logs that the pixels of a file are not taken as they are."""
        if self.note:
            log.warning("%s: %s", where, self.note)

    def to_gray(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of any dtype and shape → (uint8, bool) of that shape: the gray values, 0 to 255,
        and which of the numbers are none that this scale accepts."""
        if values.dtype == np.uint8 and self == BYTES:
            return values, np.zeros(values.shape, bool)
        with np.errstate(invalid="ignore", over="ignore"):
            gray = (values.astype(np.float32) - self.lowest) * self.factor
            nearest = np.rint(gray)
            is_bad = ~((gray >= -MAX_ROUNDING_GRAY) & (gray <= 255 + MAX_ROUNDING_GRAY))
            if self == BYTES:
                is_bad |= gray != nearest
            return np.clip(nearest, 0, 255).astype(np.uint8), is_bad


BYTES = Scale(0, 1, "a whole number 0 to 255")
UNIT = Scale(0, 255, "a number 0 to 1", "pixels from 0 to 1, multiplied by 255")
BINARY = Scale(0, 255, "0 or 1", "every pixel is 0 or 1, read as 0 = paper, 1 = full ink")
SIGNED = Scale(-1, 127.5, "a number -1 to 1", "pixels from -1 to 1, brought to 0 to 255")


def find_scale(values: np.ndarray) -> Scale:
    """The scale of some of a file's pixels, of any dtype and shape; NaN stands for a bad one.

    What most of the values fit decides, so that a bad one among them can be found. No picture of a
    digit has 1 of 255 as its strongest ink, so whole numbers 0 and 1 are paper and ink.
    """
    finite = values[np.isfinite(values)]
    if values.dtype.kind in "bui" or np.array_equal(finite, np.rint(finite)):
        is_binary = finite.size and finite.max() == 1 and finite.min() == 0
        return BINARY if is_binary else BYTES
    small = finite[(finite >= -1) & (finite <= 1)]
    if np.count_nonzero(small != np.rint(small)) <= finite.size - small.size:
        return BYTES
    if small.min() >= 0:
        return UNIT
    # Paper is -1. Pixels with another lowest value were standardized, nobody knows how.
    return SIGNED if small.min() < -1 + 1 / 255 else BYTES
