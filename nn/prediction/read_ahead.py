"""Picture files → what the graph answers to each. While it works, the next batches are decoded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from nn.errors import PictureError
from nn.pictures.canvas import INK_THRESHOLD_LEVEL, PAGE, SMALL_DIGIT_PIXELS, Canvas, trimmed
from nn.pictures.files import batch_paths, read_canvases
from nn.prediction.session import SignatureOutputs

MAX_BATCHES_IN_GRAPH = 2  # while one waits for the last of its parts, the other works
MAX_PAGES_AT_ONCE = 32  # 8 MB of pixels, and some four times that in the graph


@dataclass(frozen=True)
class CanvasOutputs(SignatureOutputs):
    """What `canvases` and `pages` answer; docs/saved_model.md describes the outputs.

    digits: int64 [N]; probabilities: float32 [N, 10]; reasons: bytes [N]; ink: uint8 [N, H, W],
    255 = ink. In the answer to one picture they are without the axis of N.
    """

    digits: np.ndarray
    probabilities: np.ndarray
    reasons: Any  # NumPy has no type for an array of bytes
    ink: np.ndarray


Found = TypeVar("Found", bound=CanvasOutputs)

# Canvases, uint8 [N, H, W], and their sizes, int32 [N, 3] → the outputs of a signature.
Signature = Callable[[np.ndarray, np.ndarray], Found]


class Answer(NamedTuple, Generic[Found]):
    """What the graph answered to one picture.

    size: int32 [3], as a Canvas has it. closer: whether the outputs are of the signature `pages`,
    which cuts the digit out of its page.
    """

    outputs: Found
    size: np.ndarray
    closer: bool = False


class _Batch(NamedTuple, Generic[Found]):
    """A batch in the graph: its paths, what was decoded of each, and the answers to come."""

    paths: list[Path]
    decoded: list[Canvas | PictureError]
    answers: Future[list[Answer[Found]]]


def answer_all(
    paths: Iterable[Path],
    batch_size: int,
    canvases: Signature[Found],
    pages: Signature[Found] | None,
) -> Iterator[tuple[Path, Answer[Found] | PictureError]]:
    """Yields each path with the answer to its picture, or with why it cannot be read, in order.

    The answers of a batch come at the latest when the next two batches are decoded, or at once
    where batch_size is 1. canvases: the signature that answers to every picture. pages: the
    signature that answers to those whose digit is small; None where the model has none.
    """
    waiting: deque[_Batch[Found]] = deque()
    with ThreadPoolExecutor(MAX_BATCHES_IN_GRAPH) as pool:
        for batch in batch_paths(paths, batch_size):
            decoded = read_canvases(batch)
            readable = [trimmed(canvas) for canvas in decoded if isinstance(canvas, Canvas)]
            answers = pool.submit(_run_each_size, canvases, readable)
            waiting.append(_Batch(batch, decoded, answers))
            # With one picture a batch, the caller may not have the next one yet.
            while waiting and (
                waiting[0].answers.done() or len(waiting) > MAX_BATCHES_IN_GRAPH or batch_size == 1
            ):
                yield from _finish(waiting.popleft(), pages)
        for unfinished in waiting:
            yield from _finish(unfinished, pages)


def is_small(answer: Answer) -> bool:
    """Whether `pages` sees more of the digit than `canvases` did: the picture was shrunk, and the
    ink found on it is small.

    The NumPy twin of nn.normalization.small_digits.is_small.
    """
    height, width, shorter_side = answer.size.tolist()
    if shorter_side <= min(height, width):
        return False
    used = [np.flatnonzero(answer.outputs.ink.max(axis) > INK_THRESHOLD_LEVEL) for axis in (0, 1)]
    extents = [int(np.ptp(places)) + 1 if len(places) else 0 for places in used]
    return max(extents) < SMALL_DIGIT_PIXELS


def _finish(
    batch: _Batch[Found], pages: Signature[Found] | None
) -> Iterator[tuple[Path, Answer[Found] | PictureError]]:
    """Waits for the answers of a batch, looks closer at small digits, and yields all in order."""
    following = iter(batch.answers.result())
    answers = [one if isinstance(one, PictureError) else next(following) for one in batch.decoded]
    if pages:
        small = [at for at, one in enumerate(answers) if isinstance(one, Answer) and is_small(one)]
        for start in range(0, len(small), MAX_PAGES_AT_ONCE):
            places = small[start : start + MAX_PAGES_AT_ONCE]
            closer = _look_closer([batch.paths[at] for at in places], pages)
            for at, answer in zip(places, closer, strict=True):
                answers[at] = answer
    yield from zip(batch.paths, answers, strict=True)


def _look_closer(
    paths: Sequence[Path], pages: Signature[Found]
) -> Iterator[Answer[Found] | PictureError]:
    """Reads pictures once more, as pages, and yields the answer to each."""
    found = read_canvases(paths, PAGE)
    answers = iter(_run(pages, [page for page in found if isinstance(page, Canvas)]))
    for page in found:
        yield page if isinstance(page, PictureError) else next(answers)._replace(closer=True)


def _run_each_size(signature: Signature[Found], canvases: Sequence[Canvas]) -> list[Answer[Found]]:
    """Runs a signature on canvases of several sizes, those of one size together."""
    answered: dict[int, Answer[Found]] = {}
    for side in {len(canvas.pixels) for canvas in canvases}:
        places = [at for at, canvas in enumerate(canvases) if len(canvas.pixels) == side]
        found = _run(signature, [canvases[at] for at in places])
        answered |= zip(places, found, strict=True)
    return [answered[at] for at in range(len(canvases))]


def _run(signature: Signature[Found], canvases: Sequence[Canvas]) -> list[Answer[Found]]:
    """Runs a signature on canvases of one size."""
    if not canvases:
        return []
    sizes = np.stack([canvas.size for canvas in canvases])
    found = signature(np.stack([canvas.pixels for canvas in canvases]), sizes)
    return [Answer(each, size) for each, size in zip(found.split(), sizes, strict=True)]
