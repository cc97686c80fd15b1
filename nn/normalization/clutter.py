"""The parts of a picture's ink that are of no digit are dropped: specks, frames, lines, blots, and
strips along the border. Lengths are in cells of 2×2 canvas pixels."""

import tensorflow as tf

from nn.normalization.connected_components import (
    Parts,
    box_around,
    by_label,
    extents,
    how_many,
    in_cells,
    in_pixels,
    label,
    measure,
)

SPECK = 0.15  # of the ink of the largest part; a five's detached top has some 0.25
# Frames.
LINE = 2  # cells: so deep are a frame's lines
EDGE = 0.8  # of a frame's ink, at least, lies along the edges of its box; of a round zero's half
DRAWN = 0.85  # of a frame's edge, at least, where the digit touches it
ROOM = 12  # cells: so high and wide is a frame, at least, where the digit touches it
# Lines and blots.
FLAT = 4.0  # times as wide as high, at least: a line
TALLER = 0.75  # times the digit's height, at least: so long is none of its strokes
BLOT, AWAY = 0.5, 0.35  # of the digit's height: smaller, and farther away, is none of its strokes
# What lies along the picture's border.
ALONG = 0.1  # of the picture's shorter side, at least, along the border
DEPTH = 4  # cells: so near to the border lies EDGE of its ink
NEAR = 2  # cells: so near to a corner it reaches, and a digit is not so near to the border
DOUBTFUL = 0.4  # of its ink, at least, may be shadow: then it need not lie so
LOWEST = 0.2  # of the picture's longer side: a digit is as high, where that is dropped for it


def drop_parts(
    ink: tf.Tensor, inside: tf.Tensor | None = None, doubtful: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Ink without what is of no digit; and how many parts were dropped: float32 [N, H, W] → the
    same, and int32 [N].

    A speck has little ink compared with the largest part that stays. A frame, or a piece of one,
    lies along the edges of the box around all that is no speck; it has three edges at least, and
    something else within, off all four. What is too faint to be of a part, below a quarter of full
    ink and not beside one, goes too. That is all, where no `inside` is given.
    inside: 1 where the canvas holds the picture. Lines under and over a digit are dropped, blots
    away from it, and what lies along the picture's border, as strips of a table do. doubtful: what
    of the ink may be shadow; where that is much of a part, it is dropped as strips are.
    """
    cells, used = in_cells(ink)
    labels = label(used)
    parts, frame = measure(cells, labels), tf.zeros_like(used)
    if inside is not None:
        frame = _touched_frame(labels, parts)
        cells, labels = tf.where(frame, 0.0, cells), tf.where(frame, 0, labels)
        parts = tf.cond(tf.reduce_any(frame), lambda: measure(cells, labels), lambda: parts)
    no_digit = _are_frames(cells, labels, parts)
    if inside is not None:
        no_digit |= _are_lines(parts)
        no_digit |= _lie_along(inside, in_cells(doubtful)[0], cells, labels, parts)
        no_digit |= _are_blots(parts, no_digit)
    amount = tf.where(no_digit, 0.0, parts.ink)
    largest = tf.reduce_max(amount, 1, keepdims=True)
    stays = (amount >= SPECK * largest) & (amount > 0)
    kept = (labels > 0) & tf.gather(stays, labels, batch_dims=1)
    # What lies around a part, as its soft edges do, goes with it.
    near = tf.nn.max_pool2d(tf.cast(kept, tf.float32)[..., None], 3, 1, "SAME")[..., 0] > 0
    ink *= in_pixels(near & (kept | ~used), tf.shape(ink))
    dropped = tf.reduce_sum(tf.cast((parts.ink > 0) & ~stays, tf.int32), 1)
    return ink, dropped + tf.cast(tf.reduce_any(frame, [1, 2]), tf.int32)


def _are_frames(cells: tf.Tensor, labels: tf.Tensor, parts: Parts) -> tf.Tensor:
    """bool [N, labels]: a frame, or the pieces of one, around what is none."""
    no_speck = _are_no_specks(parts)
    box = box_around(parts, no_speck)
    deep = _depths(box, labels)
    there = tf.where((labels > 0) & (tf.reduce_min(deep, 1) < LINE), cells, 0.0)
    on_edges = by_label(tf.math.unsorted_segment_sum, there, labels)
    pieces = no_speck & (on_edges > EDGE * parts.ink)
    of_pieces = tf.gather(pieces, labels, batch_dims=1)
    held = no_speck & ~pieces
    is_framed = tf.reduce_any(held, 1) & tf.reduce_all(box_around(parts, held) < box, 1)
    is_framed &= _edges_drawn(of_pieces, deep, box, 0.5) > 2
    return pieces & is_framed[:, None]


def _touched_frame(labels: tf.Tensor, parts: Parts) -> tf.Tensor:
    """bool [N, H, W]: cells of a frame that the digit within touches, so that they are one part.

    Three of its edges at least are drawn nearly whole, with hardly any ink next to them, and
    further in there is some half as high as there is room: else it is a square zero, or an eight.
    """
    box = box_around(parts, _are_no_specks(parts))
    deep = _depths(box, labels)
    depth, used = tf.reduce_min(deep, 1), labels > 0
    height, width = extents(box)
    high = how_many(tf.reduce_any(used & (depth > LINE), 2))
    is_framed = (high >= 0.5 * (height - 2 * LINE - 2)) & (tf.minimum(height, width) >= ROOM)
    is_framed &= _edges_drawn(used, deep, box, DRAWN) > 2
    beside = tf.equal(depth, LINE)
    is_framed &= 2 * how_many(used & beside) < how_many(beside)
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
        drawn.append(how_many(along) > share * tf.cast(length, tf.float32))
    return tf.add_n([tf.cast(is_drawn, tf.int32) for is_drawn in drawn])


def _are_no_specks(parts: Parts) -> tf.Tensor:
    """bool [N, labels]."""
    largest = tf.reduce_max(parts.ink, 1, keepdims=True)
    return (parts.ink >= SPECK * largest) & (parts.ink > 0)


def _are_lines(parts: Parts) -> tf.Tensor:
    """bool [N, labels]: flat, under or over all that is not, and reaching beyond it at both ends,
    as what underlines a digit does.

    A five's top does not reach beyond it on the left, and a one's foot is not nearly as long as it
    is high.
    """
    height, width = extents(parts.box)
    flat = _are_no_specks(parts) & (width >= FLAT * height)
    others = _are_no_specks(parts) & ~flat
    digit = box_around(parts, others)
    beyond = parts.box - digit[:, None, :] > 0  # at the bottom, right, top and left
    apart = tf.reduce_any(parts.box[..., ::2] + digit[:, None, 2::-2] < 0, 2)
    longer = beyond[..., 1] & beyond[..., 3] & (width >= TALLER * extents(digit)[0][:, None])
    return flat & apart & longer & tf.reduce_any(others, 1, keepdims=True)


def _are_blots(parts: Parts, no_digit: tf.Tensor) -> tf.Tensor:
    """bool [N, labels]: small beside the highest part, and away from it, however much ink it has: a
    punched hole, a glossy spot."""
    height, width = (
        tf.where((parts.ink > 0) & ~no_digit, side, 0.0) for side in extents(parts.box)
    )
    highest = tf.argmax(height, 1)
    high = tf.reduce_max(height, 1, keepdims=True)
    digit = tf.gather(parts.box, highest, batch_dims=1)[:, None]
    # The top and left are negated: a part's top less the digit's bottom, and so on.
    away = -tf.concat([parts.box[..., 2:] + digit[..., :2], parts.box[..., :2] + digit[..., 2:]], 2)
    is_away = tf.cast(tf.reduce_max(away, 2), tf.float32) > AWAY * high
    return is_away & (tf.maximum(height, width) < BLOT * high)


def _lie_along(
    inside: tf.Tensor, doubts: tf.Tensor, cells: tf.Tensor, labels: tf.Tensor, parts: Parts
) -> tf.Tensor:
    """bool [N, labels]: along the picture's border for long, to a corner of it, and no further in
    than a little, or doubtful, where something else may be a digit: it is high, and lies off the
    border.

    In a tight crop the first of two digits lies so too, or a stroke of one: but the other does not
    lie off the border. Where there is more room, neither reaches a corner.
    """
    _, picture = in_cells(inside)
    used = [tf.reduce_any(picture, axis) for axis in (2, 1)]  # its rows, its columns
    sides = tf.stack([how_many(axis) for axis in used], 1)  # [N, 2]
    down, across = _from_ends(used[0])[:, :, None], _from_ends(used[1])[:, None, :]

    def within(places: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """What of the cells' values lies there: float32 [N, labels]."""
        there = tf.where(places & (labels > 0), values, 0.0)
        return by_label(tf.math.unsorted_segment_sum, there, labels)

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


def _from_ends(used: tf.Tensor) -> tf.Tensor:
    """Of what is used in one piece, how far each is from the nearer end, from 1; 0 elsewhere:
    bool [N, length] → int32 [N, length]."""
    used = tf.cast(used, tf.int32)
    return used * tf.minimum(tf.cumsum(used, 1), tf.cumsum(used, 1, reverse=True))
