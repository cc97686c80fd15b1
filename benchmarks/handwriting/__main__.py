"""How well a model reads pictures of handwriting: composed ones, of each kind that people bring.

    python -m benchmarks.handwriting                    MNIST's test digits, and drawn strokes
    python -m benchmarks.handwriting --split validation --model runs/one/SavedModel
    python -m benchmarks.handwriting --kinds ballpoint lines --keep pictures/

For each kind it draws pictures of digits that the model was not trained with, reads them as
load_saved_model.py does, and prints how many were right, `unsure`, refused as if they were no
digit, or wrong though sure; and, beside that, how many are right when each picture is only shrunk
to 28×28, as most demonstrations do, or shrunk and, where its paper is bright, inverted. Tune on
validation digits (those that --validation-split 0.2 --seed 0 holds out); the test digits are for
the table that is reported.

A second table has pictures that show no digit. It counts how many the model refuses because it
finds no ink or because the ink looks like no digit, how many it leaves `unsure`, and how many it
answers. It should answer none.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks import result_files
from benchmarks.handwriting.kinds import KINDS, Digit, File
from benchmarks.handwriting.others import OTHERS
from benchmarks.held_out import held_out, parser_of
from nn.confidence.thresholds import EVEN_ODDS
from nn.data.digits import Digits
from nn.errors import UserError
from nn.prediction.readings import OK, Reading
from nn.runtime.startup import import_tensorflow

if TYPE_CHECKING:
    from nn import Predictor


class Refusals(NamedTuple):
    """Of one kind that is no digit: how many pictures, how many refused, unsure, answered."""

    pictures: int
    refused: int
    unsure: int
    answered: int


class Score(NamedTuple):
    """Of one kind: how many pictures, how many right, unsure, refused as if they were no digit,
    which are unsure too, sure and wrong, and how many right when only shrunk, or shrunk and
    inverted."""

    pictures: int
    right: int
    unsure: int
    refused: int
    sure_and_wrong: int
    shrunk: int
    inverted: int


def main() -> int:
    """The command line; returns the exit status."""
    options = parse_arguments()
    import_tensorflow()
    from nn import Predictor

    scores, refusals = {}, {}
    try:
        digits = held_out(options.data, options.split)
        with Predictor(options.model) as predictor, tempfile.TemporaryDirectory() as folder:
            print(f"{predictor.version}, {options.count} pictures a kind, {options.split} digits\n")
            keep = options.keep or Path(folder)
            keep.mkdir(parents=True, exist_ok=True)
            for name in tqdm(options.kinds, disable=None, leave=False):
                files, labels = compose(name, digits, options.count, options.seed)
                scores[name] = score(predictor, name, files, labels, keep)
            for name in tqdm(options.others, disable=None, leave=False):
                files = compose_other(name, digits, options.count, options.seed)
                refusals[name] = refuse(predictor, name, files, keep)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
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
    """What --results keeps: the counts of each kind, and what was measured."""
    return {
        "weights_sha256": predictor.card["weights_sha256"],
        "split": options.split,
        "seed": options.seed,
        "digits": {name: row._asdict() for name, row in scores.items()},
        "no_digit": {name: row._asdict() for name, row in refusals.items()},
    }


def parse_arguments() -> argparse.Namespace:
    parser = parser_of("handwriting", __doc__, 200, "pictures a kind")
    result_files.add_results_option(parser, result_files.HANDWRITING)
    add = parser.add_argument
    add("--kinds", nargs="*", choices=KINDS, default=list(KINDS), metavar="KIND",
        help=f"of {', '.join(KINDS)} (default: all)")  # fmt: skip
    add("--others", nargs="*", choices=OTHERS, default=list(OTHERS), metavar="KIND",
        help=f"pictures that show no digit: {', '.join(OTHERS)} (default: all)")  # fmt: skip
    return parser.parse_args()


def compose(name: str, digits: Digits, count: int, seed: int) -> tuple[list[File], np.ndarray]:
    """Pictures of a kind, each of 0 to 9 as often as the others, and their labels."""
    labels = np.arange(count) % 10
    files = []
    for number, label in enumerate(labels):
        random = np.random.default_rng([seed, list(KINDS).index(name), number])
        image = digits.images[random.choice(np.flatnonzero(digits.labels == label))]
        files.append(KINDS[name](Digit(int(label), image), random))
    return files, labels


def compose_other(name: str, digits: Digits, count: int, seed: int) -> list[File]:
    """Pictures of a kind that is no digit."""
    files = []
    for number in range(count):
        # From 27 on, as when there were 27 kinds: the pictures stay what they were.
        random = np.random.default_rng([seed, 27 + list(OTHERS).index(name), number])
        chosen = random.choice(len(digits), 2)
        pair = [Digit(int(digits.labels[i]), digits.images[i]) for i in chosen]
        files.append(OTHERS[name](pair, random))
    return files


def refuse(predictor: "Predictor", name: str, files: list[File], folder: Path) -> Refusals:
    """Reads a kind's pictures, in which there is no digit."""
    readings = list(predictor.read(_write(folder, name, files, ["x"] * len(files))))
    refused = sum(_is_refused(reading) for reading in readings)
    answered = sum(reading.status == OK for reading in readings)
    return Refusals(len(files), refused, len(files) - refused - answered, answered)


def _is_refused(reading: Reading) -> bool:
    """As without ink, or as like no digit."""
    return (reading.probability or 0) < EVEN_ODDS


def _write(folder: Path, name: str, files: list[File], labels: Iterable) -> list[Path]:
    paths = []
    for number, (file, label) in enumerate(zip(files, labels, strict=True)):
        paths.append(folder / f"{name}_{number:03d}_{label}{file.suffix}")
        paths[-1].write_bytes(file.content)
    return paths


def score(
    predictor: "Predictor", name: str, files: list[File], labels: np.ndarray, folder: Path
) -> Score:
    """Reads a kind's pictures, which are written to the folder."""
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
    with Image.open(io.BytesIO(file.content)) as image:
        return np.asarray(image.convert("L").resize((28, 28)))


def _is_bright(image: np.ndarray) -> bool:
    return image.mean() > 127


def _right(predictor: "Predictor", images: list[np.ndarray], labels: np.ndarray) -> int:
    return int((predictor.predict(np.stack(images)).digits == labels).sum())


def table(scores: dict[str, Score]) -> Iterable[str]:
    """The lines of a Markdown table, the kinds' sum the last."""
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
    """The lines of the table of pictures that show no digit."""
    total = Refusals(*(sum(column) for column in zip(*refusals.values(), strict=True)))
    yield "no digit      | refused | unsure | answered"
    yield "------------- | ------: | -----: | -------:"
    for name, row in {**refusals, "all": total}.items():
        shares = [count / row.pictures for count in (row.refused, row.unsure, row.answered)]
        yield f"{name:13s} | {shares[0]:7.1%} | {shares[1]:6.1%} | {shares[2]:8.1%}"


if __name__ == "__main__":
    sys.exit(main())
