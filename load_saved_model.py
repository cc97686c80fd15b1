#!/usr/bin/env python3
"""Reads handwritten digits with a SavedModel: pictures, folders, rows of pixels."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from nn.data.file_names import is_data_file
from nn.data.told import Told, add_options
from nn.runtime.printable import printable
from nn.runtime.startup import (
    import_tensorflow,
    log_to_standard_error,
    make_output_safe,
    run_command,
)

if TYPE_CHECKING:
    from nn.prediction.inputs import Labels, Reader
    from nn.prediction.output import Format
    from nn.prediction.page_folder import PageFolder
    from nn.prediction.predictor import Predictor

EPILOG = """\
examples:
  python load_saved_model.py samples/                every picture of a folder
  python load_saved_model.py my_seven.jpg --top 3    the three likeliest digits
  python load_saved_model.py samples/ --labels samples/labels.csv
  python load_saved_model.py MNIST/digit_xtest.csv \\
      --labels MNIST/digit_ytest.csv
  python load_saved_model.py samples/ --json | jq .digit
  python load_saved_model.py scans/ --max-error 0.2%
  python load_saved_model.py scans/ --explain pages/    a page for each answer
  python load_saved_model.py samples/numbers/ --number  several digits a picture
  curl -s https://example.org/7.png | python load_saved_model.py -
  python load_saved_model.py kaggle/test.csv --kaggle submission.csv

Pictures are PNG, JPEG, WebP, BMP, GIF or TIFF files (HEIC too, where
pillow-heif is installed) of one digit each, of any size, dark on light or
light on dark; scan.tif#2 is the second page of a TIFF file. Data files hold a
digit of 784 pixels in each row, 0 = paper: CSV with or without a header and
labels, .npy, .npz or IDX, .gz or not; MNIST/README.md describes them. Results
go to standard output, progress and warnings to standard error.

exit status: 0 all inputs were read; 1 some could not be read, the others were;
2 wrong usage, no model or unusable data; 130 Ctrl-C
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        type=_input,
        metavar="INPUT",
        help="a picture, a folder of pictures, or a data file: CSV, .npy, .npz or IDX; - reads a "
        "picture from standard input",
    )
    add(
        "--model",
        type=Path,
        metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel in the current folder, or else beside this script)",
    )
    add(
        "--max-error",
        type=_rate,
        metavar="RATE",
        help="how many answers may be wrong, as 0.1%% or 0.001: less probable answers are marked "
        "as unsure. The rate holds for digits like those that the model was trained with, not for "
        "every picture (default: 0.1%%, or the lowest rate that the model has a threshold for)",
    )
    add("--recursive", action="store_true", help="read the pictures in subfolders too")
    add(
        "--labels",
        type=Path,
        metavar="CSV",
        help="the right answers: prints accuracy and confusion matrix, and the table lists only "
        "wrong answers and inputs without a label. For a data file: one digit a line, or an array "
        "of labels; without this option the labels in the file itself count, if it has any. For "
        "pictures: rows of file,label, with file names relative to the folder of this file; the "
        "label of a number is written as the number, with its leading zeros",
    )
    add(
        "--top",
        type=int,
        choices=range(1, 11),
        metavar="K",
        help="show the K likeliest digits (default: 1)",
    )
    add("--json", action="store_true", help="print one JSON object a line instead of a table")
    add("--csv", type=Path, metavar="FILE", help="also write the results to a CSV file")
    add(
        "--kaggle",
        type=Path,
        metavar="FILE",
        help="also write a submission to Kaggle's Digit Recognizer: rows of ImageId,Label for the "
        "rows of one data file. A row that cannot be read ends it with an error, and no file",
    )
    add_options(add, "data files")
    add(
        "--number",
        action="store_true",
        help="read numbers: several digits in a picture, side by side on one line, that do not "
        "touch. A number is unsure where one of its digits is",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="also draw a page for each answer, a PNG in DIR: the picture, the ink that was found, "
        "the 28x28 pixels that the network saw, and the ten probabilities; for a number, its "
        "digits in their places; DIR/index.html shows all pages",
    )
    options = parser.parse_args(arguments)
    if options.number:
        _check_number_options(parser, options)
    if options.kaggle and not (len(options.inputs) == 1 and is_data_file(options.inputs[0])):
        parser.error("--kaggle takes one input, a data file such as test.csv")
    return options


def _check_number_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Ends the process with 2 where --number does not fit the other options."""
    pixels = [path for path in options.inputs if is_data_file(path)]
    if options.top is not None:
        parser.error("--top does not fit --number: it shows the likeliest values of a single digit")
    if any(not path.is_dir() for path in pixels):
        rows = printable(str(pixels[0]))
        parser.error(f"--number reads pictures: the rows of {rows} hold one digit each")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    log_to_standard_error()
    # TensorFlow imports Keras, which nothing here uses: this halves the time to the first digit.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Reads every input and shows the readings; returns the exit status."""
    import_tensorflow()
    from tqdm import tqdm

    from nn.prediction import inputs
    from nn.prediction.number_hint import NumberHint
    from nn.prediction.output import DigitScore, Score
    from nn.prediction.page_folder import PageFolder
    from nn.prediction.predictor import Predictor
    from nn.prediction.readings import ERROR

    paths = _paths(options)
    labels = inputs.Labels(options.labels, paths, options.number) if options.labels else None
    score, failures = Score() if options.number else DigitScore(), 0
    hint = NumberHint()
    with Predictor(options.model, options.max_error) as predictor, ExitStack() as stack:
        for note in _notes(options, predictor, labels):
            print(printable(note), file=sys.stderr)
        pages = None
        if options.explain:
            pages = stack.enter_context(PageFolder(options.explain, paths))
        reader = _reader(options, predictor, pages)
        formats = [stack.enter_context(each) for each in _formats(options, reader, paths)]
        # A table in a terminal shows its own progress.
        is_quiet = True if sys.stdout.isatty() else None
        has_labels = labels is not None
        readings = inputs.read_all(reader, paths, Told.of(options))
        for reading in tqdm(readings, unit=" read", disable=is_quiet):
            label = labels.find(reading) if labels else reading.label
            has_labels = has_labels or label is not None
            right = score.add(reading, label)
            failures += reading.status == ERROR
            hint.add(reading)
            for each in formats:
                each.write(reading, label, right)
        if line := hint.line(predictor):
            print(line, file=sys.stderr)
    if pages:
        print(printable(pages.summary()), file=sys.stderr)
    if has_labels and not labels:
        print("Compared with the labels in the data files themselves", file=sys.stderr)
    if has_labels:
        above = [] if formats[-1].is_empty else [""]  # a blank line below the table
        print(*above, *score.lines(), sep="\n", file=sys.stderr if options.json else sys.stdout)
    return 1 if failures else 0


def _paths(options: argparse.Namespace) -> list[Path]:
    """The files to be read; raises DataError if the results would overwrite one."""
    from nn.prediction import inputs

    paths = inputs.expand(options.inputs, options.recursive)
    also = [options.labels] if options.labels else []
    for name, output in (("--csv", options.csv), ("--kaggle", options.kaggle)):
        if output:
            inputs.refuse_to_overwrite(output, [*paths, *also], name)
    return paths


def _notes(
    options: argparse.Namespace, predictor: "Predictor", labels: "Labels | None"
) -> Iterator[str]:
    """Yields lines on the model, the threshold, the files that are not read and unused labels."""
    from nn import versions
    from nn.prediction.output import threshold_line
    from nn.prediction.skipped import skipped_lines

    yield versions.describe(predictor.version, predictor.card)
    better = versions.better_version_line(predictor.version, predictor.card)
    if better and predictor.version != options.model:  # who names a version has chosen
        yield better
    yield threshold_line(predictor.threshold, options.max_error)
    known = [path for path in (options.labels, options.csv) if path]
    yield from skipped_lines(options.inputs, options.recursive, known, labels)


def _reader(
    options: argparse.Namespace, predictor: "Predictor", pages: "PageFolder | None"
) -> "Reader":
    """Makes the reader that the options ask for; imports only what it needs."""
    if options.number:
        from nn.prediction.number_reader import NumberReader

        numbers = NumberReader(predictor)
        if pages is None:
            return numbers
        from nn.prediction.explainer import NumberExplainer

        return NumberExplainer(numbers, pages)
    if pages is None:
        return predictor
    from nn.prediction.explainer import Explainer

    return Explainer(predictor, pages)


def _formats(
    options: argparse.Namespace, reader: "Reader", paths: Sequence[Path]
) -> "Iterator[Format]":
    """Makes the output formats that the options ask for, in the order in which they are opened."""
    from nn.prediction.output import CsvFile, JsonLines, KaggleFile, Table

    if options.csv:
        yield CsvFile(reader.reading_type, options.csv)
    if options.kaggle:
        yield KaggleFile(options.kaggle)
    if options.json:
        yield JsonLines()
    else:
        names = [f"{path}:12345" if is_data_file(path) else str(path) for path in paths]
        width = max(len(printable(name)) for name in names)
        yield Table(reader.reading_type, width, options.top or 1)


def _input(text: str) -> Path:
    """The path of an input. - is standard input, and ./- a file of that name."""
    return Path("/dev/stdin" if text == "-" else text)


def _rate(text: str) -> float:
    """Parses 0.1% or 0.001."""
    try:
        rate = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        rate = 0.0
    # A plain 1 could mean 1% or every answer.
    if not 0 < rate <= 1 or (rate == 1 and not text.endswith("%")):
        raise argparse.ArgumentTypeError(f"expected a rate such as 0.1% or 0.001, found {text}")
    return rate


if __name__ == "__main__":
    sys.exit(main())
