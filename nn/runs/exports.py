"""Which version a run was exported as: a resumed run does not export a second copy.

exported.json in the run's folder names the version. It also says what the version must have to be
this run's, because another version can take the number of one that was deleted.
"""

import logging
from pathlib import Path

from nn import versions
from nn.errors import UserError
from nn.runtime import sealed_json
from nn.training.run_folder import RunFolder

log = logging.getLogger(__name__)


def record(folder: RunFolder, epochs: int, version: Path, weights_sha256: str) -> None:
    """Records that a run is exported as `version` after so many epochs, before the version appears:
    whoever is killed after that does not export it again. Raises OSError."""
    fields = {"version": str(version.resolve()), **_identity(epochs, weights_sha256)}
    sealed_json.write(folder.export_file, fields)


def find(folder: RunFolder, target: Path, epochs: int) -> Path | None:
    """The version in `target` that a run of so many epochs was exported as.

    None before the export, and if the version is gone, damaged, or lies in another folder: then the
    run can be exported again. A warning says if the version or the record of it is damaged.
    """
    advice = "the run is exported again"
    try:
        fields = sealed_json.read(folder.export_file, UserError, advice)
        # By its name alone: the folder of versions may have been moved.
        version = target / Path(fields.pop("version")).name
        if not version.is_dir():
            return None
        card = versions.read_card(version)
        is_here = fields == _identity(epochs, card["weights_sha256"])
    except FileNotFoundError:
        return None
    except UserError as error:
        log.warning(f"warning: {error}")
        return None
    except (LookupError, TypeError):
        log.warning(f"warning: {folder.export_file}: damaged; {advice}")
        return None
    return version if is_here else None


def _identity(epochs: int, weights_sha256: str) -> dict:
    """What tells a run's version from others."""
    return {"epochs": epochs, "weights_sha256": weights_sha256}
