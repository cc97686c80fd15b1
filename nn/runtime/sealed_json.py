"""JSON files that carry a checksum of themselves: who reads them notices every changed value.

    {..., "format": 1, "sha256": "5f3a…"}

`sha256` is the SHA-256 of all other fields, written as JSON in ASCII with sorted keys and without
spaces. So it stays the same if a tool lays the file out in another way. It tells damage, not
forgery: anybody can compute it.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from nn.errors import UserError
from nn.runtime.printable import printable
from nn.runtime.regular_files import read_text, why_not_regular
from nn.runtime.whole_files import write_text

log = logging.getLogger(__name__)

# Raise it when older versions of this project must not read what is written now. The way in which
# the checksum is computed must stay: a file is checked before its format is looked at.
FORMAT = 1


def write(path: Path, fields: Mapping) -> None:
    """Writes a whole file, or none: the fields, then its format and its checksum, in place of those
    that the fields may bring. Raises OSError."""
    stamped = {name: value for name, value in fields.items() if name not in ("format", "sha256")}
    stamped["format"] = FORMAT
    write_text(path, json.dumps({**stamped, "sha256": _sha256(stamped)}, indent=2) + "\n")


def read(path: Path, error: type[UserError], advice: str, *, warns: bool = True) -> dict:
    """Reads and checks what `write` wrote; returns the fields without format and checksum.

    A file without both was written by an older version of this project, or changed by hand: it is
    read, and a warning says so, once in a process. warns: False leaves that out. Raises
    FileNotFoundError; `error`, in one line that ends with the advice, if the file is damaged; and
    `error` if a newer version of this project wrote it.
    """
    if reason := why_not_regular(path):
        raise error(f"{path}: {reason}")
    try:
        fields = json.loads(read_text(path))
        if not isinstance(fields, dict):
            raise ValueError("not a JSON object")
        has_checksum = "sha256" in fields or "format" in fields
        if fields.pop("sha256", None) != _sha256(fields) and has_checksum:
            raise ValueError("its checksum does not fit the rest of it")
    except FileNotFoundError:
        raise
    except RecursionError:
        raise error(f"{path}: damaged (too many brackets within each other); {advice}") from None
    except (OSError, ValueError) as problem:
        raise error(f"{path}: cannot be read, or damaged ({problem}); {advice}") from None
    if has_checksum:
        _check_format(path, fields.pop("format", FORMAT), error)
    elif warns:
        warn_of_no_checksum(path)
    return fields


def _check_format(path: Path, found: object, error: type[UserError]) -> None:
    if not (isinstance(found, int) and found <= FORMAT):
        raise error(
            f"{path}: written by a newer version of this project, in format {found}; this version "
            f"reads up to {FORMAT}; update the project"
        )


@cache
def warn_of_no_checksum(path: Path) -> None:
    """Warns, once in a process, that nothing tells whether a file is damaged."""
    log.warning(
        f"warning: {printable(str(path))}: has no checksum (an older version of this project wrote "
        "it), so damage to it may go unnoticed"
    )


def _sha256(fields: Mapping) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
