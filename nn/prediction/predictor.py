"""Reads digits with an exported model. All that it needs is in the export: it knows nothing of
networks and how they are built."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, NoReturn, Self

import numpy as np

from nn.confidence.thresholds import choose
from nn.data.data_files import iter_rows
from nn.data.digits import SIDE
from nn.data.told import UNTOLD, Told
from nn.errors import DataError, ModelError, PictureError
from nn.pictures.canvas import cut_out
from nn.pictures.files import BATCH_SIZE
from nn.pictures.sources import Pictures, Source, as_sources, named_files
from nn.prediction.read_ahead import Answer, CanvasOutputs, PictureOutputs, answer_all
from nn.prediction.readings import Evidence, NumberReading, Reading
from nn.prediction.restored_model import Outputs, SignatureOutputs
from nn.prediction.runtimes import TENSORFLOW, choose_runtime, restore
from nn.versions import default_folder, find_version, read_card, thresholds_of


class Prediction(NamedTuple):
    """digits: int64 [N]; probabilities: float32 [N, 10]."""

    digits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class ImageOutputs(SignatureOutputs):
    """What `serving_default` and `ink` answer, as a Prediction has it."""

    digits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class EvidenceOutputs(CanvasOutputs):
    """The outputs that an explanation needs besides. normalized: uint8 [N, 28, 28]; light_on_dark:
    bool [N]."""

    normalized: np.ndarray
    light_on_dark: np.ndarray


@dataclass(frozen=True)
class RowOutputs(SignatureOutputs):
    """What `rows` answers: the logarithm of each character's probability, float32 [N, T, 16]."""

    log_probabilities: np.ndarray


class Predictor:
    """A restored model, ready to predict; close it, or use it in a `with` statement.

        with Predictor() as predictor:
            for reading in predictor.read(["photo.jpg"]):
                print(reading.digit)

    model: a version, or a folder of versions; it takes the highest number. None: the folder that
    nn.versions.default_folder finds. max_error: the share of answers that may be wrong, 0.001 is
    0.1%; less probable answers are `unsure`. None is 0.1%, or the lowest rate that the model has a
    threshold for. runtime: `tensorflow`, which restores the SavedModel in a session; `litert`,
    which imports no TensorFlow; `auto`: `litert` where it is installed and the version has its
    file. processors: how many share a batch; None: all. Where as many processes read as there are
    processors, give each one.

    version: the path of the version; card: its card; runtime: the one that runs it; threshold: what
    an answer must reach, None where the model has no thresholds. Raises ModelError where there is
    no model, where it is damaged, where it has no threshold for max_error, or where the runtime is
    not installed, and ValueError where max_error is not a rate or there is no such runtime.

    Each process makes its own. In a process that was forked from one that uses TensorFlow it raises
    RuntimeError, because it would hang there: start it by `spawn`.
    """

    reading_type = Reading  # what `read` yields, for nn/prediction/inputs.py

    def __init__(
        self,
        model: str | Path | None = None,
        max_error: float | None = None,
        runtime: str = TENSORFLOW,
        processors: int | None = None,
    ) -> None:
        self.version = find_version(default_folder() if model is None else Path(model))
        self.card = read_card(self.version)
        self.threshold = choose(thresholds_of(self.card), max_error)
        self.max_error = max_error
        self.runtime = choose_runtime(runtime, self.card)
        self._restored = restore(self.version, self.card, self.runtime, processors)
        try:
            self._predict = self._restored.function(
                "serving_default", ["images"], ImageOutputs, in_callers_thread=True
            )
            self.signature("canvases", CanvasOutputs)  # so that a damaged model is found out here
        except ModelError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Closes the model. From then on, reading and predicting raise RuntimeError."""
        self._restored.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Predictor cannot be pickled: its model belongs to one process; make one in each: "
            f"Predictor({str(self.version)!r})"
        )

    def predict(self, images: np.ndarray) -> Prediction:
        """Predicts digits like MNIST's: uint8 [N, 28, 28], 0 = paper, 255 = ink. Raises ValueError
        where the images have another dtype or shape."""
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"expected images of uint8 [N, 28, 28], found {images.dtype} {list(images.shape)}"
            )
        if not len(images):  # oneDNN's batch norm fails on an empty batch
            return Prediction(np.zeros(0, np.int64), np.zeros((0, 10), np.float32))
        found = self._predict(images)
        return Prediction(found.digits, found.probabilities)

    def read(self, pictures: Pictures, batch_size: int = BATCH_SIZE) -> Iterator[Reading]:
        """Reads pictures of one digit each, of any kind and size; yields a reading for each, in
        order.

        pictures: one picture, or any iterable of several: paths, the bytes of files, files opened
        as binary, PIL images, and NumPy arrays of uint8 [H, W], [H, W, 3] or [H, W, 4]. A reading's
        `input` is the path, the name of the open file, or else a kind and a place in the iterable:
        `<bytes 1>`, `<image 2>`, `<array 3>`. Raises TypeError for anything else.

        No more than three batches are held in memory. The readings of a batch come at the latest
        when the next two are decoded, or at once where batch_size is 1. Where files are large,
        batches are smaller.
        """
        self._restored.check_usable()
        answers = self._read_pictures(as_sources(pictures), batch_size, CanvasOutputs)
        return (reading for reading, _ in answers)

    def read_bytes(
        self, files: Iterable[tuple[str, bytes]], batch_size: int = BATCH_SIZE
    ) -> Iterator[Reading]:
        """As `read`, for uploads, or records of a cluster: files as pairs of a name, which becomes
        the reading's `input`, and their bytes. Raises TypeError for other pairs."""
        self._restored.check_usable()
        answers = self._read_pictures(named_files(files), batch_size, CanvasOutputs)
        return (reading for reading, _ in answers)

    def read_csv(self, path: str | Path, told: Told = UNTOLD) -> Iterator[Reading]:
        """Predicts the rows of a data file: CSV, .npy, .npz or IDX, as MNIST/README.md lists them;
        yields a reading for each row, in order, with the row's label if the file has labels.

        A row is named by its line, file.csv:12; in an array by its number from 1, file.npy:12. A
        bad row is an error. told: how the images are stored, None: found out. Raises DataError
        where there is no such file, or no good row at its start.
        """
        for reading, _ in self.explain_csv(path, told):
            yield reading

    def read_numbers(self, pictures: Pictures) -> Iterator[NumberReading]:
        """Reads pictures of one number each, as NumberReader does. pictures: as in `read`."""
        # It imports scipy.ndimage, which reading digits does without.
        from nn.prediction.number_reader import NumberReader

        return NumberReader(self).read(pictures)

    def explain(
        self, pictures: Pictures, batch_size: int = BATCH_SIZE
    ) -> Iterator[tuple[Reading, Evidence | None]]:
        """As `read`, each reading with what it is based on, None for an error. Raises ModelError
        where the model is too old to tell."""
        self._restored.check_usable()
        answers = self._read_pictures(as_sources(pictures), batch_size, EvidenceOutputs)
        return ((reading, _evidence(answer) if answer else None) for reading, answer in answers)

    def explain_csv(
        self, path: str | Path, told: Told = UNTOLD
    ) -> Iterator[tuple[Reading, Evidence | None]]:
        """As `read_csv`, each reading with what it is based on, None for an error."""
        for number, rows in enumerate(iter_rows(Path(path), told)):
            if number == 0 and not rows.lines:  # a file of something else: say so once
                line, problem = rows.errors[0]
                raise DataError(f"{path}: holds no row of pixels; line {line}: {problem}")
            found: dict[int, tuple[Reading, Evidence | None]] = {
                line: (Reading.failed(f"{path}:{line}", problem), None)
                for line, problem in rows.errors
            }
            if rows.lines:
                labels = [None] * len(rows.lines) if rows.labels is None else rows.labels.tolist()
                answers = zip(
                    rows.lines, rows.images, labels, *self.predict(rows.images), strict=True
                )
                for line, image, label, digit, probabilities in answers:
                    reading = self._reading(f"{path}:{line}", digit, probabilities)
                    found[line] = replace(reading, label=label), Evidence(image)
            yield from (found[line] for line in sorted(found))

    def signature(self, name: str, outputs: type[Outputs]) -> Callable[..., Outputs]:
        """Returns a signature for pictures as a function: for `canvases` and `pages`, pixels, uint8
        [N, H, W], and sizes, int32 [N, 3]; for `ink`, ink, uint8 [N, H, W]; for `rows`, strips,
        uint8 [N, 40, W, 2] → outputs. docs/saved_model.md describes all that there are. Raises
        ModelError where the model does not have the signature or one of the outputs."""
        inputs = {"ink": ["ink"], "rows": ["strips"]}.get(name, ["pixels", "sizes"])
        # Finding the ink of four pictures is worth a processor of its own, and so is a row.
        least = 1 if name == "rows" else 4
        return self._restored.function(name, inputs, outputs, min_images_per_processor=least)

    def _read_pictures(
        self, sources: Iterable[Source], batch_size: int, outputs: type[PictureOutputs]
    ) -> Iterator[tuple[Reading, Answer[PictureOutputs] | None]]:
        """Yields readings, each with what the graph answered to its picture, None for an error."""

        def pages(pixels: np.ndarray, sizes: np.ndarray) -> PictureOutputs:
            # Only a small digit needs this signature; making its function takes 0.3 s.
            return self.signature("pages", outputs)(pixels, sizes)

        canvases = self.signature("canvases", outputs)
        has_pages = "pages" in self._restored.signatures  # older models lack it
        answers = answer_all(sources, batch_size, canvases, pages if has_pages else None)
        for source, answer in answers:
            name = source.name
            if isinstance(answer, PictureError):
                yield Reading.failed(name, str(answer)), None
            elif answer.outputs.reasons:
                yield Reading.without_digit(name, answer.outputs.reasons.decode()), answer
            else:
                found = answer.outputs
                yield self._reading(name, int(found.digits), found.probabilities), answer

    def _reading(self, name: str, digit: int, probabilities: np.ndarray) -> Reading:
        return Reading.answered(name, digit, probabilities, self.threshold, self.max_error)


def _evidence(answer: Answer[EvidenceOutputs]) -> Evidence:
    """What an answer shows of its picture."""
    found = answer.outputs
    ink = found.ink if answer.closer else cut_out(found.ink, answer.size)
    return Evidence(found.normalized, ink, bool(found.light_on_dark), answer.closer)
