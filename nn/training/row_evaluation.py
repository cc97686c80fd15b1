"""Scores a reader of rows on strips of composed pictures: how many of their texts it reads."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.texts import MAX_TEXT, decode_texts
from nn.errors import DivergedError
from nn.prediction.row_decoding import greedy_text
from nn.training.graph import TrainingGraph
from nn.training.read_rows import text_loss
from nn.training.row_strips import RowStrips

BATCH_CANVASES = 64
# Of a character's probability. The op of the loss computes probabilities, which would be 0 below
# e^-87, and the loss infinite: after a few steps, the moving averages of batch norm are far off.
MIN_LOGARITHM = -80.0


@dataclass(frozen=True)
class RowScores:
    """Of each canvas: losses, float32 [N]; read, the text that was read; texts, the true one."""

    losses: np.ndarray
    read: list[str]
    texts: list[str]

    @property
    def loss(self) -> float:
        """The mean loss, as training minimizes it."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """The share of canvases whose whole text was read right."""
        return sum(map(str.__eq__, self.read, self.texts)) / max(1, len(self.texts))

    def __str__(self) -> str:
        return f"Read {self.accuracy:.2%} of {len(self.texts):,} canvases of test rows right"


def evaluate_rows(session: tf1.Session, graph: TrainingGraph, strips: RowStrips) -> RowScores:
    """Scores the reader, with the session's present weights, on all canvases.

    Raises DivergedError if a loss is not a finite number.
    """
    losses, read = [np.zeros(0, np.float32)], []
    with tf.Graph().as_default(), tf1.Session() as scoring:
        logits = tf1.placeholder(tf.float32, [None, None, None])
        labels = tf1.placeholder(tf.int8, [None, MAX_TEXT])
        loss = text_loss(tf.maximum(tf.nn.log_softmax(logits), MIN_LOGARITHM), labels)
        for start in range(0, len(strips), BATCH_CANVASES):
            batch = strips[start : start + BATCH_CANVASES]
            answers = session.run(graph.logits, {graph.feed.images: batch.images})
            losses.append(scoring.run(loss, {logits: answers, labels: batch.labels}))
            read += [greedy_text(answer) for answer in answers]
    result = RowScores(np.concatenate(losses), read, decode_texts(strips.labels))
    if not np.isfinite(result.losses).all():
        raise DivergedError("the loss is no longer a finite number; try a lower --learning-rate")
    return result
