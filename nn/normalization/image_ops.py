"""Operations on gray levels: masks, means, dilation, bounds.

Pictures are float32 [N, H, W]. A mask is the same, 1 where it applies, 0 elsewhere.

Every operation here is one that LiteRT has too: a slice that adds an axis, such as x[:, None, :],
is not, so `tf.expand_dims` adds it.
"""

import tensorflow as tf


def picture_mask(shape: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """1 where a canvas holds its picture, 0 around it: float32 [N, H, W].

    shape: int32 [2], H and W. sizes: int32 [N, 2 or more], the height and width of each picture,
    which lies in the middle of its canvas.
    """

    def used_along(length: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
        start = tf.expand_dims((length - used) // 2, 1)  # [N, 1]
        position = tf.range(length)
        return (position >= start) & (position < start + tf.expand_dims(used, 1))

    rows, columns = used_along(shape[0], sizes[:, 0]), used_along(shape[1], sizes[:, 1])
    return tf.cast(tf.expand_dims(rows, 2) & tf.expand_dims(columns, 1), tf.float32)


def masked_mean(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The mean of each picture where the mask is 1: [N]; 0 where it is 1 nowhere."""
    return tf.math.divide_no_nan(tf.reduce_sum(x * mask, [1, 2]), tf.reduce_sum(mask, [1, 2]))


def local_sum(x: tf.Tensor, window: int) -> tf.Tensor:
    """The sum over a square window around each pixel, of an odd number of pixels a side: [N, H, W].

    Two products of matrices: each row of `near` is 1 around that row. An average pool of one
    channel takes fifty times as long.
    """

    def near(length: tf.Tensor) -> tf.Tensor:
        position = tf.range(length)
        distance = tf.abs(position - tf.expand_dims(position, 1))
        return tf.cast(distance <= window // 2, tf.float32)

    rows, columns = near(tf.shape(x)[1]), near(tf.shape(x)[2])
    return tf.matmul(rows, tf.matmul(x, columns))


def dilate(x: tf.Tensor, window: int) -> tf.Tensor:
    """The largest value in a square window around each pixel: [N, H, W].

    One axis after the other gives the same as both at once, and is cheaper. With the pictures as
    channels, [1, H, W, N], the kernel takes several at once.
    """
    x = tf.expand_dims(tf.transpose(x, [1, 2, 0]), 0)
    x = tf.nn.max_pool2d(x, [window, 1], 1, "SAME")
    x = tf.nn.max_pool2d(x, [1, window], 1, "SAME")
    return tf.transpose(x[0], [2, 0, 1])


def find_bounds(x: tf.Tensor, across: int, above: float) -> tuple[tf.Tensor, tf.Tensor]:
    """The first row (across 2) or column (across 1) with a value above the level, and the one after
    the last: two of int32 [N]; 0 where there is none."""
    used = tf.cast(tf.reduce_max(x, across) > above, tf.int32)
    first = tf.argmax(used, 1, tf.int32)
    last = tf.shape(used)[1] - tf.argmax(used[:, ::-1], 1, tf.int32)
    return first, last * tf.reduce_max(used, 1)
