"""The model card: what an export says about its origin and how good it is."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import tensorflow as tf

from nn.confidence.thresholds import Threshold
from nn.networks.finder_weights import FINDER_FILE
from nn.networks.fixed_weights import load_weights, weights_sha256
from nn.networks.registry import get_network
from nn.networks.row_weights import ROWS_FILE
from nn.training.evaluation import Result, Scores
from nn.training.settings import Settings


def model_card(settings: Settings, data: Mapping, result: Result) -> dict:
    """The card of a run's export, without the hashes; data: a Source's description."""
    network = get_network(settings.network, settings.hidden)
    thresholds = result.calibration.thresholds
    return {
        **asdict(settings),
        "hidden": list(network.hidden),  # the config of an old run has no sizes
        **asdict(settings.recipe),
        "parameters": network.parameters,
        "data": dict(data),
        "trained_on": result.training_images,
        "training_seconds": round(result.seconds, 1),
        "calibration": result.calibration.describe(),
        "validation": _describe(result.validation, thresholds) if result.validation else None,
        "test": _describe(result.test, thresholds),
        **made_now(),
    }


def made_now() -> dict:
    """The fields that say when an export was made, and with which libraries and helper networks."""
    return {
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
        "finder_sha256": weights_sha256(load_weights(FINDER_FILE)),
        "rows_sha256": weights_sha256(load_weights(ROWS_FILE)),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def exported_from(version: Path, card: Mapping) -> dict:
    """The field that says which version an export was made from. card: that version's."""
    return {
        "version": version.name,
        "date": card.get("date"),
        "versions": card.get("versions"),
        "saved_model_sha256": card["files"].get("saved_model.pb"),
    }


def _describe(scores: Scores, thresholds: Sequence[Threshold]) -> dict:
    """The scores of one split, and how each threshold does on it."""
    return {
        "accuracy": scores.accuracy,
        "loss": scores.loss,
        "calibration_error": scores.calibration_error,
        "errors": scores.errors,
        "images": scores.count,
        "answered": [
            {"max_error": threshold.max_error, **scores.answered(threshold)._asdict()}
            for threshold in thresholds
        ],
    }
