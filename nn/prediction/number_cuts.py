"""Which pieces of connected ink are its digits: the best way through a network's answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.pictures.cuts import Piece

CUT_PROBABILITY = 0.6  # of a cut before the network reads its pieces: fewer digits are likelier
# A digit with a piece of its neighbor is read with a probability of some 0.9, and alone with 0.99:
# this power makes the difference count.
DIGIT_POWER = 8
# How probable another number may be, as a share of the best one's probability.
MAX_RIVAL_SHARE = 0.05
KEPT_NUMBERS = 12  # the best ones up to each seam


class Cut(NamedTuple):
    """places: of the pieces that are digits, from left to right; is_clear: whether no other digits
    are nearly as probable."""

    places: list[int]
    is_clear: bool


def best_cut(
    pieces: Sequence[Piece], end: int, digits: np.ndarray, probabilities: np.ndarray
) -> Cut | None:
    """Chooses pieces that follow each other from the left end to the right end, by the product of
    their probabilities. None if no pieces do.

    pieces, end: what find_pieces returns. digits: int [N], what each piece is read as;
    probabilities: float [N], how probable that is.
    """
    scores = DIGIT_POWER * np.log(np.maximum(probabilities, 1e-9))
    # For each seam: the best way to each number, by its digits.
    ways: list[dict[tuple[int, ...], tuple[float, list[int]]]] = [{} for _ in range(end + 1)]
    ways[0][()] = (0.0, [])
    by_start = sorted(range(len(pieces)), key=lambda place: pieces[place].first)
    for place in by_start:
        piece = pieces[place]
        target = ways[piece.last]
        for number, (score, way) in _best(ways[piece.first]):
            longer = (*number, int(digits[place]))
            cost = np.log(CUT_PROBABILITY) if number else 0.0
            total = score + cost + float(scores[place])
            if longer not in target or target[longer][0] < total:
                target[longer] = (total, [*way, place])
    found = _best(ways[end])
    if not found:
        return None
    (_, (best, way)), *others = found
    is_clear = not others or others[0][1][0] - best < np.log(MAX_RIVAL_SHARE)
    return Cut(way, bool(is_clear))


def _best(ways: dict) -> list:
    """The most probable numbers up to a seam, with their scores and ways."""
    return sorted(ways.items(), key=lambda item: -item[1][0])[:KEPT_NUMBERS]
