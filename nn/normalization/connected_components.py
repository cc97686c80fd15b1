"""What hangs together in a picture's ink: connected components of cells of 2×2 canvas pixels."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

CELL = 2  # canvas pixels; parts that are closer hang together


class Parts(NamedTuple):
    """Of each label of each picture: ink, float32 [N, labels], 0 where no part has that label;
    box, int32 [N, labels, 4], its bottom, right, top and left cells, the last two negated, as all
    four are maxima."""

    ink: tf.Tensor
    box: tf.Tensor


def label(used: tf.Tensor) -> tf.Tensor:
    """Connected components: bool [N, H, W] → int32, the same number where cells hang together,
    by a side or a corner: 1, 2, 3 … in each picture; 0 where nothing is. Up to 2^24 cells a
    picture, as float32 counts.

    Each cell takes the highest number around it, then that of the cell which once had this number,
    until none changes any more. The second is a leap: Shiloach and Vishkin 1982, An O(log n)
    Parallel Connectivity Algorithm.
    """
    count, height, width = (tf.shape(used)[axis] for axis in range(3))
    # With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    there = tf.cast(tf.transpose(used, [1, 2, 0])[None], tf.float32)
    numbers = tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1])
    first = there * tf.cast(numbers, tf.float32)

    def grow(labels: tf.Tensor, changes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        grown = labels
        for _ in range(3):  # fewer leaps: each costs more than a step
            grown = tf.nn.max_pool2d(grown, [3, 1], 1, "SAME")
            grown = tf.nn.max_pool2d(grown, [1, 3], 1, "SAME") * there
        grown = _leap(grown, count)
        return grown, tf.reduce_any(grown > labels)

    labels, _ = tf.while_loop(lambda _, changes: changes, grow, [first, tf.constant(True)])
    cells = tf.reshape(tf.cast(tf.transpose(labels[0], [2, 0, 1]), tf.int32), [count, -1])
    # Each part now has the number of its last cell: count these from 1.
    is_last = tf.equal(cells, tf.range(1, height * width + 1))
    rank = tf.pad(tf.cumsum(tf.cast(is_last, tf.int32), 1), [[0, 0], [1, 0]])
    return tf.reshape(tf.gather(rank, cells, batch_dims=1), [count, height, width])


def _leap(labels: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Each cell's label → the label of the cell with that number: float32 [1, H, W, N]."""
    by_number = tf.pad(tf.reshape(labels, [-1, count]), [[1, 0], [0, 0]])  # number 0: no cell
    places = tf.cast(labels, tf.int32) * count + tf.range(count)
    return tf.gather(tf.reshape(by_number, [-1]), places)


def measure(cells: tf.Tensor, labels: tf.Tensor) -> Parts:
    """The parts with these labels, int32 [N, H, W]; cells: the ink of each, float32 [N, H, W]."""
    count, height, width = (tf.shape(labels)[axis] for axis in range(3))
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    places = tf.stack([rows, columns, -rows, -columns], 2)  # [H, W, 4]
    places = tf.tile(places[None], [count, 1, 1, 1])
    return Parts(
        by_label(tf.math.unsorted_segment_sum, tf.where(labels > 0, cells, 0.0), labels),
        by_label(tf.math.unsorted_segment_max, places, labels),
    )


def by_label(segments: Callable, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """A segment op, over the cells of each label: [N, H, W, …] → [N, labels, …], 0 included."""
    count, size = tf.shape(labels)[0], tf.maximum(tf.reduce_max(labels), 0) + 1
    numbers = labels + size * tf.range(count)[:, None, None]  # each picture its own
    found = segments(values, numbers, count * size)
    return tf.reshape(found, tf.concat([[count, size], tf.shape(found)[1:]], 0))


def box_around(parts: Parts, which: tf.Tensor) -> tf.Tensor:
    """The box around some of the parts: int32 [N, 4]; of none, one that lies within any other."""
    return tf.reduce_max(tf.where(which[..., None], parts.box, parts.box.dtype.min), 1)


def extents(box: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width in cells, of boxes as in Parts: two of float32."""
    sides = tf.cast(box[..., :2] + box[..., 2:] + 1, tf.float32)
    return sides[..., 0], sides[..., 1]


def how_many(used: tf.Tensor) -> tf.Tensor:
    """How many are: bool [N, …] → float32 [N]."""
    return tf.reduce_sum(tf.cast(used, tf.float32), range(1, len(used.shape)))


def in_cells(ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Each cell's mean ink, float32, and whether it has a pixel of a part, bool."""
    height, width = tf.shape(ink)[1], tf.shape(ink)[2]
    ink = tf.pad(ink, [[0, 0], [0, -height % CELL], [0, -width % CELL]])
    # With the pictures as channels, as in levels.dilate.
    pixels = tf.transpose(ink, [1, 2, 0])[None]
    mean = tf.nn.avg_pool2d(pixels, CELL, CELL, "VALID")
    highest = tf.nn.max_pool2d(pixels, CELL, CELL, "VALID")
    return tf.transpose(mean[0], [2, 0, 1]), tf.transpose(highest[0], [2, 0, 1]) > 0.25


def in_pixels(cells: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """bool, a cell for each CELL × CELL pixels or what is left of them → float32 [N, H, W]."""
    pixels = tf.repeat(tf.repeat(tf.cast(cells, tf.float32), CELL, 1), CELL, 2)
    return pixels[:, : shape[1], : shape[2]]
