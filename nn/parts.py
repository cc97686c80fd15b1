"""The parts of a picture's ink, in a graph: what hangs together. Specks, frames, lines
and strips along the border are dropped."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

CELL = 2  # canvas pixels; parts that are closer hang together
SPECK = 0.15  # of the ink of the largest part; a five's detached top has some 0.25
LINE = 2  # cells: so deep are a frame's lines
DRAWN = 0.85  # of a frame's edge, at least, where the digit touches it
ROOM = 12  # cells: so high and wide is a frame, at least, where the digit touches it
EDGE = 0.8  # of a frame's ink, at least, lies along the edges of its box; of a round zero's half
ALONG = 0.4  # of the picture's shorter side, at least: what lies along its border for so long
DEPTH = 4  # cells: so near to the border lies EDGE of its ink
FLAT = 4.0  # times as wide as high, at least: a line
TALLER = 0.75  # times the digit's height, at least: so long is none of its strokes
NEAR = 2  # cells: what is dropped reaches a corner so nearly, and a digit is not so near to a side
DOUBTFUL = 0.4  # of a part's ink, at least: then it is a shadow, if something else may be a digit
LOWEST = 0.2  # of the picture's longer side: a digit is as high, where that is dropped for it


class _Parts(NamedTuple):
    """Of each label of each picture: ink, float32 [N, labels], 0 where no part has that label;
    box, int32 [N, labels, 4], its bottom, right, top and left cells, the last two negated, as all
    four are maxima."""

    ink: tf.Tensor
    box: tf.Tensor


def drop_parts(
    ink: tf.Tensor, inside: tf.Tensor | None = None, doubtful: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Ink without specks, and without a frame around the rest; and how many parts were dropped.

    float32 [N, H, W] → the same, and int32 [N]. A speck has little ink compared with the largest
    part that is no frame. A frame, or a piece of one, lies along the edges of the box around all
    that is no speck; it has three edges at least, and something else within, off all four.
    What is too faint to be of a part, below a quarter of full ink and not beside one, goes too.
    inside: 1 where the canvas holds the picture. What lies along its border for long, as dark
    corners and strips of a table do, is dropped as a frame is, if something else may be a digit;
    None leaves it. doubtful: what of the ink may be shadow; where that is much of a part, it is
    dropped likewise.
    """
    cells, used = _in_cells(ink)
    labels = label(used)
    parts = _measure(cells, labels)
    if inside is None:
        no_digit = _are_frames(cells, labels, parts)
    else:
        frame = _touched_frame(labels, parts)
        cells, labels = tf.where(frame, 0.0, cells), tf.where(frame, 0, labels)
        parts = _measure(cells, labels)
        no_digit = _are_frames(cells, labels, parts) | _are_lines(parts)
        doubts = _in_cells(doubtful)[0]
        no_digit |= _lie_along(inside, doubts, cells, labels, parts)
    amount = tf.where(no_digit, 0.0, parts.ink)
    largest = tf.reduce_max(amount, 1, keepdims=True)
    stays = (amount >= SPECK * largest) & (amount > 0)
    kept = (labels > 0) & tf.gather(stays, labels, batch_dims=1)
    # What lies around a part, as its soft edges do, goes with it.
    around = tf.nn.max_pool2d(tf.cast(kept, tf.float32)[..., None], 3, 1, "SAME")[..., 0] > 0
    ink *= _in_pixels(around & (kept | ~used), tf.shape(ink))
    dropped = tf.reduce_sum(tf.cast((parts.ink > 0) & ~stays, tf.int32), 1)
    return ink, dropped


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


def _measure(cells: tf.Tensor, labels: tf.Tensor) -> _Parts:
    count, height, width = (tf.shape(labels)[axis] for axis in range(3))
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    places = tf.stack([rows, columns, -rows, -columns], 2)  # [H, W, 4]
    places = tf.tile(places[None], [count, 1, 1, 1])
    return _Parts(
        _by_label(tf.math.unsorted_segment_sum, tf.where(labels > 0, cells, 0.0), labels),
        _by_label(tf.math.unsorted_segment_max, places, labels),
    )


def _are_frames(cells: tf.Tensor, labels: tf.Tensor, parts: _Parts) -> tf.Tensor:
    """bool [N, labels]: a frame, or the pieces of one, around what is none."""
    no_speck = _are_no_specks(parts)
    box = _around(parts, no_speck)
    deep = _depths(box, labels)
    there = tf.where((labels > 0) & (tf.reduce_min(deep, 1) < LINE), cells, 0.0)
    on_edges = _by_label(tf.math.unsorted_segment_sum, there, labels)
    pieces = no_speck & (on_edges > EDGE * parts.ink)
    of_pieces = tf.gather(pieces, labels, batch_dims=1)
    held = no_speck & ~pieces
    is_framed = tf.reduce_any(held, 1) & tf.reduce_all(_around(parts, held) < box, 1)
    is_framed &= _edges_drawn(of_pieces, deep, box, 0.5) > 2
    return pieces & is_framed[:, None]


def _touched_frame(labels: tf.Tensor, parts: _Parts) -> tf.Tensor:
    """bool [N, H, W]: cells of a frame that the digit within touches, so that they are one part.

    Three of its edges at least are drawn nearly whole, with hardly any ink next to them, and
    further in there is some half as high as there is room: else it is a square zero, or an eight.
    """
    box = _around(parts, _are_no_specks(parts))
    deep = _depths(box, labels)
    depth, used = tf.reduce_min(deep, 1), labels > 0
    height, width = _extents(box)
    high = _count(tf.reduce_any(used & (depth > LINE), 2))
    is_framed = (high >= 0.5 * (height - 2 * LINE - 2)) & (tf.minimum(height, width) >= ROOM)
    is_framed &= _edges_drawn(used, deep, box, DRAWN) > 2
    beside = tf.equal(depth, LINE)
    is_framed &= 2 * _count(used & beside) < _count(beside)
    return used & is_framed[:, None, None] & (depth >= 0) & (depth < LINE)


def _depths(box: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """How deep each cell lies within a box, from its bottom, right, top and left edge on; below 0
    outside: int32 [N, 4] → int32 [N, 4, H, W]."""
    rows, columns = tf.meshgrid(*map(tf.range, tf.unstack(tf.shape(labels)[1:])), indexing="ij")
    return box[:, :, None, None] - tf.stack([rows, columns, -rows, -columns])


def _edges_drawn(used: tf.Tensor, deep: tf.Tensor, box: tf.Tensor, share: float) -> tf.Tensor:
    """Along how many of a box's four edges more than that share of it is used: int32 [N].

    deep: as _depths has it. An edge is LINE cells deep: a line may straddle two, or lean a little.
    """
    drawn = []
    for edge, across in enumerate((1, 2, 1, 2)):
        along = tf.reduce_any(used & (deep[:, edge] < LINE), across)
        length = box[:, 2 - across] + box[:, 4 - across] + 1  # of the edge, not across it
        drawn.append(_count(along) > share * tf.cast(length, tf.float32))
    return tf.add_n([tf.cast(is_drawn, tf.int32) for is_drawn in drawn])


def _are_no_specks(parts: _Parts) -> tf.Tensor:
    """bool [N, labels]."""
    largest = tf.reduce_max(parts.ink, 1, keepdims=True)
    return (parts.ink >= SPECK * largest) & (parts.ink > 0)


def _are_lines(parts: _Parts) -> tf.Tensor:
    """bool [N, labels]: flat, under or over all that is not, and reaching beyond it at both ends,
    as what underlines a digit does.

    A five's top does not reach beyond it on the left, and a one's foot is not nearly as long as it
    is high.
    """
    height, width = _extents(parts.box)
    flat = _are_no_specks(parts) & (width >= FLAT * height)
    others = _are_no_specks(parts) & ~flat
    digit = _around(parts, others)
    beyond = parts.box - digit[:, None, :] > 0  # at the bottom, right, top and left
    apart = tf.reduce_any(parts.box[..., ::2] + digit[:, None, 2::-2] < 0, 2)
    longer = beyond[..., 1] & beyond[..., 3] & (width >= TALLER * _extents(digit)[0][:, None])
    return flat & apart & longer & tf.reduce_any(others, 1, keepdims=True)


def _extents(box: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width in cells, of boxes as in _Parts: two of float32."""
    sides = tf.cast(box[..., :2] + box[..., 2:] + 1, tf.float32)
    return sides[..., 0], sides[..., 1]


def _lie_along(
    inside: tf.Tensor, doubts: tf.Tensor, cells: tf.Tensor, labels: tf.Tensor, parts: _Parts
) -> tf.Tensor:
    """bool [N, labels]: along the picture's border for long, to a corner of it, and no further in
    than a little, or doubtful, where something else may be a digit: it is high, and lies off the
    border.

    In a tight crop the first of two digits lies so too, or a stroke of one: but the other does not
    lie off the border. Where there is more room, neither reaches a corner.
    """
    _, picture = _in_cells(inside)
    used = [tf.reduce_any(picture, axis) for axis in (2, 1)]  # its rows, its columns
    sides = tf.stack([_count(axis) for axis in used], 1)  # [N, 2]
    down, across = _from_ends(used[0])[:, :, None], _from_ends(used[1])[:, None, :]

    def within(places: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """What of the cells' values lies there: float32 [N, labels]."""
        there = tf.where(places & (labels > 0), values, 0.0)
        return _by_label(tf.math.unsorted_segment_sum, there, labels)

    nearest, ones = tf.minimum(down, across), tf.ones_like(cells)
    along = within(nearest <= 1, ones) >= ALONG * tf.reduce_min(sides, 1, keepdims=True)
    along &= within(nearest <= DEPTH, cells) > EDGE * parts.ink
    along &= within(tf.maximum(down, across) <= NEAR, ones) > 0
    along |= within(nearest > 0, doubts) > DOUBTFUL * parts.ink
    length = tf.reduce_max(parts.box[..., :2] + parts.box[..., 2:] + 1, 2)
    others = (parts.ink > 0) & ~along
    others &= tf.cast(length, tf.float32) >= LOWEST * tf.reduce_max(sides, 1, keepdims=True)
    others &= within(nearest <= NEAR, ones) < 1
    return along & tf.reduce_any(others, 1, keepdims=True)


def _count(used: tf.Tensor) -> tf.Tensor:
    """How many are: bool [N, …] → float32 [N]."""
    return tf.reduce_sum(tf.cast(used, tf.float32), range(1, len(used.shape)))


def _from_ends(used: tf.Tensor) -> tf.Tensor:
    """Of what is used in one piece, how far each is from the nearer end, from 1; 0 elsewhere:
    bool [N, length] → int32 [N, length]."""
    used = tf.cast(used, tf.int32)
    return used * tf.minimum(tf.cumsum(used, 1), tf.cumsum(used, 1, reverse=True))


def _around(parts: _Parts, which: tf.Tensor) -> tf.Tensor:
    """The box around some of the parts: int32 [N, 4]; of none, one that lies within any other."""
    return tf.reduce_max(tf.where(which[..., None], parts.box, parts.box.dtype.min), 1)


def _by_label(segments: Callable, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """A segment op, over the cells of each label: [N, H, W, …] → [N, labels, …], 0 included."""
    count, size = tf.shape(labels)[0], tf.maximum(tf.reduce_max(labels), 0) + 1
    numbers = labels + size * tf.range(count)[:, None, None]  # each picture its own
    found = segments(values, numbers, count * size)
    return tf.reshape(found, tf.concat([[count, size], tf.shape(found)[1:]], 0))


def _in_cells(ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Each cell's mean ink, float32, and whether it has a pixel of a part, bool."""
    height, width = tf.shape(ink)[1], tf.shape(ink)[2]
    ink = tf.pad(ink, [[0, 0], [0, -height % CELL], [0, -width % CELL]])
    pixels = [ink[:, i::CELL, j::CELL] for i in range(CELL) for j in range(CELL)]
    return tf.add_n(pixels) / len(pixels), tf.reduce_max(pixels, 0) > 0.25


def _in_pixels(cells: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """bool, a cell for each CELL × CELL pixels or what is left of them → float32 [N, H, W]."""
    pixels = tf.repeat(tf.repeat(tf.cast(cells, tf.float32), CELL, 1), CELL, 2)
    return pixels[:, : shape[1], : shape[2]]
