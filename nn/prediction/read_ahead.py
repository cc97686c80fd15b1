"""Picture files → what a graph answers to each. While it works, the next batches are decoded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.errors import PictureError
from nn.pictures.canvas import INK_THRESHOLD_LEVEL, PAGE, SMALL_DIGIT_PIXELS, Canvas, trimmed
from nn.pictures.files import batch_paths, read_canvases

# Canvases, uint8 [N, H, W], and their sizes, int32 [N, 3] → a named tuple of arrays of N.
Graph = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
BESIDE = 2  # batches in the graph: while one waits for the last of its parts, the other works
PAGES = 32  # looked at closer together: 8 MB, and some four times that in the graph


class Graphs(NamedTuple):
    """canvases: answers to pictures as they come; its answers have `ink`. pages: answers to those
    in which the digit is small, likewise; None leaves these as they are."""

    canvases: Graph
    pages: Graph | None


class Answer(NamedTuple):
    """values: what the graph answered, a named tuple; size: the canvas's, as nn/pictures/files.py
    has it; closer: whether it is a page's, cut out of which is what `values` speaks of."""

    values: tuple
    size: np.ndarray
    closer: bool = False


def answer_all(
    paths: Iterable[Path], batch_size: int, graphs: Graphs
) -> Iterator[tuple[Path, Answer | PictureError]]:
    """Yields each path with its answer, or why it cannot be read, in order: a batch's at the latest
    when the next two are decoded, or at once where a batch is one picture."""
    waiting: deque[tuple[list, list, Future]] = deque()
    with ThreadPoolExecutor(BESIDE) as beside:
        for batch in batch_paths(paths, batch_size):
            found = read_canvases(batch)
            canvases = [trimmed(one) for one in found if isinstance(one, Canvas)]
            waiting.append((batch, found, beside.submit(_run_each_size, graphs.canvases, canvases)))
            # One by one, nobody waits for the next.
            while waiting and (waiting[0][2].done() or len(waiting) > BESIDE or batch_size == 1):
                yield from _finish(graphs, *waiting.popleft())
        for batch in waiting:
            yield from _finish(graphs, *batch)


def is_small(answer: Answer) -> bool:
    """Whether a closer look shows more: the picture was shrunk to fit on its canvas, which has no
    ink, or a small digit.

    The NumPy twin of nn.normalization.small_digits.is_small.
    """
    height, width, shorter_side = answer.size.tolist()
    if shorter_side <= min(height, width):
        return False
    used = [np.flatnonzero(answer.values.ink.max(axis) > INK_THRESHOLD_LEVEL) for axis in (0, 1)]
    return max(np.ptp(ends) + 1 if len(ends) else 0 for ends in used) < SMALL_DIGIT_PIXELS


def _finish(
    graphs: Graphs, paths: list[Path], found: list[Canvas | PictureError], answered: Future
) -> Iterator[tuple[Path, Answer | PictureError]]:
    """A batch's answers, in order; where the digit is small, those to its page."""
    values = iter(answered.result())
    answers = [one if isinstance(one, PictureError) else next(values) for one in found]
    small = [at for at, one in enumerate(answers) if isinstance(one, Answer) and is_small(one)]
    for start in range(0, len(small) if graphs.pages else 0, PAGES):
        places = small[start : start + PAGES]
        pages = read_canvases([paths[at] for at in places], PAGE)
        closer = iter(_run(graphs.pages, [page for page in pages if isinstance(page, Canvas)]))
        for at, page in zip(places, pages, strict=True):
            is_read = isinstance(page, Canvas)
            answers[at] = next(closer)._replace(closer=True) if is_read else page
    yield from zip(paths, answers, strict=True)


def _run_each_size(graph: Graph, canvases: list[Canvas]) -> list[Answer]:
    """Its answers: to canvases of one size together."""
    answered: dict[int, Answer] = {}
    for side in {len(canvas.pixels) for canvas in canvases}:
        places = [at for at, canvas in enumerate(canvases) if len(canvas.pixels) == side]
        found = _run(graph, [canvases[at] for at in places])
        answered |= zip(places, found, strict=True)
    return [answered[at] for at in range(len(canvases))]


def _run(graph: Graph, canvases: list[Canvas]) -> list[Answer]:
    """Its answers to canvases of one size."""
    if not canvases:
        return []
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))
    found = graph(pixels, sizes)
    values = map(type(found), *found)
    return list(map(Answer, values, sizes))
