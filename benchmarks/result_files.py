"""The files of results that the tables in docs/ are made from, and the option that writes one."""

import argparse
import json
from pathlib import Path
from typing import Any

from nn.runtime.whole_files import write_text

FOLDER = Path(__file__).parent
# Rows of comparison.csv, as `--compare` writes it.
ALL_DIGITS = FOLDER / "results_all_digits.csv"
COMPARED = FOLDER / "results_compared.csv"
HANDWRITING = FOLDER / "results_handwriting.json"
NUMBERS = FOLDER / "results_numbers.json"
CALIBRATION = FOLDER / "results_calibration.json"


def add_results_option(parser: argparse.ArgumentParser, usual: Path) -> None:
    """Adds --results. usual: the file whose figures the docs show."""
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help=f"also write the counts to FILE; {usual.relative_to(FOLDER.parent)} is what docs/ "
        "shows (python -m benchmarks.tables)",
    )


def write(path: Path | None, found: dict[str, Any]) -> None:
    """Writes results as JSON, a whole file or none; nothing if path is None."""
    if path is not None:
        write_text(path, json.dumps(found, indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """The results in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
