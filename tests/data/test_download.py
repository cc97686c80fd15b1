"""Getting MNIST: import of IDX files, download from mirrors, and what a failure leaves behind."""

import gzip
import hashlib
import os
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from conftest import run_script

from nn import mnist
from nn.data import download
from nn.data.csv_files import CSV_NAMES, read_folder
from nn.errors import DataError
from nn.runtime.file_locks import in_use

RANDOM = np.random.default_rng(0)
ARRAYS = [
    RANDOM.integers(0, 256, (5, 28, 28), np.uint8),
    np.array([3, 1, 4, 1, 5], np.uint8),
    RANDOM.integers(0, 256, (2, 28, 28), np.uint8),
    np.array([9, 2], np.uint8),
]
NAMES = [file.name for file in download.IDX_FILES]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}i", 0x800 + array.ndim, *array.shape) + array.tobytes()


CONTENTS = {name: idx(array) for name, array in zip(NAMES, ARRAYS, strict=True)}


@pytest.fixture
def small_mnist(monkeypatch):
    """Makes ARRAYS the original MNIST."""
    files = tuple(
        file._replace(sha256=hashlib.sha256(CONTENTS[file.name]).hexdigest())
        for file in download.IDX_FILES
    )
    monkeypatch.setattr(download, "IDX_FILES", files)


@pytest.fixture
def source(tmp_path):
    """A folder of four IDX files; CSV files are to go into its sibling csv/."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "csv"


def message_of(function, *arguments, **options) -> str:
    with pytest.raises(DataError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def assert_holds_the_arrays(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(CSV_NAMES)
    training, test = read_folder(folder)
    found = [training.images, training.labels, test.images, test.labels]
    for array, expected in zip(found, ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected)


def import_failure(source, target) -> str:
    """The message of a failing import, which must leave nothing behind."""
    message = message_of(download.import_idx, source, target, quiet=True)
    assert not target.exists()
    assert list(source.parent.iterdir()) == [source]
    return message


def test_raw_files_are_imported(source, target):
    download.import_idx(source, target, quiet=True)
    assert_holds_the_arrays(target)


def test_gzip_files_are_imported(source, target):
    for name, content in CONTENTS.items():
        (source / name).unlink()
        (source / f"{name}.gz").write_bytes(gzip.compress(content))
    download.import_idx(source, target, quiet=True)
    assert_holds_the_arrays(target)


def test_the_original_files_bring_no_notice(small_mnist, source, target):
    assert download.import_idx(source, target, quiet=True) == []


def test_files_that_are_not_the_original_are_named(small_mnist, source, target):
    other = idx(np.array([0, 0], np.uint8))
    (source / TEST_LABELS).unlink()
    (source / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(other))
    assert download.import_idx(source, target, quiet=True) == [f"{TEST_LABELS}.gz"]
    assert read_folder(target)[1].labels.tolist() == [0, 0]


def test_what_is_told_holds_for_files_of_mnists_names(source, target, capsys):
    arguments = ["--from", str(source), "--to", str(target), "--quiet"]
    assert mnist.main([*arguments, "--transposed", "--no-inverted"]) == 0, capsys.readouterr().err
    images = read_folder(target)[0].images
    np.testing.assert_array_equal(images, ARRAYS[0].transpose(0, 2, 1))


def test_the_command_line_warns_of_other_files(source, target, capsys):
    assert mnist.main(["--from", str(source), "--to", str(target), "--quiet"]) == 0
    output = capsys.readouterr()
    warnings = output.err.splitlines()
    assert len(warnings) == 4
    for name, line in zip(NAMES, warnings, strict=True):
        assert line.startswith("warning: ")
        assert name in line
    assert len(output.out.splitlines()) == 1
    assert_holds_the_arrays(target)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(source, target, name):
    (source / name).unlink()
    assert import_failure(source, target).startswith(f"{source / name}: no such file")


@pytest.mark.parametrize("name", [TRAIN_IMAGES, TEST_LABELS])
def test_a_folder_in_a_files_place_is_named(source, target, name):
    (source / name).unlink()
    (source / name).mkdir()
    assert import_failure(source, target).startswith(f"{source / name}: cannot be read")


@pytest.mark.parametrize(
    ("name", "other", "expected", "found"),
    [
        (TRAIN_IMAGES, idx(np.zeros(50, np.uint8)), "0x0803", "0x0801"),
        (TEST_LABELS, CONTENTS[TEST_IMAGES], "0x0801", "0x0803"),
        (TEST_IMAGES, gzip.compress(CONTENTS[TEST_IMAGES]), "0x0803", "0x1f8b08"),
    ],
    ids=["labels for images", "images for labels", "gzip without .gz"],
)
def test_a_wrong_magic_number_is_refused(source, target, name, other, expected, found):
    (source / name).write_bytes(other)
    message = import_failure(source, target)
    assert message.startswith(f"{source / name}: expected ")
    assert expected in message.partition("found")[0]
    assert found in message.partition("found")[2]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("surplus", [-1, 1])
def test_a_file_of_another_length_is_refused(source, target, name, surplus):
    length = len(CONTENTS[name])
    (source / name).write_bytes((CONTENTS[name] + b"\0")[: length + surplus])
    assert import_failure(source, target) == (
        f"{source / name}: expected {length:,} bytes, found {length + surplus:,}"
    )


@pytest.mark.parametrize(("name", "length"), [(TRAIN_IMAGES, 15), (TRAIN_IMAGES, 4),
                                              (TRAIN_LABELS, 7), (TRAIN_LABELS, 0)])  # fmt: skip
def test_a_header_cut_short_is_refused(source, target, name, length):
    (source / name).write_bytes(CONTENTS[name][:length])
    start, _, message = import_failure(source, target).partition(": expected ")
    assert start == str(source / name)
    expected, found = (set(part.split()) for part in message.split(", found ", 1))
    assert not found <= expected


@pytest.mark.parametrize("shape", [(5, 32, 32), (5, 28, 27), (5, 784, 1)])
def test_images_of_another_size_are_refused(source, target, shape):
    (source / TRAIN_IMAGES).write_bytes(idx(np.zeros(shape, np.uint8)))
    assert import_failure(source, target) == (
        f"{source / TRAIN_IMAGES}: expected images of 28x28, found {shape[1]}x{shape[2]}"
    )


@pytest.mark.parametrize(
    "damage",
    [lambda packed: packed[:-20], lambda packed: packed[:10] + b"\xff" * 40 + packed[50:],
     lambda packed: b"PK" + packed, lambda packed: packed[:-8] + bytes(8)],
    ids=["cut short", "overwritten", "no gzip", "wrong checksum"],
)  # fmt: skip
def test_broken_gzip_is_refused(source, target, damage):
    path = source / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(damage(gzip.compress(CONTENTS[TRAIN_IMAGES])))
    (source / TRAIN_IMAGES).unlink()
    assert import_failure(source, target).startswith(f"{path}: cannot be read (")


@pytest.mark.parametrize(("name", "part"), [(TRAIN_LABELS, "5 train"), (TEST_LABELS, "2 t10k")])
def test_counts_that_differ_are_both_named(source, target, name, part):
    (source / name).write_bytes(idx(np.array([1, 2, 3], np.uint8)))
    message = import_failure(source, target)
    assert message == f"{source}: {part} images, but 3 labels"


def test_a_failing_import_leaves_the_csv_files_alone(source, target):
    download.import_idx(source, target, quiet=True)
    (source / TEST_LABELS).write_bytes(b"")
    (source / TRAIN_IMAGES).write_bytes(idx(np.zeros((5, 28, 28), np.uint8)))
    message_of(download.import_idx, source, target, quiet=True)
    assert_holds_the_arrays(target)


def test_a_write_that_breaks_off_leaves_the_csv_files_alone(source, target):
    download.import_idx(source, target, quiet=True)
    changed = [np.zeros_like(array) for array in ARRAYS[:3]]
    with pytest.raises(ValueError, match="shorter"):
        download.write_csv_files(target, changed, quiet=True)
    assert_holds_the_arrays(target)


def test_two_imports_at_once_do_not_mix_their_files(source, target):
    """The files of one get their names while no other process names its own."""
    target.mkdir(exist_ok=True)
    importing = Thread(target=download.import_idx, args=(source, target, True))
    with in_use(target, os.O_RDONLY):  # as a process that names its files
        importing.start()
        importing.join(0.5)
        assert importing.is_alive()
        assert not any((target / name).exists() for name in CSV_NAMES)
    importing.join(10)
    assert_holds_the_arrays(target)


def test_an_import_replaces_the_csv_files(source, target):
    target.mkdir()
    for name in CSV_NAMES:
        (target / name).write_text("old")
    download.import_idx(source, target, quiet=True)
    assert_holds_the_arrays(target)


def test_a_target_that_is_a_file_is_named(source, target):
    target.write_text("mine")
    assert message_of(download.import_idx, source, target, quiet=True).startswith(str(target))
    assert target.read_text() == "mine"


def test_the_module_says_one_line_and_exits_with_2(tmp_path):
    finished = run_script("-m", "nn.mnist", "--from", "/nonexistent", cwd=tmp_path)
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1, finished.stderr
    assert finished.stderr.startswith(f"error: /nonexistent/{TRAIN_IMAGES}: no such file")
    assert finished.stdout == ""
    assert not list(tmp_path.iterdir())


class Mirrors(ThreadingHTTPServer):
    """Mirrors on the loopback interface. files: by path; cut: paths of which half is sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.requested: list[str] = []

    def add(self, name: str) -> str:
        """Puts the four files on a new mirror; returns its address."""
        for file, content in CONTENTS.items():
            self.files[f"/{name}/{file}.gz"] = gzip.compress(content)
        return f"http://127.0.0.1:{self.server_port}/{name}/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requested.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half] if self.path in self.server.cut else content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirrors(small_mnist, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirrors() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_good_mirror_is_enough(mirrors, target):
    first, second = mirrors.add("first"), mirrors.add("second")
    download.download(target, [first, second], quiet=True)
    assert_holds_the_arrays(target)
    assert mirrors.requested == [f"/first/{name}.gz" for name in NAMES]


def test_the_last_slash_of_a_mirror_may_be_missing(mirrors, target):
    download.download(target, [mirrors.add("first").rstrip("/")], quiet=True)
    assert_holds_the_arrays(target)


@pytest.mark.parametrize("failing", [TRAIN_IMAGES, TEST_IMAGES])
@pytest.mark.parametrize("failure", ["wrong bytes", "no gzip", "cut", "404"])
def test_a_failing_mirror_is_left_for_the_next(mirrors, target, failing, failure):
    first, second = mirrors.add("first"), mirrors.add("second")
    path = f"/first/{failing}.gz"
    if failure == "wrong bytes":
        mirrors.files[path] = gzip.compress(CONTENTS[failing][:-1] + b"\0")
    elif failure == "no gzip":
        mirrors.files[path] = b"<html>Log in to this network first</html>"
    elif failure == "cut":
        mirrors.cut.add(path)
    else:
        del mirrors.files[path]
    download.download(target, [first, second], quiet=True)
    assert_holds_the_arrays(target)
    good = NAMES.index(failing)
    assert mirrors.requested == [f"/first/{name}.gz" for name in NAMES[: good + 1]] + [
        f"/second/{name}.gz" for name in NAMES[good:]
    ]


def test_where_all_mirrors_fail_each_reason_is_named(mirrors, target):
    missing, wrong, cut = (mirrors.add(name) for name in ("missing", "wrong", "cut"))
    del mirrors.files[f"/missing/{TRAIN_IMAGES}.gz"]
    mirrors.files[f"/wrong/{TRAIN_IMAGES}.gz"] = gzip.compress(b"other")
    mirrors.cut.add(f"/cut/{TRAIN_LABELS}.gz")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        message = message_of(download.download, target, [missing, silent, wrong, cut], quiet=True)
    reasons = message.removeprefix("MNIST could not be downloaded: ").split("; ")
    expected = [(missing, "Not Found"), (silent, "refused"), (wrong, "SHA-256"), (cut, "ended")]
    for reason, (mirror, part) in zip(reasons, expected, strict=True):
        assert reason.startswith(mirror)
        assert part in reason
    assert not target.exists()


def test_a_failing_download_leaves_the_csv_files_alone(mirrors, target):
    mirror = mirrors.add("first")
    download.download(target, [mirror], quiet=True)
    del mirrors.files[f"/first/{TEST_LABELS}.gz"]
    message_of(download.download, target, [mirror], quiet=True)
    assert_holds_the_arrays(target)


def test_a_mirror_that_is_no_address_is_named(small_mnist, target):
    assert "mirror.example" in message_of(download.download, target, ["mirror.example"], quiet=True)
    assert not target.exists()
