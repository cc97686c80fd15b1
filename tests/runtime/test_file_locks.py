"""nn/runtime/file_locks.py and whole_files.py: what living processes hold stays, the rest goes."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from nn.errors import UserError
from nn.runtime import file_locks, whole_files
from nn.runtime.file_locks import LOCK_FILE, alone_in
from nn.runtime.whole_files import incomplete_folder, replacing, write_text

pytestmark = pytest.mark.skipif(file_locks.fcntl is None, reason="Windows has no flock")

HOLDING = """
import sys
from pathlib import Path
from nn.runtime.file_locks import alone_in
from nn.runtime.whole_files import incomplete_folder, replacing
with {call}(Path(sys.argv[1])) as path:
    if path:
        (path / "half" if path.is_dir() else path).write_text("half")
    print("inside", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(call: str, path: Path) -> Iterator[subprocess.Popen]:
    """A process that is within alone_in, replacing or incomplete_folder; killed in the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING.format(call=call), path],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "inside\n"
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_second_process_is_told_which_the_first_is(tmp_path):
    with another_process("alone_in", tmp_path) as other:
        expected = (
            f"{tmp_path}: in use by process {other.pid} on {socket.gethostname()}; wait until it "
            "has ended, or stop it first"
        )
        with pytest.raises(UserError, match=f"^{re.escape(expected)}$"), alone_in(tmp_path):
            pass
        other.stdin.close()  # ends it as usual
        other.wait()
        assert names_in(tmp_path) == set()
    with alone_in(tmp_path):
        assert names_in(tmp_path) == {LOCK_FILE}
    assert names_in(tmp_path) == set()


def test_a_killed_process_locks_nothing(tmp_path):
    with another_process("alone_in", tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert names_in(tmp_path) == {LOCK_FILE}
        with alone_in(tmp_path):
            assert f"process {os.getpid()} on " in (tmp_path / LOCK_FILE).read_text()
    assert names_in(tmp_path) == set()


def test_a_file_system_without_locks_is_a_warning(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(file_locks.fcntl, "flock", refuse)
    (tmp_path / ".incomplete-abcd_123").mkdir()
    with alone_in(tmp_path), incomplete_folder(tmp_path):
        (warning,) = caplog.messages
        assert "this file system has no locks; make sure that no other process works" in warning
    assert names_in(tmp_path) == {".incomplete-abcd_123"}  # nobody knows whose it is


@pytest.mark.parametrize("call", ["replacing", "incomplete_folder"])
def test_only_what_a_dead_process_left_is_removed(tmp_path, call):
    target = tmp_path if call == "incomplete_folder" else tmp_path / "ink.png"
    others = {"ink.png.7", ".ink.png.old", ".other.png.7", ".incomplete-mine"}
    for name in others:
        (tmp_path / name).touch()

    def write() -> set[str]:
        if call == "replacing":
            write_text(target, "whole")
            target.unlink()
        else:
            with incomplete_folder(target) as folder:
                (folder / "half").touch()
        return names_in(tmp_path) - others

    with another_process(call, target) as living:
        with another_process(call, target) as killed:
            assert len(names_in(tmp_path)) == len(others) + 2
            killed.send_signal(signal.SIGKILL)
        (left,) = write()  # of the living one
        assert left.startswith(".incomplete-") or left == f".ink.png.{living.pid}"
    assert write() == set()
    assert others <= names_in(tmp_path)


def test_files_and_their_names_are_on_the_disk_in_this_order(tmp_path, monkeypatch):
    """A power failure at any moment leaves the old file or the new one."""
    did, fsync, replace = [], os.fsync, os.replace

    def note_fsync(descriptor):
        did.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def note_replace(source, target):
        did.append("rename")
        replace(source, target)

    monkeypatch.setattr(whole_files.os, "fsync", note_fsync)
    monkeypatch.setattr(whole_files.os, "replace", note_replace)
    with replacing(tmp_path / "a.csv") as temporary:
        temporary.write_text("rows")
    assert did == [f"sync {temporary.name}", "rename", f"sync {tmp_path.name}"]
