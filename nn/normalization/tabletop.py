"""A sheet of paper on a darker table, seen whole: the table is painted over, as paper.

Otherwise the edges of the sheet, and whatever lies around it, would be taken for ink.

A sheet lies within a dark rim, is broad, and fills the box around it, unlike a light digit on dark
paper. The constants were tuned on the pictures that benchmarks/handwriting draws of validation
digits; docs/experiments.md, "Sheets on a darker table", has the measurements.
"""

import tensorflow as tf

from nn.normalization.image_ops import dilate, erode, find_bounds, local_mean, masked_mean, otsu

# The share of the pixels along the picture's border that must be dark. In a picture that is half in
# shadow fewer are. With 0.5 more sheets with table on two sides are read right, and two pictures
# with shadows are read wrong.
MIN_TABLE_SHARE_OF_BORDER = 0.54
# Canvas pixels a side. Somewhere a sheet has a square of this size without ink. Light strokes on
# dark paper are too narrow for such a square.
INK_FREE_SQUARE_PIXELS = 11
# Of the picture's height and of its width.
MIN_SHEET_SHARE_OF_PICTURE = 0.5
# Of the upright box around the sheet; a sheet that leans fills less of it. A round zero fills 0.79.
# Of 12,000 of MNIST's digits, light on dark and cropped tightly, 24 are taken for sheets with 0.83,
# 3 with 0.86, 1 with 0.89. Among pictures of sheets, 7 are read wrong with 0.86, and 21 with 0.89.
MIN_SHEET_SHARE_OF_BOX = 0.86
# Canvas pixels a side: the window in which the edge between sheet and table is soft.
SHEET_EDGE_WINDOW_PIXELS = 5


def paint_table(gray: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Makes the table as light as the paper beside it: float32 [N, H, W] → the same.

    gray: levels from 0 to 1; inside: 1 where a canvas holds its picture, 0 around it.
    """
    threshold, _ = otsu(gray, inside)
    light = inside * tf.cast(gray > threshold[:, None, None], tf.float32)
    rim = inside - erode(tf.pad(inside, [[0, 0], [1, 1], [1, 1]]), 3)[:, 1:-1, 1:-1]
    has_dark_rim = masked_mean(inside - light, rim) > MIN_TABLE_SHARE_OF_BORDER
    # Few pictures have a dark rim. Where none of a batch has, the rest is not computed.
    return tf.cond(
        tf.reduce_any(has_dark_rim),
        lambda: _paint(gray, inside, light, has_dark_rim),
        lambda: gray * inside,
    )


def _paint(
    gray: tf.Tensor, inside: tf.Tensor, light: tf.Tensor, has_dark_rim: tf.Tensor
) -> tf.Tensor:
    """light: 1 where it is lighter than the threshold; has_dark_rim: bool [N]."""
    table = inside * _reached_from_edge(1 - light)
    sheet = inside - table
    height, width = _extent(sheet, 2), _extent(sheet, 1)
    is_sheet = (
        has_dark_rim
        & (tf.reduce_max(erode(light, INK_FREE_SQUARE_PIXELS), [1, 2]) > 0)
        & (height > MIN_SHEET_SHARE_OF_PICTURE * _extent(inside, 2))
        & (width > MIN_SHEET_SHARE_OF_PICTURE * _extent(inside, 1))
        & (tf.reduce_sum(sheet, [1, 2]) > MIN_SHEET_SHARE_OF_BOX * height * width)
    )
    around = is_sheet[:, None, None] & (dilate(table, SHEET_EDGE_WINDOW_PIXELS) > 0)
    paper = light * tf.cast(~around, tf.float32)
    near = local_mean(gray, paper)
    everywhere = masked_mean(gray, paper)[:, None, None]
    return tf.where(around, tf.where(near > 0, near, everywhere), gray) * inside


def _reached_from_edge(dark: tf.Tensor) -> tf.Tensor:
    """1 where all pixels of a row or column are dark, from the canvas's edge to this pixel."""
    ways = [
        tf.math.cumprod(dark, axis, reverse=reverse) for axis in (1, 2) for reverse in (False, True)
    ]
    return tf.reduce_max(ways, 0)


def _extent(mask: tf.Tensor, across: int) -> tf.Tensor:
    """The height (across 2) or width (across 1) of the box around the mask: float32 [N]."""
    first, last = find_bounds(mask, across, 0)
    return tf.cast(last - first, tf.float32)
