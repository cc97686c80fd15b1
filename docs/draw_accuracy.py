"""Draws two charts of docs/accuracy.md: how SavedModel/1 reads the test digits.

    python docs/draw_accuracy.py

It writes docs/confident_mistakes.png and docs/reliability.png, and needs MNIST's test digits in
MNIST/ (python -m nn.mnist).
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nn.runtime.startup import import_tensorflow  # noqa: E402

import_tensorflow()  # without the notices that TensorFlow prints

import numpy as np  # noqa: E402

from nn import Predictor  # noqa: E402
from nn.figures import charts, digit_sheets, drawing  # noqa: E402
from nn.training import datasets  # noqa: E402
from nn.training.evaluation import Scores  # noqa: E402

MIN_PROBABILITY = 1e-30  # stands for 0, which has no logarithm


def main() -> None:
    """Draws docs/confident_mistakes.png and docs/reliability.png."""
    digits = datasets.load("mnist").test
    with Predictor(ROOT / "SavedModel" / "1") as predictor:
        probabilities = predictor.predict(digits.images).probabilities
    # Softmax of these logarithms gives the probabilities again, so they serve as logits.
    logits = np.log(np.maximum(probabilities, MIN_PROBABILITY))
    scores = Scores(digits.labels, logits)
    title = f"flagship: {scores.errors:,} of {scores.count:,} test digits wrong"
    mistakes = digit_sheets.confident_mistakes(digits.images, scores, title)
    drawing.save(mistakes, ROOT / "docs" / "confident_mistakes.png")
    drawing.save(charts.reliability(scores, "flagship"), ROOT / "docs" / "reliability.png")


if __name__ == "__main__":
    main()
