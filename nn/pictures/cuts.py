"""Ways to cut connected ink into digits that touch.

A seam runs through the ink from top to bottom, and crosses as little of it as it can. The ink
between two seams may be a digit or a part of some: a network that reads digits learns to tell
(nn/training/cut_digits.py). There are more seams than digits ("over-segmentation": Casey and
Lecolinet 1996, A Survey of Methods and Strategies in Character Segmentation, section III). The
seams are those of Avidan and Shamir 2007, Seam Carving for Content-Aware Image Resizing, with ink
as the energy.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from nn.pictures.canvas import INK_THRESHOLD_LEVEL

# Shares of the digits' height.
MIN_PIECE_WIDTH, MIN_PIECE_HEIGHT = 0.1, 0.55
MAX_PIECE_WIDTH = 1.3
SEAMS_PER_HEIGHT = 7  # at most, for each digit's height that the ink is wide
# Of the square of the digits' height: with less ink between them, two seams are the same cut.
MIN_INK_BETWEEN = 0.02
MAX_SEAMS = 14
STEP_COST = 0.04  # of a step sideways, in pixels of full ink: seams are as straight as they can be
# Of a piece's ink: a smaller part that is not connected with the rest is a sliver of a neighbor.
MIN_PART_SHARE = 0.12


class Piece(NamedTuple):
    """The ink between two seams, which may be a digit. first, last: the numbers of the seams, where
    0 and the highest number are the ink's left and right ends; ink: uint8 [h, w], 255 = ink; top
    and left: where it begins, in pixels."""

    first: int
    last: int
    ink: np.ndarray
    top: int
    left: int


def find_pieces(ink: np.ndarray, height: float) -> tuple[list[Piece], int]:
    """Finds the pieces between any two seams that are no wider than a digit.

    ink: uint8 [H, W], 255 = ink, without margins. height: of a digit, in pixels. Returns also the
    number of the right end.
    """
    rows, width = ink.shape
    seams = [np.zeros(rows, int), *find_seams(ink, height), np.full(rows, width)]
    pieces = []
    for first, left in enumerate(seams):
        for last in range(first + 1, len(seams)):
            piece = _piece_between(ink, left, seams[last], first, last)
            if piece is None or _is_small(piece, height):
                continue
            if piece.ink.shape[1] > MAX_PIECE_WIDTH * height:
                break
            pieces.append(piece)
    return pieces, len(seams) - 1


def find_seams(ink: np.ndarray, height: float) -> list[np.ndarray]:
    """Finds seams, from left to right: for each row the first column on a seam's right, int [H].

    ink, height: as in find_pieces.
    """
    rows, width = ink.shape
    energy = ink.astype(np.float32) * np.float32(1 / 255)
    middle = rows // 2
    down, from_above = _least_energy(energy[: middle + 1])
    up, from_below = _least_energy(energy[middle:][::-1])
    crossed = down[-1] + up[-1] - energy[middle]
    most = min(MAX_SEAMS, round(SEAMS_PER_HEIGHT * width / height))
    # For each row, how much ink lies left of each column: [H, W + 1].
    before = np.pad(np.cumsum(energy, 1), ((0, 0), (1, 0)))
    lines = np.arange(rows)
    chosen = [before[:, 0], before[:, -1]]  # both ends
    seams: list[tuple[int, np.ndarray]] = []
    for column in np.argsort(crossed, kind="stable").tolist():
        seam = np.concatenate([_follow(from_above, column)[::-1], _follow(from_below, column)[1:]])
        on_left = before[lines, seam]
        between = [np.abs(on_left - other).sum() for other in chosen]
        if min(between) >= MIN_INK_BETWEEN * height**2:
            chosen.append(on_left)
            seams.append((column, seam))
        if len(seams) == most:
            break
    return [seam for _, seam in sorted(seams, key=lambda pair: pair[0])]


def _least_energy(energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least energy of a way from the first row to each pixel, float32 [H, W]; and the step that
    led there, int [H, W], -1 to 1."""
    total, steps = energy.copy(), np.zeros(energy.shape, int)
    for row in range(1, len(energy)):
        padded = np.pad(total[row - 1], 1, constant_values=np.inf)
        # Straight on is the first, so that it is taken where another way is only as good.
        ways = np.stack([padded[1:-1], padded[:-2] + STEP_COST, padded[2:] + STEP_COST])
        steps[row] = np.array([0, -1, 1])[ways.argmin(0)]
        total[row] += ways.min(0)
    return total, steps


def _follow(steps: np.ndarray, column: int) -> np.ndarray:
    """The columns of the way that ends at a column of the last row, from there up: int [H]."""
    columns = [column]
    for row in range(len(steps) - 1, 0, -1):
        columns.append(columns[-1] + int(steps[row, columns[-1]]))
    return np.array(columns)


def _is_small(piece: Piece, height: float) -> bool:
    rows, width = piece.ink.shape
    return width < MIN_PIECE_WIDTH * height or rows < MIN_PIECE_HEIGHT * height


def _piece_between(
    ink: np.ndarray, left: np.ndarray, right: np.ndarray, first: int, last: int
) -> Piece | None:
    columns = np.arange(ink.shape[1])
    between = (columns >= left[:, None]) & (columns < right[:, None])
    piece = np.where(between, ink, 0).astype(np.uint8)
    labels, count = ndimage.label(piece > INK_THRESHOLD_LEVEL, np.ones((3, 3)))
    if not count:
        return None
    sizes = ndimage.sum_labels(piece, labels, range(1, count + 1))
    slivers = 1 + np.flatnonzero(sizes < MIN_PART_SHARE * sizes.sum())
    piece[np.isin(ndimage.grey_dilation(labels, 3), slivers)] = 0
    used = [np.flatnonzero((piece > INK_THRESHOLD_LEVEL).any(axis)) for axis in (1, 0)]
    (top, *_, bottom), (start, *_, end) = (np.append(each, each[-1:]) for each in used)
    return Piece(first, last, piece[top : bottom + 1, start : end + 1], int(top), int(start))
