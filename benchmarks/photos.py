"""Measures how fast this project reads photos, beside Pillow alone, and how much memory it takes.

    python -m benchmarks.photos

Normalization: a plain session normalizes batches of 64 pictures as the graph of the SavedModel
does.

Photos: Predictor.read and Pillow take turns on 1,000 JPEG photos of 1 megapixel. Pillow only
decodes and shrinks them. A ratio compares the two within one repeat. A warm-up comes first, and
start-up is not timed.

Memory: load_saved_model.py runs in a process of its own, on all of these photos, on a tenth of
them, and on 40 photos of 12 megapixels.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from nn.composition import paper
from nn.composition.ink import from_strokes
from nn.pictures.canvas import CANVAS, place
from nn.runtime.startup import import_tensorflow

ONE_MEGAPIXEL, TWELVE_MEGAPIXELS = (1152, 864), (4032, 3024)  # height and width
BATCH, REPEATS = 64, 7


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.photos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, default=Path("SavedModel"), metavar="DIR")
    parser.add_argument("--count", type=int, default=1000, metavar="N",
                        help="photos of 1 megapixel (default: 1000)")  # fmt: skip
    options = parser.parse_args()
    import_tensorflow()
    photos = [photo(ONE_MEGAPIXEL, seed) for seed in range(20)]
    print(f"normalization: {spread(normalization(photos))} ms an image")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write(photos, folder / "all", options.count)
        ours, pillow = reading(options.model, paths)
        print(f"{len(paths):,} photos of 1 megapixel, ms each:")
        print(f"  Pillow alone      {spread([1000 * s / len(paths) for s in pillow])}")
        print(f"  Predictor.read    {spread([1000 * s / len(paths) for s in ours])}")
        ratios = [our / alone for our, alone in zip(ours, pillow, strict=True)]
        print(f"  ratio             {spread(ratios)}")
        write(photos, folder / "some", len(paths) // 10)
        write([photo(TWELVE_MEGAPIXELS, seed) for seed in range(2)], folder / "large", 40)
        print("peak memory of load_saved_model.py:")
        for part, what in (("some", "1 megapixel"), ("all", "1 megapixel"),
                           ("large", "12 megapixels")):  # fmt: skip
            count = len(list((folder / part).iterdir()))
            print(f"  {count:5,} photos of {what:13s}  {memory(options.model, folder / part)} MB")
    return 0


def photo(size: tuple[int, int], seed: int) -> np.ndarray:
    """Draws a digit on shaded, noisy paper: uint8 [H, W, 3]. size: height and width in pixels."""
    random = np.random.default_rng(seed)
    sheet = paper.lit(paper.plain(size, random.uniform(160, 225)), random, 0.3)
    mask, top, left = paper.anywhere(size, from_strokes(seed % 10, random), 0.4, random)
    gray = paper.grained(paper.inked(sheet, mask, top, left, 50), random, 4)
    return paper.bytes_of(gray[..., None] * np.array([1.0, 0.985, 0.95], np.float32))


def write(photos: list[np.ndarray], folder: Path, count: int) -> list[Path]:
    """Writes `count` JPEG files into a new folder, the photos in turn; returns their paths."""
    folder.mkdir()
    paths = [folder / f"{number:05d}.jpg" for number in range(count)]
    for number, picture in enumerate(photos):
        Image.fromarray(picture).save(folder / "one", "JPEG", quality=88)
        content = (folder / "one").read_bytes()
        for path in paths[number :: len(photos)]:
            path.write_bytes(content)
    (folder / "one").unlink()
    return paths


def normalization(photos: list[np.ndarray]) -> list[float]:
    """Measures the normalization: milliseconds an image, for each repeat."""
    import tensorflow as tf

    from nn.networks.finder_weights import find_ink
    from nn.normalization.pipeline import normalize

    tf1 = tf.compat.v1
    canvases = [place(picture[..., 1]) for picture in photos]
    pixels = np.stack([canvas.pixels for canvas in canvases])
    sizes = np.stack([canvas.size for canvas in canvases])
    chosen = np.arange(BATCH) % len(photos)
    with tf.Graph().as_default(), tf1.Session() as session:
        feeds = tf1.placeholder(tf.uint8, [None] * 3), tf1.placeholder(tf.int32, [None, 3])
        run = session.make_callable(normalize(*feeds, find_ink()).images, list(feeds))
        return [
            1000 * seconds / (20 * BATCH)
            for seconds in timed(lambda: [run(pixels[chosen], sizes[chosen]) for _ in range(20)])
        ]


def reading(model: Path, paths: list[Path]) -> tuple[list[float], list[float]]:
    """Measures how many seconds all files take in each repeat: Predictor.read, and Pillow alone."""
    from nn import Predictor

    def pillow() -> None:
        for path in paths:
            with Image.open(path) as image:
                image.draft("L", (2 * CANVAS, 2 * CANVAS))
                image.convert("L").resize((CANVAS, CANVAS), Image.Resampling.BILINEAR)

    with Predictor(model) as predictor:
        return timed(lambda: list(predictor.read(paths)), pillow)


def timed(*functions: Callable) -> list[float] | tuple[list[float], ...]:
    """Runs functions in turn, REPEATS times after a warm-up; returns the seconds of each repeat.

    One list for each function; for a single function the list itself.
    """
    seconds: tuple[list[float], ...] = tuple([] for _ in functions)
    for repeat in range(REPEATS + 1):
        for function, times in zip(functions, seconds, strict=True):
            started = time.perf_counter()
            function()
            if repeat:
                times.append(time.perf_counter() - started)
    return seconds if len(functions) > 1 else seconds[0]


def spread(values: list[float]) -> str:
    """Writes the median, the smallest and the largest value."""
    return f"{statistics.median(values):5.2f} ({min(values):.2f} to {max(values):.2f})"


def memory(model: Path, folder: Path) -> str:
    """Measures the peak resident memory of load_saved_model.py on a folder, in MB."""
    measure = [sys.executable, "-c", _MEASURE, "load_saved_model.py", str(folder)]
    result = subprocess.run(
        [*measure, "--model", str(model), "--json"],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    return result.stderr.splitlines()[-1]


# RUSAGE_CHILDREN is the largest peak of all children so far. So this program runs in a process of
# its own, with one child.
_MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
unit = 1 if sys.platform == "darwin" else 1024  # macOS reports bytes, Linux KiB
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak * unit // 2**20, file=sys.stderr)
"""


if __name__ == "__main__":
    sys.exit(main())
