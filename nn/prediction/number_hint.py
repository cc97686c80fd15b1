"""Finds pictures that were read as one digit but may hold several: --number reads those."""

from collections.abc import Sequence
from pathlib import Path

from nn.confidence.thresholds import EVEN_ODDS
from nn.errors import ModelError
from nn.pictures.formats import EXTENSIONS
from nn.prediction.predictor import Predictor
from nn.prediction.readings import AnyReading, NumberReading, Reading

# Reading a picture again, as a number, takes as long as some ten readings of a digit. So not more
# than these are read again: the hint is as good if some of the pictures are not counted.
MAX_PICTURES_READ_AGAIN = 50


class NumberHint:
    """Collects readings of single digits, and says at the end which may be numbers.

    The model was trained to stay below even odds where a picture shows no digit, or several. Such a
    picture counts if it reads as a number of two digits or more, each more probable than not.
    """

    def __init__(self) -> None:
        self._doubtful: list[Path] = []

    def add(self, reading: AnyReading) -> None:
        """Takes a reading into account."""
        if not isinstance(reading, Reading) or reading.probability is None:
            return
        path = Path(reading.input)
        if reading.probability < EVEN_ODDS and path.suffix.lower() in EXTENSIONS:
            self._doubtful.append(path)

    def line(self, predictor: Predictor) -> str | None:
        """The hint, in one line; None if no picture looks like a number."""
        if not self._doubtful:
            return None
        from nn.prediction.number_reader import NumberReader  # it imports SciPy

        try:
            reader = NumberReader(predictor)
        except ModelError:  # an older model, which reads no numbers
            return None
        readings = [*reader.read(self._doubtful[:MAX_PICTURES_READ_AGAIN])]
        count = sum(map(_is_number, readings))
        if not count:
            return None
        if count == 1:
            return "1 picture may hold several digits: --number reads them"
        least = "at least " if len(self._doubtful) > len(readings) else ""
        return f"{least}{count:,} pictures may hold several digits: --number reads them"


def _is_number(reading: NumberReading) -> bool:
    digits: Sequence = reading.digits or ()
    return len(digits) > 1 and all(digit.probability >= EVEN_ODDS for digit in digits)
