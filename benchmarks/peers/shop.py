"""What all contenders work on: digits, trained weights, pictures, in a folder made once."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

TOLERANCE = 1e-4  # of probabilities: the order of sums differs


class Shop:
    """The folder, and where everything in it lies."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def make(self, data: str, networks: Sequence[str], pictures: int) -> None:
        """Fills it: digits, an export of each network after an epoch, its weights and what it
        answers to the test digits, and PNG files of test digits."""
        from nn import Predictor
        from nn.training import datasets

        source = datasets.load(data)
        training, test = source.training, source.test
        arrays = [training.images, training.labels, test.images, test.labels]
        for name, array in zip(_ARRAYS, arrays, strict=True):
            np.save(self.path / f"{name}.npy", array)
        for network in networks:
            _train(network, data, self.path)
            np.savez(self.path / f"{network}.npz", **_weights(self.model(network)))
            with Predictor(self.model(network)) as predictor:
                answers = predictor.predict(test.images).probabilities
            np.save(self.path / f"{network}-answers.npy", answers)
        for module in ("keras_peer", "torch_peer"):
            if module == "keras_peer" or find_spec("torch"):
                _save_with(module, str(self.path), networks[-1])
        self._draw(test.images, pictures)

    def digits(self) -> list[np.ndarray]:
        """Training images and labels, test images and labels."""
        return [np.load(self.path / f"{name}.npy") for name in _ARRAYS]

    def model(self, network: str) -> Path:
        """The export."""
        return next((self.path / "models" / network).rglob("saved_model.pb")).parent

    def weights(self, network: str) -> dict[str, np.ndarray]:
        """Each variable of a network, by its name."""
        with np.load(self.path / f"{network}.npz") as arrays:
            return dict(arrays)

    def check(self, network: str, answers: np.ndarray) -> None:
        """Raises ValueError where a contender's probabilities are not those of the export."""
        expected = np.load(self.path / f"{network}-answers.npy")
        worst = np.abs(expected[: len(answers)] - answers).max()
        if not worst < TOLERANCE:
            raise ValueError(f"{network}: probabilities differ by {worst:.2g}")

    def pictures(self) -> list[Path]:
        """PNG files of test digits, in their order."""
        return sorted((self.path / "pictures").iterdir())

    def accuracy(self, digits: Sequence[int | None]) -> float:
        """Of what was read from the pictures."""
        labels = np.load(self.path / "test_labels.npy")
        expected = np.resize(labels, len(digits))
        return float(np.mean([a == b for a, b in zip(digits, expected.tolist(), strict=True)]))

    def _draw(self, images: np.ndarray, count: int) -> None:
        from PIL import Image

        folder = self.path / "pictures"
        folder.mkdir()
        for number in range(count):
            Image.fromarray(images[number % len(images)]).save(folder / f"{number:05d}.png")


_ARRAYS = ("training_images", "training_labels", "test_images", "test_labels")


def latency(answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> dict:
    """The time to answer to one image, in an array of its own: the median as "seconds", the 99th
    percentile; over a thousand answers, or as many as two seconds take, after a few that do not
    count."""
    times: list[float] = []
    end = time.perf_counter() + 2
    while len(times) < 1010 and not (time.perf_counter() > end and len(times) > 20):
        image = images[len(times) % len(images)][None]
        started = time.perf_counter()
        answer(image)
        times.append(time.perf_counter() - started)
    times = sorted(times[10:])
    slow = times[int(0.99 * len(times))]
    return {"seconds": statistics.median(times), "work": 1, "percentile_99": slow}


def passes(answer: Callable[[], np.ndarray], shop: Shop, network: str) -> dict:
    """Reads the test digits again and again, for a second at least: one pass may take so little
    that what it measures is the beginning. Checks the last answers; work is images."""
    count, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < 1 or not count:
        answers = answer()
        count += len(answers)
    shop.check(network, answers)
    return {"seconds": seconds, "work": count}


def reached(run: dict) -> dict:
    """The run. Raises ValueError where it did not get 99.0% of the test digits right."""
    if run["accuracy"] < 0.99:
        raise ValueError(f"{run['accuracy']:.2%} of the test digits right, not 99.0%")
    return run


def _train(network: str, data: str, folder: Path) -> None:
    subprocess.run(
        [sys.executable, "train_neural_network.py", "--network", network, "--epochs", "1",
         # Without digits to fit a scaling to, its probabilities are plain softmax.
         "--validation-split", "0", "--data", data, "--quiet",
         "--run-dir", folder / "runs" / network,
         "--saved-model", folder / "models" / network],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _save_with(module: str, shop: str, network: str) -> None:
    """Has a peer write the network as its own scripts would load it."""
    code = f"from benchmarks.peers.{module} import save; save({shop!r}, {network!r})"
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)


def _weights(model: Path) -> dict[str, np.ndarray]:
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(model / "variables" / "variables"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
