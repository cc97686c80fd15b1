"""Scores a network on every image of a split, once; defines the result of a finished run."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf1
from scipy.special import softmax

from nn.confidence.agreement import calibration_error
from nn.confidence.calibration import Calibration, HeldOut, cross_entropy
from nn.confidence.scaling import UNSCALED, Scaling, scale_logits
from nn.confidence.thresholds import Threshold
from nn.data.digits import Digits, confusion_matrix
from nn.errors import DivergedError
from nn.runtime.processors import ProcessorPool
from nn.training.found_digits import JudgingPictures
from nn.training.graph import TrainingGraph
from nn.training.run_folder import Epoch

# Images for each worker thread. With fewer, handing them over takes longer than it saves.
MIN_IMAGES_PER_THREAD = 256


class Answered(NamedTuple):
    """How many digits a threshold answers, and how many of these answers are wrong."""

    answered: int
    wrong: int


@dataclass(frozen=True)
class Scores:
    """What a network answers to each image of a split, and how good its answers are.

    labels: int64 [N]; logits: float32 [N, 10]; scaling: turns logits into probabilities.
    """

    labels: np.ndarray
    logits: np.ndarray
    scaling: Scaling = UNSCALED

    @classmethod
    def joined(cls, parts: "Sequence[Scores]") -> "Scores":
        """The scores of several splits, one after the other, without a scaling."""
        return cls(
            np.concatenate([scores.labels for scores in parts]),
            np.concatenate([scores.logits for scores in parts]),
        )

    @cached_property
    def predictions(self) -> np.ndarray:
        """int64 [N]"""
        return self.logits.argmax(1)

    @cached_property
    def confidences(self) -> np.ndarray:
        """float64 [N]: the predicted digits' probabilities"""
        return softmax(scale_logits(self.logits, self.scaling), axis=1).max(1)

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy, in nats."""
        return cross_entropy(scale_logits(self.logits, self.scaling), self.labels)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0 to 1 (nn/confidence/agreement.py)."""
        return calibration_error(self.confidences, self.wrong)

    @property
    def count(self) -> int:
        """The number of images."""
        return len(self.labels)

    @property
    def wrong(self) -> np.ndarray:
        """bool [N]"""
        return self.predictions != self.labels

    @property
    def errors(self) -> int:
        """The number of wrong answers."""
        return int(self.wrong.sum())

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return 1 - self.errors / self.count

    def answered(self, threshold: Threshold) -> Answered:
        """Counts the answers whose probability reaches a threshold."""
        sure = self.confidences >= threshold.probability
        return Answered(int(sure.sum()), int((sure & self.wrong).sum()))

    @property
    def confusion(self) -> np.ndarray:
        """int64 [10, 10]: rows the labels, columns the predictions, each cell a number of images"""
        return confusion_matrix(self.labels, self.predictions)


@dataclass(frozen=True)
class Result:
    """A finished run: its history, and the scores of its last weights.

    training_images: the number of training digits, without extra pictures. validation: None
    without validation digits. calibration: both scores and the export use its scaling. first_layer:
    the first layer's weights, float32 [784, units] or [size, size, 1, filters].
    """

    training_images: int
    history: list[Epoch]
    validation: Scores | None
    test: Scores
    calibration: Calibration
    first_layer: np.ndarray

    @property
    def seconds(self) -> float:
        """The time of all epochs, without validation."""
        return sum(row.seconds for row in self.history)


def calibrated_scores(
    session: tf1.Session,
    graph: TrainingGraph,
    validation: Digits,
    test: Digits,
    calibration: Calibration | None,
    pictures: JudgingPictures | None = None,
) -> tuple[Scores | None, Scores, Calibration]:
    """Returns the validation scores, the test scores and the calibration, whose scaling both use.

    calibration: if None, one is fitted to the validation digits. Without validation digits, the
    validation scores are None, and a missing calibration is the plain softmax, without thresholds.
    pictures: a fitted calibration holds for them too, as Calibration.holding_for says.
    """
    held_out = evaluate(session, graph, validation) if len(validation) else None
    if calibration is None and held_out:
        digits = f"{held_out.count:,} validation digits"
        calibration = Calibration.fit(held_out.logits, held_out.labels, digits)
        if pictures:
            calibration = calibration.holding_for(
                _answers_to(session, graph, pictures),
                HeldOut(held_out.logits, held_out.labels, digits),
            )
    calibration = calibration or Calibration()
    scaled = held_out and replace(held_out, scaling=calibration.scaling)
    test_scores = replace(evaluate(session, graph, test), scaling=calibration.scaling)
    return scaled, test_scores, calibration


def _answers_to(session: tf1.Session, graph: TrainingGraph, pictures: JudgingPictures) -> HeldOut:
    """The answers that judge how well a digit's ink is found.

    A digit judges only if the network reads its own ink right. Otherwise the mistake is not the
    finder's: nobody can tell a seven from a one if its top lies beyond the picture's border.
    """
    written = evaluate(session, graph, pictures.written)
    legible = written.predictions == written.labels
    found = evaluate(session, graph, pictures.found)
    return HeldOut(
        found.logits[legible],
        found.labels[legible],
        f"{legible.sum():,} composed pictures",
        pictures.certainties[legible],
    )


def evaluate(session: tf1.Session, graph: TrainingGraph, digits: Digits) -> Scores:
    """Scores the network, with the session's present weights, on all digits.

    Raises DivergedError if a logit is not a finite number.
    """

    def run(images: np.ndarray) -> list[np.ndarray]:
        return session.run([graph.logits], {graph.feed.images: images})

    with closing(ProcessorPool()) as pool:
        (logits,) = pool.split_batches(run, min_part_rows=MIN_IMAGES_PER_THREAD)(digits.images)
    if not np.isfinite(logits).all():
        raise DivergedError("the logits are no longer finite numbers; try a lower --learning-rate")
    return Scores(digits.labels, logits)
