"""Pictures of digits on paper, composed at random, with the digit's own ink as the truth.

They train the finder of ink (nn/networks/finder.py). Each is drawn larger than the canvas, as a
camera or scanner sees it, then shrunk, compressed and put on the canvas as a user's picture is. The
shares and ranges are estimates of what people bring; docs/experiments.md says what was learned.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image

from nn.composition import paper as on
from nn.composition.cells import Form, cut_out_cell
from nn.composition.ink import sized
from nn.composition.layers import Box
from nn.composition.marks import ring, rules
from nn.composition.numbers import draw_number
from nn.composition.places import (
    SIDE_PIXELS,
    beyond_border,
    cropped,
    cropped_to,
    draw_box,
    draw_place,
    draw_size,
)
from nn.composition.surroundings import (
    draw_contrast,
    draw_marks,
    draw_neighbors,
    draw_opacity,
    draw_paper,
    lay_on_table,
)
from nn.composition.taking import Drawing, Scene, take
from nn.composition.writing import digit_mask, other_writing, stretched
from nn.data.digits import NO_DIGIT, Digits

TIGHT_NUMBER_SHARE = 0.3  # of the numbers: cropped to their ink, or nearly
WIDE_NUMBER_SHARE = 0.65  # of the numbers: pictures up to three times as wide as high
TIGHT_SHARE = 0.15  # of the written pictures: cropped to the ink, or nearly
RUNS_OFF_SHARE = 0.2  # of the others: up to a fifth lies beyond the border; what is seen is ink
MAX_THROUGH_BLANK = 0.25  # of the contrast: on a blank sheet more looks like faint writing
TABLE_SHARE = 0.12  # of all: the paper ends within the picture


def compose(digits: Digits, random: Generator) -> Scene:
    """Composes a scene with one of the digits, with other writing, or with no writing at all.

    One that a person could hardly see is drawn anew.
    """
    kinds: dict[Callable[[Digits, Generator], Drawing], float] = {
        _written: 0.44, _framed: 0.10, _number: 0.20, _cell: 0.06, _other: 0.08, _blank: 0.12,
    }  # fmt: skip
    while True:
        kind = list(kinds)[random.choice(len(kinds), p=list(kinds.values()))]
        scene = take(kind(digits, random), random)
        if scene.is_visible():
            return scene


def _written(digits: Digits, random: Generator) -> Drawing:
    """A digit on paper, with what may lie around it."""
    mask, label = digit_mask(digits, random)
    return _on_paper(digits, mask, label, random)


def _other(digits: Digits, random: Generator) -> Drawing:
    """Writing that is no digit, or more than one."""
    return _on_paper(digits, other_writing(digits, random), NO_DIGIT, random, tight=0.5)


def _blank(digits: Digits, random: Generator) -> Drawing:
    """Paper, with marks where a digit might be, and no writing.

    There is no ring and no short line: alone they are a zero and a one.
    """
    size = draw_size(random)
    box = draw_box(size, random.uniform(0.3, 0.9), random)
    empty = np.zeros(size, np.float32)
    contrast = random.uniform(0.05, 1)  # of marks where ink would be
    paper = draw_paper(digits, size, contrast, random, through=MAX_THROUGH_BLANK)
    if random.random() < TABLE_SHARE:
        paper = lay_on_table(paper, box, random)
    marks = empty
    if random.random() < 0.85:
        marks = draw_marks(size, box, contrast, random, without=(ring, rules))
    if random.random() < 0.3:
        marks = np.maximum(marks, contrast * draw_neighbors(digits, size, box, random)[0])
    return Drawing(paper * (1 - marks.clip(0, 1)), empty, NO_DIGIT, contrast * float(paper.mean()))


def _number(digits: Digits, random: Generator) -> Drawing:
    """Several digits in a row, perhaps in the cells of a form."""
    size = draw_size(random)
    if random.random() < WIDE_NUMBER_SHARE:
        size = (round(SIDE_PIXELS * float(np.exp(-random.uniform(0.2, 1.2)))), SIDE_PIXELS)
    ink, cells, box, label = draw_number(digits, size, random)
    if random.random() < TIGHT_NUMBER_SHARE:
        ink, cells, box = cropped_to(box, ink, cells, random)
    return _on_form(digits, Form(ink, np.zeros_like(ink), cells, box, label), random)


def _cell(digits: Digits, random: Generator) -> Drawing:
    """A cell cut out of a form. The digits beside it are seen in part, and are not to be read."""
    return _on_form(digits, cut_out_cell(digits, SIDE_PIXELS, random), random)


def _on_form(digits: Digits, form: Form, random: Generator) -> Drawing:
    """Writing in the cells of a form, or on blank paper, with marks around it."""
    ink, beside, cells, box, label = form
    size = (ink.shape[0], ink.shape[1])
    contrast = draw_contrast(random)
    paper = draw_paper(digits, size, contrast, random)
    light = contrast * float(paper.mean())
    marks = cells * min(0.97, contrast * random.uniform(0.25, 1.3))
    marks = np.maximum(marks, min(0.97, contrast * random.uniform(0.7, 1.1)) * beside)
    if random.random() < 0.25:
        marks = np.maximum(marks, draw_marks(size, box, contrast, random))
    covered = np.maximum(contrast * draw_opacity(size, random) * ink, marks)
    return Drawing(paper * (1 - covered.clip(0, 1)), ink, label, light)


def _on_paper(
    digits: Digits, mask: np.ndarray, label: int, random: Generator, tight: float = TIGHT_SHARE
) -> Drawing:
    """A mask on paper. tight: how many are cropped to the ink, or nearly."""
    mask = stretched(mask, random)
    if random.random() < tight:
        size, drawn, top, left = cropped(mask, random)
    else:
        size = draw_size(random)
        share = random.choice(
            [random.uniform(0.12, 0.3), random.uniform(0.3, 0.5), random.uniform(0.45, 0.85),
             random.uniform(0.85, 1.04)], p=[0.12, 0.25, 0.42, 0.21],
        )  # fmt: skip
        drawn = sized(mask, max(8, round(share * min(size))))
        top, left = draw_place(size, drawn.shape, random)
        if random.random() < RUNS_OFF_SHARE:
            top, left = beyond_border(size, drawn.shape, (top, left), random)
    ink = on.covering(size, drawn, top, left)
    box = Box(top, top + drawn.shape[0], left, left + drawn.shape[1])
    contrast = draw_contrast(random)
    paper = draw_paper(digits, size, contrast, random)
    light = contrast * float(paper.mean())
    if random.random() < TABLE_SHARE:
        paper = lay_on_table(paper, box, random)
    marks = np.zeros(size, np.float32)
    if random.random() < 0.6:
        marks = draw_marks(size, box, contrast, random)
    if random.random() < 0.36:
        cut, whole = draw_neighbors(digits, size, box, random)
        marks = np.maximum(marks, contrast * cut)
        if whole.any():
            ink, label = np.maximum(ink, whole), NO_DIGIT
    covered = np.maximum(contrast * draw_opacity(size, random) * ink, marks)
    return Drawing(paper * (1 - covered.clip(0, 1)), ink, label, light)


def _framed(digits: Digits, random: Generator) -> Drawing:
    """A small picture that the digit fills, stretched to its sides, or with a margin; gray, or in
    two levels; with much ink as well as little."""
    mask, label = digit_mask(digits, random)
    height = int(random.integers(10, 40))
    width = height
    if random.random() < 0.6 or mask.shape[1] < 0.4 * mask.shape[0]:
        own = height * mask.shape[1] / mask.shape[0]
        width = max(5, min(2 * height, round(own * np.exp(random.normal(0, 0.2)))))
    margin = random.integers(0, 4, 4) if random.random() < 0.5 else np.zeros(4, int)
    large = Image.fromarray(np.round(mask * 255).astype(np.uint8)).resize(
        (4 * width, 4 * height), Image.Resampling.BOX
    )
    ink = np.pad(np.asarray(large, np.float32) / 255, 4 * margin.reshape(2, 2))
    if random.random() < 0.15:  # on a square, as datasets have it
        short = max(ink.shape) - np.array(ink.shape)
        ink = np.pad(ink, [(side // 2, side - side // 2) for side in short])
    low, high = random.uniform(0, 90), random.uniform(100, 255)
    shown = on.blurred(ink, random.uniform(0, 4)) if random.random() < 0.5 else ink
    if random.random() < 0.35:
        shown = shown * (0.6 + 0.4 * on.lit(np.ones_like(ink), random, 0.8))
    return Drawing(low + (high - low) * (1 - shown), ink, label, high - low, filled=True)
