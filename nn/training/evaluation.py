"""Scoring: every image of a split, once, counted in whole numbers."""

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from nn.confidence.calibration import calibration_error, cross_entropy
from nn.confidence.scaling import UNSCALED, Scaling, scale_logits
from nn.confidence.thresholds import Threshold
from nn.data.digits import Digits, confusion_matrix
from nn.errors import DivergedError
from nn.runtime.processors import ProcessorPool
from nn.training.graph import TrainingGraph


class Answered(NamedTuple):
    """How many digits were answered, and how many of these wrong."""

    answered: int
    wrong: int


@dataclass(frozen=True)
class Scores:
    """What a network answered to each image of a split, and how good that is.

    labels: int64 [N]; logits: float32 [N, 10]; scaling: what makes them
    probabilities.
    """

    labels: np.ndarray
    logits: np.ndarray
    scaling: Scaling = UNSCALED

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
        """0 to 1, as nn/confidence/calibration.py has it"""
        return calibration_error(self.confidences, self.wrong)

    @property
    def count(self) -> int:
        return len(self.labels)

    @property
    def wrong(self) -> np.ndarray:
        """bool [N]"""
        return self.predictions != self.labels

    @property
    def errors(self) -> int:
        return int(self.wrong.sum())

    @property
    def accuracy(self) -> float:
        return 1 - self.errors / self.count

    def answered(self, threshold: Threshold) -> Answered:
        """Those that are as probable as a threshold asks."""
        sure = self.confidences >= threshold.probability
        return Answered(int(sure.sum()), int((sure & self.wrong).sum()))

    @property
    def confusion(self) -> np.ndarray:
        """int64 [10, 10]: rows the labels, columns the predictions, each cell a number of images"""
        return confusion_matrix(self.labels, self.predictions)


def evaluate(session: tf.compat.v1.Session, graph: TrainingGraph, digits: Digits) -> Scores:
    """Scores the network as it stands in the session on all of digits.

    Raises DivergedError where a logit is no finite number.
    """

    def run(images: np.ndarray) -> list[np.ndarray]:
        return session.run([graph.logits], {graph.feed.images: images})

    with closing(ProcessorPool()) as pool:
        (logits,) = pool.split_batches(run, min_part_rows=256)(digits.images)
    if not np.isfinite(logits).all():
        raise DivergedError("the logits are no longer finite numbers; try a lower --learning-rate")
    return Scores(digits.labels, logits)
