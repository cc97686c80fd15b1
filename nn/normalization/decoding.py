"""Picture files → canvases, in the graph, for clients that have only bytes."""

import tensorflow as tf

from nn.pictures.canvas import CANVAS


def decode_canvases(files: tf.Tensor, side: int = CANVAS) -> tuple[tf.Tensor, tf.Tensor]:
    """string [N], picture files → canvases, uint8 [N, side, side], and their sizes, int32 [N, 3].

    What nn/pictures/files.py does with Pillow, but for TIFF, HEIC and EXIF. Bytes that are no
    picture fail the call.
    """
    specs = tf.TensorSpec([side, side], tf.uint8), tf.TensorSpec([3], tf.int32)
    return tf.map_fn(lambda file: _place(_decode(file), side), files, fn_output_signature=specs)


@tf.autograph.experimental.do_not_convert
def _decode(content: tf.Tensor) -> tf.Tensor:
    """A file's bytes → gray levels, float32 [H, W]."""
    # channels=0, as in the file: 1 fails on BMP, GIF and WebP. Animations have a fourth axis.
    image = tf.io.decode_image(content, channels=0, expand_animations=True)
    shape = tf.shape(image)[-3:]
    image = tf.cast(tf.reshape(image, tf.concat([[-1], shape], 0))[0], tf.float32)
    return tf.round(tf.ensure_shape(_flatten_alpha(image), [None, None]))


def _place(gray: tf.Tensor, side: int) -> tuple[tf.Tensor, tf.Tensor]:
    """float32 [H, W] → the same in the middle of uint8 [side, side], shrunk where it is larger, and
    its size, int32 [3]."""
    shape = tf.shape(gray)
    factor = tf.minimum(1.0, side / tf.cast(tf.reduce_max(shape), tf.float32))
    size = tf.maximum(1, tf.cast(tf.round(tf.cast(shape, tf.float32) * factor), tf.int32))
    # A triangle filter as wide as a pixel of the result, as Pillow's BILINEAR is.
    shrunk = tf.image.resize(gray[None, :, :, None], size, "bilinear", antialias=True)[0, :, :, 0]
    before = (side - size) // 2
    canvas = tf.pad(tf.round(shrunk), tf.stack([before, side - size - before], 1))
    canvas = tf.ensure_shape(tf.cast(canvas, tf.uint8), [side, side])
    return canvas, tf.concat([size, [tf.reduce_min(shape)]], 0)


def _flatten_alpha(image: tf.Tensor) -> tf.Tensor:
    """float32 [H, W, 1 to 4], 0 to 255 → luma [H, W], on what the ink stands out from."""
    colors = tf.where(tf.shape(image)[2] > 2, 3, 1)  # 2 and 4 channels have alpha, the last
    weights = tf.constant([0.299, 0.587, 0.114])[:colors]
    gray = tf.reduce_sum(image[:, :, :colors] * (weights / tf.reduce_sum(weights)), 2)
    opaque = tf.fill(tf.shape(gray), 255.0)[:, :, None]
    alpha = tf.concat([image, opaque], 2)[:, :, colors]
    # No opaque pixel at all: some writers leave the fourth byte unused, and 0.
    opacity = tf.where(tf.reduce_any(alpha > 0), alpha * (1 / 255), tf.ones_like(alpha))
    dark_ink = tf.reduce_sum(gray * opacity) < 127.5 * tf.reduce_sum(opacity)
    return gray * opacity + tf.where(dark_ink, 255.0, 0.0) * (1 - opacity)
