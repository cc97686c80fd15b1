"""Reads one data file to predict its rows, in any format that training takes."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from nn.data import csv_files, orientation
from nn.data.csv_files import Rows
from nn.data.file_names import TEST
from nn.data.parts import Part, parts_of
from nn.data.told import UNTOLD, Told
from nn.errors import DataError

log = logging.getLogger(__name__)

CHECKED_STEP = 8  # one in so many images of a later block: 128 of 1,024 are enough to tell


def iter_rows(path: Path, told: Told = UNTOLD) -> Iterator[Rows]:
    """Reads the images of a file block by block, in flat memory, upright with 0 = paper; a bad row
    does not stop the others.

    Labels come with them if the file holds any. A file of training and test images gives the test
    images. Raises DataError if the file cannot be read, holds no images, or may be transposed.
    """
    parts = parts_of(path)
    if not parts:  # csv_files knows best what is wrong
        yield from csv_files.iter_images(path)
        return
    part = _images_of(parts, path)
    blocks = part.rows()
    first = next(blocks)
    stored = orientation.recognize(first.images, str(path), told)
    labels = _labels_beside(parts, part)
    for rows in chain([first], blocks):
        images = stored.turn(rows.images)
        if told.transposed is None:
            _check_upright(images, rows, path)
        if labels is not None:
            rows = replace(rows, labels=labels[np.array(rows.lines, int) - 1])
        yield replace(rows, images=images)


def read_labels(path: Path) -> np.ndarray:
    """Reads the labels of a label file, or those in a file of images: int64 [N]. Raises DataError
    if there are none or one is bad."""
    parts = [part for part in parts_of(path) if part.has_labels]
    if not parts:
        return csv_files.read_labels(path)
    named = [part for part in parts if part.role == TEST] or parts
    labels = named[0].read()[1]
    assert labels is not None  # as has_labels says
    return labels


def count_rows(path: Path) -> int:
    """The number of rows of images, bad ones included. Raises DataError as iter_rows does."""
    parts = parts_of(path)
    if parts:
        return _images_of(parts, path).count()
    blocks = csv_files.iter_images(path)
    return sum(len(rows.lines) + len(rows.errors) for rows in blocks)


def _images_of(parts: list[Part], path: Path) -> Part:
    images = [part for part in parts if part.has_images]
    if not images:
        raise DataError(f"{path}: holds labels, no images")
    if len(images) == 1:
        return images[0]
    for part in images:
        if part.role == TEST:
            log.info("%s: reading its test images, the array %s", path, part.array)
            return part
    names = ", ".join(part.array for part in images)
    raise DataError(f"{path}: expected one array of images, or one named x_test; found {names}")


def _labels_beside(parts: list[Part], images: Part) -> np.ndarray | None:
    """The labels in another array of the same file; None if there are none. Raises DataError if
    there are not as many as images."""
    for part in parts:
        if part.has_labels and not part.has_images and part.role == images.role:
            labels, count = part.read()[1], images.count()
            if labels is not None and len(labels) != count:
                raise DataError(
                    f"{part.name}: expected {count:,} labels, one for each image, found "
                    f"{len(labels):,}"
                )
            return labels
    return None


def _check_upright(images: np.ndarray, rows: Rows, path: Path) -> None:
    """Raises DataError if a later block lies on its side, though the first one did not: a file may
    be sorted by digit, and begin with zeros, which look alike either way."""
    some = images[::CHECKED_STEP]
    if orientation.uprightness(some) <= orientation.TRANSPOSED_ERRORS:
        raise DataError(
            f"{path}: from line {rows.lines[0]} on the images lie on their side; use --transposed "
            "to exchange rows and columns of the whole file, or --no-transposed"
        )
