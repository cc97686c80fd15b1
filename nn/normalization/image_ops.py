"""Operations on gray levels: masks, means, Otsu's threshold, dilation and erosion.

Pictures are float32 [N, H, W]. A mask is the same, 1 where it applies, 0 elsewhere.
"""

import tensorflow as tf

# The bins of Otsu's histogram, from black to the picture's lightest level. Where that is white, a
# bin is four of the 256 levels wide.
HISTOGRAM_BINS = 64
# Canvas pixels a side. Wider than any stroke, as the top-hat's window is (ink.py), so that a mean
# holds paper as well; tuned, like that, on drawn pictures of validation digits.
LOCAL_MEAN_WINDOW_PIXELS = 21


def picture_mask(shape: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """1 where a canvas holds its picture, 0 around it: float32 [N, H, W].

    shape: int32 [3], N, H and W. sizes: int32 [N, 2 or more], the height and width of each picture,
    which lies in the middle of its canvas.
    """

    def used_along(length: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
        start = (length - used) // 2
        position = tf.range(length)
        return (position >= start[:, None]) & (position < (start + used)[:, None])

    rows, columns = used_along(shape[1], sizes[:, 0]), used_along(shape[2], sizes[:, 1])
    return tf.cast(rows[:, :, None] & columns[:, None, :], tf.float32)


def otsu(x: tf.Tensor, inside: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The threshold and the contrast of each picture, where `inside` is 1: two of float32 [N].

    Otsu 1979, A Threshold Selection Method from Gray-Level Histograms. The contrast is the mean
    above the threshold less the mean below it.
    """
    count = tf.shape(x)[0]
    lightest = tf.reduce_max(x, [1, 2])
    # Faint ink is spread over all bins as well.
    scale = tf.math.divide_no_nan(float(HISTOGRAM_BINS), lightest)[:, None, None]
    level = tf.minimum(tf.cast(x * scale, tf.int32), HISTOGRAM_BINS - 1)
    bins = level + HISTOGRAM_BINS * tf.range(count)[:, None, None]  # a histogram for each picture
    histogram = tf.math.unsorted_segment_sum(
        tf.reshape(inside, [-1]), tf.reshape(bins, [-1]), count * HISTOGRAM_BINS
    )
    histogram = tf.reshape(histogram, [count, HISTOGRAM_BINS])
    value = (tf.range(HISTOGRAM_BINS, dtype=tf.float32) + 0.5) / HISTOGRAM_BINS
    below, mass = tf.cumsum(histogram, 1), tf.cumsum(histogram * value, 1)  # up to each bin
    above, rest = below[:, -1:] - below, mass[:, -1:] - mass
    difference = tf.math.divide_no_nan(rest, above) - tf.math.divide_no_nan(mass, below)
    between = tf.where((below > 0) & (above > 0), below * above * difference**2, 0.0)
    best = tf.argmax(between, 1)
    threshold = (tf.cast(best, tf.float32) + 1) / HISTOGRAM_BINS
    contrast = tf.where(tf.reduce_max(between, 1) > 0, tf.gather(difference, best, batch_dims=1), 0)
    return lightest * threshold, lightest * contrast


def local_mean(x: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """The mean of the pixels around each pixel that lie inside: [N, H, W]; 0 where none does.

    The window is a square of LOCAL_MEAN_WINDOW_PIXELS.
    """
    total, count = (local_sum(values, LOCAL_MEAN_WINDOW_PIXELS) for values in (x * inside, inside))
    return tf.math.divide_no_nan(total, count)


def local_sum(x: tf.Tensor, window: int) -> tf.Tensor:
    """The sum over a square window around each pixel, of an odd number of pixels a side: [N, H, W].

    Two products of matrices: each row of `near` is 1 around that row. An average pool of one
    channel takes fifty times as long.
    """

    def near(length: tf.Tensor) -> tf.Tensor:
        position = tf.range(length)
        return tf.cast(tf.abs(position - position[:, None]) <= window // 2, tf.float32)

    rows, columns = near(tf.shape(x)[1]), near(tf.shape(x)[2])
    return tf.matmul(rows, tf.matmul(x, columns))


def masked_mean(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The mean of each picture where the mask is 1: [N]; 0 where it is 1 nowhere."""
    return tf.math.divide_no_nan(tf.reduce_sum(x * mask, [1, 2]), tf.reduce_sum(mask, [1, 2]))


def masked_deviation(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The standard deviation of each picture where the mask is 1: [N]."""
    from_mean = x - masked_mean(x, mask)[:, None, None]
    return tf.sqrt(masked_mean(from_mean**2, mask))


def dilate(x: tf.Tensor, window: int) -> tf.Tensor:
    """The largest value in a square window around each pixel: [N, H, W].

    One axis after the other gives the same as both at once, and is cheaper. With the pictures as
    channels, [1, H, W, N], the kernel takes several at once.
    """
    x = tf.transpose(x, [1, 2, 0])[None]
    x = tf.nn.max_pool2d(x, [window, 1], 1, "SAME")
    x = tf.nn.max_pool2d(x, [1, window], 1, "SAME")
    return tf.transpose(x[0], [2, 0, 1])


def erode(x: tf.Tensor, window: int) -> tf.Tensor:
    """The smallest value in a square window around each pixel: [N, H, W]."""
    return -dilate(-x, window)


def find_bounds(x: tf.Tensor, across: int, above: float) -> tuple[tf.Tensor, tf.Tensor]:
    """The first row (across 2) or column (across 1) with a value above the level, and the one after
    the last: two of int32 [N]; 0 where there is none."""
    used = tf.cast(tf.reduce_max(x, across) > above, tf.int32)
    first = tf.argmax(used, 1, tf.int32)
    last = tf.shape(used)[1] - tf.argmax(used[:, ::-1], 1, tf.int32)
    return first, last * tf.reduce_max(used, 1)
