"""Canvases → 28×28 digits such as MNIST's, as batched graph ops.

The stages, each a function: table → polarity → background → threshold → ink → parts → 20×20 box,
center of mass. MNIST itself was made by the last (LeCun et al. 1998, Gradient-Based Learning
Applied to Document Recognition, section III.A, and the description on the database's page).
Canvases and sizes are described in nn/pictures/files.py. Gray levels are float32 from 0 to 1, [N,
H, W] throughout.
"""

from typing import NamedTuple

import tensorflow as tf

from nn.data.csv_files import SIDE
from nn.normalization.clutter import drop_parts
from nn.normalization.image_ops import deviation, dilate, ends, erode, local_mean, mean_over, otsu
from nn.normalization.tabletop import paint_table

BOX = 20  # MNIST's digits fill a box of 20×20
STROKE = 17  # canvas pixels: wider than any stroke, narrower than most shadows
DARK = 0.9  # of full ink, at least: so dark a wider strip at the border is ink as well, perhaps
BEYOND = 3  # canvas pixels: a dark strip at the border is ink up to STROKE // 2 less this, 5
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


def _inside(shape: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """1 where the canvas holds the picture, 0 around it: float32 [N, H, W]."""

    def axis(length: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
        start = (length - used) // 2
        position = tf.range(length)
        return (position >= start[:, None]) & (position < (start + used)[:, None])

    rows, columns = axis(shape[1], sizes[:, 0]), axis(shape[2], sizes[:, 1])
    return tf.cast(rows[:, :, None] & columns[:, None, :], tf.float32)


def _is_light_on_dark(gray: tf.Tensor, inside: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Whether the ink is lighter than the paper: bool [N].

    Ink is rare and stands out, so the third moment of the difference from the local mean has its
    sign. Where a thick digit fills its frame, ink is not rare: but there the border has little of
    it, and is lighter or darker than the rest. Of 5,165 pictures that benchmarks/handwriting drew
    (all but box16_binary and TIFF) the moment alone was wrong for 14, the border alone for 169, the
    sum for none.
    """
    difference = gray - local_mean(gray, inside)
    spread = deviation(difference, inside)
    skewness = tf.math.divide_no_nan(mean_over(difference**3, inside), spread**3)
    border = inside - _inside(tf.shape(gray), sizes - 2)
    return mean_over(gray, inside) - mean_over(gray, border) + 0.2 * skewness > 0


def _remove_background(
    gray: tf.Tensor, inside: tf.Tensor, sizes: tf.Tensor, small: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Subtracts the paper: the white top-hat, with a window wider than any stroke.

    Serra 1982, Image Analysis and Mathematical Morphology. What is wider than the window, as most
    shadows are, is paper to it. So is a strip of shadow along the border, as if it went on beyond
    it; but not in `small` pictures, bool [N], where that is the digit, and not in the second of the
    two that are returned.
    """
    reach = STROKE // 2
    margin = [[0, 0], [reach, reach], [reach, reach]]
    # Beside the picture is no paper: white where the darkest is sought, black for the lightest.
    eroded = erode(tf.pad(gray + 2 * (1 - inside), margin, constant_values=2.0), STROKE)
    beyond = tf.where(small, 0, 2 * BEYOND)[:, None]

    def without_paper(sizes: tf.Tensor) -> tf.Tensor:
        around = _inside(tf.shape(eroded), sizes)
        opened = dilate(tf.where(around > 0, eroded, -1.0), STROKE)
        return tf.maximum(gray - opened[:, reach:-reach, reach:-reach], 0) * inside

    flat = without_paper(sizes[:, :2] + beyond)
    return flat, tf.cond(tf.reduce_all(small), lambda: flat, lambda: without_paper(sizes))


def _full_ink(ink: tf.Tensor, threshold: tf.Tensor) -> tf.Tensor:
    """The ink's mean level, each pixel weighted by its ink, for edges are soft: [N, 1, 1]."""
    above = ink * tf.cast(ink > threshold[:, None, None], tf.float32)
    total = tf.reduce_sum(above, [1, 2], keepdims=True)
    return tf.math.divide_no_nan(tf.reduce_sum(above**2, [1, 2], keepdims=True), total)


def _keep_ink(
    ink: tf.Tensor, inside: tf.Tensor, threshold: tf.Tensor, full: tf.Tensor
) -> tf.Tensor:
    """Ink as 0 to 1, with its soft edges, and 0 where there is none."""
    mask = tf.cast(ink > threshold[:, None, None], tf.float32)
    soft = tf.clip_by_value(tf.math.divide_no_nan(ink, full), 0, 1)
    return soft * dilate(mask, 3) * inside


def _fit(ink: tf.Tensor) -> tf.Tensor:
    """Scales each picture's ink into a box of 20×20 and moves its center of mass to the middle.

    [N, H, W] → [N, 28, 28]. One product of matrices a picture: rows · ink · columns, where each
    row of `rows` averages the canvas rows that fall into one row of the result.
    """
    masses = [tf.reduce_sum(ink, 2), tf.reduce_sum(ink, 1)]  # over rows [N, H], columns [N, W]
    # A quarter of full ink: at that level MNIST's own digits measure 20 pixels.
    extents = [[tf.cast(end, tf.float32) for end in ends(ink, across, 0.25)] for across in (2, 1)]
    longest = tf.reduce_max([high - low for low, high in extents], 0)
    factor = BOX / tf.maximum(longest, 1)  # [N]
    rows, columns = (
        _resampling(mass, low, factor) for mass, (low, _) in zip(masses, extents, strict=True)
    )
    return tf.matmul(tf.matmul(rows, ink), columns, transpose_b=True)


def _resampling(mass: tf.Tensor, low: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """The matrices that scale along one axis: float32 [N, 28, length].

    mass: [N, length], the ink of each row. Pixel i of the result covers (i - shift) / factor +
    low and on. The center of mass goes to 14.5, where it lies in MNIST on average: there it was
    moved by whole pixels, and lies anywhere in [14, 15). Moving by parts of a pixel reads as
    well, and a picture decoded a little otherwise cannot jump by a pixel.
    """
    length = tf.shape(mass)[1]
    center = tf.cast(tf.range(length), tf.float32) + 0.5
    center_of_mass = tf.math.divide_no_nan(tf.reduce_sum(mass * center, 1), tf.reduce_sum(mass, 1))
    shift = (SIDE + 1) / 2 - (center_of_mass - low) * factor
    target = (tf.range(SIDE, dtype=tf.float32) + 0.5 - shift[:, None]) / factor[:, None]
    target += low[:, None]  # [N, 28], in canvas pixels
    # The mean over the area of a pixel of the result, or of the canvas if that is larger.
    reach = tf.maximum(1 / factor, 1)[:, None, None] / 2
    distance = tf.abs(target[:, :, None] - center)
    overlap = tf.clip_by_value(reach + 0.5 - distance, 0, tf.minimum(2 * reach, 1))
    return overlap / (2 * reach)


def _to_uint8(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(tf.clip_by_value(x, 0, 1) * 255), tf.uint8)
