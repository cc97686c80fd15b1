"""The result files that docs/ takes its figures from, and the option that writes one."""

import argparse
import json
from pathlib import Path
from typing import Any

from nn.runtime.whole_files import write_text

FOLDER = Path(__file__).parent
# These two hold rows of comparison.csv, which train_neural_network.py --compare writes.
ALL_DIGITS = FOLDER / "results_all_digits.csv"
COMPARED = FOLDER / "results_compared.csv"
HANDWRITING = FOLDER / "results_handwriting.json"
NUMBERS = FOLDER / "results_numbers.json"
CALIBRATION = FOLDER / "results_calibration.json"
OWN_HAND = FOLDER / "results_own_hand.json"
PARITY = FOLDER / "results_parity.json"
FAULTS = FOLDER / "results_faults.json"
MUTATION = FOLDER / "results_mutation.json"


def add_results_option(parser: argparse.ArgumentParser, usual: Path) -> None:
    """Adds the option --results. usual: the result file that docs/ takes its figures from."""
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="also write the results to FILE; docs/ takes its figures from "
        f"{usual.relative_to(FOLDER.parent)}",
    )


def write(path: Path | None, found: dict[str, Any]) -> None:
    """Writes results as JSON: a whole file or none. Writes nothing if path is None."""
    if path is not None:
        write_text(path, json.dumps(found, indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """Reads the results from a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
