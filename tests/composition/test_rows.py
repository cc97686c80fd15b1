"""nn/composition/rows.py and row_pictures.py: rows of digits and signs, and pictures of them, whose
text is what is written there."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from nn.composition import row_pictures, rows, surfaces
from nn.composition.layers import Layer
from nn.composition.paper import covering, plain
from nn.composition.row_pictures import RowPicture, compose_rows
from nn.composition.rows import Row, draw_free_row, draw_joints, draw_rows_in_cells
from nn.composition.signs import SIGNS
from nn.composition.writing import Hand
from nn.data.digits import Digits

HEIGHT = 40.0  # of a digit, in pixels
MARGIN = 80  # pixels, around a row that is drawn on empty paper
HAND = Hand(pen=0.08, own_strokes=True)


@pytest.fixture(scope="module")
def rings_and_bars() -> Digits:
    """Zeros that are rings and ones that are bars: a program can tell them apart by their hole."""
    y, x = np.mgrid[:28, :28] - 13.5
    ring, bar = abs(np.hypot(x, y) - 8) < 2, (abs(x) < 1) & (abs(y) < 10)
    return Digits((255 * np.array([ring, bar])).astype(np.uint8), np.array([0, 1]))


def label(ink: np.ndarray) -> tuple[np.ndarray, int]:
    """Connected components, by a side or a corner, and their number."""
    return ndimage.label(ink > rows.INK, np.ones((3, 3)))


def drawn_alone(row: Row, drift: float = 0) -> list[np.ndarray]:
    """Each part of a row, where the row has it, on empty paper: float32 [H, W]."""
    wide = round(row.parts[-1].right + 2 * MARGIN)
    size = round(HEIGHT + 2 * MARGIN + drift * wide), wide
    tops = [MARGIN + HEIGHT + part.top + drift * part.left for part in row.parts]
    return [
        covering(size, part.mask, top, MARGIN + part.left)
        for part, top in zip(row.parts, tops, strict=True)
    ]


def joined(row: Row, drift: float = 0) -> np.ndarray:
    """The whole row, with the strokes of a pen that was not lifted."""
    parts = drawn_alone(row, drift)
    pen = Layer((parts[0].shape[0], parts[0].shape[1]))
    draw_joints(row, MARGIN + HEIGHT, MARGIN, drift, 3.0, pen, np.random.default_rng(2))
    return np.maximum(np.max(parts, 0), pen.coverage())


def read(ink: np.ndarray) -> list[tuple[float, float, str]]:
    """The rings and bars of a picture of ink: row and column of the middle of each, and its
    text."""
    labels, count = label(ink)
    found = []
    for place in range(1, count + 1):
        component = labels == place
        lines, columns = np.nonzero(component)
        hole = ndimage.binary_fill_holes(component).sum() - component.sum()
        middle = (lines.min() + lines.max()) / 2, (columns.min() + columns.max()) / 2
        found.append((*middle, "0" if hole > 9 else "1"))
    return sorted(found, key=lambda each: each[1])


def set_shares(monkeypatch: pytest.MonkeyPatch, **shares: float) -> None:
    """Sets constants of rows.py: a share of 0 or 1 leaves nothing to chance."""
    for name, share in shares.items():
        monkeypatch.setattr(rows, name, share)


def free_rows(digits: Digits, count: int, key: int) -> list[Row]:
    """Rows by hands of any sort."""
    drawn = []
    for seed in range(count):
        random = np.random.default_rng([key, seed])
        drawn.append(draw_free_row(digits, Hand.any(random), HEIGHT, 6, random))
    return drawn


def test_the_text_of_a_row_has_signs_between_digits_alone_and_every_sign(digits):
    drawn = free_rows(digits[0], 150, 1)
    for row in drawn:
        assert re.fullmatch(r"\d([.,:/-]?\d){0,5}", row.text)
    counts = [sum(part.text.isdigit() for part in row.parts) for row in drawn]
    assert {*counts} == {1, 2, 3, 4, 5, 6}
    written = "".join(row.text for row in drawn)
    assert {*written} == {*"0123456789", *SIGNS}
    kinds = [len({*row.text} & {*SIGNS}) for row in drawn]
    assert {*kinds} == {0, 1, 2}  # as in 1234, 12:30:00 and 1.234,50
    assert kinds.count(2) < kinds.count(1)


def test_a_gap_keeps_the_ink_of_neighbors_apart(digits, monkeypatch):
    set_shares(monkeypatch, TOUCHING_SHARE=0, SIGNED_SHARE=1)
    for row in free_rows(digits[0], 40, 2):
        alone = drawn_alone(row)
        assert not row.joints
        assert label(np.max(alone, 0))[1] == sum(label(part)[1] for part in alone), row.text
        assert (np.diff([part.left for part in row.parts]) > 0).all()


@pytest.mark.parametrize(("overlapping", "drift"), [(True, 0.0), (False, 0.0), (False, 0.3)])
def test_digits_that_touch_are_one_connected_component(
    rings_and_bars, monkeypatch, overlapping: bool, drift: float
):
    """They overlap, or a stroke joins them, also in a row that drops to the right."""
    set_shares(monkeypatch, TOUCHING_SHARE=1, JOINT_SHARE=1, SIGNED_SHARE=0,
               OVERLAP_SHARE=float(overlapping))  # fmt: skip
    components, lifted = [], []
    for seed in range(60):
        random = np.random.default_rng([3, seed])
        row = draw_free_row(rings_and_bars, HAND, HEIGHT, 4, random)
        assert len(row.joints) == (0 if overlapping else len(row.parts) - 1)
        if len(row.parts) > 1:
            components.append(label(joined(row, drift))[1])
            lifted.append(label(np.max(drawn_alone(row, drift), 0))[1] == len(row.parts))
    assert np.mean(np.array(components) == 1) > 0.9  # where hardly anything overlaps, a pixel lacks
    assert np.mean(lifted) < 0.1 if overlapping else all(lifted)


def test_what_touches_leaves_most_of_each_digit_to_be_seen(digits, monkeypatch):
    set_shares(monkeypatch, TOUCHING_SHARE=1, JOINT_SHARE=1, SIGNED_SHARE=0, OVERLAP_SHARE=1)
    seen = []
    for row in free_rows(digits[0], 40, 4):
        alone = np.array(drawn_alone(row)) > rows.INK
        for place, part in enumerate(alone):
            others = alone[[other for other in range(len(alone)) if other != place]].any(0)
            seen.append((part & ~others).sum() / part.sum())
    assert min(seen) > 0.4  # two strokes of a marker, as wide as a one
    assert np.quantile(seen, 0.1) > 0.75


def test_rows_in_cells_have_at_most_a_digit_in_each_cell_and_stay_within_the_form(digits):
    filled = []
    for seed in range(40):
        random = np.random.default_rng([5, seed])
        drawn, cells = draw_rows_in_cells(digits[0], Hand.any(random), HEIGHT, 2, random)
        assert min(cell.left for cell in cells) >= 0
        for row in drawn:
            middles = np.array([part.left + part.mask.shape[1] / 2 for part in row.parts])
            near = [[cell.left < x < cell.right for cell in cells] for x in middles]
            assert np.sum(near, 1).tolist() == [1] * len(middles)
            assert (np.sum(near, 0) <= 1).all()
            assert re.fullmatch(r"\d{1,10}", row.text)
            filled.append(len(row.parts) / len(cells))
    assert min(filled) < 1 == max(filled)


class Composed(NamedTuple):
    """A picture; what was written on it, before it was taken: the rows, their ink, and whether they
    stand in cells."""

    picture: RowPicture
    rows: list[Row]
    ink: np.ndarray
    in_cells: bool

    @property
    def factor(self) -> float:
        """How much the picture was shrunk."""
        return self.picture.pixels.shape[0] / self.ink.shape[0]


def composed(digits: Digits, count: int, key: int) -> list[Composed]:
    """Pictures, with what is written on them."""
    written: list[tuple[list[Row], np.ndarray, bool]] = []
    write = row_pictures._write

    def keep(page, drawn, wide, hand, in_cells: bool, random: Generator) -> np.ndarray:
        ink = write(page, drawn, wide, hand, in_cells, random)
        written.append((drawn, ink, in_cells))
        return ink

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_pictures, "_write", keep)
        pictures = [compose_rows(digits, np.random.default_rng([key, i])) for i in range(count)]
    return [Composed(picture, *each) for picture, each in zip(pictures, written, strict=True)]


@pytest.fixture(scope="module")
def pictures(digits) -> list[Composed]:
    """Pictures of every sort."""
    return composed(digits[0], 120, 6)


def test_the_text_of_a_picture_can_be_read_from_its_ink(rings_and_bars, monkeypatch):
    """Also in cells, where no digit is cut off; and each row's top and base enclose its digits."""
    set_shares(monkeypatch, TOUCHING_SHARE=0, SIGNED_SHARE=0)
    monkeypatch.setattr(Hand, "any", lambda random: HAND)
    right, sorts = [], set()
    for each in composed(rings_and_bars, 60, 7):
        found = read(each.ink)
        texts = []
        for row in each.picture.rows:
            top, base = row.top / each.factor, row.base / each.factor
            texts.append("".join(text for middle, _, text in found if top < middle < base))
        expected = [row.text for row in each.picture.rows]
        assert expected == [row.text for row in each.rows]
        right.append(texts == expected and len(found) == len("".join(texts)))
        sorts.add((each.in_cells, len(expected)))
    # In narrow cells, two digits of a careless hand may touch.
    assert np.mean(right) > 0.9
    assert sorts == {(cells, count) for cells in (True, False) for count in (1, 2, 3)}


def test_the_digits_of_a_row_stand_on_its_base_and_reach_its_top(pictures):
    above, below = [], []
    for each in pictures:
        for row in each.picture.rows:
            assert 0 <= row.top < row.base <= each.picture.pixels.shape[0]
        if len(each.picture.rows) == 1 and row.text.isdigit():
            lines = np.flatnonzero((each.ink > rows.INK).any(1)) * each.factor
            tall = row.base - row.top
            above.append((lines[0] - row.top) / tall)
            below.append((lines[-1] - row.base) / tall)
    assert len(above) > 40
    for reach in (above, below):
        assert abs(np.median(reach)) < 0.06
        assert np.quantile(np.abs(reach), 0.9) < 0.2


def test_a_picture_shows_nearly_all_of_what_is_written(pictures):
    """In cells, all of it: a digit that runs off the border could not be read."""
    for each in pictures:
        written = sum(part.mask.sum() for row in each.rows for part in row.parts)
        assert each.ink.sum() > (0.98 if each.in_cells else 0.85) * written
    assert 0.2 < np.mean([each.in_cells for each in pictures]) < 0.6


def test_most_pictures_show_their_ink_darker_or_lighter_than_the_paper(pictures):
    seen = []
    for each in pictures:
        pixels = each.picture.pixels
        assert pixels.dtype == np.uint8 and pixels.ndim == 2
        size = pixels.shape[1], pixels.shape[0]
        ink = np.asarray(Image.fromarray(each.ink).resize(size, Image.Resampling.BILINEAR))
        seen.append(np.corrcoef(ink.ravel(), pixels.ravel())[0, 1])
    assert np.mean(np.abs(seen) > 0.3) > 0.7
    assert 0.05 < np.mean(np.array(seen) > 0.3) < 0.35  # light on dark


def test_equal_random_numbers_compose_equal_pictures(digits, pictures):
    for place in (0, 5, 119):
        again = compose_rows(digits[0], np.random.default_rng([6, place]))
        np.testing.assert_array_equal(again.pixels, pictures[place].picture.pixels)
        assert again.rows == pictures[place].picture.rows


def test_a_single_narrow_digit_without_margins_goes_on_paper_with_a_pattern(
    rings_and_bars, monkeypatch
):
    """Its picture is only some pixels wide, narrower than the waves of most patterns."""
    ones = rings_and_bars[1:]

    def draw_paper(digits: Digits, size, contrast: float, random: Generator) -> np.ndarray:
        return surfaces.patterned(plain(size, 200), random, 0.2)

    monkeypatch.setattr(row_pictures, "draw_paper", draw_paper)
    monkeypatch.setattr(Hand, "any", lambda random: HAND)
    for name, value in {"ONE_ROW_SHARE": 1, "CELLS_SHARE": 0, "MAX_DIGITS": 1}.items():
        monkeypatch.setattr(row_pictures, name, value)
    widths = []
    for each in composed(ones, 60, 8):
        assert [row.text for row in each.picture.rows] == ["1"]
        assert min(each.picture.pixels.shape) >= 10
        widths.append(np.ptp(np.flatnonzero(each.ink.any(0))) + 1)
    assert min(widths) < 7
