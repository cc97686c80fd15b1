"""Pictures of digits with their labels: the arrays that every other module works on."""

import hashlib
from dataclasses import dataclass

import numpy as np

from nn.errors import DataError

SIDE = 28
PIXELS = SIDE * SIDE
NO_DIGIT = -1
SEEDS = 2**31  # seeds are below: in the graph they are int32


@dataclass(frozen=True)
class Digits:
    """Pictures of digits and what they show.

    images: uint8 [N, 28, 28], 0 = paper, 255 = ink; labels: int64 [N], 0 to 9, or NO_DIGIT, which
    no file has.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    def joined(self, others: "Digits") -> "Digits":
        """These and then the others."""
        return Digits(
            np.concatenate([self.images, others.images]),
            np.concatenate([self.labels, others.labels]),
        )

    def sha256(self) -> str:
        """SHA-256 of the pixels, then the labels, as they lie in memory."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images))
        digest.update(np.ascontiguousarray(self.labels))
        return digest.hexdigest()


def split(digits: Digits, fraction: float, seed: int) -> tuple[Digits, Digits]:
    """Shuffles and splits: (training digits, validation digits).

    fraction: the share that goes to validation, 0 (none) up to, but not including, 1.
    Raises DataError where that leaves nothing to train on.
    """
    count = len(digits) - training_count(len(digits), fraction)
    order = np.random.default_rng(seed).permutation(len(digits))
    return digits[np.sort(order[count:])], digits[np.sort(order[:count])]


def training_count(count: int, fraction: float) -> int:
    """How many of `count` digits `split` leaves to train on. Raises DataError where it is none."""
    training = count - round(count * fraction)
    if training <= 0:
        raise DataError(f"a validation split of {fraction} leaves none of {count} digits")
    return training


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """int64 [N] and int64 [N], 0 to 9 → int64 [10, 10], rows the labels."""
    confusion = np.zeros((10, 10), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return confusion
