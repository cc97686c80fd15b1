"""Exported versions of a model: finding one, checking its files, describing it.

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
BUNDLED = "bundled"  # the folder of models that were trained on the bundled digits


def find_version(folder: Path) -> Path:
    """The version to use: folder itself, its highest-numbered one, or that of its bundled/.

    Raises ModelError where there is none.
    """
    if (folder / "saved_model.pb").exists() or (folder / CARD).exists():
        return folder
    for candidate in (folder, folder / BUNDLED):
        if versions := numbered_versions(candidate):
            return versions[max(versions)]
    if not folder.exists():
        raise ModelError(f"{folder}: no such model; {TRAIN_FIRST}")
    raise ModelError(
        f"{folder}: expected a SavedModel, or numbered versions, found neither; {TRAIN_FIRST}"
    )


def read_card(version: Path) -> dict:
    """The card of a version, after every file has been checked against its hash.

    Raises ModelError where a file is missing or damaged.
    """
    try:
        card = json.loads((version / CARD).read_text(encoding="utf-8"))
        files = card["files"].items()
        describe(version, card), thresholds_of(card)  # the card has all that they speak of
    except FileNotFoundError:
        raise ModelError(f"{version}: no {CARD}; not exported by train_neural_network.py") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise ModelError(
            f"{version / CARD}: damaged, or of another version of this project; export the model "
            "again"
        ) from None
    for name, expected in files:
        path = version / name
        if not path.is_file():
            raise ModelError(f"{path}: missing; export the model again")
        if file_sha256(path) != expected:
            raise ModelError(f"{path}: damaged (its SHA-256 is not the card's); export it again")
    return card


def describe(version: Path, card: Mapping) -> str:
    """One line: which model, trained on what, how accurate."""
    test = card["test"]
    return (
        f"Model {version}: {card['network']}, trained on {card['trained_on']:,} digits "
        f"({card['data']['source']}), test accuracy {test['accuracy']:.2%} "
        f"({test['errors']:,} of {test['images']:,} wrong)"
    )


def thresholds_of(card: Mapping) -> list[Threshold]:
    """The thresholds of a card; none where there were no digits to fit them to."""
    return [Threshold.of(row) for row in card["calibration"]["thresholds"]]


def numbered_versions(folder: Path) -> dict[int, Path]:
    try:
        names = [path for path in folder.iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read ({error.strerror})") from None
    return {int(path.name): path for path in names if path.name.isascii() and path.name.isdigit()}


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
