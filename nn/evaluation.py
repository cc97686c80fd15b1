"""Scoring: every image of a split, once, counted in whole numbers."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nn.data import Digits, confusion_matrix
from nn.graph import TrainingGraph


@dataclass(frozen=True)
class Scores:
    """loss: mean cross-entropy in nats; confusion: int64 [10, 10], rows the labels, columns the
    predictions, each cell a number of images."""

    loss: float
    confusion: np.ndarray

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def errors(self) -> int:
        return self.count - int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        return 1 - self.errors / self.count


def evaluate(
    session: tf.compat.v1.Session, graph: TrainingGraph, digits: Digits, batch_size: int = 1000
) -> Scores:
    """Scores the network as it stands in the session on all of digits, the last batch included."""
    predictions, losses = [], []
    for start in range(0, len(digits), batch_size):
        batch = digits[start : start + batch_size]
        feed = {graph.feed.images: batch.images, graph.feed.labels: batch.labels}
        answers = session.run(graph.answers, feed)
        predictions.append(answers.predictions)
        losses.append(answers.losses)
    loss = float(np.concatenate(losses).mean(dtype=np.float64))
    return Scores(loss, confusion_matrix(digits.labels, np.concatenate(predictions)))
