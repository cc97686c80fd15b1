"""The digits that are installed with scikit-learn: real handwriting without a download."""

import numpy as np


def bundled_digits() -> tuple[np.ndarray, np.ndarray]:
    """The images, uint8 [1797, 8, 8], 0 = paper, 255 = ink, and their labels, int64 [1797].

    Real handwriting: the test part of E. Alpaydin and C. Kaynak, Optical Recognition of
    Handwritten Digits (UCI Machine Learning Repository, 1998), CC BY 4.0.
    """
    from sklearn.datasets import load_digits  # here, because nothing else needs scikit-learn

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)  # 16 is full ink there
    return images, digits.target.astype(np.int64)
