"""Measures how well a model reads pictures of handwriting, on pictures that it composes.

    python -m benchmarks.handwriting                    MNIST's test digits, and drawn strokes
    python -m benchmarks.handwriting --split validation --model runs/one/SavedModel
    python -m benchmarks.handwriting --kinds ballpoint lines --keep pictures/

It draws each kind of picture that people bring, with digits that the model was not trained with:
in boxes, on forms, in old registers, small and filled, in faint pencil, on rough surfaces. It
reads the pictures as load_saved_model.py does. For each kind it prints the share of right answers,
of `unsure` answers and of refused pictures, and the number of answers that are sure but wrong. The
model refuses a picture if it finds no ink or if no digit reaches 50%; a refused picture counts as
`unsure` too. The last two columns show the share of right answers without the normalization: each
picture is only shrunk to 28×28, as most demonstrations do, and then, if it is bright, inverted.

Tune on validation digits (training with --validation-split 0.2 --seed 0 holds them out), and use
the test digits only for the table that you report.

A second table is about pictures that show no digit. It prints the share that the model refuses, the
share that it does not refuse but leaves `unsure`, and the share that it answers. It should answer
none.
"""

import argparse
import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks import result_files
from benchmarks.handwriting.all_kinds import KINDS, OTHERS, seeded
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.held_out import opened, parser_of
from nn.confidence.thresholds import EVEN_ODDS
from nn.data.digits import Digits
from nn.prediction.readings import OK, Reading
from nn.runtime.startup import import_tensorflow, run_command

if TYPE_CHECKING:
    from nn import Predictor


class Refusals(NamedTuple):
    """What the model did with the pictures of one kind that shows no digit: counts.

    Each of the `pictures` is either refused, unsure or answered.
    """

    pictures: int
    refused: int
    unsure: int
    answered: int


class Score(NamedTuple):
    """What the model did with the pictures of one kind of digit: counts.

    right: right answers, sure or not. unsure: unsure answers and refused pictures. refused:
    pictures without ink, or in which no digit reaches 50%. shrunk: right answers if each picture is
    only shrunk to 28×28. inverted: right answers if bright pictures are then inverted.
    """

    pictures: int
    right: int
    unsure: int
    refused: int
    sure_and_wrong: int
    shrunk: int
    inverted: int


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Composes, reads and counts; returns the exit status."""
    import_tensorflow()
    scores, refusals = {}, {}
    with opened(options, "pictures") as (predictor, digits, keep):
        for name in tqdm(options.kinds, disable=None, leave=False):
            files, labels = compose(name, digits, options.count, options.seed)
            scores[name] = score(predictor, name, files, labels, keep)
        for name in tqdm(options.others, disable=None, leave=False):
            files = compose_other(name, digits, options.count, options.seed)
            refusals[name] = refuse(predictor, name, files, keep)
    result_files.write(options.results, results(predictor, options, scores, refusals))
    tables = [table(scores)] if scores else []
    tables += [refusal_table(refusals)] if refusals else []
    print("\n\n".join("\n".join(lines) for lines in tables))
    return 0


def results(
    predictor: "Predictor",
    options: argparse.Namespace,
    scores: dict[str, Score],
    refusals: dict[str, Refusals],
) -> dict:
    """Makes the content of the --results file: what was measured, and the counts of each kind."""
    return {
        "weights_sha256": predictor.card["weights_sha256"],
        "split": options.split,
        "seed": options.seed,
        "digits": {name: row._asdict() for name, row in scores.items()},
        "no_digit": {name: row._asdict() for name, row in refusals.items()},
    }


def parse_arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = parser_of("handwriting", __doc__, 200, "pictures of each kind")
    result_files.add_results_option(parser, result_files.HANDWRITING)
    add = parser.add_argument
    add("--kinds", nargs="*", choices=KINDS, default=list(KINDS), metavar="KIND",
        help=f"pictures of digits: {', '.join(KINDS)} (default: all)")  # fmt: skip
    add("--others", nargs="*", choices=OTHERS, default=list(OTHERS), metavar="KIND",
        help=f"pictures that show no digit: {', '.join(OTHERS)} (default: all)")  # fmt: skip
    return parser.parse_args()


def compose(name: str, digits: Digits, count: int, seed: int) -> tuple[list[File], np.ndarray]:
    """Draws `count` pictures of a kind, 0 to 9 in turn; returns the files and the labels.

    A picture depends on the digits, on the seed and on its place in the order.
    """
    labels = np.arange(count) % 10
    files = []
    for number, label in enumerate(labels):
        random = seeded(name, seed, number)
        image = digits.images[random.choice(np.flatnonzero(digits.labels == label))]
        files.append(KINDS[name](Digit(int(label), image), random))
    return files, labels


def compose_other(name: str, digits: Digits, count: int, seed: int) -> list[File]:
    """Draws `count` pictures of a kind that shows no digit."""
    files = []
    for number in range(count):
        random = seeded(name, seed, number)
        chosen = random.choice(len(digits), 2)
        pair = [Digit(int(digits.labels[i]), digits.images[i]) for i in chosen]
        files.append(OTHERS[name](pair, random))
    return files


def refuse(predictor: "Predictor", name: str, files: list[File], folder: Path) -> Refusals:
    """Reads pictures that show no digit, from files in `folder`; counts what the model does."""
    readings = list(predictor.read(_write(folder, name, files, ["x"] * len(files))))
    refused = sum(_is_refused(reading) for reading in readings)
    answered = sum(reading.status == OK for reading in readings)
    return Refusals(len(files), refused, len(files) - refused - answered, answered)


def _is_refused(reading: Reading) -> bool:
    """Whether the model found no ink, or no digit that reaches EVEN_ODDS."""
    return (reading.probability or 0) < EVEN_ODDS


def _write(folder: Path, name: str, files: list[File], labels: Iterable) -> list[Path]:
    """Writes files into a folder, with kind and label in their names; returns their paths."""
    paths = []
    for number, (file, label) in enumerate(zip(files, labels, strict=True)):
        paths.append(folder / f"{name}_{number:03d}_{label}{file.suffix}")
        paths[-1].write_bytes(file.content)
    return paths


def score(
    predictor: "Predictor", name: str, files: list[File], labels: np.ndarray, folder: Path
) -> Score:
    """Reads pictures of one kind, from files in `folder`; compares the answers with the labels."""
    readings = list(predictor.read(_write(folder, name, files, labels)))
    right = np.array([reading.digit for reading in readings]) == labels
    sure = np.array([reading.status == OK for reading in readings])
    shrunk = [_shrunk(file) for file in files]
    inverted = [255 - image if _is_bright(image) else image for image in shrunk]
    return Score(
        len(labels),
        int(right.sum()),
        int((~sure).sum()),
        sum(map(_is_refused, readings)),
        int((sure & ~right).sum()),
        _right(predictor, shrunk, labels),
        _right(predictor, inverted, labels),
    )


def _shrunk(file: File) -> np.ndarray:
    """Decodes a picture and shrinks it to uint8 [28, 28], as most demonstrations do."""
    with Image.open(io.BytesIO(file.content)) as image:
        return np.asarray(image.convert("L").resize((28, 28)))


def _is_bright(image: np.ndarray) -> bool:
    return image.mean() > 127


def _right(predictor: "Predictor", images: list[np.ndarray], labels: np.ndarray) -> int:
    """Counts the images, uint8 [28, 28], that the network reads right without normalization."""
    return int((predictor.predict(np.stack(images)).digits == labels).sum())


def table(scores: dict[str, Score]) -> Iterable[str]:
    """Yields the lines of a Markdown table: a row for each kind, and one for all of them."""
    total = Score(*(sum(column) for column in zip(*scores.values(), strict=True)))
    yield "kind         |  right | unsure | refused | sure, wrong | only shrunk | and inverted"
    yield "------------ | -----: | -----: | ------: | ----------: | ----------: | -----------:"
    for name, row in {**scores, "all": total}.items():
        share = [count / row.pictures for count in (row.right, row.shrunk, row.inverted)]
        yield (
            f"{name:12s} | {share[0]:6.1%} | {row.unsure / row.pictures:6.1%}"
            f" | {row.refused / row.pictures:7.1%} | {row.sure_and_wrong:11,}"
            f" | {share[1]:11.0%} | {share[2]:12.0%}"
        )


def refusal_table(refusals: dict[str, Refusals]) -> Iterable[str]:
    """Yields the lines of the Markdown table of pictures that show no digit."""
    total = Refusals(*(sum(column) for column in zip(*refusals.values(), strict=True)))
    yield "no digit      | refused | unsure | answered"
    yield "------------- | ------: | -----: | -------:"
    for name, row in {**refusals, "all": total}.items():
        shares = [count / row.pictures for count in (row.refused, row.unsure, row.answered)]
        yield f"{name:13s} | {shares[0]:7.1%} | {shares[1]:6.1%} | {shares[2]:8.1%}"


if __name__ == "__main__":
    sys.exit(main())
