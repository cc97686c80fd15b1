"""The digits that a model was not trained with, and the options that ask for pictures of them."""

import argparse
from pathlib import Path

from nn.data.digits import Digits, split


def parser_of(name: str, description: str, count: int, what: str) -> argparse.ArgumentParser:
    """The parser of a benchmark that draws pictures; count: how many of what, if not told."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    add("--split", choices=("test", "validation"), default="test", help="whose digits (test)")
    add("--data", default="mnist", metavar="DATA", help="as the training script's --data")
    add("--count", type=_positive, default=count, metavar="N", help=f"{what} ({count})")
    add("--seed", type=int, default=0, metavar="N", help="another draws other pictures (0)")
    add("--keep", type=Path, metavar="DIR", help="write the pictures there, to be looked at")
    return parser


def held_out(data: str, which: str) -> Digits:
    """The test digits, or those that training with its usual settings holds out."""
    from nn.training import datasets  # and with it TensorFlow: --help is to be quick

    source = datasets.load(data)
    return source.test if which == "test" else split(source.training, 0.2, 0)[1]


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text}")
    return value
