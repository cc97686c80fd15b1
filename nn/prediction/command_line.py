"""The options of load_saved_model.py. Nothing here imports TensorFlow: --help answers at once."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from nn.data.file_names import is_data_file
from nn.data.told import UNTOLD, Told, add_options
from nn.prediction.runtimes import RUNTIMES
from nn.runtime.printable import printable

DESCRIPTION = "Reads handwritten digits with a SavedModel: pictures, folders, rows of pixels."
EPILOG = """\
examples:
  python load_saved_model.py samples/                every picture of a folder
  python load_saved_model.py my_seven.jpg --top 3    the three likeliest digits
  python load_saved_model.py samples/ --labels samples/labels.csv
  python load_saved_model.py MNIST/digit_xtest.csv \\
      --labels MNIST/digit_ytest.csv
  python load_saved_model.py samples/ --json | jq .digit
  python load_saved_model.py my_seven.jpg --runtime litert    without TensorFlow
  python load_saved_model.py scans/ --max-error 1%
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
        description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_reading(parser.add_argument)
    _add_output(parser.add_argument)
    _add_kinds_of_input(parser.add_argument)
    options = parser.parse_args(arguments)
    _check_options(parser, options)
    return options


def _add_reading(add: Callable) -> None:
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
        type=error_rate,
        metavar="RATE",
        help="how many of the sure answers may be wrong, as 0.1%% or 0.001. The lower the rate, "
        "the more answers are marked as unsure. It holds for digits like those that the model was "
        "trained with, not for every picture (default: 0.1%%, or the lowest rate that the model "
        "has a threshold for)",
    )
    add(
        "--runtime",
        choices=RUNTIMES,
        help="what runs the model: tensorflow restores the SavedModel in a session; litert reads "
        "the version's digits.tflite without TensorFlow, the first picture after 0.25 s instead of "
        "3; auto is litert, if it can be used, for up to 20,000 pictures, and tensorflow for more "
        "(default: tensorflow; the installed command digits-read: auto)",
    )
    add("--recursive", action="store_true", help="read the pictures in subfolders too")


def _add_output(add: Callable) -> None:
    add(
        "--labels",
        type=Path,
        metavar="CSV",
        help="the right answers: prints accuracy and confusion matrix, and the table lists only "
        "wrong answers and inputs without a label. For a data file: one digit a line, or an array "
        "of labels; without this option, the labels in the file itself, if it has any. For "
        "pictures: rows of file,label, with file names relative to the folder of this file. Write "
        "the label of a number with its leading zeros",
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
        "rows of one data file. If a row cannot be read, this is an error, and no file is written",
    )


def _add_kinds_of_input(add: Callable) -> None:
    add_options(add, "data files")
    add(
        "--number",
        action="store_true",
        help="read numbers: several digits in a picture, in one row or several, with the signs "
        ". , - : / between them; digits may touch. A number is unsure if it may be another one",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="also draw a page for each answer, a PNG in DIR: the picture, the ink that was found, "
        "the 28x28 pixels that the network saw, and the ten probabilities; for a number, its "
        "digits in their places; DIR/index.html shows all pages",
    )


def _check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Ends the process with exit status 2 if options contradict each other, or the inputs."""
    if options.number:
        _check_number_options(parser, options)
    if options.kaggle and not (len(options.inputs) == 1 and is_data_file(options.inputs[0])):
        parser.error("--kaggle takes one input, a data file such as test.csv")
    if Told.of(options) != UNTOLD and not any(map(is_data_file, options.inputs)):
        parser.error("--transposed and --inverted are about data files, and there is none")
    if options.csv and options.kaggle and _lead_to_one_file(options.csv, options.kaggle):
        parser.error(f"--csv and --kaggle name one file, {options.csv}; name two")


def _lead_to_one_file(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)  # resolve raises at links in a circle


def _check_number_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Ends the process with 2 where --number does not fit the other options."""
    pixels = [path for path in options.inputs if is_data_file(path)]
    if options.top is not None:
        parser.error("--top does not fit --number: it shows the likeliest values of a single digit")
    if any(not path.is_dir() for path in pixels):
        rows = printable(str(pixels[0]))
        parser.error(f"--number reads pictures: the rows of {rows} hold one digit each")


def _input(text: str) -> Path:
    """The path of an input. - is standard input, and ./- a file of that name."""
    return Path("/dev/stdin" if text == "-" else text)


def error_rate(text: str) -> float:
    """Parses 0.1% or 0.001."""
    try:
        rate = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        rate = 0.0
    # A plain 1 could mean 1% or every answer.
    if not 0 < rate <= 1 or (rate == 1 and not text.endswith("%")):
        raise argparse.ArgumentTypeError(f"expected a rate such as 0.1% or 0.001, found {text}")
    return rate
