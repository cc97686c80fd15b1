"""A handwritten-digit recognizer on TensorFlow's low-level graph API.

    from nn import Predictor

Importing nn is quick: only a Predictor imports TensorFlow, without its notices, and one whose
runtime is LiteRT does not.
"""

TYPE_CHECKING = False  # type checkers take it for true; typing itself is slow to import
if TYPE_CHECKING:
    from nn.prediction.predictor import Predictor

__all__ = ["Predictor"]


def __getattr__(name: str) -> object:
    if name == "Predictor":
        from nn.prediction.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
