"""What runs a restored model: TensorFlow, which restores the SavedModel in a session, or LiteRT,
which needs no TensorFlow and reads its first picture after 0.25 s."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from nn.errors import ModelError
from nn.versions import LITERT_FILE

if TYPE_CHECKING:
    from nn.prediction.restored_model import RestoredModel

TENSORFLOW, LITERT, AUTO = RUNTIMES = ("tensorflow", "litert", "auto")
# TensorFlow reads a quarter more pictures a second on two processors, but starts 3 s later. With
# more than these it finishes first (docs/performance.md); of rows of pixels, with some 400,000.
MAX_PICTURES_OF_LITERT = 20_000
# Where a model runs, for the first line of the script.
PLACES = {TENSORFLOW: "in a TensorFlow session", LITERT: "in LiteRT"}
_PACKAGES = {TENSORFLOW: "tensorflow", LITERT: "ai_edge_litert"}
_INSTALL = {TENSORFLOW: "tensorflow", LITERT: "ai-edge-litert"}


def is_installed(runtime: str) -> bool:
    """Whether the package of TENSORFLOW or LITERT is installed; it is not imported."""
    return find_spec(_PACKAGES[runtime]) is not None


def runtime_of_this_machine(usual: str) -> str:
    """The runtime of a user who names none: the usual one, or LITERT, which it says, on a machine
    where TensorFlow is not installed."""
    if usual == TENSORFLOW and not is_installed(TENSORFLOW) and is_installed(LITERT):
        print("TensorFlow is not installed: LiteRT reads instead", file=sys.stderr)
        return LITERT
    return usual


def runtime_for(asked: str, pictures: int) -> str:
    """What is asked for; instead of AUTO, TENSORFLOW where so many pictures are to be read that it
    makes up for its start."""
    is_many = pictures > MAX_PICTURES_OF_LITERT
    return TENSORFLOW if asked == AUTO and is_many and is_installed(TENSORFLOW) else asked


def choose_runtime(asked: str, card: Mapping) -> str:
    """TENSORFLOW or LITERT, as asked. AUTO is LITERT where it is installed and the version has its
    file. Raises ModelError where the one that was asked for is not installed, ValueError where
    there is no such one."""
    if asked not in RUNTIMES:
        raise ValueError(f"expected a runtime of {', '.join(RUNTIMES)}, found {asked!r}")
    if asked == AUTO:
        asked = LITERT if LITERT_FILE in card["files"] and is_installed(LITERT) else TENSORFLOW
    if not is_installed(asked):
        other = LITERT if asked == TENSORFLOW else TENSORFLOW
        instead = f", or read with the runtime {other}" if is_installed(other) else ""
        raise ModelError(
            f"the runtime {asked} is not installed; install it: pip install {_INSTALL[asked]}"
            f"{instead}"
        )
    return asked


def restore(
    version: Path, card: Mapping, runtime: str, processors: int | None = None
) -> "RestoredModel":
    """Restores a version in TENSORFLOW or LITERT. card: the version's; processors: how many share a
    batch, None: all. Raises ModelError where it cannot be restored, and RuntimeError in a forked
    process where it would hang."""
    if runtime == LITERT:
        from nn.prediction.litert_session import LiteRTModel

        return LiteRTModel(version, card, processors)
    from nn.runtime.startup import import_tensorflow_unnoticed

    import_tensorflow_unnoticed()
    from nn.prediction.tensorflow_session import SessionModel

    return SessionModel(version, processors)
