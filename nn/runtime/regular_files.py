"""Tells regular files from what may never end: opening a pipe waits for a writer, and a device such
as /dev/zero has no end."""

import errno
import stat
from pathlib import Path

MAX_TEXT_BYTES = 50_000_000  # of a card or an index: that of 100,000 pages has 30 MB

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def why_not_regular(path: Path) -> str | None:
    """Says, for a message, why a path must not be opened to be read: it leads to a pipe, a socket
    or a device. Links are followed, and nothing is opened.

    None for a regular file or a folder, and for a path that cannot be looked at: opening it raises
    the reason.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), None)
    return kind and f"{kind}, not a regular file; save what it holds to a file, and give that"


def read_text(path: Path) -> str:
    """The text of a file that this project has written, in UTF-8, such as a card.

    Raises OSError where the path leads to no regular file or to one that is too large, besides what
    reading it raises, and UnicodeDecodeError.
    """
    if reason := why_not_regular(path):
        raise OSError(errno.EINVAL, reason, str(path))
    with path.open("rb") as file:
        content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise OSError(errno.EFBIG, f"over {MAX_TEXT_BYTES / 1e6:g} MB", str(path))
    return content.decode()
