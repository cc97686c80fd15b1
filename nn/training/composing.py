"""Composes pictures in all processors.

Which process composes a picture changes nothing, as each picture has random numbers of its own.
"""

import multiprocessing
import signal
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator
from tqdm import tqdm

from nn.data.digits import Digits
from nn.runtime.processors import available_processors
from nn.runtime.signals import Interrupted, Stop

CHUNK_PICTURES = 250  # that a process composes at once: some seconds' work

_digits: Digits | None = None  # of a process that composes
Part = TypeVar("Part", bound=Sized)


class Chunk(NamedTuple):
    """Pictures that a process composes: their key, the number of the first, and the number after
    the last."""

    key: Sequence[int]
    start: int
    stop: int

    def generators(self) -> list[Generator]:
        """The random numbers of each picture."""
        return [np.random.default_rng([*self.key, i]) for i in range(self.start, self.stop)]


def compose_in_chunks(
    compose: Callable[[Digits, Chunk], Part],
    digits: Digits,
    count: int,
    key: Sequence[int],
    *,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> list[Part]:
    """Composes `count` pictures of some of the digits, in all processors; returns the chunks.

    compose: a function of a module, so that another process can call it. key: equal keys and digits
    give equal pictures. quiet: without a bar. Raises Interrupted if `stop` returns a signal's
    number.
    """
    starts = range(0, count, CHUNK_PICTURES)
    chunks = [Chunk(key, start, min(start + CHUNK_PICTURES, count)) for start in starts]
    if len(chunks) <= 1:  # new processes would take longer to start
        return [compose(digits, chunk) for chunk in chunks]
    # A forked process would hang if it used TensorFlow's threads; a new one does not know of them.
    context = multiprocessing.get_context("spawn")
    parts = []
    with (
        ProcessPoolExecutor(available_processors(), context, _keep_digits, (digits,)) as pool,
        tqdm(desc="composing pictures", total=count, leave=False, disable=quiet or None) as bar,
    ):
        work = [(compose, chunk) for chunk in chunks]
        for chunk, part in zip(chunks, pool.map(_compose_chunk, work), strict=True):
            parts.append(part)
            bar.update(chunk.stop - chunk.start)
            if signum := stop():
                pool.shutdown(cancel_futures=True)
                raise Interrupted(signum)
    return parts


def _keep_digits(digits: Digits) -> None:
    global _digits
    _digits = digits
    # Ctrl-C reaches every process of the terminal; the one that waits for this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _compose_chunk(work: tuple[Callable[[Digits, Chunk], Part], Chunk]) -> Part:
    compose, chunk = work
    assert _digits is not None
    return compose(_digits, chunk)
