"""Where the project's folders are: beside the scripts, for a user who works in another folder."""

from collections.abc import Callable
from pathlib import Path

# The folder of the two scripts. After `pip install` it is the one that packages are installed into.
PROJECT = Path(__file__).resolve().parents[2]


def find_folder(name: Path, holds: Callable[[Path], bool]) -> Path:
    """The folder to read from if the user names none: the one of the current directory, or else
    the one beside the scripts, if that one holds what is needed and the first does not."""
    beside_scripts = PROJECT / name
    return beside_scripts if holds(beside_scripts) and not holds(name) else name
