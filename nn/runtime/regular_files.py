"""Tells regular files from what may never end: opening a pipe waits for a writer, and a device such
as /dev/zero has no end."""

import stat
from pathlib import Path

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
