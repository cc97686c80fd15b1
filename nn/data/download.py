"""Gets MNIST, by download or from local IDX files, and writes it as the four CSV files."""

import gzip
import hashlib
import os
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from io import BufferedIOBase, BytesIO
from pathlib import Path

import numpy as np
from tqdm import tqdm

from nn.data.csv_files import CSV_NAMES
from nn.data.idx_files import IdxFile, parse_idx
from nn.errors import DataError
from nn.runtime.file_locks import in_use
from nn.runtime.regular_files import why_not_regular
from nn.runtime.whole_files import incomplete_folder, sync, sync_folder

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
READ_BYTES = 65_536  # a download reads this many bytes at a time, then moves its progress bar
WRITE_ROWS = 1000  # a CSV file is written this many rows at a time
MAX_IDX_BYTES = 1_000_000_000  # of a file, unpacked: 20 times those of MNIST's largest
TIMEOUT_SECONDS = 5  # without a connection or without data; the next mirror is tried then


# In the order of CSV_NAMES.
IDX_FILES = (
    IdxFile("train-images-idx3-ubyte", 0x803,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    IdxFile("train-labels-idx1-ubyte", 0x801,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    IdxFile("t10k-images-idx3-ubyte", 0x803,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    IdxFile("t10k-labels-idx1-ubyte", 0x801,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)  # fmt: skip


def download(folder: Path, mirrors: Sequence[str] = MIRRORS, quiet: bool = False) -> None:
    """Downloads MNIST, checks it by SHA-256 and writes the four CSV files into folder.

    If a mirror fails in any way (no connection, 404, cut short, wrong bytes), the next mirror
    supplies that file, from its start, and all later files. Raises DataError with the reason of
    each mirror if all fail; then nothing is written. Raises it too if the folder cannot be written.
    """
    arrays, remaining = [], list(mirrors)
    failures: list[str] = []
    for file in IDX_FILES:
        while remaining:
            try:
                arrays.append(parse_idx(file, _fetch(remaining[0], file, quiet), file.name))
                break
            except DataError as error:
                failures.append(str(error))
                remaining.pop(0)
        else:
            raise DataError("MNIST could not be downloaded: " + "; ".join(failures))
    write_csv_files(folder, arrays, quiet)


def import_idx(source: Path, folder: Path, quiet: bool = False) -> list[str]:
    """Reads the four IDX files in source (.gz or not) and writes the CSV files into folder.

    Returns the names of the files whose SHA-256 is not MNIST's. That is no error: they may be
    another data set in the same format. Raises DataError if a file is bad, a label is above 9, the
    numbers of images and labels differ, or the folder cannot be written.
    """
    arrays, not_mnist = [], []
    for file in IDX_FILES:
        path, content = _read_idx_file(source, file.name)
        arrays.append(parse_idx(file, content, str(path)))
        if hashlib.sha256(content).hexdigest() != file.sha256:
            not_mnist.append(path.name)
    for images, labels, name in ((arrays[0], arrays[1], "train"), (arrays[2], arrays[3], "t10k")):
        if labels.max(initial=0) > 9:
            raise DataError(f"{source}: the {name} labels: expected 0 to 9, found {labels.max()}")
        if len(images) != len(labels):
            raise DataError(f"{source}: {len(images):,} {name} images, but {len(labels):,} labels")
    write_csv_files(folder, arrays, quiet)
    return not_mnist


def _read_idx_file(source: Path, name: str) -> tuple[Path, bytes]:
    """The path and the uncompressed bytes of a file, plain or gzipped. Raises DataError."""
    for path in (source / name, source / f"{name}.gz"):
        if reason := why_not_regular(path):
            raise DataError(f"{path}: {reason}")
        try:
            with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
                return path, _all_of(file, str(path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: cannot be read ({error})") from None
    raise DataError(f"{source / name}: no such file, nor {name}.gz")


def _all_of(file: BufferedIOBase, where: str) -> bytes:
    """What an open file holds. Raises DataError where that is more than any IDX file of digits."""
    content = file.read(MAX_IDX_BYTES + 1)
    if len(content) > MAX_IDX_BYTES:
        raise DataError(f"{where}: over {MAX_IDX_BYTES / 1e6:g} MB, unpacked")
    return content


def write_csv_files(folder: Path, arrays: Sequence[np.ndarray], quiet: bool = False) -> None:
    """Writes the four arrays to the files CSV_NAMES of a folder, which it creates if needed.

    arrays: in the order of CSV_NAMES, uint8 [N, 28, 28] images and uint8 [N] labels. All files are
    complete before the first one takes its final name. Raises DataError if the folder cannot be
    written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_csv_files(folder, arrays, quiet)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from None


def _write_csv_files(folder: Path, arrays: Sequence[np.ndarray], quiet: bool) -> None:
    text = [str(value) for value in range(256)]
    total = sum(len(array) for array in arrays)
    with (
        incomplete_folder(folder) as temporary,
        tqdm(total=total, desc="Writing CSV files", unit=" rows", disable=quiet) as bar,
    ):
        for name, array in zip(CSV_NAMES, arrays, strict=True):
            with open(Path(temporary, name), "w", encoding="ascii", newline="\n") as file:
                for start in range(0, len(array), WRITE_ROWS):
                    rows = array[start : start + WRITE_ROWS].reshape(-1, array[0].size).tolist()
                    file.writelines(",".join([text[n] for n in row]) + "\n" for row in rows)
                    bar.update(len(rows))
        sync(temporary)
        with in_use(folder, os.O_RDONLY):  # another process would mix its files with these
            for name in CSV_NAMES:
                os.replace(Path(temporary, name), folder / name)
        sync_folder(folder)


def _fetch(mirror: str, file: IdxFile, quiet: bool) -> bytes:
    """Downloads one file from a mirror, checks its SHA-256 and returns the uncompressed bytes.
    Raises DataError."""
    url = f"{mirror.rstrip('/')}/{file.name}.gz"
    packed = BytesIO()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            length = int(response.headers.get("Content-Length") or 0) or None
            with tqdm(
                total=length, desc=file.name, unit="B", unit_scale=True, disable=quiet
            ) as bar:
                while packed.tell() < MAX_IDX_BYTES and (part := response.read(READ_BYTES)):
                    packed.write(part)
                    bar.update(len(part))
        packed.seek(0)
        with gzip.open(packed) as unpacked:
            content = _all_of(unpacked, url)
    except urllib.error.URLError as error:
        raise DataError(f"{url}: {getattr(error, 'reason', error)}") from None
    except (OSError, EOFError, ValueError, HTTPException, zlib.error) as error:
        raise DataError(f"{url}: {error}") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise DataError(f"{url}: expected SHA-256 {file.sha256[:12]}…, found {digest[:12]}…")
    return content
