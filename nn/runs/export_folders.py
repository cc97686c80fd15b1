"""Which folder a training exports to."""

from collections.abc import Mapping
from pathlib import Path

from nn import versions
from nn.training import datasets


def recorded(config: Mapping) -> Path:
    """The folder that a run's config names."""
    if "export_folder" in config:
        return Path(config["export_folder"])
    # An old config has the parent of bundled/ for a run on the bundled digits.
    folder = Path(config["saved_model"])
    return folder / versions.BUNDLED if config["load"] == versions.BUNDLED else folder


def usual(option: str) -> Path:
    """The folder that a training exports to if the user names none.

    option: a Source's. The folder is SavedModel for the four CSV files in MNIST/, whatever they
    hold. Other digits have a subfolder named after their folder or file, so that no model of theirs
    is in the way of a better one.
    """
    _, option = datasets.split_option(option)
    if option == "mnist":
        return versions.DEFAULT_FOLDER
    if option == "bundled":
        return versions.DEFAULT_FOLDER / versions.BUNDLED
    data = Path(option)
    name = data.name if data.is_dir() else data.name.split(".")[0]
    name = name or "data"
    # A number would be taken for a version, and bundled/ has a meaning of its own.
    is_taken = name.isdigit() or name == versions.BUNDLED
    return versions.DEFAULT_FOLDER / (f"data-{name}" if is_taken else name)
