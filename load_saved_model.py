#!/usr/bin/env python3
"""Reads handwritten digits with a SavedModel: pictures, folders, CSV rows."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from nn.errors import UserError
from nn.runtime.startup import import_tensorflow, make_output_safe

if TYPE_CHECKING:
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
  python load_saved_model.py scans/ --explain pages/    why it read what it read
  python load_saved_model.py samples/numbers/ --number  several digits a picture

Pictures are PNG, JPEG, WebP, BMP, GIF or TIFF files (HEIC too, where
pillow-heif is installed) of one digit each, of any size, dark on light or
light on dark. CSV files hold rows of 784 pixels, 0 to 255, 0 = paper. Results
go to standard output, all else to standard error.

exit status: 0 all read, 1 some input could not be read (the others were),
2 wrong usage, no model or unusable data, 130 Ctrl-C
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        type=Path,
        metavar="INPUT",
        help="a picture, a folder of pictures, or a CSV file of pixels",
    )
    add(
        "--model",
        type=Path,
        metavar="DIR",
        default=Path("SavedModel"),
        help="a version, or a folder of versions: the highest is used (default: SavedModel)",
    )
    add(
        "--max-error",
        type=_rate,
        metavar="RATE",
        help="how often answers may be wrong, as 0.1%% or 0.001: those that are not probable "
        "enough for it are marked unsure. It holds for digits such as those that the model was "
        "trained with, not for any picture (default: 0.1%%, or the lowest rate that the model "
        "has a threshold for)",
    )
    add("--recursive", action="store_true", help="also the pictures in the folders' folders")
    add(
        "--labels",
        type=Path,
        metavar="CSV",
        help="right answers, for accuracy and confusion matrix: for a CSV file of pixels one "
        "digit a line, for pictures rows of file,label, files named from the folder of this one, a "
        "label that is a number as it is written, with its leading zeros; "
        "the table then lists only what is wrong or has no label",
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
        "--number",
        action="store_true",
        help="each picture holds a number: several digits side by side, in one line, that do not "
        "touch; it is unsure where one of its digits is",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="also draw a page on each reading, a PNG in DIR: the picture, the ink that was found, "
        "the 28x28 that the network saw, the ten probabilities; of a number, its "
        "digits in their places",
    )
    options = parser.parse_args(arguments)
    if options.csv in options.inputs:
        parser.error(f"--csv {options.csv} would overwrite an input")
    if options.number:
        _check_number_options(parser, options)
    return options


def _check_number_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    pixels = [path for path in options.inputs if path.suffix.lower() == ".csv"]
    if options.top is not None:
        parser.error("--number has no use for --top: a number has as many digits as it has")
    if any(not path.is_dir() for path in pixels):
        parser.error(f"--number reads pictures: the rows of {pixels[0]} hold one digit each")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    # TensorFlow imports Keras, which nothing here uses: this halves the time to the first digit.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    try:
        import_tensorflow()
        return run(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(options: argparse.Namespace) -> int:
    """Reads every input and shows what was read; returns the exit status."""
    from tqdm import tqdm

    from nn import versions
    from nn.prediction import inputs, number_output, output
    from nn.prediction.predictor import Predictor
    from nn.prediction.readings import ERROR, failed, failed_number

    shown, error = (number_output, failed_number) if options.number else (output, failed)
    paths = inputs.expand(options.inputs, options.recursive)
    labels = inputs.Labels(options.labels, paths, options.number) if options.labels else None
    width = max(len(str(path)) + 6 * (path.suffix == ".csv") for path in paths)
    likeliest = {"top": options.top} if options.top else {}  # which numbers have not
    score, failures = shown.Score(), 0
    with Predictor(options.model, options.max_error) as predictor, ExitStack() as stack:
        print(versions.describe(predictor.version, predictor.card), file=sys.stderr)
        print(output.threshold_line(predictor.threshold, options.max_error), file=sys.stderr)
        reader = _reader(options, predictor, paths)
        write_csv = stack.enter_context(shown.csv_file(options.csv)) if options.csv else None
        if not options.json:
            print(shown.table_header(width))
        readings = inputs.read_all(reader, paths, error)
        # A table in a terminal shows its own progress.
        bar = tqdm(readings, unit=" read", disable=True if sys.stdout.isatty() else None)
        for reading in bar:
            label = labels.find(reading) if labels else None
            right = score.add(reading, label)
            failures += reading.status == ERROR
            if write_csv:
                write_csv(reading)
            if options.json:
                print(shown.json_line(reading))
            elif not right:
                print(shown.table_row(reading, width, label, **likeliest))
    if options.explain:
        pages = "page" if reader.count == 1 else "pages"
        print(f"{reader.count:,} {pages} drawn into {options.explain}/", file=sys.stderr)
    if labels:
        print("", *score.lines(), sep="\n", file=sys.stderr if options.json else sys.stdout)
    return 1 if failures else 0


def _reader(options: argparse.Namespace, predictor: "Predictor", paths: Sequence[Path]):
    """What reads the inputs as the options have it; imports only what that needs."""
    if options.explain:
        from nn.prediction.explainer import Explainer, NumberExplainer

        explainer = NumberExplainer if options.number else Explainer
        return explainer(predictor, options.explain, paths)
    if options.number:
        from nn.prediction.inputs import NumberReader

        return NumberReader(predictor)
    return predictor


def _rate(text: str) -> float:
    try:
        rate = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        rate = 0.0
    # 1 might be meant as 1%, or as all.
    if not 0 < rate <= 1 or (rate == 1 and not text.endswith("%")):
        raise argparse.ArgumentTypeError(f"expected a rate such as 0.1% or 0.001, found {text}")
    return rate


if __name__ == "__main__":
    sys.exit(main())
