"""nn/runtime/whole_files.py: a file appears whole or not at all, and nothing else is replaced."""

import os
import stat
from pathlib import Path

import pytest

from nn.runtime.whole_files import replacing, write_text


def test_an_error_leaves_the_old_file_and_no_temporary(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["results.csv"]
    assert path.read_text() == "old"


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "target" / "results.csv")
    for text in ("new", "newer"):  # the target is missing, then there
        write_text(tmp_path / "link.csv", text)
        assert (tmp_path / "link.csv").is_symlink()
        assert (tmp_path / "target" / "results.csv").read_text() == text
    assert len(list((tmp_path / "target").iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_or_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(OSError, match="not a regular file"):
            write_text(tmp_path / name, "text")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert {each.name for each in tmp_path.iterdir()} == {"pipe", "null"}


def test_links_in_a_circle_are_an_error(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="circle"):
        write_text(tmp_path / "circle", "text")
