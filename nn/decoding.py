"""Picture files → canvases, in the graph, for clients that have only bytes."""

import tensorflow as tf

from nn.pictures import CANVAS


def decode_canvases(files: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """string [N], picture files → (uint8 [N, 64, 64] canvases, int32 [N, 3] sizes).

    What nn/pictures.py does with Pillow, but for TIFF, HEIC and EXIF. Bytes that are no picture
    fail the call.
    """
    return tf.map_fn(
        _decode_canvas,
        files,
        fn_output_signature=(
            tf.TensorSpec([CANVAS, CANVAS], tf.uint8),
            tf.TensorSpec([3], tf.int32),
        ),
    )


@tf.autograph.experimental.do_not_convert
def _decode_canvas(content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    # channels=0, as in the file: 1 fails on BMP, GIF and WebP. Animations have a fourth axis.
    image = tf.io.decode_image(content, channels=0, expand_animations=True)
    shape = tf.shape(image)[-3:]
    image = tf.cast(tf.reshape(image, tf.concat([[-1], shape], 0))[0], tf.float32)
    gray = tf.ensure_shape(_flatten_alpha(image), [None, None])
    longest = tf.cast(tf.reduce_max(shape[:2]), tf.float32)
    factor = tf.minimum(1.0, CANVAS / longest)
    size = tf.maximum(1, tf.cast(tf.round(tf.cast(shape[:2], tf.float32) * factor), tf.int32))
    # A triangle filter as wide as a pixel of the result, as Pillow's BILINEAR is.
    gray = tf.round(gray)[None, :, :, None]
    shrunk = tf.image.resize(gray, size, "bilinear", antialias=True)[0, :, :, 0]
    before = (CANVAS - size) // 2
    canvas = tf.pad(tf.round(shrunk), tf.stack([before, CANVAS - size - before], 1))
    canvas = tf.ensure_shape(tf.cast(canvas, tf.uint8), [CANVAS, CANVAS])
    return canvas, tf.concat([size, [tf.reduce_min(shape[:2])]], 0)


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
