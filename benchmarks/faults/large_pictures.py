"""Reads pictures of nearly the most pixels that files of their kind may have, each in a process of
its own, and measures its memory. It runs on Linux alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from benchmarks.faults.drill import Row
from benchmarks.faults.trainings import PROJECT, run

HEIGHT = 10_000  # pixels
MAX_PEAK_BYTES = 2**30
# Modes of more levels than 256: their type, and white.
LEVELS = {"I;16": (np.uint16, 65_535), "I": (np.int32, 65_535), "F": (np.float32, 1)}

# VmHWM is the most memory that the process held.
READ = """
import re, sys
from pathlib import Path
import load_saved_model
status = load_saved_model.main(sys.argv[1:])
print(1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]))
sys.exit(status)
"""


class Kind(NamedTuple):
    """A kind of file: its ending; the picture's mode; its megapixels; Pillow's options to save it,
    and the number of its pages."""

    suffix: str
    mode: str
    megapixels: int
    options: dict[str, Any]
    pages: int = 1


LZW = {"compression": "tiff_lzw"}
KINDS = (
    *(Kind(".png", mode, 99, {"compress_level": 1}) for mode in ("1", "L", "P", "I;16")),
    *(Kind(".png", mode, 74, {"compress_level": 1}) for mode in ("LA", "RGB", "RGBA")),
    *(Kind(".jpg", mode, 99, {}) for mode in ("L", "RGB", "CMYK")),
    Kind(".jpg", "RGB", 49, {"progressive": True, "subsampling": 0}),
    Kind(".jpg", "RGB", 99, {"progressive": True, "subsampling": 2}),
    *(Kind(".tif", mode, 99, {}) for mode in ("1", "L", "I;16")),
    *(Kind(".tif", mode, 74, {}) for mode in ("RGB", "RGBA", "CMYK", "I", "F")),
    *(Kind(".tif", mode, 99, LZW) for mode in ("L", "I;16")),
    *(Kind(".tif", mode, 74, LZW) for mode in ("RGBA", "F")),
    Kind(".tif", "RGB", 37, LZW | {"strip_size": 2**30}),
    Kind(".tif", "L", 99, {"compression": "jpeg"}),
    Kind(".tif", "RGB", 74, {"compression": "jpeg"}),
    Kind(".tif", "RGB", 74, LZW, pages=2),
    *(Kind(".webp", mode, 18, {"method": 0}) for mode in ("RGB", "RGBA")),
    *(Kind(".bmp", mode, 99, {}) for mode in ("1", "L")),
    Kind(".bmp", "RGB", 74, {}),
    Kind(".gif", "L", 99, {}),
    Kind(".heic", "RGB", 37, {"quality": 10}),
)


def large_pictures(scale: float, folder: Path) -> Iterator[Row]:
    """Reads a picture of each kind; of a share `scale` of the kinds, at least of one."""
    register_heif_opener()
    peaks, survived = [], 0
    for kind in KINDS[:: max(1, round(1 / scale))]:
        file = folder / f"1{kind.suffix}"
        write(kind, file)
        finished = run(("-c", READ, file.name, "--model", str(PROJECT / "SavedModel")), folder)
        answer, peak = ["", "0", *finished.stdout.splitlines()][-2:]
        peaks.append(int(peak))
        is_read = answer.split()[:2] == [file.name, "1"] and not finished.returncode
        is_survived = is_read and peaks[-1] < MAX_PEAK_BYTES
        survived += is_survived
        if not is_survived:
            print(f"{kind}: {peaks[-1]:,} bytes, {answer} {finished.stderr}", file=sys.stderr)
        file.unlink()
    happens = f"the 1 on each is read, in at most {max(peaks) / 1e6:,.0f} MB"
    yield Row("pictures of the most pixels of their kind of file", len(peaks), survived, happens)


def write(kind: Kind, file: Path) -> None:
    """Writes a picture of a 1, whose stroke is black on white."""
    width = round(1e6 * kind.megapixels / HEIGHT)
    levels = np.full((HEIGHT, width), 255, np.uint8)
    levels[HEIGHT // 5 : -HEIGHT // 5, width // 2 - 300 : width // 2 + 300] = 0
    if kind.mode in LEVELS:
        dtype, white = LEVELS[kind.mode]
        image = Image.fromarray((levels / np.float32(255) * white).astype(dtype))
    else:
        image = Image.fromarray(levels).convert(kind.mode)
    if kind.pages > 1:
        pages = [image] * (kind.pages - 1)
        image.save(file, save_all=True, append_images=pages, **kind.options)
    else:
        image.save(file, **kind.options)
