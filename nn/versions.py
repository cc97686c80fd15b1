"""Exported versions of a model: finds one, verifies its files, and describes it.

SavedModel/N/saved_model.pb    the graph, with four signatures
SavedModel/N/variables/        the weights
SavedModel/N/model_card.json   where they come from, how good they are, a hash of each file
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from nn.confidence.thresholds import Threshold
from nn.errors import ModelError

CARD = "model_card.json"
TRAIN_FIRST = "train one first: python train_neural_network.py"
BUNDLED = "bundled"  # the subfolder for models that were trained on scikit-learn's bundled digits


def find_version(folder: Path) -> Path:
    """Finds the version to use: the folder itself, or its highest-numbered version, or else the
    highest-numbered one in its subfolder bundled/. Raises ModelError where there is none."""
    if (folder / "saved_model.pb").exists() or (folder / CARD).exists():
        return folder
    for candidate in (folder, folder / BUNDLED):
        if versions := numbered_versions(candidate):
            return versions[max(versions)]
    if not folder.exists():
        raise ModelError(f"{folder}: no such model; {TRAIN_FIRST}")
    raise ModelError(
        f"{folder}: expected a SavedModel or a folder of numbered versions, found neither; "
        f"{TRAIN_FIRST}"
    )


def read_card(version: Path) -> dict:
    """Reads the card of a version, and verifies each file against its SHA-256 in the card.

    Raises ModelError where the card or a file is missing or damaged.
    """
    try:
        card = json.loads((version / CARD).read_text(encoding="utf-8"))
        files = card["files"].items()
        # Both raise where the card lacks a field or holds a wrong one.
        describe(version, card)
        thresholds_of(card)
    except FileNotFoundError:
        raise ModelError(
            f"{version}: has no {CARD}, so train_neural_network.py did not export it"
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise ModelError(
            f"{version / CARD}: damaged, or written by another version of this project; export the "
            "model again"
        ) from None
    for name, expected in files:
        path = version / name
        if not path.is_file():
            raise ModelError(f"{path}: missing; export the model again")
        if file_sha256(path) != expected:
            raise ModelError(
                f"{path}: damaged (its SHA-256 differs from the card); export the model again"
            )
    return card


def describe(version: Path, card: Mapping) -> str:
    """Describes a version in one line: its network, its training digits, its test accuracy."""
    test = card["test"]
    return (
        f"Model {version}: {card['network']}, trained on {card['trained_on']:,} digits "
        f"({card['data']['source']}), test accuracy {test['accuracy']:.2%} "
        f"({test['errors']:,} of {test['images']:,} wrong)"
    )


def thresholds_of(card: Mapping) -> list[Threshold]:
    """Returns the thresholds in a card; none where no digits were held out to fit them to. Raises
    LookupError, TypeError or ValueError where the card is damaged."""
    return [Threshold.of(row) for row in card["calibration"]["thresholds"]]


def numbered_versions(folder: Path) -> dict[int, Path]:
    """Returns the subfolders that a number names, by that number; none where there is no such
    folder. Raises ModelError where the folder cannot be read."""
    try:
        names = [path for path in folder.iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read ({error.strerror})") from None
    return {int(path.name): path for path in names if path.name.isascii() and path.name.isdigit()}


def file_sha256(path: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
