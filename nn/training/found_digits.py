"""Composed pictures as a network that reads digits gets them: found by the finder, then fitted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import NO_DIGIT, SIDE, Digits
from nn.networks.finder_weights import find_ink
from nn.networks.layers import scale
from nn.normalization.fit import fit_digit
from nn.normalization.full_ink import full_ink
from nn.normalization.pipeline import MIN_CERTAINTY, mean_certainty
from nn.pictures.canvas import CANVAS
from nn.runtime.signals import Stop
from nn.training.find_ink import overlap
from nn.training.fitted_pictures import fit_pictures
from nn.training.ink_pictures import InkPictures, compose_pictures

# Shares of the ink that was found and the ink that is there: the intersection by the union. From
# the first on, a picture keeps its digit's label. Up to the second, it gets the label NO_DIGIT.
# Between them it is left out, because nobody could name its label.
MIN_DIGIT_OVERLAP, MAX_OTHER_OVERLAP = 0.7, 0.3
BATCH_PICTURES = 256
EXTRA, JUDGING = 3, 4  # keys of pictures that no finder trained on (nn/runs/helper_run.py)
MAX_JUDGING_PICTURES = 15_000  # more would take long to compose


class Found(NamedTuple):
    """What the normalization makes of pictures: images, uint8 [N, 28, 28]; certainties, float32
    [N]; overlaps of the ink that was found with the ink that is there, float32 [N]; is_found,
    whether any ink was found: bool [N]."""

    images: np.ndarray
    certainties: np.ndarray
    overlaps: np.ndarray
    is_found: np.ndarray


class JudgingPictures(NamedTuple):
    """found: digits made of the ink that the finder found; written: the same digits, made of their
    own ink; certainties: how sure the finder was, float32 [N]."""

    found: Digits
    written: Digits
    certainties: np.ndarray


def found_digits(
    digits: Digits,
    count: int,
    key: Sequence[int],
    *,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> Digits:
    """Composes `count` pictures of some of the digits; returns what the finder delivers of them, to
    train on.

    Pictures in which it finds no ink are left out. A picture of no digit gets the label NO_DIGIT,
    and so does a digit whose ink was hardly found. key, stop, quiet: as in compose_pictures.
    """
    pictures = compose_pictures(digits, count, key, stop=stop, quiet=quiet)
    found = find(pictures)
    is_other = (pictures.digits == NO_DIGIT) | (found.overlaps <= MAX_OTHER_OVERLAP)
    labels = np.where(is_other, NO_DIGIT, pictures.digits)
    kept = found.is_found & (is_other | (found.overlaps >= MIN_DIGIT_OVERLAP))
    return Digits(found.images[kept], labels[kept])


def judging_pictures(
    validation: Digits, seed: int, *, stop: Stop = lambda: None, quiet: bool = True
) -> JudgingPictures | None:
    """Composes pictures of validation digits that the thresholds must hold for. Returns None if
    there are no validation digits.

    A digit keeps its label even if little of it was found, because a user gets such digits too.
    Pictures of no digit are left out, and so are pictures in which no ink was found. stop, quiet:
    as in compose_pictures.
    """
    if not len(validation):
        return None
    count = min(MAX_JUDGING_PICTURES, len(validation))
    pictures = compose_pictures(validation, count, (seed, JUDGING), stop=stop, quiet=quiet)
    found = find(pictures)
    kept = found.is_found & (pictures.digits != NO_DIGIT)
    labels = pictures.digits[kept]
    written = Digits(fit_pictures([*pictures.labels[kept]]), labels)
    return JudgingPictures(Digits(found.images[kept], labels), written, found.certainties[kept])


def find(pictures: InkPictures) -> Found:
    """What the finder delivers of pictures."""
    empty = np.zeros(0, np.float32)
    parts = [Found(np.zeros((0, SIDE, SIDE), np.uint8), empty, empty, np.zeros(0, bool))]
    with tf.Graph().as_default(), tf1.Session() as session:
        images, labels = (tf1.placeholder(tf.uint8, [None, CANVAS, CANVAS]) for _ in range(2))
        found = find_ink()(scale(images), tf.cast(images > 0, tf.float32))
        fitted = tf.clip_by_value(fit_digit(full_ink(found)), 0, 1)
        outputs = Found(
            tf.cast(tf.round(255 * fitted), tf.uint8),
            mean_certainty(found),
            overlap(found, scale(labels)),
            tf.reduce_max(found, [1, 2]) > MIN_CERTAINTY,
        )
        for start in range(0, len(pictures), BATCH_PICTURES):
            batch = pictures[start : start + BATCH_PICTURES]
            parts.append(session.run(outputs, {images: batch.images, labels: batch.labels}))
    return Found(*(np.concatenate(values) for values in zip(*parts, strict=True)))
