"""The data set of the finder: composed pictures, and for each pixel how much of it is ink.

Several processes compose at once; which of them composes a picture changes nothing, as each picture
has random numbers of its own.
"""

import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from nn.composition.scenes import compose
from nn.data.digits import Digits
from nn.pictures.canvas import CANVAS
from nn.runtime.hashes import sha256_of
from nn.runtime.processors import available_processors
from nn.runtime.signals import Interrupted, Stop

CHUNK_PICTURES = 250  # that a process composes at once: a second's work

# The key of the pictures, the number of the first, and the number after the last.
Chunk = tuple[Sequence[int], int, int]

_digits: Digits | None = None  # of a process that composes


@dataclass(frozen=True)
class InkPictures:
    """Pictures with their ink.

    images: uint8 [N, 64, 64], pictures in the middle of a canvas, 1 to 255, and 0 around them;
    labels: uint8 [N, 64, 64], how much of a pixel ink covers, 255 = all of it; digits: int64 [N],
    what is written, or NO_DIGIT.
    """

    images: np.ndarray
    labels: np.ndarray
    digits: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | np.ndarray) -> "InkPictures":
        return InkPictures(self.images[index], self.labels[index], self.digits[index])

    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of the pixels and then the labels, as bytes in memory."""
        return sha256_of([self.images, self.labels])


def compose_pictures(
    digits: Digits,
    count: int,
    key: Sequence[int],
    *,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> InkPictures:
    """Composes `count` pictures of some of the digits, in all processors.

    key: equal keys and digits give equal pictures. quiet: without a bar. Raises Interrupted if
    `stop` returns a signal's number.
    """
    starts = range(0, count, CHUNK_PICTURES)
    chunks = [(key, start, min(start + CHUNK_PICTURES, count)) for start in starts]
    if len(chunks) <= 1:  # new processes would take longer to start
        parts = [_compose(digits, chunk) for chunk in chunks]
    else:
        parts = _compose_in_processes(digits, chunks, count, stop, quiet)
    empty = np.zeros((0, CANVAS, CANVAS), np.uint8)
    return InkPictures(
        np.concatenate([empty, *(part.images for part in parts)]),
        np.concatenate([empty, *(part.labels for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.digits for part in parts)]),
    )


def _compose_in_processes(
    digits: Digits, chunks: Sequence[Chunk], count: int, stop: Stop, quiet: bool
) -> list[InkPictures]:
    """Composes chunks of pictures, `count` in all, a process for each processor."""
    # A forked process would hang if it used TensorFlow's threads; a new one does not know of them.
    context = multiprocessing.get_context("spawn")
    parts = []
    with (
        ProcessPoolExecutor(available_processors(), context, _keep_digits, (digits,)) as pool,
        tqdm(desc="composing pictures", total=count, leave=False, disable=quiet or None) as bar,
    ):
        for part in pool.map(_compose_chunk, chunks):
            parts.append(part)
            bar.update(len(part))
            if signum := stop():
                pool.shutdown(cancel_futures=True)
                raise Interrupted(signum)
    return parts


def _keep_digits(digits: Digits) -> None:
    global _digits
    _digits = digits
    # Ctrl-C reaches every process of the terminal; the one that waits for this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _compose_chunk(chunk: Chunk) -> InkPictures:
    assert _digits is not None
    return _compose(_digits, chunk)


def _compose(digits: Digits, chunk: Chunk) -> InkPictures:
    """Composes the pictures of a chunk."""
    key, start, stop = chunk
    scenes = [compose(digits, np.random.default_rng([*key, i])) for i in range(start, stop)]
    return InkPictures(
        np.stack([np.maximum(scene.pixels, scene.inside()) for scene in scenes]),
        np.stack([scene.ink for scene in scenes]),
        np.array([scene.label for scene in scenes], np.int64),
    )
