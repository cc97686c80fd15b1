#!/usr/bin/env python3
"""Draws the sample pictures: digits and numbers as pen strokes, on many kinds of paper.

python samples/draw_samples.py    writes the pictures and labels.csv beside this script, those of
                                  numbers into numbers/
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# A digit is one or more strokes, a stroke the points a pen passes through, in a box from
# (0, 0), top left, to (1, 1).
STROKES = {
    0: [[(0.55, 0.03), (0.2, 0.2), (0.08, 0.55), (0.25, 0.92), (0.6, 0.97), (0.88, 0.7),
         (0.9, 0.35), (0.7, 0.08), (0.5, 0.04)]],
    1: [[(0.35, 0.2), (0.55, 0.02), (0.54, 0.35), (0.52, 0.7), (0.5, 0.98)]],
    2: [[(0.15, 0.25), (0.3, 0.06), (0.6, 0.03), (0.82, 0.2), (0.72, 0.48), (0.4, 0.75),
         (0.12, 0.97)], [(0.12, 0.97), (0.5, 0.94), (0.92, 0.95)]],
    3: [[(0.18, 0.12), (0.5, 0.02), (0.78, 0.16), (0.68, 0.38), (0.42, 0.48)],
        [(0.42, 0.48), (0.75, 0.56), (0.85, 0.78), (0.6, 0.97), (0.3, 0.96), (0.12, 0.84)]],
    4: [[(0.6, 0.02), (0.35, 0.35), (0.08, 0.66)], [(0.08, 0.66), (0.5, 0.65), (0.95, 0.63)],
        [(0.7, 0.35), (0.68, 0.65), (0.66, 1.0)]],
    5: [[(0.82, 0.04), (0.5, 0.05), (0.25, 0.06)], [(0.25, 0.06), (0.22, 0.25), (0.2, 0.44)],
        [(0.2, 0.44), (0.5, 0.38), (0.8, 0.52), (0.82, 0.78), (0.55, 0.97), (0.15, 0.92)]],
    6: [[(0.72, 0.03), (0.42, 0.22), (0.2, 0.55), (0.2, 0.82), (0.45, 0.98), (0.75, 0.88),
         (0.8, 0.65), (0.55, 0.52), (0.3, 0.62), (0.2, 0.78)]],
    7: [[(0.1, 0.08), (0.5, 0.07), (0.88, 0.06)], [(0.88, 0.06), (0.65, 0.45), (0.42, 0.98)]],
    8: [[(0.5, 0.48), (0.25, 0.3), (0.32, 0.08), (0.6, 0.03), (0.76, 0.18), (0.62, 0.4),
         (0.4, 0.52), (0.2, 0.74), (0.35, 0.96), (0.65, 0.96), (0.8, 0.76), (0.66, 0.56),
         (0.5, 0.48)]],
    9: [[(0.78, 0.25), (0.6, 0.05), (0.3, 0.1), (0.2, 0.32), (0.4, 0.5), (0.68, 0.42),
         (0.78, 0.25)], [(0.78, 0.25), (0.74, 0.6), (0.62, 0.98)]],
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One picture. label: a digit, or several as text; width, height: pixels; pen: its width as a
    share of the digit's height; box: left, top and height of the (first) digit as shares of the
    picture's height; ink, paper: RGB."""

    label: int | str
    file: str
    width: int
    height: int
    pen: float = 0.09
    box: tuple[float, float, float] = (0.25, 0.18, 0.64)
    slant: float = 0.0
    ink: tuple[int, int, int] = (30, 30, 40)
    paper: tuple[int, int, int] = (245, 244, 240)
    shade: float = 0.0  # how much darker the far corner is
    noise: float = 0.0  # standard deviation, gray levels
    transparent: bool = False
    pitch: float = 0.8  # from a digit to the next, as a share of its height
    ruled: bool = False  # a printed line, which the digits stand on


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
    """Draws every sample and writes both labels.csv."""
    folder = Path(__file__).parent
    draw_all(SAMPLES, folder, np.random.default_rng(2026))
    draw_all(NUMBERS, folder / "numbers", np.random.default_rng(2027))


def draw_all(samples: Sequence[Sample], folder: Path, random: np.random.Generator) -> None:
    """Draws samples into a folder, and writes its labels.csv."""
    folder.mkdir(exist_ok=True)
    for sample in samples:
        draw(sample, random).save(folder / sample.file, quality=88)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows((sample.file, sample.label) for sample in sorted(samples, key=_by_file))
    print(f"Drew {len(samples)} samples into {folder}/")


def draw(sample: Sample, random: np.random.Generator) -> Image.Image:
    """Draws a sample: its strokes, then the paper's light and grain."""
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
    picture += random.normal(0, sample.noise, (*coverage.shape, 1))
    return Image.fromarray(np.clip(np.round(picture), 0, 255).astype(np.uint8))


def _by_file(sample: Sample) -> str:
    return sample.file


def _ink_coverage(sample: Sample, random: np.random.Generator) -> np.ndarray:
    factor = max(2, 1200 // sample.height)  # drawn large, then shrunk: smooth edges
    size = (sample.width * factor, sample.height * factor)
    canvas = Image.new("L", size, 0)
    pencil = ImageDraw.Draw(canvas)
    left, top, height = (value * size[1] for value in sample.box)
    radius = sample.pen * height / 2
    for place, digit in enumerate(str(sample.label)):
        for stroke in STROKES[int(digit)]:
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
    _, top, height = sample.box
    row = round((top + 1.03 * height) * sample.height)
    coverage = np.zeros((sample.height, sample.width))
    coverage[row : row + max(1, sample.height // 100)] = 1
    return coverage


def smooth(points: np.ndarray, steps: int = 60) -> np.ndarray:
    """A Catmull-Rom spline through the points: [N, 2] → [(N - 1) · steps + 1, 2]."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for i in range(len(points) - 1):
        a, b, c, d = padded[i : i + 4]
        cubic = (3 * b - a - 3 * c + d) * t**3
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + cubic))
    return np.concatenate([*pieces, points[-1:]])


if __name__ == "__main__":
    main()
