"""Picture files → what a graph answers to each. While it works, the next batch is decoded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.errors import PictureError
from nn.pictures import Canvas, in_batches, read_canvases, trimmed

# Canvases, uint8 [N, H, W], and their sizes, int32 [N, 3] → arrays of N.
Graph = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, ...]]


class Answer(NamedTuple):
    """values: what the graph answered to a canvas; size: the canvas's, as nn/pictures.py has it."""

    values: tuple
    size: np.ndarray


def answer_all(
    paths: Iterable[Path], batch_size: int, graph: Graph
) -> Iterator[tuple[Path, Answer | PictureError]]:
    """Yields each path with its answer, or why it cannot be read, in order: a batch's when the next
    is decoded, or at once where a batch is one picture."""
    waiting: deque[tuple[list, list, Future]] = deque()
    with ThreadPoolExecutor(1) as beside:
        for batch in in_batches(paths, batch_size):
            found = read_canvases(batch)
            canvases = [trimmed(one) for one in found if isinstance(one, Canvas)]
            waiting.append((batch, found, beside.submit(_run, graph, canvases)))
            if len(waiting) > 1 or batch_size == 1:  # one by one: nobody is to wait for the next
                yield from _in_order(*waiting.popleft())
        for batch in waiting:
            yield from _in_order(*batch)


def _run(graph: Graph, canvases: list[Canvas]) -> list[Answer]:
    """Its answers: to canvases of one size together."""
    answered: dict[int, Answer] = {}
    for side in {len(canvas.pixels) for canvas in canvases}:
        places = [at for at, canvas in enumerate(canvases) if len(canvas.pixels) == side]
        alike = zip(*(canvases[at] for at in places), strict=True)
        pixels, sizes = (np.stack(part) for part in alike)
        values = zip(*graph(pixels, sizes), strict=True)
        answered |= zip(places, map(Answer, values, sizes), strict=True)
    return [answered[at] for at in range(len(canvases))]


def _in_order(
    paths: list[Path], found: list[Canvas | PictureError], answered: Future
) -> Iterator[tuple[Path, Answer | PictureError]]:
    values = iter(answered.result())
    for path, one in zip(paths, found, strict=True):
        yield path, one if isinstance(one, PictureError) else next(values)
