"""Gray levels → ink: polarity, background, threshold.

Pictures are float32 [N, H, W], gray levels from 0 to 1; `inside` is 1 where a canvas holds its
picture, 0 around it. The constants were tuned on the pictures that benchmarks/handwriting draws of
validation digits.
"""

import tensorflow as tf

from nn.normalization.image_ops import (
    dilate,
    erode,
    local_mean,
    masked_deviation,
    masked_mean,
    otsu,
    picture_mask,
)

# How much the third moment counts beside the difference of gray levels between the whole picture
# and its border; is_light_on_dark gives the measurement.
SKEWNESS_WEIGHT = 0.2
# Canvas pixels a side: wider than any stroke, narrower than most shadows.
TOP_HAT_WINDOW_PIXELS = 17
# Canvas pixels. The middle of the opening's window may lie this far outside the picture. So a strip
# along the border is ink if it is up to 5 wide (half of the top-hat's window, 8, less 3). It is
# shadow if it is wider.
PAPER_BEYOND_BORDER_PIXELS = 3
# Of full ink. A strip along the border that is 6 to 8 pixels wide and at least this strong may be a
# bold stroke. With 0.85 pictures of digits are read the same (docs/experiments.md, "Bold strokes
# along the border").
MIN_BORDER_INK_SHARE = 0.9
# Gray levels. A picture has no ink where the contrast of ink against paper is lower.
MIN_INK_CONTRAST = 0.03
# Standard deviations of the paper. Where the contrast is lower, there is only noise.
MIN_INK_CONTRAST_IN_DEVIATIONS = 4.0
# Gray levels: half of one of 255, which rounding to whole levels may hide. It is added to the
# deviation of the paper.
ROUNDING_DEVIATION = 0.002
# Canvas pixels a side: soft edges lie within one pixel of the ink.
SOFT_EDGE_WINDOW_PIXELS = 3


def is_light_on_dark(gray: tf.Tensor, inside: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Whether the ink is lighter than the paper: bool [N].

    Ink is rare and stands out. So the third moment of the difference from the local mean tells by
    its sign whether ink is light. Where a thick digit fills its frame, ink is not rare. But then
    the border has little ink, and is lighter or darker than the rest. Of 5,165 pictures that
    benchmarks/handwriting draws of MNIST's validation digits (--split validation; all kinds but
    box16_binary, far, table and tight, and no TIFF) the moment alone is wrong for 32, the border
    alone for 170, the sum for none. Of its test digits it is 26, 169 and none.
    """
    difference = gray - local_mean(gray, inside)
    spread = masked_deviation(difference, inside)
    skewness = tf.math.divide_no_nan(masked_mean(difference**3, inside), spread**3)
    border = inside - picture_mask(tf.shape(gray), sizes - 2)
    from_border = masked_mean(gray, inside) - masked_mean(gray, border)
    return from_border + SKEWNESS_WEIGHT * skewness > 0


def make_ink_light(
    gray: tf.Tensor, inside: tf.Tensor, sizes: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The pictures with light ink on dark paper, inverted where needed, and whether their ink was
    light before: float32 [N, H, W], bool [N]."""
    light_on_dark = is_light_on_dark(gray, inside, sizes)
    return tf.where(light_on_dark[:, None, None], gray, 1 - gray) * inside, light_on_dark


def remove_background(
    gray: tf.Tensor, inside: tf.Tensor, sizes: tf.Tensor, is_small: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Subtracts the paper from light ink: the white top-hat, with a window wider than any stroke.

    Serra 1982, Image Analysis and Mathematical Morphology. Whatever is wider than the window, as
    most shadows are, counts as paper.

    is_small: bool [N]. Returns two of float32 [N, H, W], which differ in strips along the border.
    In the first, a strip wider than 5 pixels counts as paper, except in small pictures, where it
    may be the digit. In the second, and in small pictures, one wider than 8 pixels does. Narrower
    strips count as ink.
    """
    reach = TOP_HAT_WINDOW_PIXELS // 2
    margin = [[0, 0], [reach, reach], [reach, reach]]
    # Pixels outside the picture must not count: 2 is never the smallest value in the erosion, and
    # -1 is never the largest in the dilation.
    eroded = erode(
        tf.pad(gray + 2 * (1 - inside), margin, constant_values=2.0), TOP_HAT_WINDOW_PIXELS
    )
    beyond = tf.where(is_small, 0, 2 * PAPER_BEYOND_BORDER_PIXELS)[:, None]

    def without_paper(sizes: tf.Tensor) -> tf.Tensor:
        around = picture_mask(tf.shape(eroded), sizes)
        opened = dilate(tf.where(around > 0, eroded, -1.0), TOP_HAT_WINDOW_PIXELS)
        return tf.maximum(gray - opened[:, reach:-reach, reach:-reach], 0) * inside

    flat = without_paper(sizes[:, :2] + beyond)
    return flat, tf.cond(tf.reduce_all(is_small), lambda: flat, lambda: without_paper(sizes))


def find_threshold(flat: tf.Tensor, inside: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The level above which there is ink, float32 [N]; whether there is only noise, bool [N]."""
    threshold, contrast = otsu(flat, inside)
    paper = inside * tf.cast(flat <= threshold[:, None, None], tf.float32)
    noise = masked_deviation(flat, paper)
    least = tf.maximum(
        MIN_INK_CONTRAST, MIN_INK_CONTRAST_IN_DEVIATIONS * (noise + ROUNDING_DEVIATION)
    )
    return threshold, contrast < least


def full_ink(flat: tf.Tensor, threshold: tf.Tensor) -> tf.Tensor:
    """The mean level of the ink, each pixel weighted by its level, as edges are soft: [N, 1, 1]."""
    above = flat * tf.cast(flat > threshold[:, None, None], tf.float32)
    total = tf.reduce_sum(above, [1, 2], keepdims=True)
    return tf.math.divide_no_nan(tf.reduce_sum(above**2, [1, 2], keepdims=True), total)


def keep_ink(
    flat: tf.Tensor, inside: tf.Tensor, threshold: tf.Tensor, full: tf.Tensor
) -> tf.Tensor:
    """Ink with its soft edges, as a share of full ink from 0 to 1; 0 where there is none."""
    mask = tf.cast(flat > threshold[:, None, None], tf.float32)
    soft = tf.clip_by_value(tf.math.divide_no_nan(flat, full), 0, 1)
    return soft * dilate(mask, SOFT_EDGE_WINDOW_PIXELS) * inside


def add_border_ink(
    flat: tf.Tensor,
    flat_to_border: tf.Tensor,
    inside: tf.Tensor,
    threshold: tf.Tensor,
    full: tf.Tensor,
) -> tf.Tensor:
    """As `keep_ink`, and with the strips along the border that are 6 to 8 pixels wide and almost as
    strong as full ink.

    flat, flat_to_border: the two results of remove_background.
    """
    is_strong = flat_to_border > MIN_BORDER_INK_SHARE * full
    strong = dilate(tf.cast(is_strong, tf.float32), SOFT_EDGE_WINDOW_PIXELS) > 0
    return keep_ink(tf.where(strong, flat_to_border, flat), inside, threshold, full)
