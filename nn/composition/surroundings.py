"""What surrounds a digit: the paper and its light, marks, the other side, the writing beside it."""

from collections.abc import Callable, Collection

import numpy as np
from numpy.random import Generator
from PIL import Image

from nn.composition import paper as on
from nn.composition import surfaces
from nn.composition.ink import sized
from nn.composition.layers import Box, Layer
from nn.composition.marks import Mark, draw_mark
from nn.composition.writing import cursive, digit_mask, other_writing, stretched
from nn.data.digits import Digits

# A neighbor of which so much is seen, or less, is cut off by the border, and is not to be read. One
# that is seen whole is another digit. Nothing between is shown, as a person would not know either.
MAX_CUT_SHARE, MIN_WHOLE_SHARE = 0.5, 0.97
MAX_SHOWN_THROUGH = 0.65  # of the ink's contrast
CUT_LINE_SHARE = 0.4  # of the neighbors: a whole line of writing, cut off
CURSIVE_SHARE, REACHING_SHARE = 0.4, 0.4  # of these lines: cursive; they reach the digit


def draw_paper(
    digits: Digits,
    size: tuple[int, int],
    contrast: float,
    random: Generator,
    through: float = MAX_SHOWN_THROUGH,
) -> np.ndarray:
    """Paper, its light, and what is printed on it or shows through; what is faint stays so beside
    the ink. through: the highest contrast of the other side's writing, as a share of the ink's."""
    paper = on.plain(size, random.uniform(90, 255))
    strength = contrast * random.uniform(0.1, 0.7)
    changes: list[tuple[float, Callable[[], np.ndarray]]] = [
        (0.14, lambda: surfaces.patterned(paper, random, strength)),
        (0.06, lambda: surfaces.patterned(paper, random, contrast * random.uniform(0.1, 0.9))),
        (0.15, lambda: on.ruled(paper, random, min(size) * random.uniform(0.1, 0.5),
                                contrast * random.uniform(0.1, 1.0), random.random() < 0.5)),
        (0.16, lambda: surfaces.textured(paper, random, contrast * random.uniform(0.02, 0.2))),
        (0.12, lambda: surfaces.stained(paper, random, contrast * random.uniform(0.05, 0.9))),
        (0.33, lambda: _shown_through(digits, paper, through * contrast, random)),
        (0.45, lambda: on.lit(paper, random, random.uniform(0, 0.5))),
        (0.16, lambda: on.shadowed(paper, random, random.uniform(0.15, 0.6))),
        (0.10, lambda: on.creased(paper, random, random.uniform(0.08, 0.3))),
        (0.12, lambda: surfaces.edged(paper, random)),
    ]  # fmt: skip
    for share, change in changes:
        if random.random() < share:
            paper = change()
    return paper


def lay_on_table(paper: np.ndarray, box: Box, random: Generator) -> np.ndarray:
    """Lays the paper on a table, so that the sheet ends not far from the digit."""
    gaps = random.uniform(0.03, random.uniform(0.15, 1.5), 4) * max(box.height, box.width)
    sheet = box.grown(gaps)
    return surfaces.laid(paper, (sheet.top, sheet.bottom, sheet.left, sheet.right), random)


def draw_contrast(random: Generator) -> float:
    """How much of the paper's light the ink takes, from faint pencil to black."""
    ranges = [random.uniform(0.04, 0.15), random.uniform(0.12, 0.4), random.uniform(0.4, 1.0)]
    return float(random.choice(ranges, p=[0.12, 0.3, 0.58]))


def draw_opacity(size: tuple[int, int], random: Generator) -> np.ndarray:
    """How much of the ink reached the paper: even, grainy as a pencil's, or fading in places."""
    opacity = np.ones(size, np.float32)
    if random.random() < 0.35:
        opacity *= random.normal(0.8, 0.25, size).clip(0.15, 1).astype(np.float32)
    if random.random() < 0.4:
        knots = random.random((int(random.integers(3, 9)),) * 2).astype(np.float32)
        uneven = Image.fromarray(knots).resize(size[::-1], Image.Resampling.BICUBIC)
        opacity *= (1 - random.uniform(0.2, 0.85) * np.asarray(uneven)).clip(0.12, 1)
    return opacity


def draw_marks(
    size: tuple[int, int],
    box: Box,
    contrast: float,
    random: Generator,
    without: Collection[Mark] = (),
) -> np.ndarray:
    """Marks around the digit: the share of the paper's light that they take, float32 [H, W]. Most
    are about as dark as the ink, whose share is `contrast`; some are printed darker. None of
    `without` is among them."""
    marks = np.zeros(size, np.float32)
    for _ in range(random.choice([1, 2, 3], p=[0.7, 0.22, 0.08])):
        layer = Layer(size)
        draw_mark(layer, box, random, without)
        dark = contrast * random.uniform(0.25, 1.2)
        if random.random() < 0.25:
            dark = random.uniform(0.15, 0.9)
        marks = np.maximum(marks, layer.coverage() * min(dark, 0.97))
    if random.random() < 0.2:
        marks = on.blurred(marks, random.uniform(0.3, 1.2))
    return marks


def draw_neighbors(
    digits: Digits, size: tuple[int, int], box: Box, random: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Writing beside, over or under the digit: what the border cuts off, what is seen whole."""
    cut, whole = np.zeros(size, np.float32), np.zeros(size, np.float32)
    if random.random() < CUT_LINE_SHARE:
        return random.uniform(0.7, 1.1) * _cut_line(digits, size, box, random), whole
    for side in random.permutation(4)[: random.choice([1, 2, 3], p=[0.5, 0.4, 0.1])]:
        mask = digit_mask(digits, random)[0] if random.random() < 0.7 else other_writing(
            digits, random)  # fmt: skip
        drawn = sized(mask, max(6, round(box.height * random.uniform(0.7, 1.3))))
        height, width = drawn.shape
        gap = random.uniform(0.03, 0.4) * box.height
        top = (box.top + box.bottom - height) / 2 + random.normal(0, 0.08) * box.height
        left = (box.left + box.right - width) / 2 + random.normal(0, 0.3) * box.height
        if side == 0:
            left = box.left - gap - width
        elif side == 1:
            left = box.right + gap
        elif side == 2:
            top = box.top - gap - height
        else:
            top = box.bottom + gap
        cover = on.covering(size, drawn, top, left)
        seen = float(cover.sum() / max(drawn.sum(), 1e-6))
        if seen < MAX_CUT_SHARE:
            cut = np.maximum(cut, cover)
        elif seen > MIN_WHOLE_SHARE:
            whole = np.maximum(whole, cover)
    return cut * random.uniform(0.7, 1.1), whole


def _cut_line(digits: Digits, size: tuple[int, int], box: Box, random: Generator) -> np.ndarray:
    """A line of writing of which the upper or the lower border shows a part: float32 [H, W]."""
    cover = np.zeros(size, np.float32)
    tall, seen = box.height * random.uniform(0.6, 1.3), random.uniform(0.08, MAX_CUT_SHARE)
    at_top, left = random.random() < 0.5, random.uniform(-0.5, 0.1) * tall
    free = (box.top if at_top else size[0] - box.bottom) + random.uniform(-0.1, 0.15) * box.height
    if 0 < free < MAX_CUT_SHARE * tall and random.random() < REACHING_SHARE:
        seen = free / tall
    if random.random() < CURSIVE_SHARE:
        drawn = cursive(random, tall, 1.5 * size[1])
        top = seen * tall - drawn.shape[0] if at_top else size[0] - seen * tall
        return on.covering(size, drawn, top, left)
    while left < size[1]:
        mask = digit_mask(digits, random)[0] if random.random() < 0.6 else other_writing(
            digits, random)  # fmt: skip
        drawn = sized(mask, max(6, round(tall * random.uniform(0.6, 1))))
        shown = seen * random.uniform(0.6, 1) * drawn.shape[0]
        top = shown - drawn.shape[0] if at_top else size[0] - shown
        cover = np.maximum(cover, on.covering(size, drawn, top, left))
        left += drawn.shape[1] + random.uniform(0.02, 0.4) * tall
    return cover


def _shown_through(digits: Digits, paper: np.ndarray, most: float, random: Generator) -> np.ndarray:
    """The other side's writing, mirrored and fainter than the ink, from crisp to blurred. most: the
    largest share of the paper's light that it takes."""
    cover = np.zeros(paper.shape, np.float32)
    share = random.uniform(0.2, 1.0)
    for _ in range(random.integers(1, 4)):
        writing = digit_mask(digits, random)[0]
        if random.random() < 0.3:
            writing = other_writing(digits, random)
        drawn = sized(stretched(writing, random)[:, ::-1], max(8, round(share * min(paper.shape))))
        places = random.uniform(0, 1, 2) * paper.shape - np.array(drawn.shape) / 2
        cover = np.maximum(cover, on.covering(paper.shape, drawn, *places))
    cover = on.blurred(cover, random.choice([0.5, random.uniform(0.5, 3)]))
    return paper * (1 - random.uniform(0.1, 1) * most * cover)
