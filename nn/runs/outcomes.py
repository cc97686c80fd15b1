"""The figures of finished runs: their file, and a table of means over seeds."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas

from nn.errors import UserError
from nn.runtime.regular_files import read_text

# A finished run is scored again from its checkpoint.
ROWS_ADVICE = "delete this file: the comparison then writes it anew from the finished runs"


@dataclass(frozen=True)
class Outcome:
    """The figures of a finished run.

    parameters: the network's; images: the number of test images; errors: the number of wrong
    answers; accuracy: 0 to 1; loss: mean cross-entropy after calibration, in nats, or NaN if no
    validation digits were left to calibrate with; seconds: the training time. Losses before
    calibration would not compare: label smoothing makes some of them high on purpose.
    """

    network: str
    seed: int
    parameters: int
    images: int
    errors: int
    accuracy: float
    loss: float
    seconds: float


def read_outcomes(file: Path) -> list[Outcome]:
    """The rows of a comparison.csv. Raises UserError if it cannot be read."""
    try:
        records = pandas.read_csv(StringIO(read_text(file))).to_dict("records")
        return [Outcome(**{str(name): row[name] for name in row}) for row in records]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file}: cannot be read ({error}); {ROWS_ADVICE}") from None


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table, one row for each network: means and standard deviations over its seeds.

    It has no column of losses if every loss is NaN.
    """
    columns: dict[str, Callable[[list[Outcome]], str]] = {
        "network": lambda rows: rows[0].network,
        "params": lambda rows: f"{rows[0].parameters:,}",
        "accuracy, %": lambda rows: spread([100 * row.accuracy for row in rows], 2),
        "wrong": lambda rows: spread([row.errors for row in rows], 0),
        "calibrated loss": lambda rows: spread([row.loss for row in rows], 3),
        "seconds": lambda rows: spread([row.seconds for row in rows], 0),
    }
    if all(math.isnan(row.loss) for row in outcomes):
        del columns["calibrated loss"]
    groups = by_network(outcomes).values()
    cells = [[name, *(show(rows) for rows in groups)] for name, show in columns.items()]
    widths = [max(map(len, column)) for column in cells]
    rules = ["-" * width if n == 0 else "-" * (width - 1) + ":" for n, width in enumerate(widths)]
    lines = [
        [cell.ljust(width) if n == 0 else cell.rjust(width)
         for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
        for row in zip(*cells, strict=True)
    ]  # fmt: skip
    lines.insert(1, rules)
    return "\n".join(" | ".join(line) for line in lines)


def by_network(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each network, in the order in which the networks first appear."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.network, []).append(outcome)
    return groups


def spread(values: Sequence[float], decimals: int) -> str:
    """Writes mean ± sample standard deviation; only the mean if there is one value."""
    mean = f"{statistics.fmean(values):.{decimals}f}"
    return f"{mean} ± {statistics.stdev(values):.{decimals}f}" if len(values) > 1 else mean
