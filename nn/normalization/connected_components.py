"""Connected components of a picture's ink, on cells of 2×2 canvas pixels."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nn.pictures.canvas import INK_THRESHOLD

# Canvas pixels a side. Strokes in neighboring cells are connected, so a gap of one pixel never
# separates them.
CELL_PIXELS = 2


class Components(NamedTuple):
    """Measurements of each label of each picture: ink, float32 [N, labels], the sum over its cells,
    0 where no component has the label; box, int32 [N, labels, 4], its bottom, right, top and left
    cells, the last two negated, so that all four are maxima."""

    ink: tf.Tensor
    box: tf.Tensor


def label_components(used: tf.Tensor) -> tf.Tensor:
    """Labels connected components: bool [N, H, W] → int32 [N, H, W], 0 where nothing is used.

    Cells that touch by a side or a corner have the same label, and each picture counts its own: 1,
    2, 3 … Up to 2^24 cells a picture, as float32 counts.

    Each cell takes the highest label around it, then the label of the cell that had this number at
    first, until none changes any more. The second step jumps: Shiloach and Vishkin 1982, An
    O(log n) Parallel Connectivity Algorithm.
    """
    count, height, width = (tf.shape(used)[axis] for axis in range(3))
    # With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    there = tf.cast(tf.transpose(used, [1, 2, 0])[None], tf.float32)
    numbers = tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1])
    first = there * tf.cast(numbers, tf.float32)

    def grow(labels: tf.Tensor, changes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        grown = labels
        for _ in range(3):  # fewer jumps: each costs more than a step
            grown = tf.nn.max_pool2d(grown, [3, 1], 1, "SAME")
            grown = tf.nn.max_pool2d(grown, [1, 3], 1, "SAME") * there
        grown = _jump(grown, count)
        return grown, tf.reduce_any(grown > labels)

    labels, _ = tf.while_loop(lambda _, changes: changes, grow, [first, tf.constant(True)])
    cells = tf.reshape(tf.cast(tf.transpose(labels[0], [2, 0, 1]), tf.int32), [count, -1])
    # Each component now has the number of its last cell. Count these from 1.
    is_last = tf.equal(cells, tf.range(1, height * width + 1))
    rank = tf.pad(tf.cumsum(tf.cast(is_last, tf.int32), 1), [[0, 0], [1, 0]])
    return tf.reshape(tf.gather(rank, cells, batch_dims=1), [count, height, width])


def _jump(labels: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Each cell's label → the label of the cell with that number: float32 [1, H, W, N]."""
    by_number = tf.pad(tf.reshape(labels, [-1, count]), [[1, 0], [0, 0]])  # number 0: no cell
    places = tf.cast(labels, tf.int32) * count + tf.range(count)
    return tf.gather(tf.reshape(by_number, [-1]), places)


def measure_components(cells: tf.Tensor, labels: tf.Tensor) -> Components:
    """Measures the components with these labels, int32 [N, H, W]; cells: the mean ink of each cell,
    float32 [N, H, W]."""
    count, height, width = (tf.shape(labels)[axis] for axis in range(3))
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    places = tf.stack([rows, columns, -rows, -columns], 2)  # [H, W, 4]
    places = tf.tile(places[None], [count, 1, 1, 1])
    return Components(
        reduce_by_label(tf.math.unsorted_segment_sum, tf.where(labels > 0, cells, 0.0), labels),
        reduce_by_label(tf.math.unsorted_segment_max, places, labels),
    )


def reduce_by_label(reduce_segments: Callable, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Reduces the values over the cells of each label, 0 included: [N, H, W, …] → [N, labels, …].

    reduce_segments: a segment op, such as tf.math.unsorted_segment_sum.
    """
    count, size = tf.shape(labels)[0], tf.maximum(tf.reduce_max(labels), 0) + 1
    numbers = labels + size * tf.range(count)[:, None, None]  # each picture has its own
    found = reduce_segments(values, numbers, count * size)
    return tf.reshape(found, tf.concat([[count, size], tf.shape(found)[1:]], 0))


def bounding_box(components: Components, chosen: tf.Tensor) -> tf.Tensor:
    """The box around the chosen components, bool [N, labels]: int32 [N, 4], as in Components. Where
    none is chosen, a box that lies within any other."""
    return tf.reduce_max(tf.where(chosen[..., None], components.box, components.box.dtype.min), 1)


def height_and_width(box: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width of boxes, in cells: int32 [..., 4], as in Components → two of float32."""
    sides = tf.cast(box[..., :2] + box[..., 2:] + 1, tf.float32)
    return sides[..., 0], sides[..., 1]


def count_true(mask: tf.Tensor) -> tf.Tensor:
    """The number of true values in each picture: bool [N, …] → float32 [N]."""
    return tf.reduce_sum(tf.cast(mask, tf.float32), range(1, len(mask.shape)))


def pixels_to_cells(ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The mean ink of each cell, float32, and whether one of its pixels counts as ink, bool.

    float32 [N, H, W] → two of [N, H / 2, W / 2], rounded up.
    """
    height, width = tf.shape(ink)[1], tf.shape(ink)[2]
    ink = tf.pad(ink, [[0, 0], [0, -height % CELL_PIXELS], [0, -width % CELL_PIXELS]])
    # With the pictures as channels, [1, H, W, N], the kernel takes several at once.
    pixels = tf.transpose(ink, [1, 2, 0])[None]
    mean = tf.nn.avg_pool2d(pixels, CELL_PIXELS, CELL_PIXELS, "VALID")
    highest = tf.nn.max_pool2d(pixels, CELL_PIXELS, CELL_PIXELS, "VALID")
    return tf.transpose(mean[0], [2, 0, 1]), tf.transpose(highest[0], [2, 0, 1]) > INK_THRESHOLD


def cells_to_pixels(cells: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """Each cell's value for all of its pixels: bool → float32 [N, H, W], where `shape`, int32 [3],
    gives N, H and W. The cells of the last row and column may be cut off."""
    pixels = tf.repeat(tf.repeat(tf.cast(cells, tf.float32), CELL_PIXELS, 1), CELL_PIXELS, 2)
    return pixels[:, : shape[1], : shape[2]]
