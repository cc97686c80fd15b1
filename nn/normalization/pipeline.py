"""Canvases → 28×28 digits such as MNIST's, as batched graph ops.

The stages, in order: small pictures are enlarged to the canvas; the finder, a network of its own,
tells which pixels are a digit's ink; strokes are brought to full ink; and what was found is fitted
into the box of 20×20, its center of mass in the middle. MNIST's own digits were made by the last
one (LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, section III.A, and
the description on the database's page). nn/pictures/canvas.py describes canvases and sizes.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nn.normalization.fit import fit_digit
from nn.normalization.full_ink import full_ink
from nn.normalization.image_ops import masked_mean, picture_mask
from nn.normalization.resampling import in_the_middle, resample
from nn.pictures.canvas import CANVAS
from nn.pictures.reasons import A_DIGIT_CODE, NO_INK_CODE

# Gray levels, and where the picture is, both float32 [N, H, W] from 0 to 1; H and W are multiples
# of 16 → the probability that each pixel is a digit's ink (nn/networks/finder_weights.py).
FindInk = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

FINDER_MULTIPLE = 16  # pixels: what the finder's canvas measures is a multiple of it
# A picture has ink if the probability of one of its pixels is higher.
MIN_CERTAINTY = 0.5


class Normalized(NamedTuple):
    """images: uint8 [N, 28, 28], 255 = ink; ink: uint8 [N, H, W], the ink found on the canvas;
    reason_codes: int32 [N], why there is no digit (nn/pictures/reasons.py), or 0; light_on_dark:
    bool [N], whether the ink is lighter than the paper; certainties: float32 [N], how sure the
    finder is of the ink."""

    images: tf.Tensor
    ink: tf.Tensor
    reason_codes: tf.Tensor
    light_on_dark: tf.Tensor
    certainties: tf.Tensor


class Stages(NamedTuple):
    """The result of each stage, float32 [N, H, W] from 0 to 1: gray, the enlarged picture; inside,
    where it lies; found, how surely a pixel is ink; full, the ink; fitted, [N, 28, 28]."""

    gray: tf.Tensor
    inside: tf.Tensor
    found: tf.Tensor
    full: tf.Tensor
    fitted: tf.Tensor


CANVASES = tf.TensorSpec([None] * 3, tf.uint8), tf.TensorSpec([None, 3], tf.int32)


def normalization(find_ink: FindInk) -> Callable[[tf.Tensor, tf.Tensor], Normalized]:
    """`normalize` with a finder, as a function of the graph: an export holds it once, however often
    it is called."""
    return tf.function(
        lambda pixels, sizes: normalize(pixels, sizes, find_ink), CANVASES, autograph=False
    )


def normalize(pixels: tf.Tensor, sizes: tf.Tensor, find_ink: FindInk) -> Normalized:
    """uint8 [N, H, W] canvases and int32 [N, 3] sizes → digits as MNIST has them."""
    stages = normalize_in_stages(pixels, sizes, find_ink)
    is_ink = stages.found > MIN_CERTAINTY
    ink, paper = (tf.cast(mask, tf.float32) for mask in (is_ink, (stages.inside > 0) & ~is_ink))
    here, there = _enlarging(pixels, sizes)
    found = resample(stages.full, there, here, tf.shape(pixels)[1:])
    return Normalized(
        to_uint8(stages.fitted),
        to_uint8(found),
        tf.where(tf.reduce_max(ink, [1, 2]) > 0, A_DIGIT_CODE, NO_INK_CODE),
        masked_mean(stages.gray, ink) > masked_mean(stages.gray, paper),
        mean_certainty(stages.found),
    )


def mean_certainty(found: tf.Tensor) -> tf.Tensor:
    """How sure the finder is of the ink that it found: float32 [N, H, W] → [N], 0 to 1.

    The mean of its answers, each weighted by itself; 0 where there is nothing.
    """
    squares, sums = (tf.reduce_sum(x, [1, 2]) for x in (found**2, found))
    return tf.math.divide_no_nan(squares, sums)


def normalize_in_stages(pixels: tf.Tensor, sizes: tf.Tensor, find_ink: FindInk) -> Stages:
    """As `normalize`, and gives the result of each stage; docs/normalization.png shows them."""
    with tf.name_scope("enlarge"):
        here, there = _enlarging(pixels, sizes)
        shape = _finder_canvas(pixels)
        gray = resample(tf.cast(pixels, tf.float32), here, there, shape)
        gray = tf.round(gray) * (1 / 255)
        inside = picture_mask(shape, there[:, 2:] - there[:, :2])
    with tf.name_scope("find"):
        found = find_ink(gray, inside)
    with tf.name_scope("full_ink"):
        full = full_ink(found)
    with tf.name_scope("fit"):
        fitted = fit_digit(full)
    return Stages(gray, inside, found, full, fitted)


def _finder_canvas(pixels: tf.Tensor) -> tf.Tensor:
    """The height and width of the canvas on which the finder looks: int32 [2]."""
    shape = tf.maximum(tf.shape(pixels)[1:], CANVAS)
    return -(-shape // FINDER_MULTIPLE) * FINDER_MULTIPLE


def _enlarging(pixels: tf.Tensor, sizes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where each picture lies on its canvas, and on the finder's: two of int32 [N, 4].

    The longer side of a smaller picture fills CANVAS pixels there; a larger one keeps its size.
    """
    lengths = sizes[:, :2]
    longer = tf.cast(tf.reduce_max(lengths, 1, keepdims=True), tf.float32)
    factor = tf.maximum(CANVAS / longer, 1)
    enlarged = tf.maximum(tf.round(tf.cast(lengths, tf.float32) * factor), 1)
    return (
        in_the_middle(tf.shape(pixels)[1:], lengths),
        in_the_middle(_finder_canvas(pixels), tf.cast(enlarged, tf.int32)),
    )


def to_uint8(x: tf.Tensor) -> tf.Tensor:
    """Levels from 0 to 1 → 0 to 255."""
    return tf.cast(tf.round(tf.clip_by_value(x, 0, 1) * 255), tf.uint8)
