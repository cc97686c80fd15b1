"""Picture files → what the graph answers to each. While it works, the next batches are decoded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from nn.errors import PictureError
from nn.pictures.canvas import INK_THRESHOLD_LEVEL, PAGE, SMALL_DIGIT_PIXELS, Canvas
from nn.pictures.files import batch_sources, read_canvases
from nn.pictures.sources import Source
from nn.prediction.restored_model import SignatureOutputs

# A batch is split among the processors. While one batch waits for its last part, another works.
MAX_BATCHES_IN_GRAPH = 2
MAX_PAGES_AT_ONCE = 32  # 8 MB of pixels, and some four times that in the graph


@dataclass(frozen=True)
class CanvasOutputs(SignatureOutputs):
    """The outputs of the signatures `canvases` and `pages` (docs/saved_model.md) for N pictures.

    digits: int64 [N]; probabilities: float32 [N, 10]; reasons: bytes [N]; ink: uint8 [N, H, W],
    255 = ink. In the answer to one picture they are without the axis of N.
    """

    digits: np.ndarray
    probabilities: np.ndarray
    reasons: Any  # NumPy has no type for an array of bytes
    ink: np.ndarray


PictureOutputs = TypeVar("PictureOutputs", bound=CanvasOutputs)

# Canvases, uint8 [N, H, W], and their sizes, int32 [N, 3] → the outputs of a signature.
Signature = Callable[[np.ndarray, np.ndarray], PictureOutputs]


class Answer(NamedTuple, Generic[PictureOutputs]):
    """What the graph answered to one picture.

    size: int32 [3], as a Canvas has it. closer: whether the outputs are of the signature `pages`,
    which cuts the digit out of its page.
    """

    outputs: PictureOutputs
    size: np.ndarray
    closer: bool = False


class _Batch(NamedTuple, Generic[PictureOutputs]):
    """A batch in the graph: its pictures, what was decoded of each, and the answers to come."""

    sources: list[Source]
    decoded: list[Canvas | PictureError]
    answers: Future[list[Answer[PictureOutputs]]]


def answer_all(
    pictures: Iterable[Path | Source],
    batch_size: int,
    canvases: Signature[PictureOutputs],
    pages: Signature[PictureOutputs] | None,
) -> Iterator[tuple[Source, Answer[PictureOutputs] | PictureError]]:
    """Yields each picture with the answer to it, or with why it cannot be read, in order.

    It decodes at most two further batches before it yields the answers of a batch. If batch_size is
    1, it decodes no further picture first. canvases: the signature that answers to every picture.
    pages: the signature that answers to those whose digit is small; None if the model has none.
    """
    waiting: deque[_Batch[PictureOutputs]] = deque()
    with ThreadPoolExecutor(MAX_BATCHES_IN_GRAPH) as pool:
        for batch in batch_sources(pictures, batch_size):
            decoded = read_canvases(batch)
            readable = [canvas for canvas in decoded if isinstance(canvas, Canvas)]
            answers: Future[list[Answer[PictureOutputs]]] = Future()
            if batch_size == 1:
                # Nothing is decoded meanwhile: handing it to a thread would cost 0.7 ms.
                answers.set_result(_run(canvases, readable))
            else:
                answers = pool.submit(_run, canvases, readable)
            waiting.append(_Batch(batch, decoded, answers))
            # With one picture a batch, the caller may not have the next one yet.
            while waiting and (
                waiting[0].answers.done() or len(waiting) > MAX_BATCHES_IN_GRAPH or batch_size == 1
            ):
                yield from _finish(waiting.popleft(), pages)
        for unfinished in waiting:
            yield from _finish(unfinished, pages)


def is_small(answer: Answer) -> bool:
    """Whether `pages` may see more of the digit than `canvases` did.

    It may if the picture was shrunk, and the ink that was found is lower and narrower than
    SMALL_DIGIT_PIXELS of the canvas, or none was found. The NumPy twin of
    nn.normalization.small_digits.is_small.
    """
    height, width, shorter_side = answer.size.tolist()
    if shorter_side <= min(height, width):
        return False
    used = [np.flatnonzero(answer.outputs.ink.max(axis) > INK_THRESHOLD_LEVEL) for axis in (0, 1)]
    extents = [int(np.ptp(places)) + 1 if len(places) else 0 for places in used]
    return max(extents) < SMALL_DIGIT_PIXELS


def _finish(
    batch: _Batch[PictureOutputs], pages: Signature[PictureOutputs] | None
) -> Iterator[tuple[Source, Answer[PictureOutputs] | PictureError]]:
    """Waits for the answers of a batch, looks closer at small digits, and yields all in order."""
    following = iter(batch.answers.result())
    answers = [one if isinstance(one, PictureError) else next(following) for one in batch.decoded]
    if pages:
        small = [at for at, one in enumerate(answers) if isinstance(one, Answer) and is_small(one)]
        for start in range(0, len(small), MAX_PAGES_AT_ONCE):
            places = small[start : start + MAX_PAGES_AT_ONCE]
            closer_answers = _look_closer([batch.sources[at] for at in places], pages)
            for at, answer in zip(places, closer_answers, strict=True):
                answers[at] = answer
    yield from zip(batch.sources, answers, strict=True)


def _look_closer(
    sources: Sequence[Source], pages: Signature[PictureOutputs]
) -> Iterator[Answer[PictureOutputs] | PictureError]:
    """Reads pictures once more, as pages, and yields the answer to each."""
    decoded = read_canvases(sources, PAGE)
    answers = iter(_run(pages, [page for page in decoded if isinstance(page, Canvas)]))
    for page in decoded:
        yield page if isinstance(page, PictureError) else next(answers)._replace(closer=True)


def _run(
    signature: Signature[PictureOutputs], canvases: Sequence[Canvas]
) -> list[Answer[PictureOutputs]]:
    """Runs a signature on canvases of one size."""
    if not canvases:
        return []
    sizes = np.stack([canvas.size for canvas in canvases])
    outputs = signature(np.stack([canvas.pixels for canvas in canvases]), sizes)
    return [Answer(each, size) for each, size in zip(outputs.split(), sizes, strict=True)]
