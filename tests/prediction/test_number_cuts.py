"""nn/prediction/number_cuts.py: the most probable way through the pieces of connected ink."""

import itertools

import numpy as np

from nn.pictures.cuts import Piece
from nn.prediction.number_cuts import CUT_PROBABILITY, DIGIT_POWER, best_cut


def pieces_of(*ends: tuple[int, int]) -> list[Piece]:
    return [Piece(first, last, np.zeros((1, 1), np.uint8), 0, 0) for first, last in ends]


def test_two_clear_digits_are_more_probable_than_an_unclear_one():
    pieces = pieces_of((0, 2), (0, 1), (1, 2))
    cut = best_cut(pieces, 2, np.array([8, 3, 1]), np.array([0.01, 0.99, 0.98]))
    assert cut == ([1, 2], True)


def test_one_digit_stays_whole_though_its_halves_look_like_digits():
    pieces = pieces_of((0, 2), (0, 1), (1, 2))
    cut = best_cut(pieces, 2, np.array([4, 6, 1]), np.array([0.99, 0.5, 0.6]))
    assert cut is not None and cut.places == [0]


def test_other_digits_that_are_nearly_as_probable_leave_it_unclear():
    pieces = pieces_of((0, 3), (0, 1), (1, 3), (0, 2), (2, 3))
    digits = np.array([0, 1, 3, 7, 1])
    unclear = best_cut(pieces, 3, digits, np.array([0.1, 0.9, 0.8, 0.9, 0.7]))
    assert unclear == ([1, 2], False)
    same = best_cut(pieces, 3, np.array([0, 1, 3, 1, 3]), np.array([0.001, 0.9, 0.8, 0.9, 0.7]))
    assert same == ([1, 2], True)  # another seam, but the same digits


def test_no_way_through_is_no_cut():
    assert best_cut(pieces_of((0, 1)), 2, np.array([1]), np.array([1.0])) is None
    assert best_cut([], 1, np.zeros(0, int), np.zeros(0)) is None


def test_the_best_way_is_that_of_a_full_search():
    random = np.random.default_rng(5)
    for _ in range(20):
        ends = list(itertools.combinations(range(6), 2))
        digits, probabilities = random.integers(0, 10, len(ends)), random.random(len(ends))
        places = {end: place for place, end in enumerate(ends)}
        inner = [way for n in range(5) for way in itertools.combinations(range(1, 5), n)]
        ways = [(0, *way, 5) for way in inner]

        def score(way: tuple[int, ...], places=places, probabilities=probabilities) -> float:
            parts = [probabilities[places[pair]] for pair in itertools.pairwise(way)]
            return float(np.prod(parts)) ** DIGIT_POWER * CUT_PROBABILITY ** (len(parts) - 1)

        best = max(ways, key=score)
        cut = best_cut(pieces_of(*ends), 5, digits, probabilities)
        assert cut is not None
        assert cut.places == [places[pair] for pair in itertools.pairwise(best)]
