"""A sheet of rows of digits, and what a reader of rows read: arrays in, a figure out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.digit_sheets import CAPTION_COLOR
from nn.figures.drawing import ORANGE

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

SHOWN_ROWS, SHOWN_MISTAKES = 16, 12  # the first of all, and the first that were read wrong
COLUMNS = 2
# In pixels of a canvas.
CAPTION_PIXELS, GAP_PIXELS = 18, 12
INCHES_PER_PIXEL = 1 / 58
TITLE_INCHES = 0.7


def sheet_of_rows(
    canvases: np.ndarray, texts: Sequence[str], read: Sequence[str], title: str
) -> "Figure":
    """Canvases of rows with the text that was read: the first, then the first that were read wrong.

    canvases: uint8 [N, H, W, 2], the ink above and the darkness below; texts: the true ones.
    """
    from matplotlib.figure import Figure

    wrong = [place for place in range(len(texts)) if texts[place] != read[place]]
    later = [place for place in wrong if place >= SHOWN_ROWS][:SHOWN_MISTAKES]
    shown = [*range(min(SHOWN_ROWS, len(texts))), *later]
    tall, wide = canvases.shape[1:3]
    tile = 2 * tall + CAPTION_PIXELS + GAP_PIXELS
    lines = max(1, -(-len(shown) // COLUMNS))
    width, height = COLUMNS * (wide + GAP_PIXELS), lines * tile
    size = width * INCHES_PER_PIXEL, height * INCHES_PER_PIXEL + TITLE_INCHES
    figure = Figure(size, layout="constrained")
    axes = figure.add_subplot()
    for place, index in enumerate(shown):
        line, column = divmod(place, COLUMNS)
        left, top = column * (wide + GAP_PIXELS), line * tile + CAPTION_PIXELS
        pixels = np.concatenate([*np.moveaxis(canvases[index], -1, 0)])
        extent = (left, left + wide, top + 2 * tall, top)
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=extent)
        is_right = texts[index] == read[index]
        caption = read[index] or "nothing"
        if not is_right:
            caption += f", not {texts[index]}"
        color = CAPTION_COLOR if is_right else ORANGE
        axes.text(left, top - 4, caption, color=color, fontsize=8, parse_math=False)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axes.axis("off")
    right = len(texts) - len(wrong)
    axes.set_title(
        f"{title}: {right:,} of {len(texts):,} test canvases read right\n"
        f"the first {len(shown) - len(later)}, then other mistakes; the ink that was found, and "
        "below it the darkness",
        parse_math=False,
    )
    return figure
