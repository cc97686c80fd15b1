"""Which version a run was exported as: a resumed run does not export a second copy.

exported.json in the run's folder names the version. It also says what the version must have to be
this run's, because another version can take the number of one that was deleted.
"""

import json
from pathlib import Path

from nn import versions
from nn.errors import ModelError
from nn.runtime.regular_files import read_text
from nn.runtime.whole_files import write_text
from nn.training.run_folder import RunFolder


def record(folder: RunFolder, version: Path, epochs: int) -> None:
    """Records that a run was exported as `version` after so many epochs. Raises OSError."""
    fields = {"version": str(version.resolve()), **_identity(version, epochs)}
    write_text(folder.export_file, json.dumps(fields, indent=2) + "\n")


def find(folder: RunFolder, target: Path, epochs: int) -> Path | None:
    """The version in `target` that a run of so many epochs was exported as.

    None before the export, and if the version is gone, damaged, or lies in another folder: then the
    run can be exported again.
    """
    try:
        fields = json.loads(read_text(folder.export_file))
        # By its name alone: the folder of versions may have been moved.
        version = target / Path(fields.pop("version")).name
        is_here = fields == _identity(version, epochs)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ModelError):
        return None
    return version if is_here else None


def _identity(version: Path, epochs: int) -> dict:
    """What tells a run's version from others. Raises ModelError if a file of it is damaged."""
    return {"epochs": epochs, "weights_sha256": versions.read_card(version)["weights_sha256"]}
