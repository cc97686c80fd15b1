"""Canvases → 28×28 digits such as MNIST's, as batched graph ops.

The stages, in order: table → polarity → background → threshold → ink → components → fit, the box of
20×20 and the center of mass. MNIST's own digits were made by the last one (LeCun et al. 1998,
Gradient-Based Learning Applied to Document Recognition, section III.A, and the description on the
database's page). nn/pictures/canvas.py describes canvases and sizes. Gray levels are float32 from 0
to 1, [N, H, W], throughout.
"""

from typing import NamedTuple

import tensorflow as tf

from nn.normalization.clutter import drop_clutter
from nn.normalization.fit import fit_digit
from nn.normalization.image_ops import picture_mask
from nn.normalization.ink import (
    add_border_ink,
    find_threshold,
    full_ink,
    keep_ink,
    make_ink_light,
    remove_background,
)
from nn.normalization.tabletop import paint_table

# The longer side, in pixels. Smaller pictures are often filled by their digit, and have no shadows
# and no table around a sheet.
SMALL_PICTURE_PIXELS = 32
NO_INK = "no ink"


class Normalized(NamedTuple):
    """images: uint8 [N, 28, 28], 255 = ink; ink: uint8 [N, H, W], the ink found on the canvas;
    reasons: string [N], empty, or why there is no digit; light_on_dark: bool [N], whether the ink
    is lighter than the paper; dropped: int32 [N], how many specks, frames, lines, blots and strips
    were dropped."""

    images: tf.Tensor
    ink: tf.Tensor
    reasons: tf.Tensor
    light_on_dark: tf.Tensor
    dropped: tf.Tensor


class Stages(NamedTuple):
    """The result of each stage, float32 [N, H, W] from 0 to 1: lit, with light ink; flat, without
    paper; ink, above the threshold; digit, its components that stay; fitted, [N, 28, 28].

    light_on_dark, blank: bool [N], whether the ink was lighter than the paper, whether there is
    none; dropped: int32 [N], the number of components that were dropped.
    """

    lit: tf.Tensor
    flat: tf.Tensor
    ink: tf.Tensor
    digit: tf.Tensor
    fitted: tf.Tensor
    light_on_dark: tf.Tensor
    blank: tf.Tensor
    dropped: tf.Tensor


def normalize(pixels: tf.Tensor, sizes: tf.Tensor, drawn: bool = False) -> Normalized:
    """uint8 [N, H, W] canvases and int32 [N, 3] sizes → digits as MNIST has them.

    drawn: the pictures are not photos, and whatever lies along their border belongs to them.
    """
    stages = normalize_in_stages(pixels, sizes, drawn)
    return Normalized(
        _to_uint8(stages.fitted),
        _to_uint8(stages.digit),
        tf.where(stages.blank, NO_INK, ""),
        stages.light_on_dark,
        stages.dropped,
    )


CANVASES = tf.TensorSpec([None] * 3, tf.uint8), tf.TensorSpec([None, 3], tf.int32)
# The same as a function of the graph: an export holds it once, however often it is called.
normalize_by_call = tf.function(normalize, CANVASES, autograph=False)


def normalize_in_stages(pixels: tf.Tensor, sizes: tf.Tensor, drawn: bool = False) -> Stages:
    """As `normalize`, and gives the result of each stage; docs/normalization.png shows them."""
    inside = picture_mask(tf.shape(pixels), sizes)
    gray = tf.cast(pixels, tf.float32) * (1 / 255)
    is_small = tf.reduce_max(sizes[:, :2], 1) <= SMALL_PICTURE_PIXELS
    all_small = tf.reduce_all(is_small)
    with tf.name_scope("table"):
        gray = _paint_large(gray, inside, is_small, all_small)
    with tf.name_scope("polarity"):
        lit, light_on_dark = make_ink_light(gray, inside, sizes)
    with tf.name_scope("background"):
        flat, flat_to_border = remove_background(lit, inside, sizes, is_small)
    with tf.name_scope("threshold"):
        threshold, blank = find_threshold(flat, inside)
    with tf.name_scope("ink"):
        full = tf.where(blank[:, None, None], 0.0, full_ink(flat, threshold))
        ink = certain = keep_ink(flat, inside, threshold, full)
        if not drawn:  # small pictures have no wide strips along the border
            ink = tf.cond(
                all_small,
                lambda: certain,
                lambda: add_border_ink(flat, flat_to_border, inside, threshold, full),
            )
    with tf.name_scope("parts"):
        digit, dropped = drop_clutter(ink) if drawn else drop_clutter(ink, inside, ink - certain)
    with tf.name_scope("fit"):
        fitted = fit_digit(digit)
    return Stages(lit, flat, ink, digit, fitted, light_on_dark, blank, dropped)


def _paint_large(
    gray: tf.Tensor, inside: tf.Tensor, is_small: tf.Tensor, all_small: tf.Tensor
) -> tf.Tensor:
    """Paints over the table around a sheet, but not in small pictures, bool [N]."""
    return tf.cond(
        all_small,  # then nothing needs to be computed
        lambda: gray,
        lambda: tf.where(is_small[:, None, None], gray, paint_table(gray, inside)),
    )


def _to_uint8(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(tf.clip_by_value(x, 0, 1) * 255), tf.uint8)
