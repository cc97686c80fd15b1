"""Prints the tables of docs/accuracy.md, handwriting.md, own_digits.md, parity.md and
reliability.md from the result files.

    python -m benchmarks.tables

It also draws docs/accuracy_time.png from the file of the table beside it. Whenever a file
benchmarks/results_* changes, copy the tables into the pages; a test compares them.
"""

import argparse
import sys
from collections.abc import Iterator

from benchmarks import result_files
from benchmarks.faults import __main__ as faults_command
from benchmarks.handwriting.__main__ import Refusals, Score, refusal_table, table
from benchmarks.mutation import areas
from benchmarks.numbers import __main__ as numbers_command
from benchmarks.own_hand.__main__ import Row
from benchmarks.own_hand.__main__ import table as own_hand_table
from benchmarks.parity import __main__ as parity_command
from nn.confidence.thresholds import percent
from nn.runtime.startup import import_tensorflow

CHART = result_files.FOLDER.parent / "docs" / "accuracy_time.png"
SHOWN_RATES = (0.0005, 0.001, 0.01, 0.02)  # values of --max-error that docs/accuracy.md shows


def all_digits() -> str:
    """Makes the Markdown table of the networks that were trained on all training digits."""
    from nn.runs.outcomes import read_outcomes, table

    return table(read_outcomes(result_files.ALL_DIGITS))


def compared() -> str:
    """Makes the Markdown table of all networks, trained with validation digits held out."""
    from nn.runs.outcomes import read_outcomes, table

    return table(read_outcomes(result_files.COMPARED))


def calibration() -> Iterator[str]:
    """Yields the rows of the Markdown table of thresholds in docs/accuracy.md."""
    found = result_files.read(result_files.CALIBRATION)
    for threshold in found["thresholds"]:
        if threshold["max_error"] in SHOWN_RATES:
            yield (
                f"| {percent(threshold['max_error'])} | {threshold['answered']:,} of "
                f"{found['digits']:,} | {threshold['wrong']} |"
            )


def handwriting() -> tuple[str, str]:
    """Makes two Markdown tables: pictures of digits, and pictures that show no digit."""
    found = result_files.read(result_files.HANDWRITING)
    scores = {name: Score(**row) for name, row in found["digits"].items()}
    refusals = {name: Refusals(**row) for name, row in found["no_digit"].items()}
    return "\n".join(table(scores)), "\n".join(refusal_table(refusals))


def numbers() -> str:
    """Makes the Markdown table of numbers of several digits."""
    found = result_files.read(result_files.NUMBERS)["kinds"]
    scores = {kind: numbers_command.Score(**row) for kind, row in found.items()}
    return "\n".join(numbers_command.table(scores))


def own_hand() -> str:
    """Makes the Markdown table of writers whose digits a model learned."""
    rows = result_files.read(result_files.OWN_HAND)["rows"]
    return "\n".join(own_hand_table(Row(**row) for row in rows))


def parity() -> str:
    """Makes the Markdown table of runtimes that are compared."""
    return "\n".join(parity_command.table(result_files.read(result_files.PARITY)))


def faults() -> str:
    """Makes the Markdown table of faults that were provoked."""
    return "\n".join(faults_command.table(result_files.read(result_files.FAULTS)))


def mutation() -> str:
    """Makes the Markdown table of random changes of the code that tests notice."""
    return "\n".join(areas.table(result_files.read(result_files.MUTATION)))


def draw() -> None:
    """Draws docs/accuracy_time.png."""
    from nn.figures import comparison_charts, drawing
    from nn.runs.outcomes import read_outcomes

    outcomes = read_outcomes(result_files.COMPARED)
    seeds = len({outcome.seed for outcome in outcomes})
    title = f"MNIST: {seeds} seeds, {outcomes[0].images:,} test digits"
    drawing.save(comparison_charts.accuracy_by_time(outcomes, title), CHART)


def main() -> int:
    """Runs the command line; returns the exit status."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    import_tensorflow()
    tables = (
        all_digits(),
        compared(),
        "\n".join(calibration()),
        *handwriting(),
        numbers(),
        own_hand(),
        parity(),
        faults(),
        mutation(),
    )
    print(*tables, sep="\n\n")
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
