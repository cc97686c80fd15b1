"""Which digits to train on: the four CSV files, MNIST by download, or the bundled digits."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from PIL import Image

from nn.data import bundled, download
from nn.data.csv_files import CSV_NAMES, read_folder
from nn.data.digits import NO_DIGIT, SIDE, Digits
from nn.errors import DataError
from nn.normalization.pipeline import normalize
from nn.pictures.canvas import CANVAS, place
from nn.training.drawn_pictures import no_digits, styled

log = logging.getLogger(__name__)

FOLDER = Path("MNIST")
# scikit-learn's digits stand in the order of their writers: the last are the test digits, so
# that most of their writers were never trained on.
BUNDLED_TRAINING = 1500
FAINT = 96  # of 255: the mean pixel is 32 then, and 33 in MNIST's training digits; 43 with 0


@dataclass(frozen=True)
class Source:
    """Where digits come from, and the digits.

    name: to be shown; option: what `load` takes to load them again, from any folder.
    """

    name: str
    option: str
    training: Digits
    test: Digits

    @property
    def bundled(self) -> bool:
        return self.option == "bundled"

    @cached_property
    def description(self) -> dict:
        """What a config and a card say of the data."""
        return {
            "source": self.name,
            "training_images": len(self.training),
            "training_sha256": self.training.sha256(),
            "test_images": len(self.test),
            "test_sha256": self.test.sha256(),
        }


def load(data: str, quiet: bool = False) -> Source:
    """The digits that --data names: "auto", "mnist", "bundled", or a folder of four CSV files.

    "mnist" downloads what is not there; "auto" falls back to the bundled digits, and says so,
    where that fails. Raises DataError where the data is not to be had, or is bad.
    """
    if data == "bundled":
        return _bundled()
    folder = FOLDER if data in ("auto", "mnist") else Path(data)
    if data in ("auto", "mnist") and not any((folder / name).exists() for name in CSV_NAMES):
        log.info("No CSV files in %s/; downloading MNIST", folder)
        try:
            download.download(folder, quiet=quiet)
        except DataError as error:
            if data == "mnist":
                raise
            log.warning("warning: %s", error)
            log.warning(
                "warning: training on the %s small digits bundled with scikit-learn instead; "
                "such a model reads worse. For MNIST without a network: python -m nn.mnist "
                "--from DIR", f"{BUNDLED_TRAINING:,}",
            )  # fmt: skip
            return _bundled()
    training, test = read_folder(folder)
    option = "mnist" if folder == FOLDER else str(folder.resolve())
    return Source(str(folder), option, training, test)


def extras(source: Source, digits: Digits, share: float, seed: int) -> Digits:
    """More to train with than some of a source's digits, `share` times as many.

    Half are no digits, of the label NO_DIGIT; a quarter are some of the digits with a stroke added,
    as nn/training/drawn_pictures.py draws both; a quarter, or what there is, are scikit-learn's, by
    other writers. All are normalized as a user's pictures are.
    """
    count, random = round(share * len(digits)), np.random.default_rng(seed)
    pictures, labels = styled(digits, count // 4, random)
    if not source.bundled:
        small, small_labels = bundled.bundled_digits()
        chosen = random.permutation(len(small))[: count // 4]
        pictures += list(small[chosen])
        labels = np.concatenate([labels, small_labels[chosen]])
    others = no_digits(digits, count // 2, random)
    labels = np.concatenate([labels, np.full(len(others), NO_DIGIT)]).astype(np.int64)
    return Digits(normalized(pictures + others), labels)


def normalized(pictures: Sequence[np.ndarray], batch_size: int = 512) -> np.ndarray:
    """Gray pictures, uint8 [H, W] each, → uint8 [N, 28, 28], in a session of its own."""
    batches = [np.empty((0, SIDE, SIDE), np.uint8)]
    with tf.Graph().as_default(), tf1.Session() as session:
        pixels = tf1.placeholder(tf.uint8, [None, CANVAS, CANVAS])
        sizes = tf1.placeholder(tf.int32, [None, 3])
        images = normalize(pixels, sizes, drawn=True).images
        for start in range(0, len(pictures), batch_size):
            canvases = [place(picture) for picture in pictures[start : start + batch_size]]
            canvases = [np.stack(part) for part in zip(*canvases, strict=True)]
            batches.append(session.run(images, dict(zip((pixels, sizes), canvases, strict=True))))
    return np.concatenate(batches)


def _bundled() -> Source:
    """scikit-learn's 8×8 digits, brought to 28×28 by the same normalization as any picture."""
    small, labels = bundled.bundled_digits()
    digits = Digits(normalized([_enlarge(image) for image in small]), labels)
    return Source("bundled", "bundled", digits[:BUNDLED_TRAINING], digits[BUNDLED_TRAINING:])


def _enlarge(image: np.ndarray) -> np.ndarray:
    """uint8 [8, 8] → [48, 48], with a margin: the digit fills its frame, and ink needs a paper.

    Enlarging smears the strokes; without what is fainter than FAINT they have MNIST's width.
    """
    image = Image.fromarray(np.pad(image, 2)).resize((48, 48), Image.Resampling.BICUBIC)
    ink = np.maximum(np.asarray(image, np.float32) - FAINT, 0)
    return np.round(ink * (255 / (255 - FAINT))).astype(np.uint8)
