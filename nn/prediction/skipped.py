"""Counts the files in the inputs' folders that load_saved_model.py does not read, and says why."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from nn.pictures.formats import EXTENSIONS
from nn.prediction.labels import Labels, unused_labels_line

MAX_FILES_LOOKED_AT = 10_000  # below one folder: counting must not take longer than reading
MAX_EXTENSIONS_NAMED = 4


def skipped_lines(
    inputs: Iterable[Path], recursive: bool, known: Iterable[Path], labels: Labels | None
) -> Iterator[str]:
    """Yields a line on the files that are not read, and one on the labels that are not used."""
    if line := skipped_line(inputs, recursive, known):
        yield line
    if labels and (line := unused_labels_line(labels)):
        yield line


def skipped_line(inputs: Iterable[Path], recursive: bool, known: Iterable[Path] = ()) -> str | None:
    """Says how many files in the folders among the inputs are not read; None if all are.

    Hidden files do not count, nor do files in hidden folders, nor `known`: the labels and the
    results. recursive: whether pictures in subfolders are read too.
    """
    others = {os.path.realpath(path) for path in known}
    extensions: Counter[str] = Counter()
    below = 0
    for folder in inputs:
        for path in islice(_files(folder), MAX_FILES_LOOKED_AT):
            is_below = path.parent != folder
            if path.suffix.lower() in EXTENSIONS:
                below += is_below and not recursive
            elif (recursive or not is_below) and os.path.realpath(path) not in others:
                extensions[path.suffix.lower() or "no extension"] += 1
    reasons = []
    if count := extensions.total():
        named = [name for name, _ in extensions.most_common(MAX_EXTENSIONS_NAMED)]
        named += ["…"] * (len(extensions) > len(named))
        has = "has" if count == 1 else "have"
        reasons.append(f"{count:,} {has} an unknown extension ({', '.join(named)})")
    if below:
        are = "is" if below == 1 else "are"
        reasons.append(f"{below:,} {are} in subfolders (--recursive reads them)")
    if not reasons:
        return None
    noun = "file was" if count + below == 1 else "files were"
    return f"{count + below:,} {noun} not read: {', '.join(reasons)}"


def _files(folder: Path) -> Iterator[Path]:
    """Yields the files below a folder, hidden ones left out; nothing where it is no folder."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))
