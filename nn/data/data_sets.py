"""Reads training and test digits from whatever people have them in: a file, or a folder of files.

MNIST/README.md lists the formats for users.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.data import csv_files, orientation
from nn.data.csv_files import CSV_NAMES
from nn.data.digits import Digits, split
from nn.data.file_names import TEST, TRAINING, is_data_file
from nn.data.parts import Part, parts_of
from nn.data.pixel_scale import find_scale
from nn.data.told import UNTOLD, Told
from nn.errors import DataError

log = logging.getLogger(__name__)

TEST_SHARE = 1 / 7  # of digits without a test set: 10,000 of MNIST's 70,000
# The test digits do not depend on --seed: runs with other seeds must be scored on the same ones,
# and no run may train on what another one was tested with.
TEST_SEED = 0


def read_set(path: Path, told: Told = UNTOLD) -> tuple[Digits, Digits]:
    """Reads a data set: (training digits, test digits).

    path: a folder or a file. If there are no test digits, some of the training digits become test
    digits. Raises DataError if no digits with labels are found, or something is wrong with them.
    """
    training, test = _read_set(path, told)
    return (training, test) if test is not None else _split_off_test(training, path)


def read_all_digits(path: Path, told: Told = UNTOLD) -> Digits:
    """Reads all digits of a data set: those for the test, if any, stand last. Raises as read_set
    does."""
    training, test = _read_set(path, told)
    return training if test is None else training.joined(test)


def _read_set(path: Path, told: Told) -> tuple[Digits, Digits | None]:
    """(training digits, test digits or None)"""
    training: Digits
    test: Digits | None
    if _has_four_files(path):
        training, test = _full_ink(*csv_files.read_folder(path), path)
    else:
        training, test = _read_parts(path)
    stored = orientation.recognize(training.images, str(path), told)
    if any(stored):
        training = Digits(stored.turn(training.images), training.labels)
        test = test and Digits(stored.turn(test.images), test.labels)
    return training, test


def _has_four_files(path: Path) -> bool:
    """Whether to read the four CSV files: one is there, or nothing is, and csv_files says so."""
    if path.is_dir():
        return any((path / name).exists() for name in CSV_NAMES) or not _data_files(path)
    return not path.exists() and not is_data_file(path)


def _full_ink(training: Digits, test: Digits, path: Path) -> tuple[Digits, Digits]:
    """Brings the pixels of a folder of four files, if all are 0 and 1, to 0 and 255."""
    scale = find_scale(training.images[:: max(1, len(training) // 1000)])
    if scale.note is None:
        return training, test
    scale.announce(str(path))
    training, test = (
        Digits(scale.to_gray(digits.images)[0], digits.labels) for digits in (training, test)
    )
    return training, test


def _read_parts(path: Path) -> tuple[Digits, Digits | None]:
    parts = _parts_beside(path)
    roles = {part.role for part in parts}
    for_training = [part for part in parts if part.role == TRAINING]
    if TRAINING not in roles:
        for_training = [part for part in parts if part.role is None] or list(parts)
    for_test = [part for part in parts if part.role == TEST and part not in for_training]
    training = _digits(for_training, path)
    if training is None:
        names = ", ".join(sorted({part.path.name for part in for_training})) or "none"
        raise DataError(
            f"{path}: expected images with their labels, in one file or in two; found no labels "
            f"(files of images: {names})"
        )
    return training, _digits(for_test, path)


def _parts_beside(path: Path) -> Sequence[Part]:
    """The parts of a folder or of a file. A file of images alone stands for the set that it belongs
    to: its labels are beside it."""
    if path.is_dir():
        return _folder_parts(path)
    parts = parts_of(path)
    if not parts:
        csv_files.read_images(path)  # it knows best what is wrong
    if not any(part.has_images for part in parts):
        raise DataError(f"{path}: holds no images; name the file that has them")
    if any(part.has_labels for part in parts):
        return parts
    group = parts[0].group
    return [part for part in _folder_parts(path.parent) if part.group == group]


def _folder_parts(folder: Path) -> list[Part]:
    parts = [part for path in _data_files(folder) for part in parts_of(path)]
    if not any(part.has_images for part in parts):
        raise DataError(f"{folder}: expected files of digits (see MNIST/README.md), found none")
    return parts


def _data_files(folder: Path) -> list[Path]:
    """The data files of a folder, sorted by name; hidden files are left out."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if is_data_file(path) and path.is_file() and not path.name.startswith(".")
        )
    except OSError:  # csv_files says that it cannot be read
        return []


def _digits(parts: Sequence[Part], path: Path) -> Digits | None:
    """The digits of the parts for one purpose; None if they have no labels or there are none."""
    images = [part for part in parts if part.has_images]
    if len(images) > 1:
        raise DataError(
            f"{path}: expected one file of digits, found several; name one of them: "
            + ", ".join(part.path.name + (f" ({part.array})" if part.array else "")
                        for part in images)
        )  # fmt: skip
    beside = [part for part in parts if part.has_labels and part not in images]
    if not images or not (images[0].has_labels or len(beside) == 1):
        return None
    # The labels first, if they are alone: a mistake in the small file shows at once.
    labels = None if images[0].has_labels else beside[0].read()[1]
    found, own = images[0].read()
    own = labels if own is None else own
    if own is None or found is None:
        return None
    if len(found) != len(own):
        raise DataError(
            f"{beside[0].name}: expected {len(found):,} labels, one for each image of "
            f"{images[0].path.name}, found {len(own):,}"
        )
    return Digits(np.ascontiguousarray(found), own)


def _split_off_test(digits: Digits, path: Path) -> tuple[Digits, Digits]:
    """Makes some of the digits test digits, the same ones each time."""
    count = max(1, round(TEST_SHARE * len(digits)))
    if count >= len(digits):
        raise DataError(f"{path}: expected at least 2 digits, one of them for the test, found 1")
    training, test = split(digits, count / len(digits), TEST_SEED)
    log.info(
        "%s holds no test digits with labels: %s of its %s digits, drawn at random, are kept for "
        "the test, the same ones in every run and with every --seed",
        path, f"{len(test):,}", f"{len(digits):,}",
    )  # fmt: skip
    return training, test
