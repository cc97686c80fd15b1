"""scikit-learn's MLPClassifier."""

import time
import warnings
from collections.abc import Callable

from benchmarks.peers.shop import Shop


def training(shop: str, batch_size: int) -> Callable[[], dict]:
    """Trains one epoch of 784-256-128-10, in float32, without dropout, which it has not; then
    scores the test digits, which is not timed."""
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
