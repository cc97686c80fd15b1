"""Digits that a model was not trained with, and the options of benchmarks that draw them."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nn.data.digits import Digits, split

if TYPE_CHECKING:
    from nn import Predictor


def parser_of(name: str, description: str, count: int, what: str) -> argparse.ArgumentParser:
    """Makes the parser of a benchmark that draws pictures.

    name: the module's, in benchmarks/. count: the default of --count. what: what --count counts.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    add("--split", choices=("test", "validation"), default="test",
        help="digits to draw (default: test)")  # fmt: skip
    add("--data", default="mnist", metavar="DATA", help="see --data of train_neural_network.py")
    add("--count", type=_positive, default=count, metavar="N",
        help=f"how many {what} to draw (default: {count})")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N",
        help="another seed draws other pictures (default: 0)")  # fmt: skip
    add("--keep", type=Path, metavar="DIR", help="keep the pictures in DIR, for you to look at")
    return parser


@contextmanager
def opened(options: argparse.Namespace, what: str) -> "Iterator[tuple[Predictor, Digits, Path]]":
    """Yields the model, the digits to draw and the folder for the pictures, and says which.

    options: of a parser that parser_of made. what: what --count counts. The folder is --keep's, or
    a temporary one.
    """
    from nn import Predictor  # not at the top: it imports TensorFlow

    digits = held_out(options.data, options.split)
    with Predictor(options.model) as predictor, tempfile.TemporaryDirectory() as folder:
        print(f"{predictor.version}, {options.count} {what} of each kind, {options.split} digits\n")
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        yield predictor, digits, keep


def held_out(data: str, which: str) -> Digits:
    """Loads the test digits, or the validation digits of --validation-split 0.2 --seed 0.

    data: as --data. which: "test" or "validation".
    """
    from nn.training import datasets  # not at the top: it imports TensorFlow, --help must be quick

    source = datasets.load(data)
    return source.test if which == "test" else split(source.training, 0.2, 0)[1]


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text}")
    return value
