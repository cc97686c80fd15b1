"""Prints the tables of docs/accuracy.md and docs/handwriting.md from the committed results.

    python -m benchmarks.tables

It also draws docs/accuracy_time.png, from the same file as the table beside it. Put the tables into
the pages whenever a file benchmarks/results_* changes; a test compares them.
"""

import argparse
import sys
from collections.abc import Iterator

from benchmarks import result_files
from benchmarks.handwriting.__main__ import Refusals, Score, refusal_table, table
from nn.confidence.thresholds import percent
from nn.runtime.startup import import_tensorflow

CHART = result_files.FOLDER.parent / "docs" / "accuracy_time.png"
SHOWN_RATES = (0.001, 0.002)  # of --max-error, in docs/accuracy.md


def all_digits() -> str:
    """Networks trained on all training digits: a Markdown table."""
    from nn.runs import comparison

    return comparison.table(comparison.read_outcomes(result_files.ALL_DIGITS))


def compared() -> str:
    """All networks, with validation digits held out: a Markdown table."""
    from nn.runs import comparison

    return comparison.table(comparison.read_outcomes(result_files.COMPARED))


def calibration() -> Iterator[str]:
    """The rows of the table of thresholds."""
    found = result_files.read(result_files.CALIBRATION)
    for threshold in found["thresholds"]:
        if threshold["max_error"] in SHOWN_RATES:
            yield (
                f"| {percent(threshold['max_error'])} | {threshold['answered']:,} of "
                f"{found['digits']:,} | {threshold['wrong']} |"
            )


def handwriting() -> tuple[str, str]:
    """The table of pictures of digits, and the table of pictures of no digit."""
    found = result_files.read(result_files.HANDWRITING)
    scores = {name: Score(**row) for name, row in found["digits"].items()}
    refusals = {name: Refusals(**row) for name, row in found["no_digit"].items()}
    return "\n".join(table(scores)), "\n".join(refusal_table(refusals))


def draw() -> None:
    """Draws docs/accuracy_time.png."""
    from nn.figures import comparison_charts, drawing
    from nn.runs import comparison

    outcomes = comparison.read_outcomes(result_files.COMPARED)
    seeds = len({outcome.seed for outcome in outcomes})
    title = f"MNIST: {seeds} seeds, {outcomes[0].images:,} test digits"
    drawing.save(comparison_charts.accuracy_by_time(outcomes, title), CHART)


def main() -> int:
    """The command line; returns the exit status."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    import_tensorflow()
    print(all_digits(), compared(), "\n".join(calibration()), *handwriting(), sep="\n\n")
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
