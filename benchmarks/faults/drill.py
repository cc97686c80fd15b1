"""What a drill reports, and how long it may take."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """A row of the table: the fault; how often it was tried and survived; what a user sees."""

    fault: str
    tried: int
    survived: int
    happens: str


# scale: the share of the full number of tries, 1.0 in `make test-faults`, less in CI; folder:
# empty, for what the drill writes. Yields each row as soon as it is measured.
Drill = Callable[[float, Path], Iterator[Row]]
