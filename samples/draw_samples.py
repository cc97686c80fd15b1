#!/usr/bin/env python3
"""Draws the sample pictures: digits and numbers as pen strokes, on many kinds of paper.

    python samples/draw_samples.py

It writes the pictures and labels.csv beside this script, and those of numbers into numbers/.
"""

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nn.composition.strokes import STROKES, STYLES, smooth  # noqa: E402


@dataclass(frozen=True)
class Sample:
    """One picture.

    label: a digit, or several as text. width, height: of the picture, in pixels. pen: the pen's
    width, as a share of the digit's height. box: left, top and height of the (first) digit, as
    shares of the picture's height. slant: how far the digit's top leans right, as a share of its
    height. ink, paper: RGB. worn: changes the paper, for example folds it. encoded: changes the
    picture's format; returns the picture and options for Image.save.
    """

    label: int | str
    file: str
    width: int
    height: int
    pen: float = 0.09
    box: tuple[float, float, float] = (0.25, 0.18, 0.64)
    slant: float = 0.0
    ink: tuple[int, int, int] = (30, 30, 40)
    paper: tuple[int, int, int] = (245, 244, 240)
    shade: float = 0.0  # how much darker the lower right corner is, as a share
    noise: float = 0.0  # standard deviation, gray levels
    transparent: bool = False
    pitch: float = 0.8  # from a digit to the next, as a share of the height
    ruled: bool = False  # whether the digits stand on a printed line
    style: int | None = None  # index of the digit's STYLES; None is STROKES
    worn: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None
    encoded: Callable[[Image.Image], tuple[Image.Image, dict]] | None = None


BLUE_PEN = (35, 50, 140)
CHALK = (228, 228, 220)
SAMPLES = (
    Sample(0, "0_pen.png", 200, 200),
    Sample(0, "0_phone.jpg", 900, 1000, 0.05, (0.3, 0.3, 0.4), 0.15, (45, 45, 60), (205, 198, 186),
           shade=0.35, noise=5),
    Sample(1, "1_pen.png", 120, 160, 0.08, (0.15, 0.2, 0.6), 0.1),
    Sample(1, "1_chalk.jpg", 400, 400, 0.1, (0.2, 0.2, 0.6), 0.0, CHALK, (38, 58, 48), noise=6),
    Sample(2, "2_marker.png", 300, 300, 0.17),
    Sample(2, "2_mnist_size.png", 28, 28, 0.12, (0.2, 0.15, 0.7), 0.1, (255,) * 3, (0,) * 3),
    Sample(3, "3_pen.webp", 256, 256, 0.08, slant=0.1, ink=BLUE_PEN),
    Sample(3, "3_shaded.jpg", 640, 480, 0.06, (0.4, 0.25, 0.5), 0.1, (60, 55, 60),
           (214, 208, 200), shade=0.4, noise=4),
    Sample(4, "4_pen.png", 180, 220, 0.07, (0.12, 0.2, 0.6)),
    Sample(4, "4_tablet.webp", 512, 512, 0.05, (0.3, 0.25, 0.5), 0.05, (210, 40, 40),
           (255,) * 3),
    Sample(5, "5_marker.jpg", 350, 350, 0.14, slant=0.1, ink=(20, 60, 30), noise=3),
    Sample(5, "5_night_mode.png", 240, 240, 0.08, (0.25, 0.2, 0.6), 0.0, (235,) * 3, (24, 24, 28)),
    Sample(6, "6_pen.png", 160, 160, 0.08, slant=0.05, ink=BLUE_PEN),
    Sample(6, "6_phone.jpg", 1000, 750, 0.07, (0.5, 0.3, 0.45), 0.1, (50, 48, 52),
           (190, 184, 172), shade=0.3, noise=6),
    Sample(7, "7_pencil.jpg", 300, 360, 0.05, (0.2, 0.2, 0.55), 0.1, (120, 120, 122),
           (238, 236, 230), noise=5),
    Sample(7, "7_transparent.png", 200, 200, 0.1, transparent=True),
    Sample(8, "8_pen.webp", 220, 220, 0.07),
    Sample(8, "8_small.png", 40, 40, 0.1, (0.2, 0.15, 0.7), 0.0, (20,) * 3, (250,) * 3),
    Sample(9, "9_pen.png", 200, 240, 0.08, (0.16, 0.2, 0.55), 0.05),
    Sample(9, "9_corner.jpg", 600, 600, 0.08, (0.08, 0.08, 0.3), 0.1, BLUE_PEN, (232, 228, 220),
           shade=0.15, noise=4),
    Sample(2, "2_wide.jpg", 800, 300, 0.08, (1.2, 0.2, 0.6), 0.1, (40, 40, 46),
           (222, 218, 208), shade=0.25, noise=4),
    Sample(5, "5_chalk.webp", 480, 360, 0.09, (0.4, 0.2, 0.6), 0.0, CHALK, (52, 54, 58), noise=5),
)  # fmt: skip
GRAY = (196, 194, 188)
KINDS = (
    Sample(0, "0_slashed.png", 220, 240, 0.08, style=0),
    Sample(1, "1_serif_and_foot.png", 200, 240, 0.08, style=0, ink=BLUE_PEN),
    Sample(4, "4_open.png", 220, 240, 0.08, style=0),
    Sample(5, "5_detached.png", 220, 240, 0.09, style=0),
    Sample(7, "7_crossed.jpg", 300, 320, 0.08, slant=0.1, style=0, noise=3),
    Sample(6, "6_ballpoint.jpg", 700, 600, 0.03, (0.4, 0.25, 0.5), 0.1, (70, 75, 110), GRAY,
           shade=0.35, noise=4),
    Sample(3, "3_lines.jpg", 500, 500, 0.08, (0.3, 0.25, 0.5), 0.1, BLUE_PEN, noise=3,
           worn=lambda sheet, random: ruled(sheet, 95, 0)),
    Sample(6, "6_squares.jpg", 500, 500, 0.07, (0.3, 0.25, 0.5), 0.0, noise=3,
           worn=lambda sheet, random: ruled(sheet, 70, 70)),
    Sample(2, "2_creased.jpg", 500, 600, 0.07, (0.3, 0.25, 0.5), 0.1, (50, 48, 60), GRAY, noise=3,
           worn=lambda sheet, random: creased(sheet)),
    Sample(5, "5_shadow.jpg", 600, 500, 0.07, (0.4, 0.25, 0.5), 0.1, (50, 48, 60), noise=3,
           worn=lambda sheet, random: shadowed(sheet)),
    Sample(4, "4_other_side.jpg", 500, 500, 0.08, (0.3, 0.2, 0.6), noise=3,
           worn=lambda sheet, random: shown_through(sheet)),
    Sample(0, "0_dim.jpg", 400, 400, 0.08, ink=(40, 40, 42), paper=(120, 118, 114), noise=5),
    Sample(7, "7_pasted.jpg", 360, 400, 0.07, (0.2, 0.2, 0.6), paper=(232, 230, 226), noise=2,
           worn=lambda sheet, random: pasted(sheet)),
    Sample(5, "5_form.jpg", 480, 420, 0.07, (0.4, 0.28, 0.4), noise=2,
           worn=lambda sheet, random: framed(sheet)),
    Sample(8, "8_speck.jpg", 400, 420, 0.08, (0.25, 0.2, 0.55), noise=2,
           worn=lambda sheet, random: specked(sheet, random)),
    Sample(2, "2_runs_off.png", 200, 200, 0.09, (0.15, 0.3, 0.75)),
    Sample(4, "4_hairline.png", 28, 28, 0.05, (0.2, 0.15, 0.7), 0.0, (255,) * 3, (0,) * 3),
    Sample(3, "3_faint.png", 28, 28, 0.12, (0.2, 0.15, 0.7), 0.1, (130,) * 3, (0,) * 3),
    Sample(6, "6_sixteen.png", 16, 16, 0.14, (0.22, 0.08, 0.84), 0.0, (255,) * 3, (0,) * 3),
    Sample(9, "9_one_bit.png", 200, 220, 0.08,
           encoded=lambda image: (image.convert("1", dither=Image.Dither.NONE), {})),
    Sample(8, "8_palette.png", 200, 220, 0.08, ink=(160, 30, 30),
           encoded=lambda image: (image.quantize(8), {})),
    Sample(1, "1_sixteen_bits.png", 160, 200, 0.08,
           encoded=lambda image: (sixteen_bits(image), {})),
    Sample(9, "9_cmyk.jpg", 240, 260, 0.08, encoded=lambda image: (image.convert("CMYK"), {})),
    Sample(0, "0_animated.gif", 120, 140, 0.1, encoded=lambda image: (image, animated(image))),
    Sample(8, "8_scan.tif", 200, 220, 0.08, encoded=lambda image: (image.convert("L"), {})),
    Sample(1, "1_turned.jpg", 500, 400, 0.07, (0.6, 0.2, 0.6), 0.1, noise=3,
           encoded=lambda image: turned(image)),
    Sample(7, "7_scan.bmp", 80, 100, 0.1, encoded=lambda image: (image.convert("L"), {})),
    Sample(3, "3_page.jpg", 900, 1200, 0.07, (0.42, 0.3, 0.07), 0.1, BLUE_PEN, (214, 210, 202),
           shade=0.25, noise=3),
    Sample(4, "4_table.jpg", 640, 480, 0.07, (0.5, 0.25, 0.45), 0.05, (40, 42, 60), noise=3,
           worn=lambda sheet, random: on_table(sheet)),
    Sample(9, "9_far.jpg", 1200, 900, 0.09, (0.9, 0.55, 0.09), 0.05, (50, 48, 52), (205, 200, 190),
           shade=0.3, noise=3),
)  # fmt: skip
NUMBERS = (
    Sample("02134", "02134_pen.png", 420, 140, 0.08, (0.2, 0.2, 0.55), ink=BLUE_PEN, pitch=0.95),
    Sample("007", "007_marker.png", 360, 180, 0.16, (0.2, 0.2, 0.6), pitch=0.98),
    Sample("1968", "1968_slanted.png", 480, 200, 0.07, (0.2, 0.2, 0.6), 0.3, pitch=0.85),
    Sample("271828", "271828_chalk.jpg", 900, 240, 0.09, (0.25, 0.25, 0.5), 0.05, CHALK,
           (38, 58, 48), noise=6, pitch=1.0),
    Sample("90210", "90210_phone.jpg", 1200, 900, 0.07, (0.3, 0.4, 0.2), 0.1, (45, 45, 60),
           (205, 198, 186), shade=0.4, noise=5, pitch=0.9),
    Sample("4836", "4836_ruled.jpg", 640, 300, 0.08, (0.4, 0.25, 0.45), 0.1, (50, 48, 52),
           (226, 224, 216), shade=0.15, noise=3, pitch=0.9, ruled=True),
    Sample("60", "60_tablet.webp", 512, 384, 0.06, (0.3, 0.25, 0.5), 0.05, (235,) * 3, (24, 24, 28),
           pitch=0.85),
    Sample("5", "5_alone.png", 200, 200, 0.09),
)  # fmt: skip


def main() -> None:
    """Draws every sample, and writes both files labels.csv."""
    folder = Path(__file__).parent
    draw_all(SAMPLES, folder, 2026)
    draw_all(KINDS, folder, 2028)
    write_labels([*SAMPLES, *KINDS], folder)
    draw_all(NUMBERS, folder / "numbers", 2027)
    write_labels(NUMBERS, folder / "numbers")


def draw_all(samples: Sequence[Sample], folder: Path, seed: int) -> None:
    """Draws samples into a folder. seed: of the noise and of the unsteady pen."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    for sample in samples:
        picture, options = draw(sample, random), {}
        if sample.encoded:
            picture, options = sample.encoded(picture)
        picture.save(folder / sample.file, **{"quality": 88, **options})
    print(f"Drew {len(samples)} samples into {folder}/")


def write_labels(samples: Sequence[Sample], folder: Path) -> None:
    """Writes labels.csv into a folder: a row for each sample, sorted by file name."""
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows((sample.file, sample.label) for sample in sorted(samples, key=_by_file))


def draw(sample: Sample, random: np.random.Generator) -> Image.Image:
    """Draws a sample: first its strokes, then the paper's light and noise."""
    coverage = _ink_coverage(sample, random)  # [height, width], 0 to 1
    if sample.transparent:
        alpha = Image.fromarray(np.round(coverage * 255).astype(np.uint8))
        picture = Image.new("RGBA", alpha.size, (*sample.ink, 0))
        picture.putalpha(alpha)
        return picture
    y, x = np.mgrid[: sample.height, : sample.width]
    light = 1 - sample.shade * (x / sample.width + y / sample.height)[..., None] / 2
    ink, paper = np.array(sample.ink, float), np.array(sample.paper, float)
    if sample.ruled:
        coverage = np.maximum(coverage, 0.4 * _line_coverage(sample))
    picture = (paper + (ink - paper) * coverage[..., None]) * light
    if sample.worn:
        picture = sample.worn(picture, random)
    picture = picture + random.normal(0, sample.noise, (*picture.shape[:2], 1))
    return Image.fromarray(np.clip(np.round(picture), 0, 255).astype(np.uint8))


def _by_file(sample: Sample) -> str:
    return sample.file


def _ink_coverage(sample: Sample, random: np.random.Generator) -> np.ndarray:
    """Draws the strokes of all digits: float [height, width], from 0, paper, to 1, ink."""
    factor = max(2, 1200 // sample.height)  # drawn larger and shrunk, for smooth edges
    size = (sample.width * factor, sample.height * factor)
    canvas = Image.new("L", size, 0)
    pencil = ImageDraw.Draw(canvas)
    left, top, height = (value * size[1] for value in sample.box)
    radius = sample.pen * height / 2
    for place, digit in enumerate(str(sample.label)):
        strokes = STROKES[int(digit)] if sample.style is None else STYLES[int(digit)][sample.style]
        for stroke in strokes:
            points = np.array(stroke) + random.normal(0, 0.012, (len(stroke), 2))
            points[:, 0] = points[:, 0] * 0.68 + sample.slant * (1 - points[:, 1])
            points[:, 0] += place * sample.pitch
            for x, y in smooth(points):
                center = (left + x * height, top + y * height)
                pencil.circle(center, radius, fill=255)
    shrunk = canvas.filter(ImageFilter.GaussianBlur(factor / 3))
    shrunk = shrunk.resize((sample.width, sample.height), Image.Resampling.BOX)
    return np.asarray(shrunk, float) / 255


def _line_coverage(sample: Sample) -> np.ndarray:
    """Draws the printed line below the digits: float [height, width], 0 or 1."""
    _, top, height = sample.box
    row = round((top + 1.03 * height) * sample.height)
    coverage = np.zeros((sample.height, sample.width))
    coverage[row : row + max(1, sample.height // 100)] = 1
    return coverage


def ruled(sheet: np.ndarray, down: int, across: int) -> np.ndarray:
    """Prints lines on the sheet.

    down: pixels from one horizontal line to the next. across: the same for vertical lines; 0 draws
    none.
    """
    sheet = sheet.copy()
    for row in range(down // 2, len(sheet), down):
        sheet[row : row + 2] *= 0.78
    for column in range(across // 2, sheet.shape[1] if across else 0, across or 1):
        sheet[:, column : column + 2] *= 0.78
    return sheet


def creased(sheet: np.ndarray) -> np.ndarray:
    """Folds the sheet twice; each fold has a dark side and a bright one."""
    y, x = np.mgrid[: len(sheet), : sheet.shape[1]].astype(float)
    light = np.ones(sheet.shape[:2])
    for along in (y + 0.15 * x - 0.62 * len(sheet), x - 0.1 * y - 0.3 * sheet.shape[1]):
        light -= 0.22 * np.exp(-((along / 3) ** 2)) - 0.12 * np.exp(-(((along - 7) / 4) ** 2))
    return sheet * light[..., None]


def shadowed(sheet: np.ndarray) -> np.ndarray:
    """Casts a shadow on the lower right, as of a hand."""
    y, x = np.mgrid[: len(sheet), : sheet.shape[1]] / min(sheet.shape[:2])
    return sheet * (1 - 0.45 / (1 + np.exp(-(x + y - 1.15) / 0.04)))[..., None]


def shown_through(sheet: np.ndarray) -> np.ndarray:
    """Lets the other side show through: the same writing, mirrored, shifted and faint."""
    other = np.roll(sheet[:, ::-1], 60, axis=1)
    return sheet - 0.12 * (245 - other).clip(0)


def pasted(sheet: np.ndarray) -> np.ndarray:
    """Pastes the sheet on a white picture."""
    return np.pad(sheet, ((50, 70), (90, 60), (0, 0)), constant_values=255.0)


def framed(sheet: np.ndarray) -> np.ndarray:
    """Draws the box of a form around the digit."""
    top, bottom, left, right = (round(share * len(sheet)) for share in (0.16, 0.82, 0.28, 0.88))
    framed = sheet.copy()
    framed[top:bottom, left:right] = (50, 60, 90)
    within = np.s_[top + 5 : bottom - 5, left + 5 : right - 5]
    framed[within] = sheet[within]
    return framed


def on_table(sheet: np.ndarray) -> np.ndarray:
    """Puts the middle of the sheet on a dark table, turned a little."""
    height, width = sheet.shape[:2]
    y, x = np.mgrid[:height, :width]
    lean = 0.04 * (x - width / 2), 0.04 * (y - height / 2)
    off = np.stack([y - lean[0], height - y + lean[0], x + lean[1], width - x - lean[1]]).min(0)
    coverage = np.clip(off - 0.07 * height, 0, 1)[..., None]  # 1 on the sheet
    return sheet * coverage + np.array([88, 66, 50]) * (1 - coverage)


def specked(sheet: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Adds three specks of dirt beside the digit."""
    sheet = sheet.copy()
    y, x = np.mgrid[: len(sheet), : sheet.shape[1]]
    for row, column in ((0.12, 0.15), (0.85, 0.85), (0.5, 0.9)):
        distance = np.hypot(y - row * len(sheet), x - column * sheet.shape[1])
        sheet[distance < random.uniform(4, 8)] = (60, 55, 50)
    return sheet


def sixteen_bits(image: Image.Image) -> Image.Image:
    """Converts a picture to gray with 16 bits."""
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def animated(image: Image.Image) -> dict:
    """Returns options for Image.save that add an empty second frame."""
    return {"save_all": True, "append_images": [Image.new("RGB", image.size, "white")]}


def turned(image: Image.Image) -> tuple[Image.Image, dict]:
    """Turns the picture on its side, as a phone stores it; EXIF says how to turn it upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return image.transpose(Image.Transpose.ROTATE_90), {"exif": exif}


if __name__ == "__main__":
    main()
