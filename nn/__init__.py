"""A handwritten-digit recognizer on TensorFlow's low-level graph API.

    from nn import Predictor

Importing nn imports neither TensorFlow nor anything else that is slow; Predictor does.
"""

__all__ = ["Predictor"]


def __getattr__(name: str):
    if name == "Predictor":
        from nn.prediction.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
