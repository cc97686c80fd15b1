"""Gray levels → ink: polarity, background, threshold."""

import tensorflow as tf

from nn.normalization.image_ops import deviation, dilate, erode, local_mean, mean_over

STROKE = 17  # canvas pixels: wider than any stroke, narrower than most shadows
DARK = 0.9  # of full ink, at least: so dark a wider strip at the border is ink as well, perhaps
BEYOND = 3  # canvas pixels: a dark strip at the border is ink up to STROKE // 2 less this, 5


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
