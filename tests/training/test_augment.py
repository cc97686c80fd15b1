"""Distortions: each by itself against NumPy, their limits, that seeds decide them."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates

from nn.training.augment import LIMITS, Distortion, augment, bend, distort, thicken

tf1 = tf.compat.v1
NOTHING = Distortion(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def distorted(images: np.ndarray, **by) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        values = [tf.fill([len(images)], float(v)) for v in NOTHING._replace(**by)]
        return session.run(distort(tf.constant(images, tf.float32), Distortion(*values)))


def augmented(images: np.ndarray, seed: list[int], **options) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        placeholder = tf1.placeholder(tf.float32, [None, 28, 28])
        result = augment(placeholder, tf.constant(seed), **options)
        assert result.shape.as_list() == [None, 28, 28]
        return session.run(result, {placeholder: images})


@pytest.fixture(scope="module")
def images(digits) -> np.ndarray:
    return (digits[0].images[:50] / 255).astype(np.float32)


def blob(x: int, y: int) -> np.ndarray:
    """An image with ink 1 at a pixel: [1, 28, 28]."""
    image = np.zeros((1, 28, 28), np.float32)
    image[0, y, x] = 1
    return image


def patch(x: int, y: int) -> np.ndarray:
    """An image with 3×3 pixels of ink about a pixel: [1, 28, 28]."""
    image = np.zeros((1, 28, 28), np.float32)
    image[0, y - 1 : y + 2, x - 1 : x + 2] = 1
    return image


def middle(image: np.ndarray) -> tuple[float, float]:
    """x and y of the middle of an image's ink."""
    rows, columns = np.indices(image.shape)
    return (image * columns).sum() / image.sum(), (image * rows).sum() / image.sum()


def test_nothing_leaves_every_pixel(images):
    np.testing.assert_allclose(distorted(images), images, atol=1e-6)


def test_a_quarter_turn_is_numpys(images):
    expected = np.rot90(images, axes=(1, 2))  # counterclockwise
    np.testing.assert_allclose(distorted(images, rotation=90), expected, atol=1e-4)


def test_a_shift_moves_right_and_down(images):
    moved = distorted(images, right=3, down=2)
    np.testing.assert_allclose(moved[:, 2:, 3:], images[:, :-2, :-3], atol=1e-5)
    assert not moved[:, :2].any()
    assert not moved[:, :, :3].any()


def test_a_part_of_a_pixel_is_shared_between_neighbors():
    moved = distorted(blob(10, 10), right=0.25)[0]
    assert moved[10, 10] == pytest.approx(0.75)
    assert moved[10, 11] == pytest.approx(0.25)


def test_zoom_widens_and_raises_each_on_its_own(images):
    wide = distorted(blob(19, 13), zoom_x=0.5)[0]
    assert middle(wide)[0] == pytest.approx(13.5 + 5.5 * 1.5, abs=0.3)
    high = distorted(blob(13, 19), zoom_y=-0.5)[0]
    assert middle(high)[1] == pytest.approx(13.5 + 5.5 * 0.5, abs=0.3)
    ink = distorted(images, zoom_x=0.1, zoom_y=0.1).sum() / images.sum()
    assert ink == pytest.approx(1.1**2, rel=0.03)


def test_slant_moves_what_is_above_to_the_right():
    above, below = (middle(distorted(blob(13, y), slant=0.5)[0]) for y in (5, 22))
    assert above == pytest.approx((13 + 0.5 * 8.5, 5), abs=0.3)
    assert below == pytest.approx((13 - 0.5 * 8.5, 22), abs=0.3)


def test_all_parts_together_are_zoom_slant_turn_and_shift_in_this_order():
    by = {"rotation": 30, "zoom_x": 0.3, "zoom_y": -0.2, "slant": 0.4, "right": 1, "down": -2}
    for at in ((20, 9), (8, 16)):
        x, y = at[0] - 13.5, 13.5 - at[1]  # from the middle; y upwards
        x, y = 1.3 * x, 0.8 * y
        x = x + 0.4 * y
        angle = np.pi / 6
        x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
        expected = (13.5 + x + 1, 13.5 - y - 2)
        assert middle(distorted(blob(*at), **by)[0]) == pytest.approx(expected, abs=0.3)


def test_slant_comes_before_turning():
    one = distorted(distorted(blob(15, 8), slant=0.5), rotation=30)[0]
    both = distorted(blob(15, 8), slant=0.5, rotation=30)[0]
    assert middle(both) == pytest.approx(middle(one), abs=0.3)


def test_a_seed_and_a_step_decide_and_each_image_has_its_own(images):
    same = np.repeat(images[:1], 50, axis=0)
    one = augmented(same, [3, 7])
    np.testing.assert_array_equal(one, augmented(same, [3, 7]))
    assert len(np.unique(one.reshape(50, -1), axis=0)) == 50
    for seed in ([3, 8], [4, 7]):
        assert np.abs(one - augmented(same, seed)).max(axis=(1, 2)).min() > 0.05


@pytest.mark.parametrize("part", Distortion._fields)
def test_each_limit_is_reached_to_both_sides_and_not_passed(part):
    """The way of a patch of ink, over 2,000 distortions by one part alone."""
    limit = getattr(LIMITS, part)
    many = np.repeat(patch(20, 6), 2000, axis=0)
    moved = augmented(many, [0, 1], limits=NOTHING._replace(**{part: limit}))
    axis = 0 if part in ("slant", "right", "zoom_x", "rotation") else 1
    places = [middle(image)[axis] for image in moved]
    ends = sorted(
        middle(distorted(patch(20, 6), **{part: end})[0])[axis] for end in (-limit, limit)
    )
    # Strokes grow to one side, by half a pixel.
    assert min(places) == pytest.approx(ends[0], abs=0.6)
    assert max(places) == pytest.approx(ends[1], abs=0.6)


def test_a_digit_keeps_most_of_its_ink(images):
    ink = augmented(images, [0, 0]).sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert ink.min() > 0.4
    assert ink.max() < 1.9


def thickened(images: np.ndarray, by: list[float]) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        return session.run(thicken(tf.constant(images, tf.float32), tf.constant(by)))


def test_strokes_grow_by_dilation_and_shrink_by_erosion(images):
    few = images[:4]
    padded = np.pad(few, [(0, 0), (0, 1), (0, 1)])
    shifted = [padded[:, y : y + 28, x : x + 28] for y in (0, 1) for x in (0, 1)]
    dilated, eroded = np.max(shifted, axis=0), np.min(shifted, axis=0)
    found = thickened(few, [0.0, 1.0, 0.5, -1.0])
    np.testing.assert_allclose(found[0], few[0])
    np.testing.assert_allclose(found[1], dilated[1], atol=1e-6)
    np.testing.assert_allclose(found[2], (few[2] + dilated[2]) / 2, atol=1e-6)
    np.testing.assert_allclose(found[3], 0.3 * few[3] + 0.7 * eroded[3], atol=1e-6)


def test_half_keep_their_strokes_and_a_quarter_each_has_them_thicker_and_thinner():
    stroke = np.zeros((1, 28, 28), np.float32)
    stroke[:, 4:24, 13:16] = 1
    ink = augmented(np.repeat(stroke, 2000, axis=0), [0, 0], limits=NOTHING).sum(axis=(1, 2)) / 60
    assert np.mean(np.abs(ink - 1) < 1e-4) == pytest.approx(0.5, abs=0.04)
    assert np.mean(ink > 1.0001) == pytest.approx(0.25, abs=0.03)
    assert ink.max() == pytest.approx(84 / 60, abs=0.01)  # 21 × 4 pixels
    assert ink.min() == pytest.approx(1 - 0.7 * (1 - 38 / 60), abs=0.01)  # 19 × 2


def bent(images: np.ndarray, knots: np.ndarray) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        return session.run(bend(tf.constant(images, tf.float32), tf.constant(knots, tf.float32)))


def test_knots_that_agree_move_the_whole_digit(images):
    right, down = 2.0, -3.0  # from where each pixel comes
    moved = bent(images, np.tile([right, down], [len(images), 5, 5, 1]))
    np.testing.assert_allclose(moved[:, 3:, :-2], images[:, :-3, 2:], atol=1e-5)
    assert not moved[:, :3].any()
    assert not moved[:, :, -2:].any()


def test_a_bend_fetches_each_pixel_from_where_cubics_between_the_knots_say(images):
    knots = np.random.default_rng(0).normal(0, 2, [3, 5, 5, 2])
    ways = tf.image.resize(knots, [28, 28], "bicubic").numpy()
    found = bent(images[:3], knots)
    for image, way, result in zip(images, ways, found, strict=False):
        rows, columns = np.indices([28, 28], float)
        places = [np.clip(rows + way[..., 1], -1, 28), np.clip(columns + way[..., 0], -1, 28)]
        padded = np.pad(image, 2)
        expected = map_coordinates(padded, [axis + 2 for axis in places], order=1)
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_bends_are_as_wide_as_asked_and_each_images_own(images):
    same = np.repeat(patch(13, 13), 1000, axis=0)
    spreads = []
    for bends in (1.0, 2.0):
        moved = augmented(same, [0, 0], limits=NOTHING, bends=bends)
        places = np.array([middle(image) for image in moved])
        # Strokes grow to one side, by a part of a pixel.
        assert places.mean(0) == pytest.approx([13, 13], abs=0.4)
        spreads.append(places.std(0))
    # Of the patch's middle, so a little less than of a knot.
    assert spreads[0] == pytest.approx([0.75, 0.75], abs=0.15)
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=0.15)
    plain = augmented(same, [0, 0], limits=NOTHING, bends=0.0)
    np.testing.assert_array_equal(plain, augmented(same, [0, 0], limits=NOTHING))
