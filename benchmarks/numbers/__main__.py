"""Measures how well a model reads numbers of several digits, on pictures that it composes.

    python -m benchmarks.numbers                    MNIST's test digits
    python -m benchmarks.numbers --split validation --model runs/one/SavedModel
    python -m benchmarks.numbers --kinds boxes rows --count 20 --keep pictures/

It draws each kind of picture that people bring, with digits that the model was not trained with:
in a row, touching, in boxes, on combs, in frames, on pages of several rows, and with the signs of
dates, times and amounts. It reads the pictures as load_saved_model.py --number does. A reading is
right if it equals the whole text: the signs too, and each row on a line of its own. For each kind
it prints the number of right readings, of `unsure` readings, and of readings that are sure but
wrong; then each picture whose reading is sure but wrong.

Tune on validation digits (training with --validation-split 0.2 --seed 0 holds them out), and use
the test digits only for the table that you report.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from benchmarks import result_files
from benchmarks.held_out import opened, parser_of
from benchmarks.numbers.kinds import KINDS, seeded
from nn.data.digits import Digits
from nn.prediction.readings import OK, NumberReading
from nn.runtime.startup import import_tensorflow, run_command

if TYPE_CHECKING:
    from nn import Predictor


class Score(NamedTuple):
    """What the model did with the pictures of one kind: counts.

    right: right readings, sure or not. sure_and_wrong: a part of `sure`.
    """

    numbers: int
    right: int
    sure: int
    sure_and_wrong: int


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Composes, reads and counts; returns the exit status."""
    import_tensorflow()
    with opened(options, "numbers") as (predictor, digits, keep):
        scores, wrong = measure(predictor, digits, options, keep)
        result_files.write(options.results, results(predictor, options, scores))
    print(*table(scores), sep="\n")
    if wrong:
        print("", *wrong, sep="\n")
    return 0


def parse_arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = parser_of("numbers", __doc__, 300, "numbers of each kind")
    result_files.add_results_option(parser, result_files.NUMBERS)
    add = parser.add_argument
    add("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND",
        help=f"pictures to draw: {', '.join(KINDS)} (default: all)")  # fmt: skip
    add("--mistakes", action="store_true", help="also print the wrong readings that are unsure")
    return parser.parse_args()


def measure(
    predictor: "Predictor", digits: Digits, options: argparse.Namespace, folder: Path
) -> tuple[dict[str, Score], list[str]]:
    """Draws and reads the pictures of each kind; returns the counts, and a line for each mistake.

    folder: where the pictures are written.
    """
    scores, wrong = {}, []
    for kind in tqdm(options.kinds, disable=None, leave=False):
        paths, numbers = write(digits, options.count, options.seed, folder, kind)
        readings = list(predictor.read_numbers(paths))
        scores[kind] = score(readings, numbers)
        wrong += mistakes(readings, numbers, options.mistakes)
    return scores, wrong


def write(
    digits: Digits, count: int, seed: int, folder: Path, kind: str
) -> tuple[list[Path], list[str]]:
    """Writes `count` pictures of a kind into a folder; returns their paths and the numbers.

    A picture depends on the digits, on the seed, on the kind and on its place in the order. Its
    name shows the digits on it; a file's name cannot hold all of the signs between them.
    """
    paths, numbers = [], []
    for place in range(count):
        file, number = KINDS[kind](digits, seeded(kind, seed, place))
        shown = "".join(sign if sign.isdigit() else "_" for sign in number)
        paths.append(folder / f"{kind}_{place:03d}_{shown}{file.suffix}")
        paths[-1].write_bytes(file.content)
        numbers.append(number)
    return paths, numbers


def score(readings: list[NumberReading], numbers: list[str]) -> Score:
    """Counts the right, the sure, and the sure but wrong readings. numbers: the true ones."""
    right = [reading.number == number for reading, number in zip(readings, numbers, strict=True)]
    sure = [reading.status == OK for reading in readings]
    sure_and_wrong = sum(s and not r for s, r in zip(sure, right, strict=True))
    return Score(len(readings), sum(right), sum(sure), sure_and_wrong)


def mistakes(readings: list[NumberReading], numbers: list[str], unsure: bool) -> Iterable[str]:
    """Yields a line for each wrong reading that is sure. unsure: for each other wrong one too."""
    for reading, number in zip(readings, numbers, strict=True):
        if reading.number != number and (unsure or reading.status == OK):
            true, read = (repr(text) if text and "\n" in text else text
                          for text in (number, reading.number))  # fmt: skip
            why = "sure" if reading.status == OK else reading.reason
            yield f"{Path(reading.input).name}: {true} read as {read or 'nothing'}; {why}"


def results(predictor: "Predictor", options: argparse.Namespace, scores: dict[str, Score]) -> dict:
    """Makes the content of the --results file: what was measured, and the counts of each kind."""
    return {
        "weights_sha256": predictor.card["weights_sha256"],
        "split": options.split,
        "seed": options.seed,
        "kinds": {kind: row._asdict() for kind, row in scores.items()},
    }


def table(scores: dict[str, Score]) -> Iterable[str]:
    """Yields the lines of the Markdown table: what the model did with each kind."""
    yield "kind       | numbers | right | unsure | sure and wrong"
    yield "---------- | ------: | ----: | -----: | -------------:"
    for kind, row in scores.items():
        yield (
            f"{kind:10s} | {row.numbers:7,} | {row.right:5,} | {row.numbers - row.sure:6,}"
            f" | {row.sure_and_wrong:14,}"
        )


if __name__ == "__main__":
    sys.exit(main())
