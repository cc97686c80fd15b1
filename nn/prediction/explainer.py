"""Reads as the Predictor does, and draws a page on each reading: how it came about."""

import errno
import itertools
import logging
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.errors import DataError, PictureError, UserError
from nn.figures import drawing, explanation_pages
from nn.pictures.files import read_thumbnail
from nn.prediction.predictor import Predictor
from nn.prediction.readings import ERROR, OK, Evidence, NumberReading, Reading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

THUMBNAIL = 420  # pixels; a panel of a page is a little smaller
LARGE = 1600  # pixels: a number may be a small part of its picture
LONGEST = 200  # bytes of a file name: most file systems take 255, and a suffix is to come


class Explainer:
    """A Predictor that draws: each reading that is no error gets a PNG in a folder.

    paths: all that will be read, so that equal names can be told apart. Raises DataError where the
    folder cannot be written to, or holds one of the paths: the next run would read its pages.
    """

    def __init__(self, predictor: Predictor, folder: Path, paths: Sequence[Path]) -> None:
        self._predictor, self._folder = predictor, folder
        self._names = Names(paths)
        self.count = 0
        _make_folder(folder)
        for path in paths:
            # realpath, for resolve raises where links go in a circle.
            if os.path.realpath(folder) in (os.path.realpath(path), os.path.realpath(path.parent)):
                raise DataError(f"--explain {folder}: holds an input, {path}; name another folder")

    def read(self, paths: Iterable[str | Path]) -> Iterator[Reading]:
        """As Predictor.read."""
        for reading, evidence in self._predictor.explain(paths):
            self._explain(reading, evidence)
            yield reading

    def read_csv(self, path: str | Path) -> Iterator[Reading]:
        """As Predictor.read_csv."""
        for reading, evidence in self._predictor.explain_csv(path):
            self._explain(reading, evidence)
            yield reading

    def _explain(self, reading: Reading, evidence: Evidence | None) -> None:
        name = self._names.take(reading.input)
        if evidence is None:
            return
        if evidence.ink is None:
            original = evidence.digit
        elif seen := _thumbnail(reading.input, THUMBNAIL):
            original, _ = seen
        else:
            return
        self._save(name, explanation_pages.draw(page_of(reading, evidence, original)))

    def _save(self, name: str, figure: "Figure") -> None:
        path = self._folder / f"{name}.png"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a letter of the name that the font has not
                drawing.save(figure, path)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror})") from None
        self.count += 1


class NumberExplainer(Explainer):
    """An Explainer of numbers: each page is the picture, with a box around each digit."""

    def read(self, paths: Iterable[str | Path]) -> Iterator[NumberReading]:
        """As Predictor.read_numbers."""
        for reading in self._predictor.read_numbers(paths):
            name = self._names.take(reading.input)
            if reading.status != ERROR and (seen := _thumbnail(reading.input, LARGE)):
                self._save(name, explanation_pages.draw_number(number_page_of(reading, *seen)))
            yield reading


class Names:
    """File names for inputs, each another, on file systems that ignore case too.

    It is the input's own name; where several have that, their folders' names stand before it, as
    many as it takes, and a number after it where that does not do.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._uses = Counter(path.name.casefold() for path in paths)
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """The file name for an input's name, which may be a row's, file.csv:12."""
        path = Path(name)
        shared = self._uses[_file_of(path.name).casefold()] > 1
        found = next(
            name
            for name in _candidates(path, 2 if shared else 1)
            if name.casefold() not in self._taken
        )
        self._taken.add(found.casefold())
        return found


def _candidates(path: Path, fewest: int) -> Iterator[str]:
    """Names for a path, of its last parts: at first the fewest, then more, then a number too."""
    parts = [part for part in path.parts if part not in (path.anchor, "..")]
    for count in range(min(fewest, len(parts)), len(parts) + 1):
        name = "_".join(parts[-count:]).replace(":", "_")  # Windows takes none
        while len(os.fsencode(name)) > LONGEST:
            name = name[1:]
        yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))


def page_of(reading: Reading, evidence: Evidence, original: np.ndarray) -> explanation_pages.Page:
    """What a page says of a reading, in plain words."""
    if reading.digit is None:
        answer, notes = f"No digit: {reading.reason}", []
    elif reading.status == OK:
        answer, notes = f"Read as {reading.digit}, {reading.probability:.2%} sure", _notes(evidence)
    else:
        answer = f"Perhaps {reading.digit}, {reading.probability:.2%}: unsure"
        notes = [reading.reason, *_notes(evidence)]
    return explanation_pages.Page(
        name=reading.input,
        answer=answer,
        notes=list(notes),
        original=original,
        ink=evidence.ink,
        digit=evidence.digit,
        probabilities=reading.probabilities,
        unsure=reading.status != OK,
    )


def number_page_of(
    reading: NumberReading, original: np.ndarray, size: tuple[int, int]
) -> explanation_pages.NumberPage:
    """What a page says of a number; size: of the picture that the original was shrunk from."""
    if reading.number is None:
        answer, notes = f"No number: {reading.reason}", []
    elif reading.status == OK:
        answer, notes = f"Read as {reading.number}", []
    else:
        answer, notes = f"Perhaps {reading.number}: unsure", [reading.reason]
    if reading.digits:
        notes.append(f"each digit at least {reading.probability:.2%} probable")
    scale = np.tile(np.divide(original.shape[1::-1], size), 2)
    return explanation_pages.NumberPage(
        name=reading.input,
        answer=answer,
        notes=notes,
        original=original,
        boxes=np.array([digit.box for digit in reading.digits]).reshape(-1, 4) * scale,
        digits=[(str(digit.digit), digit.probability) for digit in reading.digits],
        unsure=reading.status != OK,
    )


def _thumbnail(name: str, side: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """As read_thumbnail; None, with a warning, where a picture has gone since it was read."""
    try:
        return read_thumbnail(Path(name), side)
    except PictureError as error:
        log.warning("warning: %s; read before, it has no page", error)
        return None


def _notes(evidence: Evidence) -> Iterator[str]:
    if evidence.ink is None:
        yield "a row of pixels, read as it is"
        return
    yield "light digit on dark" if evidence.light_on_dark else "dark digit on light"
    if evidence.closer:
        yield "small on its picture: looked at closer"
    width = explanation_pages.stroke_width(evidence.ink)
    if not explanation_pages.THIN_STROKE_WIDTH <= width <= explanation_pages.THICK_STROKE_WIDTH:
        thin_or_thick = "thin" if width < explanation_pages.THIN_STROKE_WIDTH else "thick"
        yield f"{thin_or_thick} strokes, {width:.0%} of its size"
    if evidence.dropped == 1:
        yield "1 speck, frame or line dropped"
    elif evidence.dropped:
        yield f"{evidence.dropped} specks, frames or lines dropped"


def _file_of(name: str) -> str:
    """file.csv:12 → file.csv; any other name as it is."""
    file, _, line = name.rpartition(":")
    return file if file.lower().endswith(".csv") and line.isdigit() else name


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise DataError(f"--explain {folder}: cannot be written to ({error.strerror})") from None
