"""Digits of one's own, a few dozen, mixed with many others: a network learns a hand from them.

The network starts from the weights of an exported version, and sees the own digits again and again,
each time distorted, among others that keep it from forgetting (rehearsal: Robins 1995, Catastrophic
Forgetting, Rehearsal and Pseudorehearsal, Connection Science 7). docs/own_digits.md has what was
tried.
"""

import logging
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nn.data.data_sets import read_all_digits
from nn.data.digits import SIDE, Digits
from nn.data.told import UNTOLD, Told
from nn.errors import DataError
from nn.pictures.formats import EXTENSIONS
from nn.prediction.inputs import expand
from nn.prediction.labels import Labels, unused_labels_line
from nn.prediction.predictor import Predictor
from nn.runtime.whole_files import naming, replacing

log = logging.getLogger(__name__)

MIN_OWN_DIGITS = 10  # with fewer, each of the five parts of the cross-validation has one or none
EPOCH_STEPS = 100  # some five seconds of flagship on two cores; 200 steps read no more right
OWN_SHARE = 0.2  # of the pictures in an epoch
# Adam's highest. With half of it flagship learned less of 20 digits; with twice as much it forgot
# more of MNIST. dense, whose recipe has the same rate, learns too little with a lower one.
LEARNING_RATE = 1e-3
FOLDS = 5


def read(data: Path, labels: Path | None, version: Path, told: Told = UNTOLD) -> Digits:
    """Reads one's own digits: a folder of pictures with their labels, or any data set that training
    reads. version: the model that is to learn them, which normalizes pictures; told: what the user
    says of how the images of a data set are stored. Raises DataError."""
    if labels:
        with Predictor(version) as predictor:
            own = read_pictures(data, labels, predictor)
    elif _holds_pictures(data):
        raise DataError(f"{data}: pictures need their labels; name a file of file,label: --labels")
    else:
        own = read_all_digits(data, told)
    if len(own) < MIN_OWN_DIGITS:
        raise DataError(
            f"{data}: expected at least {MIN_OWN_DIGITS} labeled digits to learn from, found "
            f"{len(own)}"
        )
    return own


def _holds_pictures(data: Path) -> bool:
    return any(path.suffix.lower() in EXTENSIONS for path in expand([data], recursive=True))


def read_pictures(folder: Path, labels_file: Path, predictor: Predictor) -> Digits:
    """Reads a folder of labeled pictures, normalized as the model that is to learn them does it.

    labels_file: rows of file,label. Pictures without a label, without ink, or that cannot be read
    are left out. One line counts them, and one the labels of files that are not there. Raises
    DataError if the labels cannot be used.
    """
    paths = expand([folder], recursive=True)
    labels = Labels(labels_file, paths)
    if line := unused_labels_line(labels):
        log.warning("warning: %s: %s", labels_file, line)
    images, kept, left_out = [], [], Counter[str]()
    for reading, evidence in predictor.explain(paths):
        label = labels.find(reading)
        if label is None:
            left_out["without a label"] += 1
        elif reading.digit is None or evidence is None:
            left_out[reading.reason or ""] += 1
        else:
            images.append(evidence.digit[np.newaxis])
            kept.append(int(label))
    if left_out:
        reasons = [f"{count} ({reason})" for reason, count in left_out.most_common()]
        log.warning("warning: %s: pictures left out: %s", folder, ", ".join(reasons))
    images.append(np.empty((0, SIDE, SIDE), np.uint8))
    return Digits(np.concatenate(images), np.array(kept, np.int64))


def save(own: Digits, path: Path) -> None:
    """Writes own digits to an .npz file, whole or not at all. Raises OSError."""
    with naming(path), replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, images=own.images, labels=own.labels)


def load(path: Path) -> Digits:
    """Reads what `save` wrote. Raises DataError if the file is missing or damaged."""
    damage = (
        OSError, EOFError, LookupError, RuntimeError, TypeError, ValueError, zlib.error,
        zipfile.BadZipFile,
    )  # fmt: skip
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Digits(arrays["images"], arrays["labels"])
    except damage as error:
        lines = str(error).splitlines() or [type(error).__name__]
        reason = getattr(error, "strerror", None) or lines[0]
        raise DataError(f"{path}: cannot be read ({reason}); start a new run") from None


def mixture(own: Digits, others: Digits, count: int, random: np.random.Generator) -> Digits:
    """`count` pictures for an epoch: OWN_SHARE of them own digits, if there are any, each about
    equally often; the rest drawn from the others, none twice if there are enough."""
    own_count = round(OWN_SHARE * count) if len(own) else 0
    chosen_own = np.resize(random.permutation(len(own)), own_count)
    rest = count - own_count
    chosen_others = random.choice(len(others), rest, replace=len(others) < rest)
    return own[chosen_own].joined(others[chosen_others])


def folds(own: Digits, seed: int) -> Iterator[tuple[Digits, Digits]]:
    """Splits own digits for a cross-validation: yields FOLDS pairs of (others, held out), in which
    each digit is held out once. Each part has about as many of each label as any other part."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(own))
    by_label = order[np.argsort(own.labels[order], kind="stable")]
    for fold in range(FOLDS):
        held_out = np.zeros(len(own), bool)
        held_out[by_label[fold::FOLDS]] = True
        yield own[~held_out], own[held_out]


def held_out_order(own: Digits, seed: int) -> np.ndarray:
    """The places of the digits that `folds` holds out, one fold after the other: int64 [N]."""
    places = Digits(np.arange(len(own)), own.labels)
    return np.concatenate([held_out.images for _, held_out in folds(places, seed)])
