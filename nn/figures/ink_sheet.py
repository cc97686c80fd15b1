"""A sheet of pictures and the ink that a finder found: arrays in, a figure out."""

import math
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.digit_sheets import (
    CAPTION_COLOR,
    CAPTIONED_ROW_HEIGHT,
    draw_captioned,
    new_sheet,
)

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

SHOWN_PICTURES, WORST_PICTURES = 24, 12  # the first of all, and those whose ink was found worst
PICTURES_PER_ROW = 4


def found_ink(
    pictures: np.ndarray, ink: np.ndarray, found: np.ndarray, overlaps: np.ndarray, title: str
) -> "Figure":
    """Pictures, the ink they have, and the ink that was found: the first, then the worst of all.

    pictures, ink, found: uint8 [N, H, W], 255 = ink; overlaps: float32 [N], how well they agree.
    """
    worst = np.argsort(overlaps, kind="stable")[:WORST_PICTURES]
    shown = [*range(min(SHOWN_PICTURES, len(pictures))), *worst.tolist()]
    columns = 3 * PICTURES_PER_ROW
    rows = math.ceil(len(shown) / PICTURES_PER_ROW)
    figure, axes = new_sheet(rows, columns, CAPTIONED_ROW_HEIGHT)
    for place, index in enumerate(shown):
        row, column = divmod(place, PICTURES_PER_ROW)
        captions = "picture", "its ink", f"found: {overlaps[index]:.0%}"
        for part, image in enumerate((255 - pictures[index], ink[index], found[index])):
            at = 3 * column + part
            draw_captioned(axes, image, row, at, captions[part], color=CAPTION_COLOR)
    axes.set(xlim=(0, columns), ylim=(CAPTIONED_ROW_HEIGHT * rows, 0), aspect="equal")
    below = f"the first {len(shown) - len(worst)}, then the {len(worst)} worst of all"
    axes.set_title(f"{title}\n{below}; overlap of its ink and the ink found", parse_math=False)
    return figure
