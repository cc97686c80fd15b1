"""Measures how well a model reads numbers of several digits, on pictures that it composes.

    python -m benchmarks.numbers                    MNIST's test digits
    python -m benchmarks.numbers --split validation --model runs/one/SavedModel
    python -m benchmarks.numbers --count 20 --keep pictures/

Each picture shows one number of one to six MNIST digits that the model was not trained with. The
pen's width, the slant and the spacing are random. The paper is shaded and grainy; the ink is dark
on light paper or light on dark paper. The benchmark reads the pictures as load_saved_model.py
--number does. Tune on validation digits (training with --validation-split 0.2 --seed 0 holds them
out), and use the test digits only for the figure that you report.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image
from tqdm import tqdm

from benchmarks import result_files
from benchmarks.handwriting import paper as on
from benchmarks.handwriting.ink import from_image, sized, with_pen
from benchmarks.held_out import held_out, parser_of
from nn.data.digits import Digits
from nn.errors import UserError
from nn.prediction.readings import OK
from nn.runtime.startup import import_tensorflow

MAX_DIGITS = 6  # of a number
DIGIT_HEIGHTS_PIXELS = (26, 150)  # the lowest and the highest


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = parser_of("numbers", __doc__, 300, "numbers")
    result_files.add_results_option(parser, result_files.NUMBERS)
    options = parser.parse_args()
    import_tensorflow()
    from nn import Predictor

    try:
        digits = held_out(options.data, options.split)
        with Predictor(options.model) as predictor, tempfile.TemporaryDirectory() as folder:
            print(f"{predictor.version}, {options.count} numbers of {options.split} digits")
            keep = options.keep or Path(folder)
            keep.mkdir(parents=True, exist_ok=True)
            paths, labels = write(digits, options.count, options.seed, keep)
            readings = tqdm(predictor.read_numbers(paths), total=len(paths), disable=None)
            found = score(list(readings), labels)
            result_files.write(
                options.results,
                {"weights_sha256": predictor.card["weights_sha256"], "split": options.split,
                 "seed": options.seed, **found},
            )  # fmt: skip
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def write(digits: Digits, count: int, seed: int, folder: Path) -> tuple[list[Path], list[str]]:
    """Writes `count` pictures of numbers into a folder; returns their paths and the numbers.

    A picture depends on the digits, on the seed and on its place in the order.
    """
    paths, labels = [], []
    for place in range(count):
        random = np.random.default_rng([seed, place])
        chosen = random.integers(len(digits), size=random.integers(1, MAX_DIGITS + 1))
        labels.append("".join(str(label) for label in digits.labels[chosen]))
        picture = compose(digits.images[chosen], random)
        suffix, options = (".png", {}) if random.random() < 0.5 else (".jpg", {"quality": 80})
        paths.append(folder / f"{place:03d}_{labels[-1]}{suffix}")
        Image.fromarray(picture).save(paths[-1], **options)
    return paths, labels


def compose(images: np.ndarray, random: Generator) -> np.ndarray:
    """Draws a number on paper: a gray picture, uint8 [H, W].

    images: uint8 [N, 28, 28], the number's digits from left to right.
    """
    height = round(random.uniform(*DIGIT_HEIGHTS_PIXELS))
    mask = line(images, height, random)
    margins = np.round(height * random.uniform(0.2, 1.5, 4)).astype(int)  # top, bottom, left, right
    size = (mask.shape[0] + margins[:2].sum(), mask.shape[1] + margins[2:].sum())
    paper = on.plain(size, random.uniform(165, 250))
    if random.random() < 0.2:
        paper = underlined(paper, margins[0] + mask.shape[0], height, random)
    paper = on.lit(paper, random, random.uniform(0, 0.4))
    picture = on.inked(paper, mask, margins[0], margins[2], random.uniform(15, 80))
    if random.random() < 0.25:
        picture = 255 - picture
    picture = on.blurred(picture, random.uniform(0, 0.02) * height)
    return on.bytes_of(on.grained(picture, random, random.uniform(0, 6)))


def underlined(paper: np.ndarray, row: int, height: int, random: Generator) -> np.ndarray:
    """Draws a ruled line across a copy of the paper, near the number's lower edge.

    row: the number's lower edge, in pixels from the top. height: the digits', in pixels.
    """
    thick = max(1, round(height * random.uniform(0.02, 0.05)))
    row = round(row + height * random.uniform(-0.08, 0.2))
    paper = paper.copy()
    paper[row : row + thick] *= random.uniform(0.3, 0.75)
    return paper


def line(images: np.ndarray, height: int, random: Generator) -> np.ndarray:
    """Draws digits side by side, with one pen and one slant: a mask, float32 [H, W].

    images: uint8 [N, 28, 28]. height: the digits' mean height, in pixels. The gap lies between the
    ink of neighbors, not between their boxes: the boxes of slanted digits may overlap.
    """
    pen = random.uniform(0.05, 0.16) if random.random() < 0.7 else None
    slant, gap = random.uniform(-0.15, 0.35), random.uniform(0.06, 0.5)
    masks = []
    for image in images:
        mask = from_image(image) if pen is None else with_pen(from_image(image), pen)
        masks.append(_slanted(sized(mask, round(height * random.uniform(0.85, 1.1))), slant))
    drops = np.round(height * random.normal(0, 0.04, len(masks))).astype(int)
    drops -= drops.min()
    canvas = np.zeros((int(1.4 * height) + drops.max(), 0), np.float32)
    for mask, drop in zip(masks, drops, strict=True):
        canvas = _appended(canvas, mask, int(drop), max(2, round(gap * height)))
    used = [np.flatnonzero(canvas.max(axis) > 0.1) for axis in (1, 0)]
    return canvas[used[0][0] : used[0][-1] + 1, used[1][0] : used[1][-1] + 1]


def _slanted(mask: np.ndarray, slant: float) -> np.ndarray:
    """Shears a mask: each pixel of height shifts it sideways by `slant` pixels."""
    height = len(mask)
    extra = round(abs(slant) * height)
    image = Image.fromarray(np.pad(mask, ((0, 0), (extra, extra))))
    shear = (1, slant, -slant * height / 2, 0, 1, 0)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, shear, Image.BILINEAR))


def _appended(canvas: np.ndarray, mask: np.ndarray, top: int, gap: int) -> np.ndarray:
    """Adds a digit at the right of a canvas; returns the wider canvas.

    top: the digit's top row on the canvas. `gap` columns without ink lie between the ink of the
    canvas and the digit where they come closest, among rows that are close to each other.
    """
    rows, width = canvas.shape
    placed = np.zeros((rows, mask.shape[1]), np.float32)
    placed[top : top + mask.shape[0]] = mask
    if not width:
        return placed
    ends = np.where(canvas.max(1) > 0.1, width - (canvas[:, ::-1] > 0.1).argmax(1), -rows)
    starts = np.where(placed.max(1) > 0.1, (placed > 0.1).argmax(1), 2 * rows)
    reach = gap // 2 + 1  # rows up and down that are close
    ends = np.max([np.roll(ends, step) for step in range(-reach, reach + 1)], 0)
    left = max(0, int((ends - starts).max()) + gap)
    joined = np.zeros((rows, max(width, left + placed.shape[1])), np.float32)
    joined[:, :width] = canvas
    view = joined[:, left : left + placed.shape[1]]
    np.maximum(view, placed, out=view)
    return joined


def score(readings: list, labels: list[str]) -> dict[str, int]:
    """Counts the right, the sure, and the sure but wrong readings; prints them and each mistake.

    readings: NumberReadings. labels: the true numbers.
    """
    right = np.array([r.number == label for r, label in zip(readings, labels, strict=True)])
    sure = np.array([reading.status == OK for reading in readings])
    same_length = np.array([len(r.digits) == len(x) for r, x in zip(readings, labels, strict=True)])
    print(f"{right.sum():,} of {len(right):,} right ({right.mean():.1%}); ", end="")
    print(f"{(~same_length).sum():,} with too few or too many digits")
    print(f"sure of {sure.sum():,}: {(sure & ~right).sum():,} of these wrong; ", end="")
    print(f"unsure of {(~sure).sum():,}: {(~sure & right).sum():,} of these right")
    for reading, label in zip(readings, labels, strict=True):
        if reading.number != label:
            print(f"{Path(reading.input).name}: {reading.number} {reading.reason or 'sure'}")
    counts = (len(right), right.sum(), sure.sum(), (sure & ~right).sum())
    names = ("numbers", "right", "sure", "sure_and_wrong")
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


if __name__ == "__main__":
    sys.exit(main())
