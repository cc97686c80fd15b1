"""A handwritten-digit recognizer on TensorFlow's low-level graph API.

    from nn import Predictor

Importing nn is quick: only the first use of nn.Predictor imports TensorFlow.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn.prediction.predictor import Predictor

__all__ = ["Predictor"]


def __getattr__(name: str) -> Any:
    if name == "Predictor":
        from nn.prediction.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
