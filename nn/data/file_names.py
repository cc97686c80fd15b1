"""What the names of data files say: which files are data, what for, and which belong together.

Nothing here opens a file or imports NumPy.
"""

import re
from pathlib import Path

TRAINING, TEST, VALIDATION = "training", "test", "validation"
_ROLES = (
    (TRAINING, re.compile(r"train(ing)?")),
    (TEST, re.compile(r"test(ing)?|t10k")),
    (VALIDATION, re.compile(r"valid(ation)?|(?<![a-z])val(?![a-z])")),
)
# Words of a name that say what a file holds, not which set of files it belongs to.
_KIND_WORDS = {"x", "y", "image", "images", "label", "labels", "idx1", "idx3", "ubyte", "gz", "idx",
               "csv", "tsv", "npy", "npz"}  # fmt: skip
SUFFIXES = (".csv", ".tsv", ".npy", ".npz", ".idx", ".idx1-ubyte", ".idx3-ubyte", "-ubyte")


def is_data_file(path: Path) -> bool:
    """Whether a file's name is that of a data file, gzipped or not; other names are pictures'."""
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def role_of(name: str) -> str | None:
    """What a file or an array is for, such as TEST of t10k-images-idx3-ubyte; None if its name does
    not say."""
    return next((role for role, pattern in _ROLES if pattern.search(name.lower())), None)


def group_of(name: str) -> str:
    """What is left of a file's name without role and kind: `emnist digits` of
    emnist-digits-train-images-idx3-ubyte.gz."""
    text = name.lower()
    for _, pattern in _ROLES:
        text = pattern.sub(" ", text)
    return " ".join(word for word in re.split(r"[^a-z0-9]+", text) if word not in _KIND_WORDS)
