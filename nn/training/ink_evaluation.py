"""Scores a finder on composed pictures: how much of their ink it finds."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import DivergedError
from nn.networks.layers import scale
from nn.training.find_ink import MIN_FOUND_SHARE, ink_loss, overlap
from nn.training.graph import TrainingGraph
from nn.training.ink_pictures import InkPictures

BATCH_PICTURES = 64


@dataclass(frozen=True)
class InkScores:
    """Of each picture: losses, float32 [N]; overlaps, float32 [N], intersection by union of the ink
    found and the ink there is; found: uint8 [N, H, W], 255 = certainly ink."""

    losses: np.ndarray
    overlaps: np.ndarray
    found: np.ndarray

    @property
    def loss(self) -> float:
        """The mean loss, as training minimizes it."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """The share of pictures whose ink is found: an overlap of MIN_FOUND_SHARE or more."""
        return float((self.overlaps >= MIN_FOUND_SHARE).mean())

    def __str__(self) -> str:
        return (
            f"Ink found in {self.accuracy:.2%} of {len(self.losses):,} test pictures "
            f"(mean overlap {self.overlaps.mean():.1%})"
        )


def evaluate_ink(session: tf1.Session, graph: TrainingGraph, pictures: InkPictures) -> InkScores:
    """Scores the finder, with the session's present weights, on all pictures.

    Raises DivergedError if a loss is not a finite number.
    """
    parts = []
    with tf.Graph().as_default(), tf1.Session() as scoring:
        logits = tf1.placeholder(tf.float32, [None, None, None])
        images, labels = (tf1.placeholder(tf.uint8, [None, None, None]) for _ in range(2))
        found = tf.sigmoid(logits) * tf.cast(images > 0, tf.float32)
        shown = tf.cast(tf.round(255 * found), tf.uint8)
        scores = ink_loss(logits, scale(labels)), overlap(found, scale(labels)), shown
        for start in range(0, len(pictures), BATCH_PICTURES):
            batch = pictures[start : start + BATCH_PICTURES]
            answer = session.run(graph.logits, {graph.feed.images: batch.images})
            feed = {logits: answer, images: batch.images, labels: batch.labels}
            parts.append(scoring.run(scores, feed))
    result = InkScores(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    if not np.isfinite(result.losses).all():
        raise DivergedError("the loss is no longer a finite number; try a lower --learning-rate")
    return result
