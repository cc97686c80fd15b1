"""Scoring: every image of a split, once, counted in whole numbers."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nn.data import Digits, confusion_matrix
from nn.graph import Answers, TrainingGraph


@dataclass(frozen=True)
class Scores:
    """What a network answered to each image of a split, and how good that is.

    labels, predictions: int64 [N]; confidences: float32 [N], the predicted digits' probabilities;
    loss: mean cross-entropy in nats.
    """

    labels: np.ndarray
    predictions: np.ndarray
    confidences: np.ndarray
    loss: float

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

    @property
    def confusion(self) -> np.ndarray:
        """int64 [10, 10]: rows the labels, columns the predictions, each cell a number of images"""
        return confusion_matrix(self.labels, self.predictions)


def evaluate(
    session: tf.compat.v1.Session, graph: TrainingGraph, digits: Digits, batch_size: int = 1000
) -> Scores:
    """Scores the network as it stands in the session on all of digits, the last batch included."""
    batches = []
    for start in range(0, len(digits), batch_size):
        batch = digits[start : start + batch_size]
        feed = {graph.feed.images: batch.images, graph.feed.labels: batch.labels}
        batches.append(session.run(graph.answers, feed))
    answers = Answers(*(np.concatenate(part) for part in zip(*batches, strict=True)))
    loss = float(answers.losses.mean(dtype=np.float64))
    return Scores(digits.labels, answers.predictions, answers.confidences, loss)
