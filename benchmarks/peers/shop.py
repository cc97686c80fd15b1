"""What all contenders work on: digits, trained weights and pictures, in a folder made once."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

TOLERANCE = 1e-4  # of probabilities; they differ a little because sums have another order


class Shop:
    """A folder that holds what the contenders work on."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def make(self, data: str, networks: Sequence[str], pictures: int) -> None:
        """Fills the folder.

        It writes the digits; for each network an export after one epoch, its weights and its
        probabilities for the test digits; the last network in the formats of Keras and, if
        installed, PyTorch; and PNG files of test digits.

        data: as --data. pictures: the number of PNG files.
        """
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
        for module, package in (("keras_peer", "keras"), ("torch_peer", "torch"),
                                ("onnx_peer", "onnxruntime")):  # fmt: skip
            if find_spec(package):
                _save_with(module, str(self.path), networks[-1])
        self._draw(test.images, pictures)

    def digits(self) -> list[np.ndarray]:
        """Loads training images and labels, test images and labels. Images: uint8 [N, 28, 28]."""
        return [np.load(self.path / f"{name}.npy") for name in _ARRAYS]

    def model(self, network: str) -> Path:
        """Returns the folder of a network's export."""
        return next((self.path / "models" / network).rglob("saved_model.pb")).parent

    def weights(self, network: str) -> dict[str, np.ndarray]:
        """Loads the variables of a network: name → array."""
        with np.load(self.path / f"{network}.npz") as arrays:
            return dict(arrays)

    def check(self, network: str, answers: np.ndarray) -> None:
        """Checks a contender's probabilities against the export's.

        answers: float32 [N, 10], for the first N test digits. Raises ValueError if a probability
        differs by TOLERANCE or more.
        """
        expected = np.load(self.path / f"{network}-answers.npy")
        worst = np.abs(expected[: len(answers)] - answers).max()
        if not worst < TOLERANCE:
            raise ValueError(f"{network}: a probability differs from the export's by {worst:.2g}")

    def pictures(self) -> list[Path]:
        """Lists the PNG files, in the order of the test digits that they show."""
        return sorted((self.path / "pictures").iterdir())

    def accuracy(self, digits: Sequence[int | None]) -> float:
        """Returns the share of pictures that were read right. digits: as read, in their order."""
        labels = np.load(self.path / "test_labels.npy")
        expected = np.resize(labels, len(digits))
        return float(np.mean([a == b for a, b in zip(digits, expected.tolist(), strict=True)]))

    def _draw(self, images: np.ndarray, count: int) -> None:
        """Writes `count` PNG files: the images in turn, and again from the first."""
        from PIL import Image

        folder = self.path / "pictures"
        folder.mkdir()
        for number in range(count):
            Image.fromarray(images[number % len(images)]).save(folder / f"{number:05d}.png")


_ARRAYS = ("training_images", "training_labels", "test_images", "test_labels")


def latency(answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> dict:
    """Measures how long it takes to predict one image: the median and the 99th percentile.

    It times each of a thousand answers, or as many as two seconds allow, after ten answers that do
    not count. answer: takes images[i : i + 1]. Times are in seconds.
    """
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
    """Measures how long it takes to predict the test digits, again and again for at least a second.

    A single pass may be so short that the start of it takes most of the time. At the end the last
    answers are checked. Work is counted in images.
    """
    count, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < 1 or not count:
        answers = answer()
        count += len(answers)
    shop.check(network, answers)
    return {"seconds": seconds, "work": count}


def reached(run: dict) -> dict:
    """Returns the run. Raises ValueError if less than 99.0% of the test digits were right."""
    if run["accuracy"] < 0.99:
        raise ValueError(f"expected 99.0% of the test digits right, found {run['accuracy']:.2%}")
    return run


def _train(network: str, data: str, folder: Path) -> None:
    """Trains a network for one epoch, and exports it."""
    subprocess.run(
        [sys.executable, "train_neural_network.py", "--network", network, "--epochs", "1",
         # Without validation digits there is no calibration: probabilities are plain softmax.
         "--validation-split", "0", "--data", data, "--quiet",
         "--run-dir", folder / "runs" / network,
         "--saved-model", folder / "models" / network],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _save_with(module: str, shop: str, network: str) -> None:
    """Has a peer save the network in its own format, for its own script to load."""
    code = f"from benchmarks.peers.{module} import save; save({shop!r}, {network!r})"
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)


def _weights(model: Path) -> dict[str, np.ndarray]:
    """Loads the variables of an export: name → array."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(model / "variables" / "variables"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
