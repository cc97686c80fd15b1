"""Images of digits with their labels, and how they are split and counted."""

from dataclasses import dataclass

import numpy as np

from nn.errors import DataError
from nn.runtime.hashes import sha256_of

SIDE = 28  # pixels
PIXELS = SIDE * SIDE
NO_DIGIT = -1  # the label of an image without a digit: training draws such images
SEED_LIMIT = 2**31  # seeds run from 0 to one less, because the graph holds them as int32


@dataclass(frozen=True)
class Digits:
    """Images of digits with their labels.

    images: uint8 [N, 28, 28], 0 = paper, 255 = ink; labels: int64 [N], 0 to 9, or NO_DIGIT.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    def joined(self, others: "Digits") -> "Digits":
        """These digits, then the others."""
        return Digits(
            np.concatenate([self.images, others.images]),
            np.concatenate([self.labels, others.labels]),
        )

    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of the pixels and then the labels, as bytes in memory."""
        return sha256_of([self.images, self.labels])


def split(digits: Digits, fraction: float, seed: int) -> tuple[Digits, Digits]:
    """Draws validation digits at random: (training digits, validation digits), each in file order.

    fraction: the share of validation digits, from 0 (none) up to, but not including, 1. Raises
    DataError where no digit is left to train on.
    """
    count = len(digits) - training_count(len(digits), fraction)
    order = np.random.default_rng(seed).permutation(len(digits))
    return digits[np.sort(order[count:])], digits[np.sort(order[:count])]


def training_count(count: int, fraction: float) -> int:
    """The number of training digits that `split` leaves of `count`. Raises DataError if it is 0."""
    training = count - round(count * fraction)
    if training <= 0:
        raise DataError(
            f"a validation split of {fraction} leaves none of the {count} digits to train on; "
            "choose a smaller one"
        )
    return training


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Counts each pair of label and prediction: int64 [N] and int64 [N], 0 to 9 → int64 [10, 10],
    rows the labels, columns the predictions."""
    confusion = np.zeros((10, 10), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return confusion
