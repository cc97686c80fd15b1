"""Reads pictures of numbers: several digits side by side, each of which the model reads alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.confidence.thresholds import EVEN_ODDS, least_probability, percent
from nn.data.told import UNTOLD, Told
from nn.errors import DataError, PictureError
from nn.pictures.canvas import CANVAS
from nn.pictures.files import read_gray
from nn.pictures.sources import Pictures, Source, as_sources
from nn.prediction.number_ink import MAX_LONGER_SIDE_PIXELS
from nn.prediction.number_segmentation import Digit, find_digits
from nn.prediction.predictor import Predictor
from nn.prediction.read_ahead import CanvasOutputs
from nn.prediction.readings import LIKE_NO_DIGIT, NO_INK, OK, UNSURE, NumberDigit, NumberReading
from nn.prediction.session import SignatureOutputs


@dataclass(frozen=True)
class InkOutputs(SignatureOutputs):
    """The outputs of `canvases` that tell where the ink is. ink: uint8 [N, H, W]; light_on_dark:
    bool [N]; dropped: int32 [N]."""

    ink: np.ndarray
    light_on_dark: np.ndarray
    dropped: np.ndarray


class NumberReader:
    """Reads pictures of numbers with the model of a Predictor. Raises ModelError where the model
    is too old to tell what ink it found."""

    reading_type = NumberReading

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._find = predictor.signature("canvases", InkOutputs)
        self._read_canvases = predictor.signature("canvases", CanvasOutputs)

    def read(self, pictures: Pictures) -> Iterator[NumberReading]:
        """Reads pictures of one number each, its digits side by side, of any size; yields a reading
        for each, in order, before it takes the next one. pictures: as in Predictor.read."""
        return map(self._read_source, as_sources(pictures))

    def read_csv(self, path: str | Path, told: Told = UNTOLD) -> Iterator[NumberReading]:
        """Raises DataError: a row of pixels holds one digit, not a number."""
        raise DataError(f"{path}: numbers are read from pictures; its rows hold a digit each")

    def _read_source(self, source: Source) -> NumberReading:
        try:
            gray, size = read_gray(source, MAX_LONGER_SIDE_PIXELS)
        except PictureError as error:
            return NumberReading.failed(source.name, str(error))
        return self._read_gray(source.name, gray, size)

    def _read_gray(self, name: str, gray: np.ndarray, size: tuple[int, int]) -> NumberReading:
        """Reads a gray picture, uint8 [H, W]; size: its width and height before it was shrunk."""
        found = find_digits(gray, self._find_ink)
        if not found:
            return NumberReading(name, UNSURE, None, [], NO_INK)
        canvases = np.stack([digit.canvas for digit in found])
        answers = self._read_canvases(canvases, np.full((len(found), 3), CANVAS, np.int32))
        digits = [
            NumberDigit(digit, probability, _box_in_pixels(place.box, size))
            for place, digit, probability in zip(
                found,
                answers.digits.tolist(),
                answers.probabilities.max(1).astype(float).tolist(),
                strict=True,
            )
        ]
        number = "".join(str(digit.digit) for digit in digits)
        reason = self._reason_to_doubt(found, digits)
        return NumberReading(name, UNSURE if reason else OK, number, digits, reason)

    def _find_ink(self, gray: np.ndarray) -> tuple[np.ndarray, bool, int]:
        """As number_ink.FindInk."""
        size = np.array([[*gray.shape, min(gray.shape)]], np.int32)
        found = self._find(gray[None], size)
        return found.ink[0], bool(found.light_on_dark[0]), int(found.dropped[0])

    def _reason_to_doubt(self, found: Sequence[Digit], digits: Sequence[NumberDigit]) -> str | None:
        """Names the first digit that is doubtful, and says why; None where all are sure."""
        least = least_probability(self._predictor.threshold, self._predictor.max_error)
        for position, (place, digit) in enumerate(zip(found, digits, strict=True), 1):
            doubt = place.doubt
            if not doubt and digit.probability < least:
                is_unlike = digit.probability < EVEN_ODDS
                doubt = LIKE_NO_DIGIT if is_unlike else f"less probable than {percent(least)}"
            if doubt:
                return f"{ordinal(position)} digit {doubt}"
        return None


def _box_in_pixels(box: tuple[float, float, float, float], size: tuple[int, int]) -> list[int]:
    """A box in shares of a picture's width and height → in pixels, at least one wide and high."""
    left, top, width, height = (
        round(share * side) for share, side in zip(box, size * 2, strict=True)
    )
    return [left, top, max(1, width), max(1, height)]


def ordinal(number: int) -> str:
    """Writes 1st, 2nd, 3rd, 4th, 11th, 21st …"""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{['th', 'st', 'nd', 'rd'][last] if last < 4 else 'th'}"
