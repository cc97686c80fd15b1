"""What the user says of how images are stored, and the options to say it.

Nothing here imports NumPy: --help answers at once.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple


class Told(NamedTuple):
    """Whether images lie on their side, and whether paper is light; None: find it out."""

    transposed: bool | None = None
    inverted: bool | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Told":
        """What the options of add_options say."""
        return cls(options.transposed, options.inverted)


UNTOLD = Told()


def add_options(add: Callable, images: str) -> None:
    """Adds --transposed and --inverted. images: whose images they are about, for --help."""
    add(
        "--transposed",
        action=argparse.BooleanOptionalAction,
        help=f"whether the images of {images} lie on their side, as EMNIST's do (default: "
        "recognized from the digits)",
    )
    add(
        "--inverted",
        action=argparse.BooleanOptionalAction,
        help=f"whether the images of {images} have light paper, 255 (default: recognized from "
        "the digits)",
    )
