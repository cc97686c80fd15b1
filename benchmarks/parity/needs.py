"""What the runtimes need beside TensorFlow, and how to install what is missing of it."""

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from apps.draw import browser, litert_js


class Need(NamedTuple):
    """name: as a message calls it; is_there: whether it is installed; remedy: what to do if not."""

    name: str
    is_there: Callable[[], bool]
    remedy: str


def package(name: str, target: str) -> Need:
    """A Python package. target: the make target that installs it."""
    return Need(f"the package {name}", lambda: find_spec(name) is not None, f"make {target}")


LITERT = package("ai_edge_litert", "install")
ONNX = (package("onnxruntime", "install-apps"), package("tf2onnx", "install-apps"))
SERVER = (
    LITERT,
    *(
        package(name, "install-serve")
        for name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
    ),
)
PAGE = (
    LITERT,
    package("playwright", "install-apps"),
    Need("LiteRT.js", lambda: not litert_js.missing_files(), "make install-draw"),
    Need(
        f"Chromium, {browser.CHROMIUM}",
        lambda: Path(browser.CHROMIUM).exists(),
        "install it, or name another file in the environment variable CHROMIUM",
    ),
)


def missing(needs: Mapping[str, tuple[Need, ...]]) -> Iterator[str]:
    """Yields a line for each thing that is missing. needs: what each runtime needs, by its name."""
    for need in dict.fromkeys(need for each in needs.values() for need in each):
        if not need.is_there():
            names = ", ".join(name for name, each in needs.items() if need in each)
            yield f"{need.name} is missing ({names}): {need.remedy}"
