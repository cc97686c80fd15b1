"""Exported versions of a model: finds one, verifies its files, and describes it.

SavedModel/N/saved_model.pb    the graph, with seven signatures
SavedModel/N/variables/        the weights
SavedModel/N/digits.tflite     the same graph and weights for LiteRT, without what has strings
SavedModel/N/model_card.json   where they come from, how good they are, a hash of each file
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from nn.confidence.thresholds import Threshold
from nn.errors import ModelError
from nn.runtime.locations import PROJECT
from nn.runtime.regular_files import read_text, why_not_regular

CARD = "model_card.json"
LITERT_FILE = "digits.tflite"
TRAIN_FIRST = "train one first: python train_neural_network.py"
DEFAULT_FOLDER = Path("SavedModel")  # of the current directory: trainings export to it
INSTALLED_FOLDER = Path(__file__).parent / "installed_model"  # `pip install` copies SavedModel/1
BUNDLED = "bundled"  # the subfolder for models that were trained on scikit-learn's bundled digits
ONE_SIDED_95_PERCENT = 1.645  # standard deviations of a normal distribution


def default_folder() -> Path:
    """The folder of models for a user who names none: `SavedModel` in the current directory, or
    beside the scripts, or the copy that `pip install` puts into the package; the first that holds
    a version. If none does, the first."""
    folders = (DEFAULT_FOLDER, PROJECT / DEFAULT_FOLDER, INSTALLED_FOLDER)
    return next((folder for folder in folders if _version_in(folder)), DEFAULT_FOLDER)


def find_version(folder: Path) -> Path:
    """Finds the version to use: the folder itself, or its highest-numbered version, or else the
    highest-numbered one in its subfolder bundled/. Raises ModelError where there is none."""
    if version := _version_in(folder):
        return version
    if not folder.exists():
        raise ModelError(f"{folder}: no such model; {TRAIN_FIRST}")
    if named := _folders_of_versions(folder):
        raise ModelError(
            f"{folder}: holds no numbered version itself; choose one of the folders in it: "
            f"{', '.join(map(str, named))}"
        )
    raise ModelError(
        f"{folder}: expected a SavedModel or a folder of numbered versions, found neither; "
        f"{TRAIN_FIRST}"
    )


def better_version(version: Path, card: Mapping) -> tuple[Path, Mapping] | None:
    """The version beside this one that reads the same test digits with the fewest errors, and its
    card; None if its advantage could be chance.

    It could be chance if the difference of the two numbers of errors is below its one-sided 95%
    limit, for two independent Poisson counts. Versions whose cards cannot be read are left out.
    """
    found = []
    for other in numbered_versions(version.absolute().parent).values():
        try:
            other_card = json.loads(read_text(other / CARD))
            if other_card["data"]["test_sha256"] == card["data"]["test_sha256"]:
                found.append((int(other_card["test"]["errors"]), other, other_card))
        except (OSError, ValueError, LookupError, TypeError):
            continue
    errors = card["test"]["errors"]
    itself = errors, version, card
    fewest, other, other_card = min(found, key=lambda each: each[0], default=itself)
    if errors - fewest <= ONE_SIDED_95_PERCENT * (errors + fewest) ** 0.5:
        return None
    return version.parent / other.name, other_card


def better_version_line(version: Path, card: Mapping) -> str | None:
    """Says which version beside this one reads the same test digits better, and how to use it; None
    if there is none."""
    found = better_version(version, card)
    if found is None:
        return None
    better, better_card = found
    return (
        f"{better} reads the same test digits better ({better_card['test']['errors']:,} wrong); to "
        f"use it: --model {shlex.quote(str(better))}"
    )


def _version_in(folder: Path) -> Path | None:
    """What find_version finds in a folder; None where there is no version."""
    if (folder / "saved_model.pb").exists() or (folder / CARD).exists():
        return folder
    for candidate in (folder, folder / BUNDLED):
        if versions := numbered_versions(candidate):
            return versions[max(versions)]
    return None


def _folders_of_versions(folder: Path) -> list[Path]:
    """The subfolders that hold numbered versions, sorted: trainings on a user's own data write
    them."""
    subfolders = folder.iterdir() if folder.is_dir() else ()
    return sorted(each for each in subfolders if each.is_dir() and numbered_versions(each))


def read_card(version: Path) -> dict:
    """Reads the card of a version, and verifies each file against its SHA-256 in the card.

    Raises ModelError where the card or a file is missing or damaged.
    """
    if reason := why_not_regular(version / CARD):
        raise ModelError(f"{version / CARD}: {reason}")
    try:
        card = json.loads(read_text(version / CARD))
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


def describe(version: Path, card: Mapping, place: str | None = None) -> str:
    """Describes a version in one line: its network, whether its weights are rounded, its training
    digits, its test accuracy. place: where it runs, such as "in LiteRT"."""
    test, where = card["test"], f" {place}" if place else ""
    weights = f" with {card['quantized']}" if "quantized" in card else ""
    return (
        f"Model {version}{where}: {card['network']}{weights}, "
        f"trained on {card['trained_on']:,} digits ({card['data']['source']}), "
        f"test accuracy {test['accuracy']:.2%} ({test['errors']:,} of {test['images']:,} wrong)"
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
