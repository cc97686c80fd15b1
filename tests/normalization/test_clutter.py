"""Connected components, against SciPy; which components are dropped as clutter, and which stay."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import run_graph as run
from scipy import ndimage

from nn.normalization.clutter import drop_clutter
from nn.normalization.connected_components import label_components

RNG = np.random.default_rng(0)


def spiral(side: int) -> np.ndarray:
    """One component, as long as can be."""
    cells = np.zeros((side, side), bool)
    row, column, down, right = 0, 0, 0, 1
    cells[0, 0] = True
    for length in [side - 1] + [n for n in range(side - 1, 0, -2) for _ in (0, 1)]:
        for _ in range(length):
            row, column = row + down, column + right
            cells[row, column] = True
        down, right = right, -down
    return cells


def test_labels_are_the_connected_components_that_scipy_finds():
    masks = np.stack([RNG.random((32, 32)) < share for share in (0.1, 0.3, 0.4, 0.5)])
    masks = np.concatenate([masks, [spiral(32), np.zeros((32, 32), bool), np.ones((32, 32), bool)]])
    for found, mask in zip(run(label_components, masks), masks, strict=True):
        expected, count = ndimage.label(mask, np.ones((3, 3)))
        pairs = np.unique(np.stack([found[mask], expected[mask]]), axis=1)
        assert pairs.shape[1] == count
        assert sorted(np.unique(found[mask])) == list(range(1, count + 1))
        assert not found[~mask].any()


def ink(*boxes: tuple[slice, slice], level: float = 1.0) -> np.ndarray:
    """float32 [64, 64], full in each box of rows and columns."""
    picture = np.zeros((64, 64), np.float32)
    for rows, columns in boxes:
        picture[rows, columns] = level
    return picture


def frame(low: int, high: int, thick: int = 2) -> np.ndarray:
    picture = ink(np.s_[low:high, low:high])
    picture[low + thick : high - thick, low + thick : high - thick] = 0
    return picture


def kept(pictures: tf.Tensor) -> tf.Tensor:
    return drop_clutter(pictures, tf.ones_like(pictures), tf.zeros_like(pictures))[0]


DIGIT = ink(np.s_[20:44, 30:34], np.s_[20:24, 24:34])
TOP = ink(np.s_[10:14, 30:40])  # a quarter of the digit's ink, as a five's top
SPECK = ink(np.s_[2:5, 58:61])
OPEN_FOUR = ink(np.s_[10:36, 10:12], np.s_[34:36, 12:30]) + ink(np.s_[12:54, 36:38])
CROSSED_SEVEN = ink(np.s_[10:12, 10:40], np.s_[12:54, 38:40]) + ink(np.s_[30:32, 20:32])
LEANING = np.fliplr(np.tri(64, k=-40) - np.tri(64, k=-44)).astype(np.float32)  # a slanted stroke


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (DIGIT, DIGIT),
        (DIGIT + SPECK, DIGIT),
        (DIGIT + TOP, DIGIT + TOP),
        (DIGIT + frame(8, 56) + SPECK, DIGIT),
        (frame(10, 54), frame(10, 54)),  # a square zero: there is nothing in it
        (frame(10, 54) + SPECK, frame(10, 54)),
        (OPEN_FOUR, OPEN_FOUR),
        (CROSSED_SEVEN, CROSSED_SEVEN),
        (frame(4, 30) + LEANING, frame(4, 30) + LEANING),
        (np.zeros_like(DIGIT), np.zeros_like(DIGIT)),
    ],
    ids=[
        "digit", "speck", "detached", "framed, and a speck", "square zero", "and a speck",
        "open four", "crossed seven", "beside another", "nothing",
    ],
)  # fmt: skip
def test_specks_and_frames_are_dropped_and_nothing_else(picture, expected):
    # In a batch with other pictures: what is dropped in one does not depend on the others.
    pictures = np.stack([picture, DIGIT + SPECK, picture * 0.5])
    found = run(kept, pictures)
    np.testing.assert_array_equal(found, [expected, DIGIT, expected * 0.5])


def test_the_dropped_components_are_counted():
    pictures = np.stack([DIGIT, DIGIT + frame(8, 56) + SPECK, np.zeros_like(DIGIT)])
    assert run(lambda given: drop_clutter(given)[1], pictures).tolist() == [0, 2, 0]


@pytest.mark.parametrize("low", [8, 9, 10])
@pytest.mark.parametrize("high", [54, 55])
@pytest.mark.parametrize("thick", [1, 2, 3])
def test_a_frame_is_dropped_wherever_its_lines_lie(low, high, thick):
    found = run(kept, (DIGIT + frame(low, high, thick))[None])[0]
    np.testing.assert_array_equal(found, DIGIT)


def test_no_picture_is_no_error():
    assert run(kept, np.zeros((0, 64, 64), np.float32)).shape == (0, 64, 64)


def test_a_round_zero_is_no_frame_of_its_slash():
    y, x = np.mgrid[:64, :64] - 31.5
    ring = (abs(np.hypot(y / 1.3, x) - 16) < 2).astype(np.float32)
    for most in (5, 7, 9):  # from a dot to a slash that nearly touches
        slash = ((abs(x + y) < 3) & (abs(x) < most)).astype(np.float32)
        found = run(kept, (ring + slash)[None])[0]
        np.testing.assert_array_equal(found[ring > 0], 1)


def test_soft_edges_go_with_their_component():
    soft = ndimage.gaussian_filter(DIGIT + SPECK, 0.6)
    found = run(kept, soft[None])[0]
    assert not found[:16, 44:].any()
    inside = ndimage.binary_dilation(DIGIT > 0)
    np.testing.assert_array_equal(found[inside], soft[inside])


@pytest.mark.parametrize("shape", [(64, 64), (63, 33), (1, 5), (96, 200)])
def test_canvases_of_any_size(shape):
    picture = np.zeros(shape, np.float32)
    picture[: shape[0] // 2 + 1, : shape[1] // 2 + 1] = 1
    np.testing.assert_array_equal(run(kept, picture[None])[0], picture)


def test_a_frame_with_a_gap_or_without_one_side_is_dropped():
    whole = frame(8, 56)
    for gap in (np.s_[30:40, :16], np.s_[:16, 10:54]):
        pieces = whole.copy()
        pieces[gap] = 0
        np.testing.assert_array_equal(run(kept, (DIGIT + pieces)[None])[0], DIGIT)


TOUCHING = ink(np.s_[8:40, 30:34], np.s_[8:12, 20:34])  # the top of a seven, in the frame's line


def test_a_frame_is_dropped_though_the_digit_touches_it():
    found = run(kept, (TOUCHING + frame(8, 56)).clip(0, 1)[None])[0]
    assert not found[:, :16].any() and not found[50:].any() and not found[:, 50:].any()
    np.testing.assert_array_equal(found[12:40, 30:34], 1)
    square_eight = (ink(np.s_[31:33, 8:56]) + frame(8, 56)).clip(0, 1)
    np.testing.assert_array_equal(run(kept, square_eight[None])[0], square_eight)


def test_a_blot_away_from_the_digit_is_dropped_however_bold_it_is():
    for blot in (np.s_[20:30, 2:12], np.s_[2:10, 50:60], np.s_[54:62, 30:38]):
        np.testing.assert_array_equal(run(kept, (DIGIT + ink(blot))[None])[0], DIGIT)
    # Near it, it may be a stroke; and what is half as high may be a digit.
    for other in (np.s_[20:30, 36:44], np.s_[20:34, 4:12]):
        both = DIGIT + ink(other)
        np.testing.assert_array_equal(run(kept, both[None])[0], both)


@pytest.mark.parametrize("rows", [slice(50, 53), slice(8, 11)])
def test_a_line_under_or_over_the_digit_is_dropped(rows):
    for columns in (np.s_[12:48], np.s_[20:50]):
        np.testing.assert_array_equal(run(kept, (DIGIT + ink((rows, columns)))[None])[0], DIGIT)
    # A stroke of its own is not so long: a five's top, a one's foot. And alone it is all there is.
    stroke, line = ink((rows, np.s_[24:56])), ink((rows, np.s_[12:48]))
    np.testing.assert_array_equal(run(kept, (DIGIT + stroke)[None])[0], DIGIT + stroke)
    np.testing.assert_array_equal(run(kept, line[None])[0], line)


def test_strokes_on_both_sides_are_no_frame():
    sides = ink(np.s_[8:56, 8:10], np.s_[8:56, 54:56])  # ones, higher than what stands between
    np.testing.assert_array_equal(run(kept, (DIGIT + sides)[None])[0], DIGIT + sides)


# Strips and corners of a table, or of the dark around a lens, in a picture of 48×60.
PICTURE = ink(np.s_[8:56, 2:62])
STRIP = ink(np.s_[8:56, 2:5])
CORNER = ink(np.s_[53:56, 2:22], np.s_[44:56, 2:6])
FIVE = ink(np.s_[20:48, 28:34])


def kept_in_the_picture(pictures: tf.Tensor) -> tf.Tensor:
    return drop_clutter(pictures, tf.ones_like(pictures) * PICTURE, tf.zeros_like(pictures))[0]


@pytest.mark.parametrize("dark", [STRIP, CORNER, STRIP + ink(np.s_[8:11, 30:62])])
def test_what_lies_along_the_border_is_dropped_beside_a_digit(dark):
    np.testing.assert_array_equal(run(kept_in_the_picture, (FIVE + dark)[None])[0], FIVE)
    # Though it has many times as much ink.
    thin = ink(np.s_[20:40, 30:32])
    np.testing.assert_array_equal(run(kept_in_the_picture, (thin + dark)[None])[0], thin)


def test_alone_it_is_the_digit():
    np.testing.assert_array_equal(run(kept_in_the_picture, STRIP[None])[0], STRIP)
    low = ink(np.s_[20:30, 30:36])  # a speck's height: it cannot be the digit instead
    found = run(kept_in_the_picture, (STRIP + low)[None])[0]
    np.testing.assert_array_equal(found * STRIP, STRIP)


def test_a_stroke_that_runs_off_the_picture_stays():
    runs_off = ink(np.s_[8:30, 40:46], np.s_[28:34, 40:56])
    both = FIVE + runs_off
    np.testing.assert_array_equal(run(kept_in_the_picture, both[None])[0], both)


def test_a_digit_that_lies_along_the_border_stays_beside_another():
    # A two, cropped tightly, stands on the border with all of its foot.
    two = ink(np.s_[20:24, 8:20], np.s_[20:56, 18:22], np.s_[52:56, 8:28])
    both = two + ink(np.s_[20:48, 40:46])
    np.testing.assert_array_equal(run(kept_in_the_picture, both[None])[0], both)


# Cropped tightly, all of these run along the border as a table does.
SEVEN = ink(np.s_[8:12, 20:60], np.s_[8:56, 54:60])
TIGHT = {
    "a one beside a seven": ink(np.s_[8:56, 2:6]) + SEVEN,
    "a one with room below it": ink(np.s_[14:50, 2:6], np.s_[14:18, 20:54], np.s_[14:50, 48:54]),
    "an open four": ink(np.s_[14:36, 4:8], np.s_[32:36, 4:46]) + ink(np.s_[8:56, 58:62]),
    "a five and its top": ink(np.s_[8:11, 10:60]) + ink(np.s_[16:36, 10:14], np.s_[32:36, 10:52],
                                                        np.s_[32:56, 48:52]),
}  # fmt: skip


@pytest.mark.parametrize("name", TIGHT)
def test_what_runs_along_the_border_of_a_tight_crop_stays(name):
    found = run(kept_in_the_picture, TIGHT[name][None])[0]
    np.testing.assert_array_equal(found, TIGHT[name])


def test_what_may_be_shadow_is_dropped_unless_it_hangs_on_a_digit():
    blot = ink(np.s_[8:18, 40:54])
    stem = ink(np.s_[8:56, 54:62])  # of a nine
    loop = ink(np.s_[8:30, 30:34], np.s_[8:12, 30:54], np.s_[26:30, 30:54])
    doubtful = blot + stem

    def kept(pictures: tf.Tensor) -> tf.Tensor:
        return drop_clutter(pictures, tf.ones_like(pictures) * PICTURE, pictures * doubtful)[0]

    found = run(kept, np.stack([FIVE + blot, loop + stem, blot]))
    np.testing.assert_array_equal(found, [FIVE, loop + stem, blot])


def test_the_canvas_is_not_the_picture():
    # The same strip, in the middle of a larger picture.
    both = FIVE + STRIP
    np.testing.assert_array_equal(run(kept, both[None])[0], both)
