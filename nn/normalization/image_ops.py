"""Levels of gray pictures: thresholds, means, and the lightest and darkest around a pixel.

Pictures are float32 [N, H, W]; `inside` is 1 where a canvas holds its picture, 0 around it.
"""

import tensorflow as tf

LEVELS = 64  # of the histogram that the threshold is taken from
WIDE = 21  # canvas pixels: the window of local means


def otsu(ink: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Otsu's threshold (1979) and the contrast, ink's mean less paper's: two of float32 [N]."""
    count = tf.shape(ink)[0]
    darkest = tf.reduce_max(ink, [1, 2])
    scale = tf.math.divide_no_nan(float(LEVELS), darkest)[:, None, None]  # faint ink has all too
    level = tf.minimum(tf.cast(ink * scale, tf.int32), LEVELS - 1)
    bins = level + LEVELS * tf.range(count)[:, None, None]  # each picture its own histogram
    histogram = tf.math.unsorted_segment_sum(
        tf.reshape(inside, [-1]), tf.reshape(bins, [-1]), count * LEVELS
    )
    histogram = tf.reshape(histogram, [count, LEVELS])
    value = (tf.range(LEVELS, dtype=tf.float32) + 0.5) / LEVELS
    below, mass = tf.cumsum(histogram, 1), tf.cumsum(histogram * value, 1)  # up to each level
    above, rest = below[:, -1:] - below, mass[:, -1:] - mass
    difference = tf.math.divide_no_nan(rest, above) - tf.math.divide_no_nan(mass, below)
    between = tf.where((below > 0) & (above > 0), below * above * difference**2, 0.0)
    best = tf.argmax(between, 1)
    threshold = (tf.cast(best, tf.float32) + 1) / LEVELS
    contrast = tf.where(tf.reduce_max(between, 1) > 0, tf.gather(difference, best, batch_dims=1), 0)
    return darkest * threshold, darkest * contrast


def local_mean(x: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """The mean over the part of a wide window that lies inside the picture.

    Two products of matrices sum over windows: each row of `rows` is 1 around that row.
    """

    def around(length: tf.Tensor) -> tf.Tensor:
        position = tf.range(length)
        near = tf.abs(position - position[:, None]) <= WIDE // 2
        return tf.cast(near, tf.float32)

    rows, columns = around(tf.shape(x)[1]), around(tf.shape(x)[2])

    def total(values: tf.Tensor) -> tf.Tensor:
        return tf.matmul(rows, tf.matmul(values, columns))

    return tf.math.divide_no_nan(total(x * inside), total(inside))


def mean_over(x: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    """The mean of each picture where `where` is 1, not 0: [N]; 0 if that is nowhere."""
    return tf.math.divide_no_nan(tf.reduce_sum(x * where, [1, 2]), tf.reduce_sum(where, [1, 2]))


def deviation(x: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    """The standard deviation there: [N]."""
    from_mean = x - mean_over(x, where)[:, None, None]
    return tf.sqrt(mean_over(from_mean**2, where))


def dilate(x: tf.Tensor, window: int) -> tf.Tensor:
    """The largest value in a window: one axis after the other, which is the same and cheaper.

    With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    """
    x = tf.transpose(x, [1, 2, 0])[None]
    x = tf.nn.max_pool2d(x, [window, 1], 1, "SAME")
    x = tf.nn.max_pool2d(x, [1, window], 1, "SAME")
    return tf.transpose(x[0], [2, 0, 1])


def erode(x: tf.Tensor, window: int) -> tf.Tensor:
    """The smallest value in a window."""
    return -dilate(-x, window)


def ends(x: tf.Tensor, across: int, above: float) -> tuple[tf.Tensor, tf.Tensor]:
    """The first row (across 2) or column (across 1) with a value above that, and the one after the
    last: two of int32 [N], 0 where there is none."""
    used = tf.cast(tf.reduce_max(x, across) > above, tf.int32)
    first = tf.argmax(used, 1, tf.int32)
    last = tf.shape(used)[1] - tf.argmax(used[:, ::-1], 1, tf.int32)
    return first, last * tf.reduce_max(used, 1)
