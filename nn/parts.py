"""The parts of a picture's ink, in a graph: what hangs together. Specks and frames are dropped."""

from typing import NamedTuple

import tensorflow as tf

CELL = 2  # canvas pixels; parts that are closer hang together
SPECK = 0.15  # of the ink of the largest part; a five's detached top has some 0.25
EDGE = 0.8  # of a frame's ink lies along the edges of its box; of a round zero's some 0.4


class _Parts(NamedTuple):
    """Of each label of each picture, [N, labels]: its ink, float32, and its box in cells, int32,
    the last row and column included; where no part has that label, no ink."""

    ink: tf.Tensor
    top: tf.Tensor
    bottom: tf.Tensor
    left: tf.Tensor
    right: tf.Tensor


def drop_parts(ink: tf.Tensor) -> tf.Tensor:
    """Ink without specks, and without a frame around the rest: float32 [N, H, W] → the same.

    A frame is a part whose ink lies along the edges of its box, and which holds another part that
    is no speck of it. A speck has little ink compared with the largest part that is no frame.
    """
    cells = tf.nn.avg_pool2d(ink[..., None], CELL, CELL, "SAME")[..., 0]
    used = tf.nn.max_pool2d(ink[..., None], CELL, CELL, "SAME")[..., 0] > 0.25
    labels = label(used)
    parts = _measure(cells, labels)
    frames = _are_frames(cells, labels, parts)
    amount = tf.where(frames, 0.0, parts.ink)
    largest = tf.reduce_max(amount, 1, keepdims=True)
    stays = (amount >= SPECK * largest) & (amount > 0)
    kept = used & tf.gather(stays, labels, batch_dims=1)
    dropped = _in_pixels(used & ~kept, tf.shape(ink))
    around = tf.nn.max_pool2d(_in_pixels(kept, tf.shape(ink))[..., None], 3, 1, "SAME")[..., 0]
    return ink * around * (1 - dropped)  # around: soft edges go with their part


def label(used: tf.Tensor) -> tf.Tensor:
    """Connected components: bool [N, H, W] → int32, the same number where cells hang together,
    by a side or a corner; 0 where nothing is.

    Each cell takes the highest number around it, until none changes any more.
    """
    height, width = tf.shape(used)[1], tf.shape(used)[2]
    # With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    there = tf.cast(tf.transpose(used, [1, 2, 0])[None], tf.float32)
    numbers = tf.range(1, height * width + 1)
    first = there * tf.cast(tf.reshape(numbers, [1, height, width, 1]), tf.float32)

    def grow(labels: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        grown = labels
        for _ in range(4):  # to look less often whether anything changes
            grown = tf.nn.max_pool2d(grown, [3, 1], 1, "SAME")
            grown = tf.nn.max_pool2d(grown, [1, 3], 1, "SAME") * there
        return grown, tf.reduce_any(grown > labels)

    labels, _ = tf.while_loop(lambda _, changes: changes, grow, [first, tf.constant(True)])
    return tf.cast(tf.transpose(labels[0], [2, 0, 1]), tf.int32)


def _measure(cells: tf.Tensor, labels: tf.Tensor) -> _Parts:
    shape = tf.shape(labels)
    rows = tf.broadcast_to(tf.range(shape[1])[:, None], shape)
    columns = tf.broadcast_to(tf.range(shape[2]), shape)
    return _Parts(
        _by_label(tf.math.unsorted_segment_sum, tf.where(labels > 0, cells, 0), labels),
        _by_label(tf.math.unsorted_segment_min, rows, labels),
        _by_label(tf.math.unsorted_segment_max, rows, labels),
        _by_label(tf.math.unsorted_segment_min, columns, labels),
        _by_label(tf.math.unsorted_segment_max, columns, labels),
    )


def _are_frames(cells: tf.Tensor, labels: tf.Tensor, parts: _Parts) -> tf.Tensor:
    """bool [N, labels]"""
    top, bottom, left, right = (tf.gather(box, labels, batch_dims=1) for box in parts[1:])
    rows, columns = tf.range(tf.shape(labels)[1])[:, None], tf.range(tf.shape(labels)[2])
    inner = (rows > top) & (rows < bottom) & (columns > left) & (columns < right)
    edge = tf.where(inner | (labels <= 0), 0.0, cells)
    along = _by_label(tf.math.unsorted_segment_sum, edge, labels) > EDGE * parts.ink
    rectangular = along & (parts.bottom - parts.top >= 6) & (parts.right - parts.left >= 4)
    others = tf.reduce_max(tf.where(rectangular, 0.0, parts.ink), 1, keepdims=True)
    return rectangular & (others > SPECK * parts.ink)


def _by_label(segments, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """A segment op, over the cells of each label: [N, H, W] → [N, H · W + 1]."""
    count, size = tf.shape(labels)[0], tf.reduce_prod(tf.shape(labels)[1:]) + 1
    numbers = labels + size * tf.range(count)[:, None, None]  # each picture its own
    found = segments(tf.reshape(values, [-1]), tf.reshape(numbers, [-1]), count * size)
    return tf.reshape(found, [count, size])


def _in_pixels(cells: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """bool [N, H / CELL, W / CELL] → float32 [N, H, W]."""
    pixels = tf.repeat(tf.repeat(tf.cast(cells, tf.float32), CELL, 1), CELL, 2)
    return pixels[:, : shape[1], : shape[2]]
