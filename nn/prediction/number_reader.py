"""Reads pictures of numbers: each row as a whole, and each digit alone."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from nn.confidence.thresholds import least_probability
from nn.data.told import UNTOLD, Told
from nn.errors import DataError, PictureError
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS
from nn.pictures.files import read_gray
from nn.pictures.reasons import NO_INK
from nn.pictures.sources import Pictures, Source, as_sources
from nn.prediction.number_digits import Box, Digit, cut_out_digits
from nn.prediction.number_ink import MAX_LONGER_SIDE_PIXELS
from nn.prediction.number_rows import Row
from nn.prediction.number_strips import PAPER_LEVEL, Page, Strip, find_strips
from nn.prediction.number_texts import Extent, RowText, Seen, choose_text
from nn.prediction.predictor import ImageOutputs, Predictor, RowOutputs
from nn.prediction.read_ahead import CanvasOutputs
from nn.prediction.readings import (
    LIKE_NO_NUMBER,
    OK,
    UNSURE,
    NumberDigit,
    NumberReading,
    NumberRow,
)

PIXELS_PER_STEP = 2  # of a strip: the reader of rows answers for every second column
PAPER_BEHIND_PIXELS = 48  # behind the longest strip: so far the reader of rows sees
STRIPS_AT_ONCE = 16  # of a page; more would take much memory


class NumberReader:
    """Reads pictures of numbers with the model of a Predictor. Raises ModelError if the model is
    too old to read rows."""

    reading_type = NumberReading

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._read_canvases = predictor.signature("canvases", CanvasOutputs)
        self._read_ink = predictor.signature("ink", ImageOutputs)
        self._read_rows = predictor.signature("rows", RowOutputs)

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
        page = find_strips(gray, self._find_ink)
        digits = [cut_out_digits(page, row) for row in page.rows]
        steps = self._read_strips(page.strips)
        seen = self._read_digits(digits)
        texts = [
            choose_text(step, _places(of_row, own, strip), _marks(page, row, strip))
            for row, strip, of_row, step, own in zip(
                page.rows, page.strips, digits, steps, seen, strict=True
            )
        ]
        rows: list[NumberRow] = []
        found: list[NumberDigit] = []
        doubts: list[str] = []
        for strip, of_row, text in zip(page.strips, digits, texts, strict=True):
            if not any(each.text.isdigit() for each in text.characters):
                doubts += self._doubt_of_empty(text)
                continue
            boxes = _boxes(text, of_row, strip)
            found += [
                NumberDigit(int(each.text), each.probability, _in_pixels(box, size), len(rows))
                for each, box in zip(text.characters, boxes, strict=True)
                if each.text.isdigit()
            ]
            rows.append(self._row(text))
        if not rows:
            reason = LIKE_NO_NUMBER if page.rows else NO_INK
            return NumberReading(name, UNSURE, None, [], reason, [])
        reasons = [
            f"{ordinal(place)} row {row.reason}" if len(rows) > 1 else row.reason
            for place, row in enumerate(rows, 1)
            if row.reason
        ] + doubts
        number = "\n".join(row.number for row in rows)
        first = reasons[0] if reasons else None
        return NumberReading(name, UNSURE if first else OK, number, found, first, rows)

    @property
    def _least_probability(self) -> float:
        """A row that is less probable is unsure."""
        return least_probability(self._predictor.threshold, self._predictor.max_error)

    def _row(self, text: RowText) -> NumberRow:
        """The row of a reading."""
        reason: str | None = None
        if not text.text[0].isdigit() or not text.text[-1].isdigit():
            reason = "begins or ends with a sign"
        if not text.probability >= self._least_probability:
            reason = f"may also be {text.rival}" if text.rival else "may be no number"
        return NumberRow(text.text, UNSURE if reason else OK, text.probability, reason)

    def _doubt_of_empty(self, text: RowText) -> list[str]:
        """Why a row that shows no digit leaves the others unsure; empty if it does not."""
        if text.probability >= self._least_probability:
            return []
        return [f"another row may be {text.rival or text.text}"]

    def _find_ink(self, gray: np.ndarray) -> np.ndarray:
        """As number_ink.FindInk."""
        size = np.array([[*gray.shape, min(gray.shape)]], np.int32)
        return self._read_canvases(gray[None], size).ink[0]

    def _read_strips(self, strips: Sequence[Strip]) -> list[np.ndarray]:
        """The logarithm of each character's probability at each step of each strip.

        Paper follows each strip, so that no strip is read otherwise beside a longer one.
        """
        found = []
        for start in range(0, len(strips), STRIPS_AT_ONCE):
            part = [strip.pixels for strip in strips[start : start + STRIPS_AT_ONCE]]
            widest = max(pixels.shape[1] for pixels in part) + PAPER_BEHIND_PIXELS
            batch = np.zeros((len(part), STRIP_HEIGHT_PIXELS, widest, 2), np.uint8)
            batch[..., 1] = PAPER_LEVEL
            for row, pixels in zip(batch, part, strict=True):
                row[:, : pixels.shape[1]] = pixels
            answers = self._read_rows(batch).log_probabilities
            found += [
                answer[: pixels.shape[1] // PIXELS_PER_STEP]
                for answer, pixels in zip(answers, part, strict=True)
            ]
        return found

    def _read_digits(self, rows: Sequence[Sequence[Digit]]) -> list[np.ndarray]:
        """What the model answers to each digit of each row, alone: float32 [digits, 10]."""
        if not rows:
            return []
        canvases = [digit.canvas for row in rows for digit in row]
        probabilities = self._read_ink(np.stack(canvases)).probabilities
        return np.split(probabilities, np.cumsum([len(row) for row in rows])[:-1])


def _places(digits: Sequence[Digit], probabilities: np.ndarray, strip: Strip) -> list[Seen]:
    """Where the digits of a row lie on its strip, in steps."""
    return [
        Seen(*_extent(x, x + width, strip), answer)
        for (x, _, width, _), answer in zip((d.box for d in digits), probabilities, strict=True)
    ]


def _marks(page: Page, row: Row, strip: Strip) -> list[Extent]:
    """Where on its strip a row has ink that belongs to no digit, in steps."""
    wide = page.ink.shape[1]
    return [_extent(each.left / wide, each.right / wide, strip) for each in row.marks]


def _extent(left: float, right: float, strip: Strip) -> Extent:
    """From shares of the picture's width to steps of a strip."""
    start, step = strip.box[0], strip.column * PIXELS_PER_STEP
    return (left - start) / step, (right - start) / step


def _boxes(text: RowText, digits: Sequence[Digit], strip: Strip) -> list[Box]:
    """The box of each character: that of its digit; or, where several touch, from halfway to the
    character before up to halfway to the next one."""
    left, top, right, bottom = strip.box
    step = strip.column * PIXELS_PER_STEP
    middles = [left + sum(each.place) / 2 * step for each in text.characters]
    ends = [left, *((one + other) / 2 for one, other in pairwise(middles)), right]
    boxes = []
    for place, each in enumerate(text.characters):
        if each.seen is not None:
            boxes.append(digits[each.seen].box)
            continue
        first, last = ends[place], ends[place + 1]
        around = [d.box for d in digits if d.box[0] <= middles[place] <= d.box[0] + d.box[2]]
        if around:
            first, last = max(first, around[0][0]), min(last, around[0][0] + around[0][2])
        boxes.append((first, top, last - first, bottom - top))
    return boxes


def _in_pixels(box: Box, size: tuple[int, int]) -> list[int]:
    """A box in shares of a picture's width and height → in pixels, inside the picture, and at least
    one wide and high."""
    left, top, width, height = box
    starts, lengths = [], []
    for start, length, side in zip((left, top), (width, height), size, strict=True):
        first = min(max(round(start * side), 0), side - 1)
        last = min(max(round((start + length) * side), first + 1), side)
        starts.append(first)
        lengths.append(last - first)
    return [*starts, *lengths]


def ordinal(number: int) -> str:
    """Writes 1st, 2nd, 3rd, 4th, 11th, 21st …"""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{['th', 'st', 'nd', 'rd'][last] if last < 4 else 'th'}"
