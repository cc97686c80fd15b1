"""Readers that also draw a page on each reading: how the answer came about."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.errors import PictureError
from nn.figures import explanation_pages
from nn.pictures.files import read_thumbnail
from nn.prediction.page_folder import PageFolder
from nn.prediction.predictor import Predictor
from nn.prediction.readings import ERROR, OK, Evidence, NumberReading, Reading

if TYPE_CHECKING:
    from nn.prediction.number_reader import NumberReader

log = logging.getLogger(__name__)

DIGIT_THUMBNAIL_PIXELS = 420  # a panel of a page is a little smaller
NUMBER_THUMBNAIL_PIXELS = 1600  # a number may be a small part of its picture


class Explainer:
    """Reads digits as a Predictor does, and draws a page on each."""

    reading_type = Reading

    def __init__(self, predictor: Predictor, pages: PageFolder) -> None:
        self._predictor, self._pages = predictor, pages

    def read(self, paths: Iterable[str | Path]) -> Iterator[Reading]:
        """As Predictor.read. Raises ModelError where the model is too old for `explain`."""
        for reading, evidence in self._predictor.explain(paths):
            self._draw(reading, evidence)
            yield reading

    def read_csv(self, path: str | Path) -> Iterator[Reading]:
        """As Predictor.read_csv."""
        for reading, evidence in self._predictor.explain_csv(path):
            self._draw(reading, evidence)
            yield reading

    def _draw(self, reading: Reading, evidence: Evidence | None) -> None:
        name = self._pages.name_for(reading)
        if evidence is None:
            return
        if evidence.ink is None:
            original = evidence.digit
        elif seen := _thumbnail(reading.input, DIGIT_THUMBNAIL_PIXELS):
            original, _ = seen
        else:
            return
        self._pages.save(name, explanation_pages.draw(page_of(reading, evidence, original)))


class NumberExplainer:
    """Reads numbers as a NumberReader does, and draws a page on each: the picture, with a box
    around each digit."""

    reading_type = NumberReading

    def __init__(self, reader: "NumberReader", pages: PageFolder) -> None:
        self._reader, self._pages = reader, pages

    def read(self, paths: Iterable[str | Path]) -> Iterator[NumberReading]:
        """As NumberReader.read."""
        for reading in self._reader.read(paths):
            name = self._pages.name_for(reading)
            if reading.status != ERROR and (
                seen := _thumbnail(reading.input, NUMBER_THUMBNAIL_PIXELS)
            ):
                page = number_page_of(reading, *seen)
                self._pages.save(name, explanation_pages.draw_number(page))
            yield reading

    def read_csv(self, path: str | Path) -> Iterator[NumberReading]:
        """As NumberReader.read_csv."""
        return self._reader.read_csv(path)


def page_of(reading: Reading, evidence: Evidence, original: np.ndarray) -> explanation_pages.Page:
    """The page on a reading, in plain words. original: the picture, or the row of pixels."""
    notes: list[str] = []
    if reading.digit is None:
        answer = f"No digit: {reading.reason}"
    elif reading.status == OK:
        answer, notes = f"Read as {reading.digit}, {reading.probability:.2%} sure", _notes(evidence)
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
    """The page on a number. size: width and height of the picture before it was shrunk to
    original."""
    notes: list[str] = []
    digits = reading.digits or []
    if reading.number is None:
        answer = f"No number: {reading.reason}"
    elif reading.status == OK:
        answer = f"Read as {reading.number}"
    else:
        answer, notes = f"Perhaps {reading.number}: unsure", [reading.reason or ""]
    if digits:
        notes.append(f"each digit at least {reading.probability:.2%} probable")
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


def _thumbnail(name: str, side: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """As read_thumbnail; None, with a warning, where the picture is gone since it was read."""
    try:
        return read_thumbnail(Path(name), side)
    except PictureError as error:
        log.warning("warning: %s; read before, it has no page", error)
        return None


def _drawable(text: str) -> str:
    """Replaces letters that the font of the pages lacks by a box: matplotlib would draw the same,
    and warn of each. (To silence warnings would be a switch for the whole process.)"""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    return "".join(letter if font.get_char_index(ord(letter)) else "□" for letter in text)


def _notes(evidence: Evidence) -> list[str]:
    """What was found on the picture, in short notes."""
    if evidence.ink is None:
        return ["a row of pixels, read as it is"]
    notes = ["light digit on dark" if evidence.light_on_dark else "dark digit on light"]
    if evidence.closer:
        notes.append("small on its picture: looked at closer")
    width = explanation_pages.stroke_width(evidence.ink)
    if not explanation_pages.THIN_STROKE_WIDTH <= width <= explanation_pages.THICK_STROKE_WIDTH:
        thin_or_thick = "thin" if width < explanation_pages.THIN_STROKE_WIDTH else "thick"
        notes.append(f"{thin_or_thick} strokes, {width:.0%} of its size")
    if evidence.dropped == 1:
        notes.append("1 speck, frame or line dropped")
    elif evidence.dropped:
        notes.append(f"{evidence.dropped} specks, frames or lines dropped")
    return notes
