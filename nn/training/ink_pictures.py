"""The data set of the finder: composed pictures, and for each pixel how much of it is ink."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.composition.scenes import compose
from nn.data.digits import Digits
from nn.pictures.canvas import CANVAS
from nn.runtime.hashes import sha256_of
from nn.runtime.signals import Stop
from nn.training.composing import Chunk, compose_in_chunks


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
    """Composes `count` pictures of some of the digits; the arguments are those of
    compose_in_chunks."""
    parts = compose_in_chunks(_compose, digits, count, key, stop=stop, quiet=quiet)
    empty = np.zeros((0, CANVAS, CANVAS), np.uint8)
    return InkPictures(
        np.concatenate([empty, *(part.images for part in parts)]),
        np.concatenate([empty, *(part.labels for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.digits for part in parts)]),
    )


def _compose(digits: Digits, chunk: Chunk) -> InkPictures:
    """Composes the pictures of a chunk."""
    scenes = [compose(digits, random) for random in chunk.generators()]
    return InkPictures(
        np.stack([np.maximum(scene.pixels, scene.inside()) for scene in scenes]),
        np.stack([scene.ink for scene in scenes]),
        np.array([scene.label for scene in scenes], np.int64),
    )
