"""A sheet of paper on a darker table, seen whole: the table is painted over, as paper.

Else the edges of the sheet, and what lies around it, would be taken for ink.
"""

import tensorflow as tf

from nn.normalization.image_ops import dilate, ends, erode, local_mean, mean_over, otsu

# A sheet is what lies within a dark rim, is broad, and fills the box around it: a light digit on
# dark does not. A round zero fills 0.79 of its box.
RIM = 0.54  # of the picture's border is table, at least: the half of a picture in shadow has less
BROAD = 11  # canvas pixels: a square of that is free of ink somewhere; light strokes are narrower
SIDES = 0.5  # of the picture's height and width, at least
FILLED = 0.86  # of its box, at least: it may lean
EDGE = 5  # canvas pixels: the window in which the edge of the sheet is soft


def paint_table(gray: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """float32 [N, H, W], gray levels → the same, the table as light as the paper beside it."""
    threshold, _ = otsu(gray, inside)
    light = inside * tf.cast(gray > threshold[:, None, None], tf.float32)
    rim = inside - erode(tf.pad(inside, [[0, 0], [1, 1], [1, 1]]), 3)[:, 1:-1, 1:-1]
    has_rim = mean_over(inside - light, rim) > RIM
    # Few pictures have a dark rim: where none has, the rest need not be looked at.
    return tf.cond(
        tf.reduce_any(has_rim), lambda: _paint(gray, inside, light, has_rim), lambda: gray * inside
    )


def _paint(gray: tf.Tensor, inside: tf.Tensor, light: tf.Tensor, has_rim: tf.Tensor) -> tf.Tensor:
    """light: 1 where it is lighter than the threshold; has_rim: bool [N], where a table may be."""
    table = inside * _reached(1 - light)
    sheet = inside - table
    height, width = _extent(sheet, 2), _extent(sheet, 1)
    is_sheet = (
        has_rim
        & (tf.reduce_max(erode(light, BROAD), [1, 2]) > 0)
        & (height > SIDES * _extent(inside, 2))
        & (width > SIDES * _extent(inside, 1))
        & (tf.reduce_sum(sheet, [1, 2]) > FILLED * height * width)
    )
    around = is_sheet[:, None, None] & (dilate(table, EDGE) > 0)
    paper = light * tf.cast(~around, tf.float32)
    near = local_mean(gray, paper)
    everywhere = mean_over(gray, paper)[:, None, None]
    return tf.where(around, tf.where(near > 0, near, everywhere), gray) * inside


def _reached(dark: tf.Tensor) -> tf.Tensor:
    """1 where a straight way along a row or column, from the canvas's edge, is all dark."""
    ways = [
        tf.math.cumprod(dark, axis, reverse=reverse) for axis in (1, 2) for reverse in (False, True)
    ]
    return tf.reduce_max(ways, 0)


def _extent(mask: tf.Tensor, across: int) -> tf.Tensor:
    """How many rows (across 2) or columns (across 1) lie from the first to the last with any:
    float32 [N]."""
    first, last = ends(mask, across, 0)
    return tf.cast(last - first, tf.float32)
