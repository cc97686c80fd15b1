"""Reads pictures of numbers: several digits side by side, each of which the model reads alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.confidence.thresholds import EVEN_ODDS, least_probability, percent
from nn.data.told import UNTOLD, Told
from nn.errors import DataError, PictureError
from nn.pictures.cuts import Piece, find_pieces
from nn.pictures.files import read_gray
from nn.pictures.reasons import NO_INK
from nn.pictures.sources import Pictures, Source, as_sources
from nn.prediction.number_cuts import best_cut
from nn.prediction.number_ink import MAX_LONGER_SIDE_PIXELS
from nn.prediction.number_segmentation import (
    TOUCHING,
    UNCLEAR_CUT,
    UNREAD_MARK,
    Digit,
    Sign,
    find_number_rows,
    part_of,
)
from nn.prediction.predictor import ImageOutputs, Predictor
from nn.prediction.read_ahead import CanvasOutputs
from nn.prediction.readings import (
    LIKE_NO_DIGIT,
    OK,
    UNSURE,
    NumberDigit,
    NumberReading,
    NumberRow,
)

# To the digits' height: a wider component may be digits that touch, however sure the answer is.
MAX_DIGIT_WIDTH = 1.0


class NumberReader:
    """Reads pictures of numbers with the model of a Predictor."""

    reading_type = NumberReading

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._read_canvases = predictor.signature("canvases", CanvasOutputs)
        self._read_ink = predictor.signature("ink", ImageOutputs)

    def read(self, pictures: Pictures) -> Iterator[NumberReading]:
        """Reads pictures of numbers, in one row or several, of any size; yields a reading for each,
        in order, before it takes the next one. pictures: as in Predictor.read."""
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
        found = find_number_rows(gray, self._find_ink)
        if not found:
            return NumberReading(name, UNSURE, None, [], NO_INK, [])
        read = self._read_digits([part for row in found for part in row if isinstance(part, Digit)])
        digits, rows = [], []
        following = iter(read)
        for number, row in enumerate(found):
            parts: list[_Answer | Sign] = []
            for part in row:
                parts += [part] if isinstance(part, Sign) else self._split(next(following))
            answers = [part for part in parts if isinstance(part, _Answer)]
            digits += [each.as_digit(number, size) for each in answers]
            reason = self._reason_to_doubt(parts)
            text = "".join(
                part.text if isinstance(part, Sign) else str(part.digit) for part in parts
            )
            lowest = min((each.probability for each in answers), default=None)
            rows.append(NumberRow(text, UNSURE if reason else OK, lowest, reason))
        reasons = [
            f"{ordinal(place)} row, {row.reason}" if len(rows) > 1 else row.reason
            for place, row in enumerate(rows, 1)
            if row.reason
        ]
        number_text = "\n".join(row.number for row in rows)
        reason = reasons[0] if reasons else None
        return NumberReading(name, UNSURE if reason else OK, number_text, digits, reason, rows)

    @property
    def _least_probability(self) -> float:
        """A digit that is less probable is unsure."""
        return least_probability(self._predictor.threshold, self._predictor.max_error)

    def _find_ink(self, gray: np.ndarray) -> np.ndarray:
        """As number_ink.FindInk."""
        size = np.array([[*gray.shape, min(gray.shape)]], np.int32)
        return self._read_canvases(gray[None], size).ink[0]

    def _read_digits(self, places: Sequence[Digit]) -> "list[_Answer]":
        """Reads each digit alone."""
        if not places:
            return []
        answers = self._read_ink(np.stack([place.canvas for place in places]))
        best = answers.probabilities.max(1).astype(float).tolist()
        return [_Answer(*each) for each in zip(places, answers.digits.tolist(), best, strict=True)]

    def _split(self, answer: "_Answer") -> "list[_Answer]":
        """The digits of a component that may be several which touch, from left to right; the answer
        itself if it is one digit, or no cut leaves what looks like digits."""
        place = answer.place
        is_narrow = place.ink.shape[1] <= MAX_DIGIT_WIDTH * place.height
        if answer.probability >= self._least_probability and is_narrow and place.doubt != TOUCHING:
            return [answer]
        pieces, end = find_pieces(place.ink, place.height)
        if place.doubt != TOUCHING and not any(p.last - p.first == end for p in pieces):
            pieces.append(Piece(0, end, place.ink, 0, 0))  # a wide digit, such as a two
        read = self._read_digits([part_of(place, piece) for piece in pieces])
        cut = best_cut(pieces, end, *_values(read))
        if cut is None:
            return [answer]
        digits = [read[index] for index in cut.places]
        if len(digits) == 1:
            # One digit: as it was, with all of its ink.
            return [answer if cut.is_clear else answer.doubted(UNCLEAR_CUT)]
        return digits if cut.is_clear else [each.doubted(UNCLEAR_CUT) for each in digits]

    def _reason_to_doubt(self, parts: "Sequence[_Answer | Sign]") -> str | None:
        """Names the first digit of a row that is doubtful, and says why; None where all are
        sure."""
        least = self._least_probability
        position = 0
        for part in parts:
            if isinstance(part, Sign):
                if not part.text:
                    place = f"behind the {ordinal(position)}" if position else "before the 1st"
                    return f"{UNREAD_MARK} {place} digit"
                continue
            position += 1
            doubt = part.place.doubt
            if not doubt and part.probability < least:
                is_unlike = part.probability < EVEN_ODDS
                doubt = LIKE_NO_DIGIT if is_unlike else f"less probable than {percent(least)}"
            if doubt:
                return f"{ordinal(position)} digit {doubt}"
        return None


class _Answer(NamedTuple):
    """What the model answers to one digit of a picture."""

    place: Digit
    digit: int
    probability: float

    def doubted(self, doubt: str) -> "_Answer":
        """The same with a doubt."""
        return self._replace(place=self.place._replace(doubt=doubt))

    def as_digit(self, row: int, size: tuple[int, int]) -> NumberDigit:
        """The digit of a reading. size: the picture's width and height in pixels."""
        box = _box_in_pixels(self.place.box, size)
        return NumberDigit(self.digit, self.probability, box, row)


def _values(answers: Sequence[_Answer]) -> tuple[np.ndarray, np.ndarray]:
    """The digits, int [N], and their probabilities, float [N]."""
    digits = np.array([answer.digit for answer in answers], int)
    return digits, np.array([answer.probability for answer in answers], float)


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
