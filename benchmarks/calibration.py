"""How far an exported model's probabilities can be trusted, on digits that it never saw.

    python -m benchmarks.calibration
    python -m benchmarks.calibration --model SavedModel/bundled

Reads the test digits as any client does and prints: accuracy, cross-entropy, expected calibration
error, that of a model which is always sure; for each rate of --max-error how many digits are
answered, and how many of those wrong; and the errors among the surest.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.confidence.calibration import calibration_error
from nn.data.digits import Digits
from nn.errors import UserError
from nn.runtime.startup import import_tensorflow

if TYPE_CHECKING:
    from nn import Predictor

SUREST = (0.9, 0.95, 0.98, 0.99, 0.993, 0.995, 1.0)


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    parser.add_argument("--data", default="mnist", metavar="DATA", help="as the script's --data")
    options = parser.parse_args()
    import_tensorflow()
    from nn import Predictor
    from nn.training import datasets

    try:
        digits = datasets.load(options.data).test
        with Predictor(options.model) as predictor:
            batches = np.array_split(digits.images, -(-len(digits) // 1000))
            answers = np.concatenate([predictor.predict(batch).probabilities for batch in batches])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report(predictor, digits, answers)
    return 0


def report(predictor: "Predictor", digits: Digits, answers: np.ndarray) -> None:
    """Prints it all; answers: float32 [N, 10], the probabilities."""
    from nn.versions import thresholds_of

    confidences = answers.max(1).astype(np.float64)
    wrong = answers.argmax(1) != digits.labels
    stated = answers[np.arange(len(digits)), digits.labels].astype(np.float64)
    print(f"{predictor.version}: {predictor.card['network']}, {len(digits):,} test digits")
    print(f"wrong              {wrong.sum():8,}  {wrong.mean():.3%}")
    print(f"cross-entropy      {-np.log(np.maximum(stated, 1e-30)).mean():8.4f}  nats")
    print(f"calibration error  {calibration_error(confidences, wrong):8.3%}  "
          f"(always sure: {calibration_error(np.ones(len(wrong)), wrong):.3%})")  # fmt: skip
    print("\n--max-error  probability  answered  of these wrong")
    for threshold in thresholds_of(predictor.card):
        sure = confidences >= threshold.probability
        print(f"{threshold.max_error:11.2%}  {threshold.probability:11.3%}"
              f"  {sure.mean():8.2%}  {(sure & wrong).sum():,} of {sure.sum():,}")  # fmt: skip
    print("\nthe surest   wrong")
    order = np.argsort(-confidences, kind="stable")
    for share in SUREST:
        count = round(share * len(order))
        errors = wrong[order[:count]].sum()
        print(f"{share:10.1%}   {errors:,} of {count:,}  {errors / count:.3%}")


if __name__ == "__main__":
    sys.exit(main())
