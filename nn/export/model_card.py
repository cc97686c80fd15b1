"""The model card: what an export says of where it comes from and how good it is."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import tensorflow as tf

from nn.networks.registry import get_network
from nn.training.evaluation import Scores
from nn.training.settings import Settings
from nn.training.train import Result


def model_card(settings: Settings, data: Mapping, result: Result) -> dict:
    """What an export says of itself: data is a Source's description, or says as much."""

    def describe(scores: Scores) -> dict:
        """Of one split, with the calibration's thresholds held against it."""
        return {
            "accuracy": scores.accuracy,
            "loss": scores.loss,
            "calibration_error": scores.calibration_error,
            "errors": scores.errors,
            "images": scores.count,
            "answered": [
                {"max_error": threshold.max_error, **scores.answered(threshold)._asdict()}
                for threshold in result.calibration.thresholds
            ],
        }

    network = get_network(settings.network, settings.hidden)
    return {
        **asdict(settings),
        "hidden": list(network.hidden),  # a config of before there were any has none
        **asdict(settings.recipe),
        "parameters": network.parameters,
        "data": dict(data),
        "trained_on": result.training_images,
        "training_seconds": round(result.seconds, 1),
        "calibration": result.calibration.describe(),
        "validation": describe(result.validation) if result.validation else None,
        "test": describe(result.test),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
