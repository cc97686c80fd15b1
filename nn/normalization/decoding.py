"""Picture files → canvases, in the graph, for clients that have only bytes.

The TensorFlow twin of nn/pictures/files.py, which does the same with Pillow, and reads TIFF, HEIC
and EXIF as well. tests/normalization/test_decoding.py compares both over samples/.
"""

from typing import NamedTuple

import tensorflow as tf

from nn.pictures.canvas import CANVAS


class Decoded(NamedTuple):
    """canvases: uint8 [N, side, side]; sizes: int32 [N, 3]; is_picture: bool [N]. Where it is
    false, the canvas is 0, and its size 1."""

    canvases: tf.Tensor
    sizes: tf.Tensor
    is_picture: tf.Tensor


def decode_canvases(files: tf.Tensor, side: int = CANVAS) -> Decoded:
    """string [N], the bytes of files → their pictures on canvases.

    The twin of files.read_canvases. Bytes that cannot be decoded fail no other picture: a data set
    passes over them, and the number that each file has in the batch puts the others in their places
    (https://www.tensorflow.org/api_docs/python/tf/data/Dataset#ignore_errors).
    """
    count = tf.size(files)
    numbered = tf.data.Dataset.from_tensor_slices((tf.range(count), files))
    decoded = numbered.map(
        lambda number, file: (number, *place_image(decode_gray(file), side)),
        num_parallel_calls=tf.data.AUTOTUNE,
    ).ignore_errors()
    # One more, whose number is the count, and which is cut off again: no data set may be empty.
    blank = tf.zeros([1, side, side], tf.uint8), tf.ones([1, 3], tf.int32)
    last = tf.data.Dataset.from_tensor_slices((count[None], *blank))
    every = decoded.concatenate(last).batch(tf.cast(count, tf.int64) + 1)
    numbers, canvases, sizes = every.get_single_element()

    def in_places(values: tf.Tensor) -> tf.Tensor:
        shape = tf.concat([[count + 1], tf.shape(values)[1:]], 0)
        return tf.scatter_nd(numbers[:, None], values, shape)[:-1]

    is_picture = in_places(tf.ones_like(numbers)) > 0
    return Decoded(in_places(canvases), tf.maximum(in_places(sizes), 1), is_picture)


@tf.autograph.experimental.do_not_convert
def decode_gray(content: tf.Tensor) -> tf.Tensor:
    """A file's bytes → gray levels, 0 to 255: float32 [H, W]."""
    # channels=0 keeps the file's own; 1 fails on BMP, GIF and WebP. Only the first picture
    # of an animation is decoded, as Pillow does it.
    image = tf.io.decode_image(content, channels=0, expand_animations=False)
    return tf.round(to_gray(tf.cast(tf.ensure_shape(image, [None] * 3), tf.float32)))


def place_image(gray: tf.Tensor, side: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Puts a gray picture, float32 [H, W], on a canvas, uint8 [side, side], shrunk where it is
    larger; and gives its size, int32 [3]. The twin of canvas.place_image."""
    shape = tf.shape(gray)
    factor = tf.minimum(1.0, side / tf.cast(tf.reduce_max(shape), tf.float32))
    size = tf.maximum(1, tf.cast(tf.round(tf.cast(shape, tf.float32) * factor), tf.int32))
    # A triangle filter, two pixels of the result wide, as Pillow's BILINEAR is.
    shrunk = tf.image.resize(gray[None, :, :, None], size, "bilinear", antialias=True)[0, :, :, 0]
    before = (side - size) // 2
    canvas = tf.pad(tf.round(shrunk), tf.stack([before, side - size - before], 1))
    canvas = tf.ensure_shape(tf.cast(canvas, tf.uint8), [side, side])
    return canvas, tf.concat([size, [tf.reduce_min(shape)]], 0)


def to_gray(image: tf.Tensor) -> tf.Tensor:
    """float32 [H, W, 1 to 4], 0 to 255 → luma [H, W]; a transparent picture lies on white where its
    ink is dark, on black where it is light. The twin of gray.to_gray."""
    colors = tf.where(tf.shape(image)[2] > 2, 3, 1)  # the last of 2 or 4 channels is alpha
    weights = tf.constant([0.299, 0.587, 0.114])[:colors]
    gray = tf.reduce_sum(image[:, :, :colors] * (weights / tf.reduce_sum(weights)), 2)
    opaque = tf.fill(tf.shape(gray), 255.0)[:, :, None]
    alpha = tf.concat([image, opaque], 2)[:, :, colors]
    # No opaque pixel at all: some writers leave the fourth byte unused, and 0.
    opacity = tf.where(tf.reduce_any(alpha > 0), alpha * (1 / 255), tf.ones_like(alpha))
    dark_ink = tf.reduce_sum(gray * opacity) < 127.5 * tf.reduce_sum(opacity)
    return gray * opacity + tf.where(dark_ink, 255.0, 0.0) * (1 - opacity)
