"""Drops clutter from a picture's ink: specks, frames, lines, blots, and strips along the border.

Lengths are in cells of 2×2 canvas pixels. The constants were tuned on the pictures that
benchmarks/handwriting draws of validation digits; docs/experiments.md has the measurements, under
"Sheets on a darker table" and "Bold strokes along the border".
"""

import tensorflow as tf

from nn.normalization.connected_components import (
    Components,
    bounding_box,
    cells_to_pixels,
    count_true,
    height_and_width,
    label_components,
    measure_components,
    pixels_to_cells,
    reduce_by_label,
)

# Specks.
MAX_SPECK_INK_SHARE = 0.15  # of the largest component's; a five's detached top has some 0.25
# Frames.
FRAME_LINE_CELLS = 2  # the depth of a frame's lines, which may straddle two cells, or lean a little
MIN_FRAME_INK_SHARE_ON_EDGES = 0.8  # of its ink, along the edges of its box; a round zero has half
MIN_FRAME_EDGE_SHARE = 0.5  # of an edge's length, drawn
MIN_TOUCHED_EDGE_SHARE = 0.85  # the same, where the digit touches the frame
MIN_TOUCHED_FRAME_CELLS = 12  # height and width, where the digit touches the frame
MIN_TOUCHING_HEIGHT_SHARE = 0.5  # of the room in the frame; a square zero or eight has less within
# Lines and blots. The kinds have none: judged by 60 pictures of each, drawn by other means.
MIN_LINE_ASPECT_RATIO = 4.0  # width / height
MIN_LINE_LENGTH_SHARE = 0.75  # of the digit's height; its flat strokes are shorter
MAX_BLOT_SIDE_SHARE = 0.5  # of the digit's height; a component half as high may be a digit
MIN_BLOT_DISTANCE_SHARE = 0.35  # of the digit's height; a component nearer to it may be its stroke
# Strips along the picture's border.
MIN_STRIP_LENGTH_SHARE = 0.1  # of the picture's shorter side; 0.4 leaves one more of 200 wrong
STRIP_DEPTH_CELLS = 4  # from the border: most of a strip's ink lies within; a two's foot does not
MIN_STRIP_INK_SHARE = 0.8  # of its ink within that depth; of 150 tight numbers 144 stay, else 140
# A strip comes so near to a corner; a digit beside it does not come so near to the border. With 3,
# 4 of 200 pictures of tables are wrong, not 5.
NEAR_BORDER_CELLS = 2
MIN_DOUBTFUL_INK_SHARE = 0.4  # of a component's ink: then it is dropped as a strip is
# Of the picture's longer side: a digit beside a strip. At 0.3 8 of 400 shadows are wrong, not 5.
MIN_DIGIT_SIDE_SHARE = 0.2


def drop_clutter(
    ink: tf.Tensor, inside: tf.Tensor | None = None, doubtful: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Ink without clutter, and the number of components that were dropped: float32 [N, H, W] → the
    same, and int32 [N].

    A speck has little ink compared with the largest component that stays. A frame, or a piece of
    one, lies along the edges of the box around everything but specks. It has three edges at least,
    and something else within that touches none of the four. Ink that is too faint for a component,
    below a quarter of full ink, is dropped too where it is not beside one. Without `inside` that is
    all.

    inside: 1 where the canvas holds the picture. With it, lines under and over a digit are dropped,
    blots away from it, and whatever lies along the picture's border, as strips of a table do.
    doubtful: the ink that may be shadow, given with `inside`; a component that has much of it is
    dropped as strips are.
    """
    cells, used = pixels_to_cells(ink)
    labels = label_components(used)
    components, frame = measure_components(cells, labels), tf.zeros_like(used)
    if inside is not None:
        frame = _touched_frame(labels, components)
        cells, labels = tf.where(frame, 0.0, cells), tf.where(frame, 0, labels)
        components = tf.cond(
            tf.reduce_any(frame), lambda: measure_components(cells, labels), lambda: components
        )
    is_clutter = _are_frames(cells, labels, components)
    if inside is not None:
        is_clutter |= _are_lines(components)
        doubts = pixels_to_cells(doubtful)[0]
        is_clutter |= _are_strips(inside, doubts, cells, labels, components)
        is_clutter |= _are_blots(components, is_clutter)
    stays = _are_not_specks(tf.where(is_clutter, 0.0, components.ink))
    ink *= _kept_pixels(ink, used, labels, stays)
    dropped = tf.reduce_sum(tf.cast((components.ink > 0) & ~stays, tf.int32), 1)
    return ink, dropped + tf.cast(tf.reduce_any(frame, [1, 2]), tf.int32)


def _kept_pixels(ink: tf.Tensor, used: tf.Tensor, labels: tf.Tensor, stays: tf.Tensor) -> tf.Tensor:
    """1 in the cells of components that stay, and around them, where their soft edges lie; 0
    elsewhere: float32 [N, H, W], as the ink."""
    kept = (labels > 0) & tf.gather(stays, labels, batch_dims=1)
    near = tf.nn.max_pool2d(tf.cast(kept, tf.float32)[..., None], 3, 1, "SAME")[..., 0] > 0
    return cells_to_pixels(near & (kept | ~used), tf.shape(ink))


def _are_not_specks(ink: tf.Tensor) -> tf.Tensor:
    """Whether a component has much ink, compared with the largest: float32 [N, labels] → bool."""
    largest = tf.reduce_max(ink, 1, keepdims=True)
    return (ink >= MAX_SPECK_INK_SHARE * largest) & (ink > 0)


def _are_frames(cells: tf.Tensor, labels: tf.Tensor, components: Components) -> tf.Tensor:
    """bool [N, labels]: a frame, or the pieces of one, around a component that is none."""
    large = _are_not_specks(components.ink)
    box = bounding_box(components, large)
    depths = _depths(box, labels)
    on_edges = (labels > 0) & (tf.reduce_min(depths, 1) < FRAME_LINE_CELLS)
    ink_on_edges = reduce_by_label(
        tf.math.unsorted_segment_sum, tf.where(on_edges, cells, 0.0), labels
    )
    pieces = large & (ink_on_edges > MIN_FRAME_INK_SHARE_ON_EDGES * components.ink)
    of_pieces = tf.gather(pieces, labels, batch_dims=1)
    held = large & ~pieces
    is_framed = tf.reduce_any(held, 1) & tf.reduce_all(bounding_box(components, held) < box, 1)
    is_framed &= _count_edges(of_pieces, depths, box, MIN_FRAME_EDGE_SHARE) > 2
    return pieces & is_framed[:, None]


def _touched_frame(labels: tf.Tensor, components: Components) -> tf.Tensor:
    """bool [N, H, W]: cells of a frame that the digit within touches, so that both are one
    component.

    Three of its edges at least are drawn nearly whole, with hardly any ink next to them. Further in
    there is ink at least half as high as there is room: otherwise the frame is a square zero, or an
    eight.
    """
    box = bounding_box(components, _are_not_specks(components.ink))
    depths = _depths(box, labels)
    depth, used = tf.reduce_min(depths, 1), labels > 0
    height, width = height_and_width(box)
    rows_within = count_true(tf.reduce_any(used & (depth > FRAME_LINE_CELLS), 2))
    room = height - 2 * FRAME_LINE_CELLS - 2
    is_framed = (rows_within >= MIN_TOUCHING_HEIGHT_SHARE * room) & (
        tf.minimum(height, width) >= MIN_TOUCHED_FRAME_CELLS
    )
    is_framed &= _count_edges(used, depths, box, MIN_TOUCHED_EDGE_SHARE) > 2
    beside = tf.equal(depth, FRAME_LINE_CELLS)
    is_framed &= 2 * count_true(used & beside) < count_true(beside)
    return used & is_framed[:, None, None] & (depth >= 0) & (depth < FRAME_LINE_CELLS)


def _depths(box: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The cells between each cell and a box's bottom, right, top and left edge, below 0 outside:
    int32 [N, 4] → int32 [N, 4, H, W]."""
    rows, columns = tf.meshgrid(*map(tf.range, tf.unstack(tf.shape(labels)[1:])), indexing="ij")
    return box[:, :, None, None] - tf.stack([rows, columns, -rows, -columns])


def _count_edges(used: tf.Tensor, depths: tf.Tensor, box: tf.Tensor, share: float) -> tf.Tensor:
    """The number of a box's edges that are used along more than the share: int32 [N], 0 to 4.

    depths: as _depths gives them. An edge is FRAME_LINE_CELLS deep.
    """
    drawn = []
    for edge, across in enumerate((1, 2, 1, 2)):
        along = tf.reduce_any(used & (depths[:, edge] < FRAME_LINE_CELLS), across)
        length = box[:, 2 - across] + box[:, 4 - across] + 1  # of the edge, not across it
        drawn.append(count_true(along) > share * tf.cast(length, tf.float32))
    return tf.add_n([tf.cast(is_drawn, tf.int32) for is_drawn in drawn])


def _are_lines(components: Components) -> tf.Tensor:
    """bool [N, labels]: flat, under or over everything that is not flat, and longer than it at both
    ends, as a line under a digit is.

    A five's top is not longer on the left, and a one's foot is much shorter than the one is high.
    """
    height, width = height_and_width(components.box)
    flat = _are_not_specks(components.ink) & (width >= MIN_LINE_ASPECT_RATIO * height)
    others = _are_not_specks(components.ink) & ~flat
    digit = bounding_box(components, others)
    beyond = components.box - digit[:, None, :] > 0  # at the bottom, right, top and left
    apart = tf.reduce_any(components.box[..., ::2] + digit[:, None, 2::-2] < 0, 2)
    longer = beyond[..., 1] & beyond[..., 3]  # than the digit is wide
    longer &= width >= MIN_LINE_LENGTH_SHARE * height_and_width(digit)[0][:, None]
    return flat & apart & longer & tf.reduce_any(others, 1, keepdims=True)


def _are_blots(components: Components, is_clutter: tf.Tensor) -> tf.Tensor:
    """bool [N, labels]: small beside the highest component, and away from it, however much ink it
    has: a punched hole, a glossy spot."""
    height, width = (
        tf.where((components.ink > 0) & ~is_clutter, side, 0.0)
        for side in height_and_width(components.box)
    )
    highest = tf.argmax(height, 1)
    digit_height = tf.reduce_max(height, 1, keepdims=True)
    digit = tf.gather(components.box, highest, batch_dims=1)[:, None]
    # Tops and lefts are negated: a component's top less the digit's bottom, and so on.
    away = -tf.concat(
        [components.box[..., 2:] + digit[..., :2], components.box[..., :2] + digit[..., 2:]], 2
    )
    distance = tf.cast(tf.reduce_max(away, 2), tf.float32)
    is_away = distance > MIN_BLOT_DISTANCE_SHARE * digit_height
    return is_away & (tf.maximum(height, width) < MAX_BLOT_SIDE_SHARE * digit_height)


def _are_strips(
    inside: tf.Tensor,
    doubts: tf.Tensor,
    cells: tf.Tensor,
    labels: tf.Tensor,
    components: Components,
) -> tf.Tensor:
    """bool [N, labels]: strips along the picture's border that reach a corner, or doubtful ink,
    where another component may be the digit, as it is long and lies off the border.

    In a tight crop the first of two digits lies along the border too, or a stroke of one. But then
    the other does not lie off the border. In a wider crop, neither reaches a corner.
    """
    _, picture = pixels_to_cells(inside)
    used = [tf.reduce_any(picture, axis) for axis in (2, 1)]  # its rows, its columns
    sides = tf.stack([count_true(axis) for axis in used], 1)  # [N, 2]
    down, across = _from_ends(used[0])[:, :, None], _from_ends(used[1])[:, None, :]

    def sum_within(places: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """The sum of each component's values in these places: float32 [N, labels]."""
        there = tf.where(places & (labels > 0), values, 0.0)
        return reduce_by_label(tf.math.unsorted_segment_sum, there, labels)

    from_border, ones = tf.minimum(down, across), tf.ones_like(cells)
    along = sum_within(from_border <= 1, ones) >= MIN_STRIP_LENGTH_SHARE * tf.reduce_min(
        sides, 1, keepdims=True
    )
    near_ink = sum_within(from_border <= STRIP_DEPTH_CELLS, cells)
    along &= near_ink > MIN_STRIP_INK_SHARE * components.ink
    along &= sum_within(tf.maximum(down, across) <= NEAR_BORDER_CELLS, ones) > 0
    along |= sum_within(from_border > 0, doubts) > MIN_DOUBTFUL_INK_SHARE * components.ink
    length = tf.reduce_max(components.box[..., :2] + components.box[..., 2:] + 1, 2)
    others = (components.ink > 0) & ~along
    others &= tf.cast(length, tf.float32) >= MIN_DIGIT_SIDE_SHARE * tf.reduce_max(
        sides, 1, keepdims=True
    )
    others &= sum_within(from_border <= NEAR_BORDER_CELLS, ones) < 1
    return along & tf.reduce_any(others, 1, keepdims=True)


def _from_ends(used: tf.Tensor) -> tf.Tensor:
    """How far each used place lies from the nearer end of the one used run, from 1 on; 0 elsewhere:
    bool [N, length] → int32 [N, length]."""
    used = tf.cast(used, tf.int32)
    return used * tf.minimum(tf.cumsum(used, 1), tf.cumsum(used, 1, reverse=True))
