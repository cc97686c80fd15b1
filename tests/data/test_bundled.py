"""The digits that are installed with scikit-learn."""

import numpy as np

from nn.data.bundled import bundled_digits


def test_the_bundled_digits_are_small_gray_pictures():
    images, labels = bundled_digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert labels.shape == (1797,)
    assert labels.dtype == np.int64
    assert set(labels) == set(range(10))
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.mean() < 10 < images.mean()
