"""Pictures of rows of digits, composed at random, with the text of each row as the truth.

They train the reader of rows (nn/networks/row_reader.py). Digits are some 28 pixels high, as in the
pictures that nn/prediction/number_ink.py shrinks; shares and ranges are estimates of what people
bring.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from nn.composition import paper as on
from nn.composition import surfaces
from nn.composition.cells import draw_cells
from nn.composition.layers import Box, Layer
from nn.composition.rows import Row, draw_free_row, draw_joints, draw_rows_in_cells
from nn.composition.surroundings import draw_contrast, draw_marks, draw_opacity, draw_paper
from nn.composition.taking import FAINT_LEVELS, TWO_LEVELS_CONTRAST, compressed, shaped
from nn.composition.writing import Hand
from nn.data.digits import Digits

HEIGHTS_PIXELS = (34, 50)  # of a digit, as drawn
TAKEN_HEIGHT_PIXELS, TAKEN_DEVIATION = 28, 0.28  # of a digit, as taken; of its logarithm
MAX_DIGITS, MAX_DIGITS_OF_SEVERAL = 9, 6  # in one row, and in each of several
MAX_ROWS = 3
MIN_SIDE_PIXELS = 20  # of a picture: a one without margins is narrower
ONE_ROW_SHARE, CELLS_SHARE, FRAME_SHARE = 0.72, 0.42, 0.3  # a frame: of the rows without cells
MIN_CONTRAST = 0.12  # of the paper's light: a number in fainter ink is hard to read for anybody
CLEAN_SHARE = 0.4  # of the pictures: dark ink on plain paper, as most people bring
MIN_CLEAN_CONTRAST = 0.3


class RowText(NamedTuple):
    """The text of a row; and its top, and the line that its digits stand on, in pixels."""

    text: str
    top: float
    base: float


class RowPicture(NamedTuple):
    """A picture, uint8 [H, W], and its rows from top to bottom."""

    pixels: np.ndarray
    rows: list[RowText]


class _Page(NamedTuple):
    """An empty picture to write on. size: height and width; height: of a digit; bases: the line
    that the digits of each row stand on; left: where rows begin; drift: how far a row drops, for
    each pixel to the right."""

    size: tuple[int, int]
    height: float
    bases: list[float]
    left: float
    drift: float


def compose_rows(digits: Digits, random: Generator) -> RowPicture:
    """Composes a picture of one to three rows by one hand, free, in a frame, or in cells."""
    hand, height = Hand.any(random), random.uniform(*HEIGHTS_PIXELS)
    is_one = random.random() < ONE_ROW_SHARE
    count = 1 if is_one else int(random.integers(2, MAX_ROWS + 1))
    most = MAX_DIGITS if is_one else MAX_DIGITS_OF_SEVERAL
    if random.random() < CELLS_SHARE:
        rows, cells = draw_rows_in_cells(digits, hand, height, count, random)
    else:
        rows = [draw_free_row(digits, hand, height, most, random) for _ in range(count)]
        cells = []
    wide = max([part.right for row in rows for part in row.parts] + [cell.right for cell in cells])
    page = _lay_out_page(rows, height, wide, random)
    ink, printed = _write(page, rows, wide, hand, bool(cells), random), Layer(page.size)
    seed = random.integers(2**32)  # the cells of all rows are alike
    moved = [cell._replace(left=cell.left + page.left, right=cell.right + page.left)
             for cell in cells]  # fmt: skip
    for base in page.bases:
        if cells:
            draw_cells(printed, moved, base, height, np.random.default_rng(seed))
    box = Box(page.bases[0] - height, page.bases[-1], page.left, page.left + wide)
    if not cells and random.random() < FRAME_SHARE:
        _draw_frame(printed, box, height, random)
    picture, contrast = _on_paper(digits, ink, printed.coverage(), box, random)
    taken = take(picture, contrast, height, random)
    factor = taken.shape[0] / page.size[0]
    return RowPicture(taken, [
        RowText(row.text, (base - height) * factor, base * factor)
        for row, base in zip(rows, page.bases, strict=True)
    ])  # fmt: skip


def _lay_out_page(rows: list[Row], height: float, wide: float, random: Generator) -> _Page:
    """A page for rows that are at most `wide`; its margins are small, or up to a digit's height."""
    pitch = height * random.uniform(1.2, 2.0)
    above, below, before, behind = height * random.uniform(0.02, random.choice([0.12, 0.9]), 4)
    left = before - min(0.0, *(part.left for row in rows for part in row.parts))
    bases = [above + 1.08 * height + place * pitch for place in range(len(rows))]
    size = round(bases[-1] + 0.1 * height + below), round(left + wide + behind)
    size = size[0], max(MIN_SIDE_PIXELS, size[1])
    return _Page(size, height, bases, left, random.normal(0, 0.012))


def _write(
    page: _Page, rows: list[Row], wide: float, hand: Hand, in_cells: bool, random: Generator
) -> np.ndarray:
    """The ink of the rows, each at the left, at the right, or between: float32 [H, W]."""
    ink, pen = np.zeros(page.size, np.float32), Layer(page.size)
    for row, base in zip(rows, page.bases, strict=True):
        free = 0.0 if in_cells else wide - row.parts[-1].right
        shift = page.left + max(0.0, free) * random.choice([0, 1, random.random()])
        for part in row.parts:
            top = base + part.top + page.drift * part.left
            ink = np.maximum(ink, on.covering(page.size, part.mask, top, shift + part.left))
        width = max(hand.pen, 0.04) * page.height
        draw_joints(row, base, shift, page.drift, width, pen, random)
    return np.maximum(ink, pen.coverage())


def _draw_frame(layer: Layer, box: Box, height: float, random: Generator) -> None:
    """Prints one frame around all, or lines that run off the picture, as those of a table."""
    width = max(0.6, height * random.uniform(0.01, 0.05))
    around = box.grown(height * random.uniform(-0.02, 0.4, 4))
    top, bottom, left, right = around
    tall, wide = layer.size
    if random.random() < 0.4:
        lines = [[(0.0, y), (wide, y)] for y in (top, bottom)]
        if random.random() < 0.5:
            lines += [[(x, 0.0), (x, tall)] for x in (left, right)]
    else:
        lines = [[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]]
    for line in lines:
        layer.line(line, width)


def _on_paper(
    digits: Digits, ink: np.ndarray, printed: np.ndarray, box: Box, random: Generator
) -> tuple[np.ndarray, float]:
    """Ink and print on paper: float32 [H, W], and the contrast of the ink, in gray levels."""
    size = ink.shape[0], ink.shape[1]
    if random.random() < CLEAN_SHARE:
        contrast = random.uniform(MIN_CLEAN_CONTRAST, 1)
        paper = on.lit(on.plain(size, random.uniform(120, 255)), random, random.uniform(0, 0.3))
        covered = contrast * np.maximum(ink, printed * random.uniform(0.25, 1))
        return paper * (1 - covered.clip(0, 0.97)), contrast * float(paper.mean())
    contrast = max(draw_contrast(random), random.uniform(MIN_CONTRAST, 2 * MIN_CONTRAST))
    paper = draw_paper(digits, size, contrast, random)
    marks = printed * min(0.97, contrast * random.uniform(0.25, 1.3))
    if random.random() < 0.12:
        marks = np.maximum(marks, draw_marks(size, box, contrast, random))
    covered = np.maximum(contrast * draw_opacity(size, random) * ink, marks)
    return paper * (1 - covered.clip(0, 1)), contrast * float(paper.mean())


def take(picture: np.ndarray, contrast: float, height: float, random: Generator) -> np.ndarray:
    """Takes a picture: turned a little, blurred, inverted, shrunk, with noise; uint8 [H, W].

    contrast: of the ink, in gray levels; height: of a digit, in pixels.
    """
    picture = picture.astype(np.float32)
    if random.random() < 0.5:
        picture = _turned(picture, random)
    if random.random() < 0.6:
        picture = ndimage.gaussian_filter(picture, random.uniform(0.2, 1.4))
    if random.random() < 0.06:
        far = max(3.0, random.uniform(0.03, 0.15) * height)
        picture = ndimage.convolve(picture, surfaces.motion(random, far), mode="nearest")
    if random.random() < 0.2:
        total = 255 if random.random() < 0.5 else picture.max() + picture.min()
        picture = total - picture
    taken = TAKEN_HEIGHT_PIXELS * float(np.exp(random.normal(0, TAKEN_DEVIATION)))
    tall, wide = (max(10, round(side * min(1.2, taken / height))) for side in picture.shape)
    picture = shaped(picture, (tall, wide))
    noise = random.choice([0, 0.3, random.uniform(0.3, 8)], p=[0.15, 0.35, 0.5])
    noise = min(noise, 0.2 * contrast)
    picture += random.normal(0, noise, picture.shape).astype(np.float32)
    if random.random() < 0.04 and contrast > TWO_LEVELS_CONTRAST:
        middle = (picture.max() + picture.min()) / 2
        picture = np.where(picture > middle, picture.max(), picture.min())
    pixels = on.bytes_of(picture)
    if random.random() < 0.35:
        least = 25 if contrast > FAINT_LEVELS else 70  # or nobody could see it any more
        pixels = compressed(pixels, int(random.integers(least, 95)))
    return pixels


def _turned(picture: np.ndarray, random: Generator) -> np.ndarray:
    """The picture turned and sheared a little; the paper goes on beyond the border."""
    angle, shear = np.radians(random.normal(0, 1.5)), random.normal(0, 0.06)
    matrix = np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle) + shear, np.cos(angle)]], np.float32
    )
    middle = np.array(picture.shape) / 2
    offset = middle - matrix @ middle
    return ndimage.affine_transform(picture, matrix, offset, order=1, mode="nearest")
