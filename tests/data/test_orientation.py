"""Which images are recognized as lying on their side or as negatives, and how often wrongly."""

import numpy as np
import pytest

from nn.data.csv_files import CSV_NAMES, read_digits
from nn.data.orientation import (
    MIN_SAMPLE,
    TRANSPOSED_ERRORS,
    UNCLEAR_ERRORS,
    Orientation,
    _tallness,
    is_inverted,
    recognize,
    uprightness,
)
from nn.data.told import UNTOLD


@pytest.fixture(scope="module")
def mnist(mnist_folder):
    """MNIST's 10,000 test digits."""
    return read_digits(mnist_folder / CSV_NAMES[2], mnist_folder / CSV_NAMES[3])


@pytest.mark.parametrize(("count", "missed"), [(50, 1), (200, 0), (1000, 0)])
def test_chunks_of_mnist(mnist, count, missed):
    chunks = np.split(mnist.images, len(mnist) // count)
    upright = [uprightness(chunk) for chunk in chunks]
    assert min(upright) > UNCLEAR_ERRORS
    turned = np.array([uprightness(chunk.transpose(0, 2, 1)) for chunk in chunks])
    assert (turned > TRANSPOSED_ERRORS).sum() <= missed
    assert (turned <= UNCLEAR_ERRORS).all()  # the others are refused, not read on their side


@pytest.mark.parametrize("digit", range(10))
def test_a_file_of_one_digit_alone_is_not_turned(mnist, digit):
    images = mnist.images[mnist.labels == digit]
    assert all(
        uprightness(images[start : start + 50]) > UNCLEAR_ERRORS
        for start in range(0, len(images), 50)
    )


def test_bundled_digits(digits):
    images = digits[1].images
    assert recognize(images, "x", UNTOLD) == Orientation(False, False)
    assert recognize(images.transpose(0, 2, 1), "x", UNTOLD) == Orientation(True, False)
    turned_negative = 255 - images.transpose(0, 2, 1)
    stored = recognize(turned_negative, "x", UNTOLD)
    assert stored == Orientation(True, True)
    np.testing.assert_array_equal(stored.turn(turned_negative), images)


def test_every_single_digit_and_its_negative(digits):
    images = digits[1].images
    assert not any(is_inverted(image[None]) for image in images)
    assert all(is_inverted(255 - image[None]) for image in images)


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(np.zeros((40, 28, 28), np.uint8), id="blank"),
        pytest.param(np.full((40, 28, 28), 255, np.uint8), id="all ink"),
        pytest.param(np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8), id="noise"),
        pytest.param(np.zeros((0, 28, 28), np.uint8), id="none"),
    ],
)
def test_what_shows_no_digit_is_left_as_it_is(images):
    assert recognize(images, "x", UNTOLD) == Orientation(False, False)


def test_a_few_digits_say_too_little(digits):
    ones = digits[1].images[digits[1].labels == 1][: MIN_SAMPLE - 1]
    assert uprightness(ones.transpose(0, 2, 1)) == 0


def test_tallness_is_the_ratio_of_the_variances_of_the_inks_rows_and_columns(digits):
    images = digits[0].images[:20]
    for image, found in zip(images, _tallness(images), strict=True):
        ink = image / image.sum()
        variances = []
        for place in np.indices(image.shape):
            mean = (ink * place).sum()
            variances.append((ink * (place - mean) ** 2).sum())
        assert found == pytest.approx(np.log((variances[0] + 0.1) / (variances[1] + 0.1)), rel=1e-3)
