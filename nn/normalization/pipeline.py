"""Canvases → 28×28 digits such as MNIST's, as batched graph ops.

The stages, each a function: table → polarity → background → threshold → ink → parts → 20×20 box,
center of mass. MNIST itself was made by the last (LeCun et al. 1998, Gradient-Based Learning
Applied to Document Recognition, section III.A, and the description on the database's page).
Canvases and sizes are described in nn/pictures/files.py. Gray levels are float32 from 0 to 1, [N,
H, W] throughout.
"""

from typing import NamedTuple

import tensorflow as tf

from nn.normalization.clutter import drop_parts
from nn.normalization.fit import _fit
from nn.normalization.image_ops import deviation, dilate, otsu
from nn.normalization.ink import (
    DARK,
    _full_ink,
    _inside,
    _is_light_on_dark,
    _keep_ink,
    _remove_background,
)
from nn.normalization.tabletop import paint_table

SMALL = 32  # pixels; smaller pictures are often filled by their digit, and have no shadows
MIN_CONTRAST = 0.03  # of ink against paper
MIN_SIGNAL = 4.0  # ink's contrast, in standard deviations of paper; below it there is only noise
ROUNDING = 0.002  # of gray levels: half of one, the least deviation that paper has
NO_INK = "no ink"


class Normalized(NamedTuple):
    """images: uint8 [N, 28, 28], 255 = ink; ink: uint8 [N, H, W], the ink found on the canvas;
    reasons: string [N], empty, or why there is no digit; light_on_dark: bool [N], whether the ink
    is lighter than the paper; dropped: int32 [N], how many specks, frames, lines and
    strips were dropped."""

    images: tf.Tensor
    ink: tf.Tensor
    reasons: tf.Tensor
    light_on_dark: tf.Tensor
    dropped: tf.Tensor


class Stages(NamedTuple):
    """What each stage gives, float32 [N, H, W] from 0 to 1, light ink: lit, of one polarity; flat,
    without paper; ink, above the threshold; digit, the parts of it that stay; fitted, [N, 28, 28].

    light_on_dark, blank: bool [N], whether the ink was lighter than the paper, whether there is
    none; dropped: int32 [N], parts.
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

    drawn: the pictures are no photos, and what lies along their border belongs to them.
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
    """The same, with what lies between; docs/normalization.png shows it."""
    inside = _inside(tf.shape(pixels), sizes)
    gray = tf.cast(pixels, tf.float32) * (1 / 255)
    is_small = tf.reduce_max(sizes[:, :2], 1) <= SMALL
    all_small = tf.reduce_all(is_small)  # these need less
    with tf.name_scope("table"):  # beside a digit: small pictures have none
        gray = tf.cond(
            all_small,
            lambda: gray,
            lambda: tf.where(is_small[:, None, None], gray, paint_table(gray, inside)),
        )
    with tf.name_scope("polarity"):
        light_on_dark = _is_light_on_dark(gray, inside, sizes)
        lit = tf.where(light_on_dark[:, None, None], gray, 1 - gray) * inside
    with tf.name_scope("background"):
        flat, flat_border = _remove_background(lit, inside, sizes, is_small)
    with tf.name_scope("threshold"):
        threshold, contrast = otsu(flat, inside)
        noise = deviation(flat, inside * tf.cast(flat <= threshold[:, None, None], tf.float32))
        blank = contrast < tf.maximum(MIN_CONTRAST, MIN_SIGNAL * (noise + ROUNDING))
    with tf.name_scope("ink"):
        full = tf.where(blank[:, None, None], 0.0, _full_ink(flat, threshold))
        ink = surely = _keep_ink(flat, inside, threshold, full)
        if not drawn:

            def with_border() -> tf.Tensor:
                dark = dilate(tf.cast(flat_border > DARK * full, tf.float32), 3) > 0
                return _keep_ink(tf.where(dark, flat_border, flat), inside, threshold, full)

            ink = tf.cond(all_small, lambda: surely, with_border)
    with tf.name_scope("parts"):
        digit, dropped = drop_parts(ink) if drawn else drop_parts(ink, inside, ink - surely)
    with tf.name_scope("fit"):
        fitted = _fit(digit)
    return Stages(lit, flat, ink, digit, fitted, light_on_dark, blank, dropped)


def _to_uint8(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(tf.clip_by_value(x, 0, 1) * 255), tf.uint8)
