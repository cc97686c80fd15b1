"""Types of command-line options: text → a value, or an error that argparse shows."""

import argparse
from collections.abc import Callable

from nn.data.digits import SEED_LIMIT

MAX_LAYER_UNITS = 100_000  # such a layer has 78 million weights; more units are a typing error


def positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError(text)
        return value

    parse.__name__ = f"positive {kind.__name__}"  # argparse's message names it
    return parse


def not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected 0 or more, found {text}")
    return value


def layer_size(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MAX_LAYER_UNITS:
        raise argparse.ArgumentTypeError(f"expected 1 to {MAX_LAYER_UNITS:,} units, found {text}")
    return value


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected 0 up to, but not including, 1, found {text}")
    return value


def seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < SEED_LIMIT:
        raise argparse.ArgumentTypeError(f"expected 0 to {SEED_LIMIT - 1}, found {text}")
    return value
