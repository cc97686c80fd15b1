"""What the figures need to know of a run's results. The classes of nn.training and nn.runs fit."""

from typing import Protocol

import numpy as np


class EpochScores(Protocol):
    """One epoch of training. Losses in nats, accuracies 0 to 1; NaN without validation digits."""

    @property
    def epoch(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def accuracy(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...
    @property
    def validation_accuracy(self) -> float: ...


class ScoredDigits(Protocol):
    """What a network answered to each of N digits.

    labels, predictions: int64 [N], 0 to 9; confidences: float64 [N], 0 to 1; wrong: bool [N];
    errors: the number of wrong answers; calibration_error: 0 to 1.
    """

    @property
    def labels(self) -> np.ndarray: ...
    @property
    def predictions(self) -> np.ndarray: ...
    @property
    def confidences(self) -> np.ndarray: ...
    @property
    def wrong(self) -> np.ndarray: ...
    @property
    def errors(self) -> int: ...
    @property
    def calibration_error(self) -> float: ...


class SeedOutcome(Protocol):
    """One network, trained with one seed and scored on `images` test digits.

    accuracy: 0 to 1; loss: in nats, or NaN; seconds: of training; parameters: the number of
    weights.
    """

    @property
    def network(self) -> str: ...
    @property
    def images(self) -> int: ...
    @property
    def accuracy(self) -> float: ...
    @property
    def loss(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def parameters(self) -> int: ...
