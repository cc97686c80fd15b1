"""Readers that also draw a page for each reading. The page shows how the answer came about."""

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.data.told import UNTOLD, Told
from nn.errors import PictureError
from nn.figures import explanation_pages
from nn.pictures.files import read_thumbnail
from nn.pictures.sources import Pictures, Source, as_sources
from nn.prediction.page_folder import PageFolder
from nn.prediction.predictor import Predictor
from nn.prediction.readings import ERROR, OK, Evidence, NumberReading, Reading

if TYPE_CHECKING:
    from nn.prediction.number_reader import NumberReader

log = logging.getLogger(__name__)

DIGIT_THUMBNAIL_PIXELS = 420  # the longer side; a panel has 315 (2.1 inches, 150 dpi)
NUMBER_THUMBNAIL_PIXELS = 1600  # a number may be a small part of its picture


class Explainer:
    """Reads digits as a Predictor does, and draws a page for each."""

    reading_type = Reading

    def __init__(self, predictor: Predictor, pages: PageFolder) -> None:
        self._predictor, self._pages = predictor, pages

    def read(self, pictures: Pictures) -> Iterator[Reading]:
        """Reads pictures as Predictor.read does. Raises ModelError if the model is too old for
        `explain`."""
        sources: deque[Source] = deque()
        for reading, evidence in self._predictor.explain(_kept(pictures, sources)):
            self._draw(reading, evidence, sources.popleft())
            yield reading

    def read_csv(self, path: str | Path, told: Told = UNTOLD) -> Iterator[Reading]:
        """Reads the rows of a CSV file as Predictor.read_csv does."""
        for reading, evidence in self._predictor.explain_csv(path, told):
            self._draw(reading, evidence, None)
            yield reading

    def _draw(self, reading: Reading, evidence: Evidence | None, source: Source | None) -> None:
        """source: the picture; None for a row of pixels."""
        name = self._pages.name_for(reading)
        if evidence is None:
            return
        if source is None:
            original = evidence.digit
        elif seen := _thumbnail(source, DIGIT_THUMBNAIL_PIXELS):
            original, _ = seen
        else:
            return
        page = page_of(reading, evidence, original)
        self._pages.save(name, reading, page, explanation_pages.draw(page))


class NumberExplainer:
    """Reads numbers as a NumberReader does, and draws a page for each: the picture, with a box
    around each digit."""

    reading_type = NumberReading

    def __init__(self, reader: "NumberReader", pages: PageFolder) -> None:
        self._reader, self._pages = reader, pages

    def read(self, pictures: Pictures) -> Iterator[NumberReading]:
        """Reads pictures as NumberReader.read does."""
        sources: deque[Source] = deque()
        for reading in self._reader.read(_kept(pictures, sources)):
            source = sources.popleft()
            name = self._pages.name_for(reading)
            if reading.status != ERROR and (seen := _thumbnail(source, NUMBER_THUMBNAIL_PIXELS)):
                page = number_page_of(reading, *seen)
                self._pages.save(name, reading, page, explanation_pages.draw_number(page))
            yield reading

    def read_csv(self, path: str | Path, told: Told = UNTOLD) -> Iterator[NumberReading]:
        """Raises DataError, as NumberReader.read_csv does."""
        return self._reader.read_csv(path, told)


def page_of(reading: Reading, evidence: Evidence, original: np.ndarray) -> explanation_pages.Page:
    """The page for a reading, in plain words.

    original: the picture, uint8 [H, W] or [H, W, 3], or the row of pixels as a digit, uint8 [28,
    28].
    """
    notes: list[str] = []
    if reading.digit is None:
        answer = f"No digit: {reading.reason}"
    elif reading.status == OK:
        answer = f"Read as {reading.digit}, {reading.probability:.2%} probable"
        notes = _notes(evidence)
    else:
        answer = f"Perhaps {reading.digit}, {reading.probability:.2%}: unsure"
        notes = [reading.reason or "", *_notes(evidence)]
    return explanation_pages.Page(
        name=_drawable(reading.input),
        answer=answer,
        notes=notes,
        original=original,
        ink=evidence.ink,
        digit=evidence.digit,
        probabilities=reading.probabilities,
        unsure=reading.status != OK,
    )


def number_page_of(
    reading: NumberReading, original: np.ndarray, size: tuple[int, int]
) -> explanation_pages.NumberPage:
    """The page for a number.

    original: the picture, shrunk, uint8 [H, W] or [H, W, 3]; size: its width and height before it
    was shrunk.
    """
    notes: list[str] = []
    digits = reading.digits or []
    if reading.number is None:
        answer = f"No number: {reading.reason}"
    elif reading.status == OK:
        answer = f"Read as {reading.number}"
    else:
        answer, notes = f"Perhaps {reading.number}: unsure", [reading.reason or ""]
    if digits:
        least = min(digit.probability for digit in digits)
        notes.append(f"each digit at least {least:.2%} probable")
    scale = np.tile(np.divide(original.shape[1::-1], size), 2)
    return explanation_pages.NumberPage(
        name=_drawable(reading.input),
        answer=answer,
        notes=notes,
        original=original,
        boxes=np.array([digit.box for digit in digits]).reshape(-1, 4) * scale,
        digits=[(str(digit.digit), digit.probability) for digit in digits],
        unsure=reading.status != OK,
    )


def _kept(pictures: Pictures, sources: deque[Source]) -> Iterator[Source]:
    """Yields the source of each picture, and appends it to `sources` until its page is drawn."""
    for source in as_sources(pictures):
        sources.append(source)
        yield source


def _thumbnail(source: Source, side: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Calls read_thumbnail. Warns and returns None if the picture, which could be read before, now
    cannot."""
    try:
        return read_thumbnail(source, side)
    except PictureError as error:
        log.warning("warning: %s; it was read, but no page is drawn for it", error)
        return None


def _drawable(text: str) -> str:
    """Replaces each letter that the pages' font lacks with a box. Matplotlib would draw the same
    box, but warn each time; silencing its warnings would silence them in the whole process."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    return "".join(letter if font.get_char_index(ord(letter)) else "□" for letter in text)


def _notes(evidence: Evidence) -> list[str]:
    """What was found on the picture, in short notes."""
    if evidence.ink is None:
        return ["a row of pixels, read as it is"]
    notes = ["light digit on dark" if evidence.light_on_dark else "dark digit on light"]
    if evidence.closer:
        notes.append("small in the picture: enlarged and read again")
    width = explanation_pages.stroke_width(evidence.ink)
    if not explanation_pages.THIN_STROKE_WIDTH <= width <= explanation_pages.THICK_STROKE_WIDTH:
        thin_or_thick = "thin" if width < explanation_pages.THIN_STROKE_WIDTH else "thick"
        notes.append(f"{thin_or_thick} strokes, {width:.0%} of the digit's longer side")
    return notes
