"""The plots of a finished run."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import Digits
from nn.figures import charts, digit_sheets
from nn.networks.layers import scale
from nn.training.augment import augment
from nn.training.datasets import Source
from nn.training.evaluation import Result
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

AUGMENTED_COPIES = 8  # of each digit in the figure of distortions: as many as fit a row


def run_figures(
    settings: Settings, source: Source, folder: RunFolder, result: Result
) -> "dict[Path, Figure]":
    """The plots of a finished run, and the files they belong in."""
    name = settings.network
    images, scores = source.test.images, result.test
    title = f"{name}: {scores.errors:,} of {scores.count:,} test digits wrong"
    epochs = "epoch" if settings.epochs == 1 else "epochs"
    history = f"{name}, {settings.epochs} {epochs}"
    figures = {
        folder.history_plot: charts.training_history(result.history, history),
        folder.reliability_plot: charts.reliability(scores, name),
        folder.confusion_plot: charts.confusion_matrix(scores.confusion, title),
        folder.samples_plot: digit_sheets.sample_predictions(images, scores, title),
        folder.mistakes_plot: digit_sheets.confident_mistakes(images, scores, title),
        folder.weights_plot: digit_sheets.first_layer(result.first_layer, images[0], name),
    }
    if settings.augment:
        figures[folder.augmented_plot] = _augmented(source.training, settings)
    return figures


def _augmented(digits: Digits, settings: Settings) -> "Figure":
    """A figure of one digit of each kind, distorted in several ways."""
    originals = digits.images[np.unique(digits.labels, return_index=True)[1]]
    with tf.Graph().as_default(), tf1.Session() as session:
        images = scale(tf.constant(originals))
        distorted = [
            augment(images, tf.constant([settings.seed, step]), bends=settings.bends)
            for step in range(AUGMENTED_COPIES)
        ]
        return digit_sheets.augmented(originals, np.stack(session.run(distorted)))
