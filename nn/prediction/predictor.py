"""Restores a SavedModel and reads digits with it.

It knows nothing of networks and how they were built: all that it needs is in the export.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.confidence.thresholds import EVEN_ODDS, choose, least_probability, percent
from nn.data.csv_files import iter_images
from nn.data.digits import SIDE
from nn.errors import DataError, ModelError, PictureError
from nn.pictures.canvas import CANVAS, cut_out
from nn.pictures.files import BATCH_SIZE, read_gray
from nn.prediction.read_ahead import Answer, Graphs, answer_all
from nn.prediction.readings import (  # fmt: skip
    LIKE_NONE,
    NO_INK,
    OK,
    UNSURE,
    Evidence,
    NumberDigit,
    NumberReading,
    Reading,
    answered,
    failed,
    failed_number,
)
from nn.prediction.session import RestoredModel
from nn.versions import find_version, read_card, thresholds_of


class Prediction(NamedTuple):
    """digits: int64 [N]; probabilities: float32 [N, 10]."""

    digits: np.ndarray
    probabilities: np.ndarray


class Predictor:
    """A restored model, ready to predict; close it, or use it in a `with` statement.

        with Predictor("SavedModel") as predictor:
            for reading in predictor.read(["photo.jpg"]):
                print(reading.digit)

    model: a version, or a folder of versions, of which the highest number is used. max_error: how
    often answers may be wrong, 0.001 is 0.1%; less sure ones are `unsure`; None is 0.1%, or the
    lowest rate that the model has a threshold for. version: its path; card: its card; threshold:
    what an answer needs, None where the model has none. Raises ModelError where there is no model,
    it is damaged, or has no threshold for max_error, and ValueError where that is no rate.
    """

    def __init__(self, model: str | Path = "SavedModel", max_error: float | None = None) -> None:
        self.version = find_version(Path(model))
        self.card = read_card(self.version)
        self.threshold = choose(thresholds_of(self.card), max_error)
        self._max_error = max_error
        self._restored = RestoredModel(self.version)
        try:
            self._predict = self._restored.function(
                "serving_default", ["images"], Prediction, in_turn=True
            )
            self._graphs = self._graphs_for(_CanvasAnswers)
        except ModelError:
            self._restored.close()
            raise

    def __enter__(self) -> "Predictor":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Closes the session."""
        self._restored.close()

    def predict(self, images: np.ndarray) -> Prediction:
        """Predicts digits that are as MNIST's: uint8 [N, 28, 28], 0 = paper, 255 = ink."""
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"expected images of uint8 [N, 28, 28], found {images.dtype} {list(images.shape)}"
            )
        if not len(images):  # oneDNN's batch norm fails on none
            return Prediction(np.zeros(0, np.int64), np.zeros((0, 10), np.float32))
        return self._predict(images)

    def read(self, paths: Iterable[str | Path], batch_size: int = BATCH_SIZE) -> Iterator[Reading]:
        """Reads pictures of one digit each, of any kind and size; yields a reading for each, in
        order. No more than three batches are held in memory: a batch's readings come at the latest
        when the next two are decoded, or at once where batch_size is 1. Where files are large,
        batches are smaller."""
        for reading, _ in self._read_pictures(paths, batch_size, self._graphs):
            yield reading

    def read_numbers(self, paths: Iterable[str | Path]) -> Iterator[NumberReading]:
        """Reads pictures of one number each, its digits side by side, of any size; yields a reading
        for each, in order, as they come. Raises ModelError where the model does not tell what it
        found."""
        run = self._telling("canvases", _Ink)

        def find_ink(gray: np.ndarray) -> tuple[np.ndarray, bool, int]:
            size = np.array([[*gray.shape, min(gray.shape)]], np.int32)
            ink, light_on_dark, dropped = run(gray[None], size)
            return ink[0], bool(light_on_dark[0]), int(dropped[0])

        for path in paths:
            try:
                yield self._read_number(Path(path), find_ink)
            except PictureError as error:
                yield failed_number(str(path), str(error))

    def read_csv(self, path: str | Path) -> Iterator[Reading]:
        """Predicts the rows of a pixel file, as nn/data/csv_files.py describes it; yields a reading
        for each row, in order, a bad row's an error. Raises DataError where there is no such file,
        or no good row at its start."""
        for reading, _ in self.explain_csv(path):
            yield reading

    def explain(
        self, paths: Iterable[str | Path], batch_size: int = BATCH_SIZE
    ) -> Iterator[tuple[Reading, Evidence | None]]:
        """As `read`, each reading with what it came from, None where that is an error. Raises
        ModelError where the model does not tell."""
        graphs = self._graphs_for(_ExplainedAnswers)
        for reading, answer in self._read_pictures(paths, batch_size, graphs):
            if answer is None:
                yield reading, None
                continue
            yield reading, _evidence(answer)

    def explain_csv(self, path: str | Path) -> Iterator[tuple[Reading, Evidence | None]]:
        """As `read_csv`, each reading with what it came from, None where that is an error."""
        for number, rows in enumerate(iter_images(Path(path))):
            if number == 0 and not rows.lines:  # a file of something else: say so once
                line, problem = rows.errors[0]
                raise DataError(f"{path}: holds no row of pixels; line {line}: {problem}")
            found = {
                line: (failed(f"{path}:{line}", problem), None) for line, problem in rows.errors
            }
            if rows.lines:
                answers = zip(rows.lines, rows.images, *self.predict(rows.images), strict=True)
                for line, image, digit, probabilities in answers:
                    reading = self._answered(f"{path}:{line}", digit, probabilities)
                    found[line] = reading, Evidence(image)
            yield from (found[line] for line in sorted(found))

    def _read_pictures(
        self, paths: Iterable[str | Path], batch_size: int, graphs: Graphs
    ) -> Iterator[tuple[Reading, Answer | None]]:
        """Yields readings, each with what a graph answered to its picture, None at an error."""
        for path, answer in answer_all(map(Path, paths), batch_size, graphs):
            name = str(path)
            if isinstance(answer, PictureError):
                yield failed(name, str(answer)), None
                continue
            found = answer.values
            if found.reasons:
                yield Reading(name, UNSURE, None, None, None, found.reasons.decode()), answer
            else:
                yield self._answered(name, found.digits, found.probabilities), answer

    @property
    def _least(self) -> float:
        return least_probability(self.threshold, self._max_error)

    def _answered(self, name: str, digit: int, probabilities: np.ndarray) -> Reading:
        return answered(name, digit, probabilities, self.threshold, self._least)

    def _read_number(self, path: Path, find_ink: Callable) -> NumberReading:
        from nn.prediction import (
            number_segmentation,
        )  # and with it scipy.ndimage, which reading digits does without

        gray, size = read_gray(path, number_segmentation.LARGEST)
        found = number_segmentation.find_digits(gray, find_ink)
        if not found:
            return NumberReading(str(path), UNSURE, None, [], NO_INK)
        canvases = np.stack([digit.canvas for digit in found])
        sizes = np.full((len(found), 3), CANVAS, np.int32)
        answers = self._graphs.canvases(canvases, sizes)
        probabilities = answers.probabilities.max(1).astype(float).tolist()
        digits = [
            NumberDigit(digit, probability, _in_pixels(part.box, size))
            for part, digit, probability in zip(
                found, answers.digits.tolist(), probabilities, strict=True
            )
        ]
        number = "".join(str(digit.digit) for digit in digits)
        least = self._least
        for place, (part, digit) in enumerate(zip(found, digits, strict=True), 1):
            low = f"less probable than {percent(least)}" if digit.probability < least else ""
            low = LIKE_NONE if low and digit.probability < EVEN_ODDS else low
            if part.doubt or low:
                reason = f"{number_segmentation.ordinal(place)} digit {part.doubt or low}"
                return NumberReading(str(path), UNSURE, number, digits, reason)
        return NumberReading(str(path), OK, number, digits, None)

    def _graphs_for(self, answer: type[NamedTuple]) -> Graphs:
        """Those that read pictures. Models once had no `pages`: these get no closer look."""
        has_pages = "pages" in self._restored.signatures
        # Made when there is need of it: that takes a third of a second.
        made = cache(lambda: self._telling("pages", answer))
        pages = (lambda *arrays: made()(*arrays)) if has_pages else None
        return Graphs(self._telling("canvases", answer), pages)

    def _telling(self, name: str, answer: type[NamedTuple]) -> Callable[..., NamedTuple]:
        """A function of canvases and sizes for outputs, some of which models once did not have."""
        if name in self._restored.signatures:
            outputs = self._restored.signatures[name].outputs
            missing = [output for output in answer._fields if output not in outputs]
            if missing:
                raise ModelError(
                    f"{self.version}: does not tell what it found ({missing[0]} is missing); "
                    "export it anew"
                )
        return self._restored.function(name, ["pixels", "sizes"], answer, least=4)


class _CanvasAnswers(NamedTuple):
    digits: np.ndarray
    probabilities: np.ndarray
    reasons: np.ndarray  # of bytes
    ink: np.ndarray


class _Ink(NamedTuple):
    ink: np.ndarray
    light_on_dark: np.ndarray
    dropped: np.ndarray


class _ExplainedAnswers(NamedTuple):
    digits: np.ndarray
    probabilities: np.ndarray
    reasons: np.ndarray
    ink: np.ndarray
    normalized: np.ndarray
    light_on_dark: np.ndarray
    dropped: np.ndarray


def _evidence(answer: Answer) -> Evidence:
    found: _ExplainedAnswers = answer.values
    ink = found.ink if answer.closer else cut_out(found.ink, answer.size)
    light_on_dark, dropped = bool(found.light_on_dark), int(found.dropped)
    return Evidence(found.normalized, ink, light_on_dark, dropped, answer.closer)


def _in_pixels(box: tuple[float, float, float, float], size: tuple[int, int]) -> list[int]:
    """A box in shares of a picture's width and height, in pixels, at least one wide and high."""
    left, top, width, height = (
        round(share * side) for share, side in zip(box, size * 2, strict=True)
    )
    return [left, top, max(1, width), max(1, height)]
