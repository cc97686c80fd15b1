"""The parts of a picture's ink, in a graph: what hangs together. Specks and frames are dropped."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

CELL = 2  # canvas pixels; parts that are closer hang together
SPECK = 0.15  # of the ink of the largest part; a five's detached top has some 0.25
EDGE = 0.8  # of a frame's ink lies along the edges of its box; of a round zero's half
SIDE = 0.1  # of it, at least, along each of them; a seven has less on two sides


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

    A frame is a part whose ink lies along the four edges of its box, and which has another part in
    it that is no speck beside it. A speck has little ink compared with the largest part that is
    no frame. What is too faint to be of a part, below a quarter of full ink and not beside one,
    goes too.
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
    by a side or a corner; 0 where nothing is. Up to 2^24 cells a picture, as float32 counts.

    Each cell takes the highest number around it, until none changes any more.
    """
    height, width = tf.shape(used)[1], tf.shape(used)[2]
    # With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    there = tf.cast(tf.transpose(used, [1, 2, 0])[None], tf.float32)
    numbers = tf.range(1, height * width + 1)
    first = there * tf.cast(tf.reshape(numbers, [1, height, width, 1]), tf.float32)

    def grow(labels: tf.Tensor, changes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
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
    """bool [N, labels], at most one of each picture."""
    top, bottom, left, right = (tf.gather(side, labels, batch_dims=1) for side in parts[1:])
    rows, columns = tf.range(tf.shape(labels)[1])[:, None], tf.range(tf.shape(labels)[2])
    # Two cells deep: a line may straddle two, or lean a little.
    sides = [rows <= top + 1, rows >= bottom - 1, columns <= left + 1, columns >= right - 1]

    def share(where: tf.Tensor) -> tf.Tensor:
        there = tf.where(where & (labels > 0), cells, 0.0)
        return tf.math.divide_no_nan(
            _by_label(tf.math.unsorted_segment_sum, there, labels), parts.ink
        )

    along = share(sides[0] | sides[1] | sides[2] | sides[3]) > EDGE
    on_all_sides = tf.reduce_min([share(side) for side in sides], 0) > SIDE
    square = tf.where(along & on_all_sides, parts.ink, 0.0)
    largest = tf.argmax(square, 1)[:, None]
    top, bottom, left, right = (tf.gather(side, largest, batch_dims=1) for side in parts[1:])
    inside = (parts.top > top) & (parts.bottom < bottom)
    inside &= (parts.left > left) & (parts.right < right)
    held = tf.reduce_max(tf.where(inside, parts.ink, 0.0), 1, keepdims=True)
    is_largest = tf.one_hot(largest[:, 0], tf.shape(square)[1], True, False, dtype=tf.bool)
    return is_largest & (held > SPECK * square) & (square > 0)


def _by_label(segments: Callable, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """A segment op, over the cells of each label: [N, H, W] → [N, H · W + 1]."""
    count, size = tf.shape(labels)[0], tf.reduce_prod(tf.shape(labels)[1:]) + 1
    numbers = labels + size * tf.range(count)[:, None, None]  # each picture its own
    found = segments(tf.reshape(values, [-1]), tf.reshape(numbers, [-1]), count * size)
    return tf.reshape(found, [count, size])


def _in_pixels(cells: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """bool, a cell for each CELL × CELL pixels or what is left of them → float32 [N, H, W]."""
    pixels = tf.repeat(tf.repeat(tf.cast(cells, tf.float32), CELL, 1), CELL, 2)
    return pixels[:, : shape[1], : shape[2]]
