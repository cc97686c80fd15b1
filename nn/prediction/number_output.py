"""Shows readings of numbers as nn/prediction/output.py shows those of digits, by the same names."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from nn.prediction import output
from nn.prediction.readings import OK, NumberReading

WIDTH = 10  # characters of a number; a longer one moves what stands behind it


def table_header(width: int) -> str:
    """The line above table rows; width: of the longest input's name."""
    return f"{'input':{width}s}  {'number':>{WIDTH}s}  probability"


def table_row(reading: NumberReading, width: int, label: str | None = None) -> str:
    """A reading as an aligned line: the input, its number, the lowest of its probabilities."""
    line = f"{reading.input:{width}s}  {reading.number or '–':>{WIDTH}s}  "
    line += f"{'':11s}" if reading.probability is None else f"{reading.probability:11.2%}"
    if label is not None:
        line += f"   label {label}"
    if reading.status != OK:
        # An error's reason names its input, which stands at the start of the line.
        line += f"  {reading.status}: {reading.reason.removeprefix(f'{reading.input}: ')}"
    return line


def json_line(reading: NumberReading) -> str:
    """A reading as one JSON object, probabilities to six places."""
    fields = asdict(reading)
    for digit in fields["digits"] or ():
        digit["probability"] = round(digit["probability"], 6)
    return json.dumps(fields, ensure_ascii=False)


@contextmanager
def csv_file(path: Path) -> Iterator[Callable[[NumberReading], None]]:
    """Yields a function that writes a reading as a CSV row; the file appears whole, at the end."""
    header = ["input", "status", "number", "probability", "reason"]
    with output.csv_rows(path, header) as write_row:
        yield lambda reading: write_row([getattr(reading, name) for name in header])


class Score(output.Score):
    """Counts readings of numbers against their labels: one is right where all its digits are."""

    field = "number"

    def lines(self) -> Sequence[str]:
        """The share that was read right; what the sure ones come to."""
        return self.summary()
