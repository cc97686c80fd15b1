"""A handwritten-digit recognizer on TensorFlow's low-level graph API.

    from nn import Predictor

Importing nn is quick: only the first use of nn.Predictor imports TensorFlow, without its notices.
"""

TYPE_CHECKING = False  # type checkers take it for true; typing itself is slow to import
if TYPE_CHECKING:
    from nn.prediction.predictor import Predictor

__all__ = ["Predictor"]


def __getattr__(name: str) -> object:
    if name == "Predictor":
        from nn.runtime.startup import import_tensorflow_unnoticed

        import_tensorflow_unnoticed()
        from nn.prediction.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
