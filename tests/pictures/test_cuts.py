"""nn/pictures/cuts.py: seams through connected ink, and the pieces between them."""

import itertools

import numpy as np
import pytest

from nn.pictures.cuts import (
    MAX_PIECE_WIDTH,
    MIN_INK_BETWEEN,
    MIN_PIECE_HEIGHT,
    MIN_PIECE_WIDTH,
    find_pieces,
    find_seams,
)


@pytest.fixture
def joined() -> np.ndarray:
    """Two blocks of ink of 40×22 pixels, ten pixels apart, that a thin stroke joins."""
    ink = np.zeros((40, 54), np.uint8)
    ink[:, :22] = ink[:, 32:] = 255
    ink[20:23, 22:32] = 255
    return ink


def test_the_best_seam_crosses_the_stroke_that_joins_two_digits(joined):
    crossing = [joined[np.arange(40), seam].sum() for seam in find_seams(joined, 40)]
    assert min(crossing) == 3 * 255  # the stroke is three pixels thick


def test_a_seam_takes_the_way_around_ink_that_is_in_its_way():
    """A slanted gap: no straight line passes, and a seam crosses no ink."""
    ink = np.full((30, 60), 255, np.uint8)
    for row in range(30):
        ink[row, 40 - row : 44 - row] = 0
    seams = find_seams(ink, 30)
    assert min(ink[np.arange(30), seam].sum() for seam in seams) == 0


def test_seams_run_from_left_to_right_and_never_leave_the_ink(joined):
    seams = find_seams(joined, 40)
    middles = [int(seam[20]) for seam in seams]
    assert middles == sorted(set(middles))
    for seam in seams:
        assert seam.shape == (40,)
        assert seam.min() >= 0 and seam.max() < 54
        assert np.abs(np.diff(seam)).max() <= 1


def test_pieces_hold_the_ink_between_two_seams_where_it_lies(joined):
    pieces, end = find_pieces(joined, 40)
    assert {piece.last for piece in pieces} == {*range(1, end + 1)}
    for piece in pieces:
        rows, columns = piece.ink.shape
        part = joined[piece.top : piece.top + rows, piece.left : piece.left + columns]
        assert (piece.ink <= part).all()
        assert columns <= MAX_PIECE_WIDTH * 40


def test_what_is_wider_than_a_digit_is_no_piece_as_a_whole(joined):
    _, end = find_pieces(joined, 40)
    whole = [(piece.first, piece.last) == (0, end) for piece in find_pieces(joined, 40)[0]]
    assert sum(whole) == 0  # 54 pixels, and digits of 40 are at most 52 wide
    pieces, end = find_pieces(joined, 50)
    assert sum((piece.first, piece.last) == (0, end) for piece in pieces) == 1


def test_a_sliver_of_the_neighbor_is_left_out():
    ink = np.zeros((40, 60), np.uint8)
    ink[:, :20] = ink[:, 40:] = 255
    ink[18:22, 20:40] = 255
    ink[0:4, 22:26] = 255  # of neither
    pieces, _ = find_pieces(ink, 40)
    assert not any(piece.ink.sum() == 16 * 255 for piece in pieces)
    left = max((p for p in pieces if p.first == 0 and p.last == 1), key=lambda p: p.ink.sum())
    assert left.ink[:4, 22:].sum() == 0


def test_what_is_narrower_or_lower_than_a_digit_is_no_piece(joined):
    for piece in find_pieces(joined, 40)[0]:
        rows, columns = piece.ink.shape
        assert columns >= MIN_PIECE_WIDTH * 40
        assert rows >= MIN_PIECE_HEIGHT * 40
    stroke = np.full((40, 6), 255, np.uint8)
    pieces, end = find_pieces(stroke, 40)
    assert (0, end) in [(piece.first, piece.last) for piece in pieces]


def test_two_seams_have_ink_between_them(joined):
    ends = [np.zeros(40, int), np.full(40, 54)]
    before = np.pad(np.cumsum(joined / 255, 1), ((0, 0), (1, 0)))
    seams = [ends[0], *find_seams(joined, 40), ends[1]]
    for left, right in itertools.pairwise(seams):
        between = before[np.arange(40), right] - before[np.arange(40), left]
        assert np.abs(between).sum() >= MIN_INK_BETWEEN * 40**2
