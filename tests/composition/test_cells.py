"""nn/composition/cells.py: a cell that is cut out of a form, with parts of the cells beside it."""

import numpy as np
import pytest
from scipy import ndimage

from nn.composition import cells, surfaces
from nn.composition.cells import Cell, Form, cut_out_cell, place_in_cells
from nn.composition.layers import Box, Layer
from nn.composition.marks import ring
from nn.composition.writing import Hand, cursive
from nn.data.digits import NO_DIGIT, Digits

LONGER = 112  # pixels


@pytest.fixture(scope="module")
def cut_out(digits) -> list[Form]:
    return [cut_out_cell(digits[0], LONGER, np.random.default_rng([8, i])) for i in range(120)]


def test_the_digit_stands_in_its_cell_and_has_its_label(cut_out):
    for cell in cut_out:
        assert abs(max(cell.ink.shape) - LONGER) <= 1
        assert cell.ink.shape == cell.beside.shape == cell.cells.shape
        assert (cell.label == NO_DIGIT) == (not cell.ink.any())
        if cell.ink.any():
            middle = np.average(np.arange(cell.ink.shape[1]), weights=cell.ink.sum(0))
            assert cell.box.left < middle < cell.box.right
    assert 0.03 < np.mean([cell.label == NO_DIGIT for cell in cut_out]) < 0.25


def test_the_border_cuts_off_what_stands_beside_the_digit(cut_out):
    shown = 0
    for cell in cut_out:
        left, right = max(int(cell.box.left), 0), int(cell.box.right)
        halves = cell.beside[:, :left], cell.beside[:, right:]
        for half, border in zip(halves, (0, -1), strict=True):
            # Careless digits reach a little into the next cell, so a corner may be all there is.
            if half.size and (half > 0.5).sum() > 30:
                edges = half[:, border], half[0], half[-1]
                assert max(edge.max() for edge in edges) > 0.3
                shown += 1
    assert shown > 40


def test_a_one_in_the_next_cell_is_nearly_all_hidden(monkeypatch):
    """Of a one that is seen, nobody would know that it is not to be read."""
    monkeypatch.setattr(Hand, "any", lambda random: Hand(pen=0.1, own_strokes=True))
    monkeypatch.setattr(cells, "stretched", lambda mask, random: mask)
    ones = Digits(np.pad(np.full((1, 20, 4), 255, np.uint8), ((0, 0), (4, 4), (12, 12))),
                  np.array([1]))  # fmt: skip
    widths = []
    for seed in range(80):
        cell = cut_out_cell(ones, LONGER, np.random.default_rng([9, seed]))
        for half in (cell.beside[:, : max(int(cell.box.left), 0)],
                     cell.beside[:, int(cell.box.right) :]):  # fmt: skip
            if columns := (half.max(0, initial=0) > 0.5).sum():
                widths.append(columns / cell.box.height)
    # It is a fifth as wide as high.
    assert widths and max(widths) < 0.12


def test_ones_stand_at_the_ends_of_rows_more_often_and_digits_keep_their_order(digits):
    ends, inner = [], []
    six = [Cell(30.0 * place, 30.0 * (place + 1), place == 5) for place in range(6)]
    for seed in range(120):
        random = np.random.default_rng([10, seed])
        placed = place_in_cells(digits[0], Hand(0.1, False), six, 180, 44, random)
        labels = [one.label for one in placed]
        middles = [one.left + one.mask.shape[1] / 2 for one in placed]
        assert (np.diff(middles) > 0).all()
        ends += labels[:1] + labels[-1:]
        inner += labels[1:-1]
    assert np.mean(np.array(ends) == 1) > 0.2 > 0.16 > np.mean(np.array(inner) == 1)


def test_rings_are_as_narrow_as_the_digit_or_round():
    shapes = []
    for seed in range(60):
        layer = Layer((160, 160))
        ring(layer, Box(50, 110, 70, 90), np.random.default_rng(seed))
        rows, columns = (np.flatnonzero((layer.coverage() > 0.5).any(axis)) for axis in (1, 0))
        shapes.append(len(columns) / len(rows))
    assert min(shapes) > 0.4 and 1.0 < max(shapes) < 1.5
    assert 0.42 < np.mean(np.array(shapes) < 0.72) < 0.75


def test_stains_only_darken_the_paper_and_leave_some_of_it():
    changed = []
    for seed in range(30):
        paper = np.full((80, 112), 200, np.float32)
        stained = surfaces.stained(paper, np.random.default_rng(seed), 0.5)
        assert (stained <= paper).all() and stained.min() >= 200 * 0.5**3
        changed.append(float((stained < 190).mean()))
    assert min(changed) < 0.02 and 0.03 < np.mean(changed) < 0.5 and max(changed) < 0.95


def test_cursive_writing_is_one_line_of_joined_loops():
    parts, holes = [], []
    for seed in range(20):
        mask = cursive(np.random.default_rng(seed), 40, 150)
        assert 14 < mask.shape[0] < 60 and 100 < mask.shape[1] < 230
        ink = mask > 0.5
        parts.append(ndimage.label(ink, np.ones((3, 3)))[1])
        holes.append(ndimage.label(~np.pad(ink, 1))[1] - 1)
    assert parts == [1] * 20
    assert np.mean(np.array(holes) > 0) > 0.5
