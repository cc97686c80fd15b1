"""Normalization: each stage, and that MNIST's own digits come through it unharmed."""

import numpy as np
import pytest
from conftest import run_graph as run
from PIL import Image

from nn.normalization import image_ops, pipeline
from nn.pictures.canvas import CANVAS, place


def normalized(pictures):
    """Normalizes gray pictures, uint8 [H, W] of any sizes, in one batch."""
    canvases = [place(picture) for picture in pictures]
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))
    return run(pipeline.normalize, pixels, sizes)


def enlarged(image, factor=8):
    """uint8 [28, 28] → a picture `factor` times as large, with smooth edges."""
    size = (28 * factor, 28 * factor)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def images(digits):
    """40 digits, uint8 [40, 28, 28], ink = 255."""
    return digits[1].images[:40]


def similarity(ours, theirs):
    """The smallest correlation of two sets of images."""
    pairs = zip(ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1), strict=True)
    return min(np.corrcoef(one, other)[0, 1] for one, other in pairs)


def test_normal_digits_stay_what_they_are(images):
    result = normalized(images)
    assert result.images.shape == (40, 28, 28)
    assert result.images.dtype == np.uint8
    assert similarity(result.images, images) > 0.95
    assert set(result.reasons) == {b""}


def test_dark_on_light_reads_as_light_on_dark(images):
    light, dark = normalized(images), normalized(255 - images)
    np.testing.assert_allclose(light.images.astype(int), dark.images.astype(int), atol=1)


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
    assert similarity(normalized(pictures).images, images) > 0.85


def test_a_thick_digit_that_fills_its_frame_keeps_its_polarity():
    frame = np.full((200, 140), 255, np.uint8)
    frame[8:192, 8:132] = 0
    frame[60:140, 56:84] = 255  # a zero of thick strokes: more ink than paper
    image = normalized([frame]).images[0]
    assert image[14, 14] < 30
    assert image[14, 10] > 200


def test_a_bold_stroke_along_the_border_is_no_shadow():
    # A nine in a tight crop, whose stem runs along the right side.
    nine = np.full((120, 80), 210, np.uint8)
    nine[4:60, 4:16] = nine[4:16, 4:80] = nine[48:60, 4:80] = nine[4:116, 66:80] = 40
    # Beside a digit, what is wide and not as dark along the border is one, if its edge is soft.
    shadow = np.full((120, 160), 210, np.uint8)
    shadow[30:90, 60:68] = 40
    shadow[:, 130:] -= np.linspace(0, 90, 30).astype(np.uint8)
    found = normalized([nine, shadow])
    assert set(found.reasons) == {b""}
    stem = found.ink[0, 3:60, 46:52]  # the picture's columns are 10 to 53
    assert (stem > 200).mean() > 0.9
    columns = np.flatnonzero(found.ink[1].max(0) > 30)
    assert columns.max() < 32


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
    assert list(result.reasons) == [b"no ink"] * 2
    assert not result.images.any()
    assert not result.ink.any()


def test_faint_noise_is_no_ink():
    noise = np.random.default_rng(0).normal(200, 2, (300, 300)).round().astype(np.uint8)
    assert normalized([noise]).reasons[0] == b"no ink"


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


def test_otsu_is_the_threshold_of_least_variance_within():
    random = np.random.default_rng(1)
    values = np.concatenate([random.normal(0.2, 0.05, 600), random.normal(0.7, 0.1, 200)])
    picture = values.clip(0, 0.999).astype(np.float32).reshape(1, 20, 40)

    def within(threshold):
        low, high = picture[picture < threshold], picture[picture >= threshold]
        return low.size * low.var() + high.size * high.var()

    edges = np.arange(8, image_ops.HISTOGRAM_BINS - 8) / image_ops.HISTOGRAM_BINS
    best = min(edges, key=within)
    inside = np.ones_like(picture)
    threshold, contrast = run(image_ops.otsu, picture, inside)
    assert abs(threshold[0] - best) <= 1.01 / image_ops.HISTOGRAM_BINS
    assert contrast[0] == pytest.approx(0.5, abs=0.03)


def test_wide_windows_see_only_the_inside_of_the_picture():
    picture = np.zeros((1, 64, 64), np.float32)
    picture[:, 16:48, 8:56] = 0.75
    inside = (picture > 0).astype(np.float32)
    mean = run(image_ops.local_mean, picture, inside)
    np.testing.assert_allclose(mean[inside > 0], 0.75, rtol=1e-4)


def test_dilate_and_erode_are_the_largest_and_smallest_of_a_window():
    picture = np.random.default_rng(2).random((2, 9, 7)).astype(np.float32)
    light, dark = run(lambda p: (image_ops.dilate(p, 3), image_ops.erode(p, 3)), picture)
    for row in range(9):
        for column in range(7):
            window = picture[:, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            np.testing.assert_array_equal(light[:, row, column], window.max((1, 2)))
            np.testing.assert_array_equal(dark[:, row, column], window.min((1, 2)))


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
