"""The kernel's locks on files and folders (flock): a lock ends with its process, even if it is
killed.

So a lock tells what a living process works on from what a dead one left, and no lock is stale. On
NFS, Linux asks the server for the lock of a file, so it holds between machines. If a file system
has no locks, a warning says so, two processes are not kept apart, and what a dead process left
stays. On Windows Python has no flock: the same holds there, without the warning.
"""

import logging
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nn.errors import UserError

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

LOCK_FILE = ".lock"
MAX_OWNER_BYTES = 300


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other processes that call it out of a folder while the block runs.

    Raises UserError, which names the other process, if one is in the folder; and OSError. The file
    .lock in the folder says who holds it. A process that is killed leaves the file, but not the
    lock.
    """
    if fcntl is None:
        yield
        return
    path = folder / LOCK_FILE
    descriptor, is_locked = _open(path, os.O_RDWR | os.O_CREAT, waits=False)
    try:
        if is_locked is False:
            owner = os.read(descriptor, MAX_OWNER_BYTES).decode(errors="replace").strip()
            raise UserError(
                f"{folder}: in use by {owner or 'another process'}; wait until it has ended, or "
                "stop it first"
            )
        if is_locked is None:
            log.warning(
                f"warning: {path}: this file system has no locks; make sure that no other process "
                "works in this folder"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is locked: nobody else can have taken it over
    finally:
        os.close(descriptor)


@contextmanager
def in_use(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> Iterator[None]:
    """Marks a file as in use while the block runs, for remove_if_abandoned; waits while another
    process has marked it. flags: how it is opened; os.O_RDONLY for a folder. Raises OSError."""
    if fcntl is None:  # Windows renames no file that is open
        yield
        return
    descriptor, _ = _open(path, flags, waits=True)
    try:
        yield
    finally:
        os.close(descriptor)


def remove_if_abandoned(path: Path) -> None:
    """Deletes a regular file or a folder that is marked as in use by no living process. Leaves it
    where that cannot be told, or where it cannot be deleted."""
    if fcntl is None or path.is_symlink() or not (path.is_file() or path.is_dir()):
        return
    try:
        is_folder = path.is_dir()
        descriptor, is_locked = _open(path, os.O_RDONLY if is_folder else os.O_RDWR, waits=False)
    except OSError:  # it is gone, or another user's
        return
    try:
        if is_locked:
            if is_folder:
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _open(path: Path, flags: int, *, waits: bool) -> tuple[int, bool | None]:
    """Opens and locks a path. Returns a descriptor, and whether it is locked: False if another
    process holds the lock, None if the file system has no locks. Raises OSError."""
    while True:
        descriptor = os.open(path, flags, 0o666)
        is_locked = _lock(descriptor, waits)
        # Between the two calls another process may have deleted it, and made another.
        if not is_locked or _is_still(path, descriptor):
            return descriptor, is_locked
        os.close(descriptor)


def _lock(descriptor: int, waits: bool) -> bool | None:
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
