"""Pieces of digits that touch: those which are one digit, and those which are none."""

import numpy as np
from numpy.random import Generator
from tqdm import tqdm

from nn.composition.touching import Row, draw_touching
from nn.data.digits import NO_DIGIT, Digits
from nn.pictures.cuts import Piece, find_pieces
from nn.runtime.signals import Interrupted, Stop
from nn.training.fitted_pictures import fit_pictures

# Overlaps of the ink of a piece and of a digit: the intersection by the union. From the first on,
# the piece gets the digit's label. If no digit overlaps it by more than the second, it gets
# NO_DIGIT. The pieces between are left out.
MIN_DIGIT_OVERLAP, MAX_OTHER_OVERLAP = 0.87, 0.72
# To its height. A narrower piece that is no digit, such as the stem of a four, is a one to anybody.
MIN_OTHER_WIDTH = 0.35
WHOLE_PER_ROW, OTHERS_PER_ROW = 2, 2  # pieces, at most


def cut_digits(
    digits: Digits,
    count: int,
    random: Generator,
    *,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> Digits:
    """Cuts `count` pieces out of digits that touch, and fits them as MNIST's digits are. Each has
    its digit's label, or NO_DIGIT.

    quiet: without a bar. Raises Interrupted if `stop` returns a signal's number.
    """
    pieces: list[tuple[np.ndarray, int]] = []
    with tqdm(desc="cutting digits", total=count, leave=False, disable=quiet or None) as bar:
        while len(pieces) < count:
            pieces += _cut_row(draw_touching(digits, random), random)
            bar.update(len(pieces) - bar.n)
            if signum := stop():
                raise Interrupted(signum)
    del pieces[count:]
    labels = np.array([label for _, label in pieces], np.int64)
    return Digits(fit_pictures([ink for ink, _ in pieces]), labels)


def _cut_row(row: Row, random: Generator) -> list[tuple[np.ndarray, int]]:
    """Some pieces of a row with their labels: of digits, and of no digit."""
    whole, others = [], []
    for piece in find_pieces(row.ink(), row.height)[0]:
        label = label_of(piece, row)
        if label == NO_DIGIT and piece.ink.shape[1] >= MIN_OTHER_WIDTH * piece.ink.shape[0]:
            others.append((piece.ink, label))
        elif label is not None and label != NO_DIGIT:
            whole.append((piece.ink, label))
    return [
        pieces[index]
        for pieces, most in ((whole, WHOLE_PER_ROW), (others, OTHERS_PER_ROW))
        for index in random.permutation(len(pieces))[:most]
    ]


def label_of(piece: Piece, row: Row) -> int | None:
    """The label of a piece of a row; None where nobody could name it."""
    part = np.zeros(row.masks.shape[1:], np.float32)
    height, width = piece.ink.shape
    part[piece.top : piece.top + height, piece.left : piece.left + width] = piece.ink / 255
    both, either = (f(row.masks, part).sum((1, 2)) for f in (np.minimum, np.maximum))
    overlaps = both / np.maximum(either, 1e-6)
    if overlaps.max() >= MIN_DIGIT_OVERLAP:
        return int(row.labels[overlaps.argmax()])
    return NO_DIGIT if overlaps.max() <= MAX_OTHER_OVERLAP else None
