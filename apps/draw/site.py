"""Writes the page as a folder that any static host can serve."""

import gzip
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from apps.draw import litert_js
from apps.draw.browser_model import browser_model
from nn.confidence.thresholds import EVEN_ODDS, choose, least_probability, percent
from nn.errors import UserError
from nn.pictures.canvas import CANVAS, INK_THRESHOLD_LEVEL, PAGE, SMALL_DIGIT_PIXELS
from nn.pictures.reasons import REASONS
from nn.prediction.readings import LIKE_NO_DIGIT
from nn.prediction.restored_model import older_model
from nn.runtime import sealed_json
from nn.runtime.whole_files import incomplete_folder
from nn.versions import LITERT_FILE, describe, find_version, read_card, thresholds_of

PAGE_FOLDER = Path(__file__).parent / "page"
LIST_OF_FILES = "digits-page.json"  # what the page consists of, so that it can be written again
MIN_GZIP_BYTES = 1024  # of a smaller file, the packed one is hardly smaller


def write_site(folder: Path, model: Path, max_error: float | None = None) -> Path:
    """Writes the page into a folder, in place of what a former call wrote; returns the version.

    model: a version, or a folder of versions; it takes the highest. max_error: as Predictor takes
    it. Beside each file lies the same one packed by gzip, for hosts that send those. Other files
    that were added to a page stay. Raises ModelError where there is no such version, or one without
    digits.tflite; UserError where npm has not installed LiteRT.js, or where the folder holds no
    page but something else.
    """
    version = find_version(model)
    card = read_card(version)
    if LITERT_FILE not in card["files"]:
        raise older_model(version, f"without {LITERT_FILE}")
    former = _files_of_former_page(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with incomplete_folder(folder.parent) as temporary:
        site = temporary / "site"
        shutil.copytree(PAGE_FOLDER, site)
        litert_js.copy_to(site)
        (site / LITERT_FILE).write_bytes(browser_model((version / LITERT_FILE).read_bytes()))
        _write_json(site / "settings.json", page_settings(version, card, max_error))
        _pack(site)
        names = sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
        sealed_json.write(site / LIST_OF_FILES, {"files": names})
        for name in former:
            (folder / name).unlink(missing_ok=True)
        for name in (*names, LIST_OF_FILES):  # the list last: without it, the page is not whole
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).replace(folder / name)
    return version


def _files_of_former_page(folder: Path) -> list[str]:
    """The names of the files that a former call wrote into a folder. Raises UserError if the folder
    holds something else, and no page."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: expected a folder for the page, found a file")
    if not folder.exists() or not any(folder.iterdir()):
        return []
    try:
        names = sealed_json.read(folder / LIST_OF_FILES, UserError, "name another folder")["files"]
        is_inside = all(not Path(name).is_absolute() and ".." not in name for name in names)
    except (OSError, UserError, LookupError, TypeError):
        is_inside = False
    if not is_inside:
        raise UserError(
            f"{folder}: holds other files, or a damaged page; name an empty or a new folder"
        )
    return names


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def page_settings(version: Path, card: Mapping, max_error: float | None) -> dict:
    """What the page takes from this project: sizes, thresholds and words, so that it reads as
    load_saved_model.py does."""
    threshold = choose(thresholds_of(card), max_error)
    return {
        "model": describe(Path(version.name), card),
        "evenOdds": EVEN_ODDS,
        "leastProbability": least_probability(threshold, max_error),
        "maxError": percent(threshold.max_error) if threshold else None,
        "likeNoDigit": LIKE_NO_DIGIT,
        "reasons": REASONS,
        "canvas": CANVAS,
        "page": PAGE,
        "smallDigit": SMALL_DIGIT_PIXELS,
        "inkThreshold": INK_THRESHOLD_LEVEL,
    }


def _pack(site: Path) -> None:
    for path in [path for path in site.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        if len(content) >= MIN_GZIP_BYTES:
            packed = gzip.compress(content, 9, mtime=0)  # the same bytes whenever it is written
            path.with_name(path.name + ".gz").write_bytes(packed)
