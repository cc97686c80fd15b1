"""Recognizes images that are stored on their side or as a negative, and turns them.

EMNIST's images are transposed: rows and columns are exchanged. Other data sets have dark ink,
0 = ink.
"""

import logging
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from nn.data.bundled import bundled_digits
from nn.data.digits import SIDE
from nn.data.told import Told
from nn.errors import DataError

log = logging.getLogger(__name__)

MAX_SAMPLE = 400  # images that are looked at; of MNIST's, 50 are enough
MIN_SAMPLE = 5  # a single digit says too little: a 1 that lies down may be a dash in any data
LIGHT_PAPER_GRAY = 192  # a negative has a median border above it; noise has 127
# Standard deviations over MNIST's test digits, of the two numbers that `_uprightness` takes.
TALLNESS_DEVIATION = 0.80
LIKENESS_DEVIATION = 0.155
# Standard errors. Of 2,000 samples of 20 or more of MNIST's test digits each, upright or
# transposed, none was on the wrong side of any of these; tests/data/test_orientation.py.
SURELY_UPRIGHT_ERRORS = 4.0
UNCLEAR_ERRORS = -2.0
TRANSPOSED_ERRORS = -4.0
INK_GRAY = 40  # a brighter pixel belongs to the digit
THUMBNAIL_PIXELS = 8  # the side of scikit-learn's digits


class Orientation(NamedTuple):
    """How images are stored, if not upright with 0 = paper."""

    transposed: bool
    inverted: bool

    def turn(self, images: np.ndarray) -> np.ndarray:
        """Brings stored images, uint8 [N, 28, 28], to upright ones with 0 = paper."""
        if self.inverted:
            images = 255 - images
        return np.ascontiguousarray(images.transpose(0, 2, 1)) if self.transposed else images


def recognize(images: np.ndarray, where: str, told: Told) -> Orientation:
    """How the images of a file are stored: uint8 [N, 28, 28]. Logs what is to be turned.

    where: the name of the file. Raises DataError if the images may be transposed or not, and the
    user does not say which.
    """
    sample = images[:: max(1, len(images) // MAX_SAMPLE)][:MAX_SAMPLE]
    inverted = is_inverted(sample) if told.inverted is None else told.inverted
    if inverted and told.inverted is None:
        log.warning(
            "%s: light paper, dark ink; the pixels are inverted (--no-inverted leaves them)", where
        )
    transposed = told.transposed
    if transposed is None:
        evidence = uprightness(255 - sample if inverted else sample)
        transposed = evidence <= TRANSPOSED_ERRORS
        if transposed:
            log.warning(
                "%s: the images lie on their side, as EMNIST's do; rows and columns are exchanged "
                "(--no-transposed leaves them)", where,
            )  # fmt: skip
        elif evidence <= UNCLEAR_ERRORS:
            raise DataError(
                f"{where}: the images may lie on their side, as EMNIST's do, but they are too few "
                "or too unusual to tell; use --transposed to exchange rows and columns, or "
                "--no-transposed"
            )
    return Orientation(transposed, inverted)


def is_inverted(images: np.ndarray) -> bool:
    """Whether images have light paper, judged by their outermost pixels: uint8 [N, 28, 28]."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], 1)
    differ = border.min(initial=255) < border.max(initial=0) or images.min(initial=255) < 64
    return bool(len(images) and differ and np.median(border) >= LIGHT_PAPER_GRAY)


def uprightness(images: np.ndarray) -> float:
    """How surely images of digits are upright, in standard errors; negative: transposed.

    images: uint8 [N, 28, 28], 0 = paper. Two numbers tell, and neither needs labels. Digits are
    taller than wide. If that is not clear enough, each image is compared with scikit-learn's
    digits, and with these transposed. Fewer than MIN_SAMPLE images with ink give 0.
    """
    images = images[(images > INK_GRAY).any((1, 2))]
    if len(images) < MIN_SAMPLE:
        return 0.0
    tall = _errors(_tallness(images), TALLNESS_DEVIATION)
    if tall >= SURELY_UPRIGHT_ERRORS:  # scikit-learn, a second's import, is not needed
        return tall
    alike = _errors(_likeness(images), LIKENESS_DEVIATION)
    return (tall + alike) / 2**0.5  # Stouffer's method: the sum of two has deviation √2


def _errors(values: np.ndarray, usual_deviation: float) -> float:
    """The mean of values, float [N], in standard errors. A few values may be alike by chance, so
    their deviation is at least the usual one."""
    deviation = max(float(values.std()), usual_deviation)
    return float(values.mean()) * len(values) ** 0.5 / deviation


def _tallness(images: np.ndarray) -> np.ndarray:
    """log(vertical / horizontal variance of the ink) of each image: → float32 [N]."""
    ink = images.astype(np.float32)
    ink /= ink.sum((1, 2), keepdims=True)
    place = np.arange(SIDE, dtype=np.float32)
    variances = []
    for axis in (2, 1):  # the ink of each row, then of each column
        profile = ink.sum(axis)
        mean = (profile * place).sum(1, keepdims=True)
        variances.append((profile * (place - mean) ** 2).sum(1) + 0.1)  # no log of 0 for a line
    return np.log(variances[0] / variances[1])


def _likeness(images: np.ndarray) -> np.ndarray:
    """How much more an image correlates with its likest bundled digit than with the likest
    transposed one: → float32 [N]."""
    known = _known()
    ours = _unit(_thumbnails(images))
    upright, transposed = (
        (ours @ _unit(each).T).max(1) for each in (known, known.transpose(0, 2, 1))
    )
    return upright - transposed


@cache
def _known() -> np.ndarray:
    """The bundled digits, to compare with."""
    return _thumbnails(bundled_digits()[0])


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """Cuts out the ink and shrinks it to 8×8: uint8 [N, H, W] → float32 [N, 8, 8]."""
    small = np.empty((len(images), THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), np.float32)
    for index, image in enumerate(images):
        rows, columns = np.nonzero(image > INK_GRAY)
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        side = (THUMBNAIL_PIXELS,) * 2
        shrunk = Image.fromarray(image).resize(side, Image.Resampling.BOX, box=box)
        small[index] = np.asarray(shrunk)
    return small


def _unit(images: np.ndarray) -> np.ndarray:
    """Each image as a vector of mean 0 and length 1: [N, 8, 8] → [N, 64]."""
    vectors = images.reshape(len(images), -1)
    vectors = vectors - vectors.mean(1, keepdims=True)
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)
