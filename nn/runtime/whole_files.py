"""Files that appear whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` if the block ends without error.

    A reader of `path` never sees half a file, and an error leaves the file of before untouched. If
    path is a link, its target is written. Raises OSError if path is a pipe, a device or a folder:
    it would be replaced by a regular file.
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Gives an OSError of the block the name of the file that it writes: a full disk has none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def _target(path: Path) -> Path:
    """The regular file, old or new, that a path leads to. Raises OSError if it leads to another."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, "links in a circle", str(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder", str(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return target


def write_text(path: Path, text: str) -> None:
    """Writes a whole text file in UTF-8, or none."""
    with naming(path), replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
