"""Runs the model: files → readings, and the inputs of a signature → its outputs.

Several threads may do so at the same time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from threading import Event
from typing import Any

import numpy as np

from apps.serve.errors import ClientGoneError
from apps.serve.signatures import SIGNATURES
from nn.errors import PictureError
from nn.pictures.canvas import CANVAS
from nn.pictures.reasons import REASONS, UNDECODABLE_CODE
from nn.pictures.sources import named_files
from nn.prediction.predictor import EvidenceOutputs, ImageOutputs, Predictor, RowOutputs
from nn.prediction.read_ahead import answer_all
from nn.prediction.readings import AnyReading

File = tuple[str, bytes]  # its name, and its content
# A client that goes is noticed between two batches. Batches of 256 are read 5% faster.
BATCH_SIZE = 16


@dataclass(frozen=True)
class InkOutputs(ImageOutputs):
    """All outputs of `ink`. normalized: uint8 [N, 28, 28]."""

    normalized: np.ndarray


@dataclass(frozen=True)
class AllOutputs(EvidenceOutputs):
    """All outputs of `canvases` and `pages`. reason_codes: int32 [N]; certainties: float32 [N]."""

    reason_codes: np.ndarray
    certainties: np.ndarray


class Reader:
    """Reads with a Predictor. Raises ModelError where its model is too old to have all outputs.

    stop: set when the client is gone: then it takes no further picture, and raises ClientGoneError.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._ink = predictor.signature("ink", InkOutputs)
        self._rows = predictor.signature("rows", RowOutputs)
        self._canvases = predictor.signature("canvases", AllOutputs)
        self._pages = predictor.signature("pages", AllOutputs)
        # `photos` answers to a file that cannot be decoded as to an empty canvas.
        blank = np.zeros([1, CANVAS, CANVAS], np.uint8), np.ones([1, 3], np.int32)
        self._undecodable = replace(
            self._canvases(*blank).split()[0],
            reasons=REASONS[UNDECODABLE_CODE].encode(),
            reason_codes=np.array(UNDECODABLE_CODE, np.int32),
        )

    def read(self, files: Sequence[File], stop: Event, is_number: bool = False) -> list[AnyReading]:
        """Reads picture files of one digit each, or of a number each."""
        wanted = _until(stop, files)
        if is_number:
            return list(self._predictor.read_numbers(named_files(wanted)))
        return list(self._predictor.read_bytes(wanted, _batch_size(files)))

    def run(self, name: str, inputs: Mapping[str, Any], stop: Event) -> dict[str, np.ndarray]:
        """Runs a signature: its inputs, as json_tensors.Request has them → its outputs, by name."""
        outputs: Mapping[str, np.ndarray]
        if name in ("photos", "read"):
            outputs = self._read_photos(inputs["image_bytes"], stop)
        elif name == "rows":
            outputs = vars(self._rows(inputs["strips"]))
        elif name == "ink":
            outputs = vars(self._ink(inputs["ink"]))
        elif name in ("canvases", "pages"):
            run = self._canvases if name == "canvases" else self._pages
            outputs = vars(run(inputs["pixels"], inputs["sizes"]))
        else:
            outputs = self._predictor.predict(inputs["images"])._asdict()
        return {each: outputs[each] for each in SIGNATURES[name].outputs}

    def _read_photos(self, contents: Sequence[bytes], stop: Event) -> dict[str, np.ndarray]:
        """The bytes of N files → the outputs of `photos`."""
        named = [(f"<bytes {place}>", each) for place, each in enumerate(contents, 1)]
        files, size = named_files(_until(stop, named)), _batch_size(contents)
        found = [
            self._undecodable if isinstance(answer, PictureError) else answer.outputs
            for _, answer in answer_all(files, size, self._canvases, self._pages)
        ]
        return {
            field.name: np.array(
                [getattr(each, field.name) for each in found],
                object if field.name == "reasons" else None,
            )
            for field in fields(AllOutputs)
        }


def _until(stop: Event, files: Sequence[File]) -> Iterator[File]:
    """Yields the files. Raises ClientGoneError once `stop` is set."""
    for file in files:
        if stop.is_set():
            raise ClientGoneError
        yield file


def _batch_size(files: Sequence) -> int:
    """1 for a single file: then no thread is started to decode the next one meanwhile."""
    return BATCH_SIZE if len(files) > 1 else 1
