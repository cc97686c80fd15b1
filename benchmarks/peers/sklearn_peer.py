"""scikit-learn's MLPClassifier as a contender."""

import time
import warnings
from collections.abc import Callable

from benchmarks.peers.shop import Shop


def training(shop: str, batch_size: int) -> Callable[[], dict]:
    """Returns a function that trains one epoch, then scores the test digits untimed.

    The network is 784-256-128-10 in float32. MLPClassifier has no dropout. Work is counted in
    images.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    images, labels, test_images, test_labels = Shop(shop).digits()
    images, test_images = (
        array.reshape(len(array), -1).astype("float32") / 255 for array in (images, test_images)
    )
    model = MLPClassifier(
        (256, 128), batch_size=batch_size, alpha=0.0, max_iter=1, warm_start=True, random_state=0
    )

    def epoch() -> dict:
        started = time.perf_counter()
        model.fit(images, labels)
        seconds = time.perf_counter() - started
        accuracy = model.score(test_images, test_labels)
        return {"seconds": seconds, "work": len(images), "accuracy": accuracy}

    return epoch
