"""Measures how far you can trust the probabilities of an exported model, on the test digits.

    python -m benchmarks.calibration
    python -m benchmarks.calibration --model SavedModel/bundled

It loads the model as any client does. It prints the share of wrong answers, the cross-entropy, and
the expected calibration error, beside the error of a model that is always sure. For each rate of
--max-error it prints how many digits the model is sure of, and how many of these answers are wrong.
It also counts the wrong answers among the surest 90%, 95% and so on.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result_files
from nn.confidence.agreement import calibration_error
from nn.data.digits import Digits
from nn.runtime.startup import import_tensorflow, run_command

SUREST_SHARES = (0.9, 0.95, 0.98, 0.99, 0.993, 0.995, 1.0)  # of the answers, surest first


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    parser.add_argument("--data", default="mnist", metavar="DATA",
                        help="see --data of train_neural_network.py")  # fmt: skip
    result_files.add_results_option(parser, result_files.CALIBRATION)
    options = parser.parse_args()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Reads the test digits, and measures; returns the exit status."""
    import_tensorflow()
    from nn import Predictor
    from nn.training import datasets

    digits = datasets.load(options.data).test
    with Predictor(options.model) as predictor:
        batches = np.array_split(digits.images, -(-len(digits) // 1000))
        answers = np.concatenate([predictor.predict(batch).probabilities for batch in batches])
    found = measure(predictor.card, digits, answers)
    print(f"{predictor.version}: {predictor.card['network']}")
    print("\n".join(lines(found)))
    result_files.write(options.results, found)
    return 0


def measure(card: dict, digits: Digits, answers: np.ndarray) -> dict[str, Any]:
    """Computes the figures that the benchmark prints.

    card: the model card of the export. answers: float32 [N, 10], the probabilities that the model
    gives to `digits`.
    """
    from nn.versions import thresholds_of

    confidences = answers.max(1).astype(np.float64)
    wrong = answers.argmax(1) != digits.labels
    stated = answers[np.arange(len(digits)), digits.labels].astype(np.float64)
    order = np.argsort(-confidences, kind="stable")
    thresholds = thresholds_of(card)
    sure = [confidences >= threshold.probability for threshold in thresholds]
    surest = [round(share * len(order)) for share in SUREST_SHARES]
    return {
        "weights_sha256": card["weights_sha256"],
        "digits": len(digits),
        "wrong": int(wrong.sum()),
        "cross_entropy_nats": float(-np.log(np.maximum(stated, 1e-30)).mean()),
        "calibration_error": calibration_error(confidences, wrong),
        "calibration_error_if_always_sure": calibration_error(np.ones(len(wrong)), wrong),
        "thresholds": [
            {"max_error": threshold.max_error, "probability": threshold.probability,
             "answered": int(chosen.sum()), "wrong": int((chosen & wrong).sum())}
            for threshold, chosen in zip(thresholds, sure, strict=True)
        ],
        "surest": [
            {"answered": count, "wrong": int(wrong[order[:count]].sum())} for count in surest
        ],
    }  # fmt: skip


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yields the lines for the terminal. found: what `measure` returned."""
    digits = found["digits"]
    yield f"test digits        {digits:8,}"
    yield f"wrong              {found['wrong']:8,}  {found['wrong'] / digits:.3%}"
    yield f"cross-entropy      {found['cross_entropy_nats']:8.4f}  nats"
    yield (
        f"calibration error  {found['calibration_error']:8.3%}  "
        f"(always sure: {found['calibration_error_if_always_sure']:.3%})"
    )
    yield "\n--max-error  probability  answered  of these wrong"
    for row in found["thresholds"]:
        yield (
            f"{row['max_error']:11.2%}  {row['probability']:11.3%}"
            f"  {row['answered'] / digits:8.2%}  {row['wrong']:,} of {row['answered']:,}"
        )
    yield "\nthe surest   wrong"
    for row in found["surest"]:
        answered, errors = row["answered"], row["wrong"]
        yield f"{answered / digits:10.1%}   {errors:,} of {answered:,}  {errors / answered:.3%}"


if __name__ == "__main__":
    sys.exit(main())
