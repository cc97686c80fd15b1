"""Text files that grow by lines, with a SHA-256 of each line in a file beside them.

history.csv       epoch,step,…        history.sha256    9a0c…
                  1,375,…                               51d7…

A checksum of the whole file would not do: a process may be killed after it has written one of the
two files. The hashes are written first, and a file grows by lines alone. So every line has its hash
at any instant; the last hash may have no line yet.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from nn.errors import UserError
from nn.runtime.regular_files import read_text
from nn.runtime.sealed_json import warn_of_no_checksum
from nn.runtime.whole_files import write_text


def hashes_file(path: Path) -> Path:
    """The file with the hashes of another's lines."""
    return path.with_suffix(".sha256")


def write(path: Path, text: str) -> None:
    """Writes a whole text file in UTF-8, after the hashes of its lines. Raises OSError."""
    write_text(hashes_file(path), "".join(f"{each}\n" for each in _hashes(lines_of(text))))
    write_text(path, text)


def lines_of(text: str) -> list[str]:
    """The lines of a text. Not splitlines, which ends a line at other characters too: damage can
    make one of them of a line break."""
    return text.removesuffix("\n").split("\n")


def check(path: Path, lines: Sequence[str], advice: str) -> None:
    """Raises UserError, which ends with the advice, if a line of a file has no hash. Without
    hashes, as in a run of an older version of the project, it warns once."""
    file = hashes_file(path)
    try:
        known = set(lines_of(read_text(file)))
    except FileNotFoundError:
        warn_of_no_checksum(path)
        return
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({error}); {advice}") from None
    for number, found in enumerate(_hashes(lines), 1):
        if found not in known:
            raise UserError(
                f"{path}, line {number}: damaged (its SHA-256 is not in {file.name}); {advice}"
            )


def _hashes(lines: Iterable[str]) -> list[str]:
    return [hashlib.sha256(line.encode("utf-8")).hexdigest() for line in lines]
