"""What a model gains by learning a hand: writers of styles that MNIST lacks.

    python -m benchmarks.own_hand --results benchmarks/results_own_hand.json

For each writer of writers.py, and for 20, 50 and 200 labeled pictures of their digits, it runs
train_neural_network.py --start-from and then reads other pictures of the same writer with the model
before and with the exported one. About a minute for each row. Digits that a writer writes as MNIST
has them are drawn from MNIST's validation digits for learning, from its test digits for judging.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks import result_files
from benchmarks.handwriting.kinds import Digit
from benchmarks.held_out import held_out, parser_of
from benchmarks.own_hand.writers import TUNED_ON, WRITERS
from nn.data.digits import Digits
from nn.errors import UserError
from nn.prediction.readings import OK
from nn.runtime.startup import import_tensorflow, run_command

if TYPE_CHECKING:
    from nn import Predictor

COUNTS = (20, 50, 200)  # labeled pictures to learn from
SCRIPT = result_files.FOLDER.parent / "train_neural_network.py"
LABELS = "labels.csv"


class Row(NamedTuple):
    """What came of one training. before and after: wrong answers to the judged pictures;
    sure_before, sure_after: answers that are sure; sure_and_wrong_before, sure_and_wrong_after: of
    these, wrong ones. test_before, test_after: wrong answers to the MNIST test digits. objection:
    why the guard exported nothing; then `after` repeats `before`, as the user keeps the old
    model."""

    writer: str
    learned: int
    judged: int
    before: int
    after: int
    sure_before: int
    sure_after: int
    sure_and_wrong_before: int
    sure_and_wrong_after: int
    test_before: int
    test_after: int
    objection: str | None


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = parser_of("own_hand", __doc__, 500, "pictures of each writer to judge by")
    result_files.add_results_option(parser, result_files.OWN_HAND)
    parser.add_argument("--writers", nargs="*", choices=WRITERS, default=list(WRITERS),
                        metavar="WRITER", help=f"{', '.join(WRITERS)} (default: all)")  # fmt: skip
    options = parser.parse_args()
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Trains and judges for each writer; returns the exit status."""
    import_tensorflow()
    rows = []
    to_learn, to_judge = (held_out(options.data, which) for which in ("validation", options.split))
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        for writer in options.writers:
            for row in try_writer(writer, to_learn, to_judge, options, keep / writer):
                rows.append(row)
                print(line(row), flush=True)
    found = {"split": options.split, "seed": options.seed, "rows": [row._asdict() for row in rows]}
    result_files.write(options.results, found)
    return 0


def try_writer(
    writer: str, to_learn: Digits, to_judge: Digits, options: argparse.Namespace, folder: Path
) -> Iterable[Row]:
    """Trains with each of COUNTS, and yields what came of it."""
    from nn import Predictor, versions

    random = np.random.default_rng([options.seed, list(WRITERS).index(writer)])
    judged, labels = draw(writer, to_judge, options.count, random, folder / "judged")
    with Predictor(options.model) as predictor:
        start = predictor.version
        before = answers(predictor, judged, labels)
        errors = predictor.card["test"]["errors"]
    for count in COUNTS:
        own = folder / f"learned {count}"
        draw(writer, to_learn, count, random, own)
        target = folder / f"model {count}"
        objection = learn(own, start, target)
        after, test_after = before, errors
        if objection is None:
            with Predictor(target) as predictor:
                after = answers(predictor, judged, labels)
                test_after = versions.read_card(predictor.version)["test"]["errors"]
        yield Row(writer, count, len(judged), before[0], after[0], before[1], after[1],
                  before[2], after[2], errors, test_after, objection)  # fmt: skip


def draw(
    writer: str, digits: Digits, count: int, random: np.random.Generator, folder: Path
) -> tuple[list[Path], np.ndarray]:
    """Draws pictures of a writer's digits, each digit equally often, with their labels.csv."""
    folder.mkdir(parents=True)
    labels = np.arange(count) % 10
    paths, rows = [], ["file,label"]
    for number, label in enumerate(labels.tolist()):
        image = digits.images[random.choice(np.flatnonzero(digits.labels == label))]
        file = WRITERS[writer].picture(Digit(label, image), random)
        paths.append(folder / f"{number:04d}{file.suffix}")
        paths[-1].write_bytes(file.content)
        rows.append(f"{paths[-1].name},{label}")
    (folder / LABELS).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return paths, labels


def learn(own: Path, start: Path, target: Path) -> str | None:
    """Runs the training as a user does; returns why it exported nothing, None if it exported.
    Raises UserError."""
    command = [
        sys.executable, SCRIPT, "--data", own, "--labels", own / LABELS, "--start-from", start,
        "--run-dir", f"{target}-run", "--saved-model", target, "--quiet",
    ]  # fmt: skip
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode not in (0, 1):
        raise UserError(f"{own}: {finished.stderr.strip()}")
    return finished.stdout.splitlines()[-1] if finished.returncode else None


def answers(
    predictor: "Predictor", paths: Sequence[Path], labels: np.ndarray
) -> tuple[int, int, int]:
    """Counts the wrong answers, the sure ones, and the sure ones that are wrong."""
    readings = list(predictor.read(paths))
    wrong = np.array([reading.digit for reading in readings]) != labels
    sure = np.array([reading.status == OK for reading in readings])
    return int(wrong.sum()), int(sure.sum()), int((wrong & sure).sum())


def table(rows: Iterable[Row]) -> Iterable[str]:
    """The Markdown table of docs/own_digits.md."""
    yield "| writer | learned | wrong before | wrong after | sure | sure and wrong | MNIST, wrong |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    yield from map(line, rows)


def line(row: Row) -> str:
    """A row of the table."""
    mark = "" if row.writer in TUNED_ON else " *"
    after = "not exported" if row.objection else f"{row.after} of {row.judged}"
    sure = f"{row.sure_before} → {row.sure_after}"
    wrong = f"{row.sure_and_wrong_before} → {row.sure_and_wrong_after}"
    test = f"{row.test_before} → {row.test_after}"
    return (
        f"| {row.writer}{mark} | {row.learned} | {row.before} | {after} | {sure} | {wrong} "
        f"| {test} |"
    )


if __name__ == "__main__":
    sys.exit(main())
