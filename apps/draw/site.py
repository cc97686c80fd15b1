"""Writes the page as a folder that any static host can serve."""

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from apps.draw.browser_model import browser_model
from nn.confidence.thresholds import choose, least_probability, percent
from nn.errors import UserError
from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL, PAGE, SMALL_DIGIT_PIXELS
from nn.pictures.reasons import REASONS
from nn.prediction.readings import LIKE_NO_DIGIT
from nn.versions import LITERT_FILE, describe, find_version, read_card, thresholds_of

PAGE_FOLDER = Path(__file__).parent / "page"
NODE_MODULES = Path(__file__).parent / "node_modules"
# Target → what npm installed. LiteRT.js takes `compat` where the browser has no relaxed SIMD.
WASM = ("litert_wasm_internal.js", "litert_wasm_internal.wasm",
        "litert_wasm_compat_internal.js", "litert_wasm_compat_internal.wasm")  # fmt: skip
LITERT_FILES = {
    "litert/litert.js": "@litertjs/core/dist/index.js",
    "litert/wasm_utils.js": "@litertjs/wasm-utils/dist/index.js",
    **{f"litert/wasm/{name}": f"@litertjs/core/wasm/{name}" for name in WASM},
}
MIN_GZIP_BYTES = 1024  # of a smaller file, the packed one is hardly smaller


def write_site(folder: Path, model: Path, max_error: float | None = None) -> Path:
    """Writes the page into a folder, in place of what a former call wrote; returns the version.

    model: a version, or a folder of versions; it takes the highest. max_error: as Predictor takes
    it. Beside each file lies the same one packed by gzip, for hosts that send those. Raises
    ModelError where there is no such version, or one without digits.tflite; UserError where npm has
    not installed LiteRT.js, or where the folder holds something else.
    """
    version = find_version(model)
    card = read_card(version)
    if LITERT_FILE not in card["files"]:
        raise UserError(
            f"{version}: an older model without {LITERT_FILE}; to write it anew: python -m "
            f"nn.export --from {version} --to {version.parent}"
        )
    _check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incomplete-", dir=folder.parent) as temporary:
        site = Path(temporary) / "site"
        shutil.copytree(PAGE_FOLDER, site)
        _copy_litert(site)
        (site / LITERT_FILE).write_bytes(browser_model((version / LITERT_FILE).read_bytes()))
        settings = json.dumps(page_settings(version, card, max_error), indent=2)
        (site / "settings.json").write_text(settings + "\n", encoding="utf-8")
        _pack(site)
        if folder.exists():
            shutil.rmtree(folder)
        site.rename(folder)
    return version


def page_settings(version: Path, card: Mapping, max_error: float | None) -> dict:
    """What the page takes from this project: sizes, thresholds and words, so that it reads as
    load_saved_model.py does."""
    threshold = choose(thresholds_of(card), max_error)
    return {
        "model": describe(Path(version.name), card),
        "network": card["network"],
        "leastProbability": least_probability(threshold, max_error),
        "maxError": percent(threshold.max_error) if threshold else None,
        "likeNoDigit": LIKE_NO_DIGIT,
        "reasons": REASONS,
        "canvas": CANVAS,
        "page": PAGE,
        "smallDigit": SMALL_DIGIT_PIXELS,
        "inkThreshold": INK_THRESHOLD_LEVEL,
    }


def _check_target(folder: Path) -> None:
    """Raises UserError if the folder holds anything but a page that was written before."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: expected a folder for the page, found a file")
    if folder.exists() and any(folder.iterdir()) and not (folder / "settings.json").exists():
        raise UserError(f"{folder}: holds other files; name an empty or a new folder")


def _copy_litert(site: Path) -> None:
    """Copies LiteRT.js. Raises UserError if npm has not installed it."""
    for target, source in LITERT_FILES.items():
        if not (NODE_MODULES / source).exists():
            raise UserError(
                f"{NODE_MODULES / source}: missing; install it: npm ci --prefix "
                f"{NODE_MODULES.parent}"
            )
        (site / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(NODE_MODULES / source, site / target)
    # A browser finds packages by their paths alone, and an import map would need an inline script.
    script = site / "litert" / "litert.js"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace('"@litertjs/wasm-utils"', '"./wasm_utils.js"'), encoding="utf-8")


def _pack(site: Path) -> None:
    for path in [path for path in site.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        if len(content) >= MIN_GZIP_BYTES:
            packed = gzip.compress(content, 9, mtime=0)  # the same bytes whenever it is written
            path.with_name(path.name + ".gz").write_bytes(packed)
