"""Normalization: each stage, and that MNIST's own digits come through it unharmed."""

import numpy as np
import pytest
import reference
from conftest import run_graph as run
from PIL import Image

from nn.networks.finder_weights import find_ink
from nn.normalization import image_ops, pipeline
from nn.normalization.full_ink import full_ink
from nn.pictures.canvas import CANVAS, place
from nn.pictures.reasons import A_DIGIT_CODE, NO_INK_CODE


def normalize(pixels, sizes):
    return pipeline.normalize(pixels, sizes, find_ink())


def stages_of(pixels, sizes):
    return pipeline.normalize_in_stages(pixels, sizes, find_ink())


def normalized(pictures):
    """Normalizes gray pictures, uint8 [H, W] of any sizes, in one batch."""
    canvases = [place(picture) for picture in pictures]
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))
    return run(normalize, pixels, sizes)


def enlarged(image, factor=8):
    """uint8 [28, 28] → a picture `factor` times as large, with smooth edges."""
    size = (28 * factor, 28 * factor)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def images(digits):
    """40 digits, uint8 [40, 28, 28], ink = 255."""
    return digits[1].images[:40]


def similarities(ours, theirs):
    """The correlations of the images of two sets, the smallest first."""
    pairs = zip(ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1), strict=True)
    return sorted(np.corrcoef(one, other)[0, 1] for one, other in pairs)


def similarity(ours, theirs):
    """The smallest correlation of two sets of images."""
    return similarities(ours, theirs)[0]


def test_normal_digits_stay_what_they_are(images):
    result = normalized(images)
    assert result.images.shape == (40, 28, 28)
    assert result.images.dtype == np.uint8
    assert similarity(result.images, images) > 0.85
    assert set(result.reason_codes) == {A_DIGIT_CODE}


def test_dark_on_light_reads_as_light_on_dark(images):
    light, dark = normalized(images), normalized(255 - images)
    assert similarity(light.images, dark.images) > 0.9
    assert light.light_on_dark.all() and not dark.light_on_dark.any()


def test_large_pictures_become_the_same_digits(images):
    result = normalized([255 - enlarged(image) for image in images])
    assert similarity(result.images, images) > 0.85


def test_shadow_and_offset_make_no_difference(images):
    pictures = []
    for number, image in enumerate(images):
        paper = np.full((300, 400), 200.0) - np.linspace(0, 80, 400)
        ink = np.zeros((300, 400))
        top, left = 10 + number, 20 + 3 * number
        ink[top : top + 224, left : left + 224] = enlarged(image) / 255
        pictures.append(np.round(paper * (1 - 0.7 * ink)).astype(np.uint8))
    least, second, *_ = similarities(normalized(pictures).images, images)
    assert second > 0.9
    assert least > 0.7  # of a zero: the finder takes a spot of the paper inside for ink


def test_the_center_of_mass_and_the_box_are_mnists(images):
    result = normalized([255 - enlarged(image) for image in images]).images.astype(float)
    position = np.arange(28) + 0.5
    mass = result.sum((1, 2))
    for axis in (1, 2):
        center = (result.sum(axis) * position).sum(1) / mass
        assert (abs(center - 14.5) < 0.1).all()
    ink = result > 32  # the ends of thin strokes are faint
    heights, widths = ink.any(2).sum(1), ink.any(1).sum(1)
    assert (abs(np.maximum(heights, widths) - 20) <= 1).all()


@pytest.mark.parametrize("level", [0, 90, 255])
def test_one_color_is_no_ink(level):
    result = normalized([np.full((50, 80), level, np.uint8), np.full((1, 1), level, np.uint8)])
    assert list(result.reason_codes) == [NO_INK_CODE] * 2
    assert not result.images.any()
    assert not result.ink.any()


def test_faint_noise_is_no_ink():
    noise = np.random.default_rng(0).normal(200, 2, (300, 300)).round().astype(np.uint8)
    assert normalized([noise]).reason_codes[0] == NO_INK_CODE


def test_a_picture_is_normalized_the_same_alone_and_in_a_batch(images):
    together = normalized(images).images
    for number in (0, 7, 39):
        np.testing.assert_array_equal(normalized(images[number : number + 1]).images[0],
                                      together[number])  # fmt: skip


def test_ink_lies_on_the_canvas_where_the_picture_is(images):
    ink = normalized(images).ink
    border = (CANVAS - 28) // 2
    assert ink.shape == (40, CANVAS, CANVAS)
    assert ink[:, border:-border, border:-border].any((1, 2)).all()
    ink[:, border:-border, border:-border] = 0
    assert not ink.any()


def test_a_small_picture_is_enlarged_to_the_canvas_as_pillow_does(images):
    canvas = place(images[0][:, 4:24])
    stages = run(stages_of, canvas.pixels[None], canvas.size[None])
    large = Image.fromarray(images[0][:, 4:24]).resize((46, CANVAS), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(255 * stages.gray[0, :, 9:55], np.asarray(large), atol=1.01)
    assert stages.inside[0].sum() == 46 * CANVAS
    assert not stages.gray[0, :, :9].any()


def test_a_hairline_becomes_full_ink_and_faint_traces_none():
    found = np.zeros((1, 48, 48), np.float32)
    found[0, 10:30, 12] = 0.45  # a hairline, found gray
    found[0, 10:30, 30:36] = 1.0  # a thick stroke
    found[0, 40, 40] = 0.2  # a trace
    full = run(full_ink, found)
    np.testing.assert_allclose(full[0, 10:30, 12], 1, atol=1e-5)
    np.testing.assert_allclose(full[0, 10:30, 30:36], 1, atol=1e-5)
    assert full[0, 40, 40] == 0


def test_the_certainty_is_the_mean_of_what_was_found_weighted_by_itself():
    found = np.zeros((3, 16, 16), np.float32)
    found[0, 3:9, 5] = 1
    found[1, 3:9, 5], found[1, 3:9, 6] = 0.9, 0.3
    np.testing.assert_allclose(
        run(pipeline.mean_certainty, found), [1, (0.81 + 0.09) / 1.2, 0], rtol=1e-6
    )


def test_a_masked_mean_is_that_of_the_mask_and_0_without_one():
    random = np.random.default_rng(0)
    picture = random.uniform(0, 255, (3, 20, 30)).astype(np.float32)
    mask = (random.random(picture.shape) < 0.3).astype(np.float32)
    mask[2] = 0
    found = run(image_ops.masked_mean, picture, mask)
    expected = [picture[n][mask[n] > 0].mean() for n in (0, 1)]
    np.testing.assert_allclose(found, [*expected, 0], rtol=1e-4)


def test_a_local_sum_is_that_of_its_window():
    picture = np.random.default_rng(2).random((2, 20, 17)).astype(np.float32)
    found = run(lambda p: image_ops.local_sum(p, 5), picture)
    np.testing.assert_allclose(found, reference.local_sum(picture, 5), rtol=1e-4)


def test_dilate_is_the_largest_of_a_window():
    picture = np.random.default_rng(2).random((2, 9, 7)).astype(np.float32)
    light = run(lambda p: image_ops.dilate(p, 3), picture)
    for row in range(9):
        for column in range(7):
            window = picture[:, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            np.testing.assert_array_equal(light[:, row, column], window.max((1, 2)))


def test_mnist_digits_are_read_as_well_from_picture_files(mnist_folder, predictor, tmp_path):
    """MNIST as 28×28 pictures: normalization costs next to nothing against the rows themselves."""
    from nn.data.csv_files import read_digits

    digits = read_digits(mnist_folder / "digit_xtest.csv", mnist_folder / "digit_ytest.csv")[:2000]
    paths = [tmp_path / f"{number}.png" for number in range(len(digits))]
    for path, image in zip(paths, digits.images, strict=True):
        Image.fromarray(255 - image).save(path)
    rows = predictor.predict(digits.images).digits
    pictures = np.array([reading.digit for reading in predictor.read(paths)])
    row_errors, picture_errors = ((found != digits.labels).sum() for found in (rows, pictures))
    assert picture_errors <= row_errors + 30
