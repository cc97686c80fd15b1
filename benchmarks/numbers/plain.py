"""Numbers of one to six digits in one row on paper: shaded, grainy, now and then underlined.

Bold pens and thin ones, dark ink on light paper or light ink on dark paper. No digit touches
another.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.handwriting.kinds import File, saved
from nn.composition import paper as on
from nn.composition.ink import from_image, sized, with_pen
from nn.data.digits import Digits

MAX_DIGITS = 6  # of a number
DIGIT_HEIGHTS_PIXELS = (26, 150)  # the lowest and the highest


def draw(digits: Digits, random: Generator) -> tuple[File, str]:
    """Draws a number in one row; returns the picture and the number."""
    chosen = random.integers(len(digits), size=random.integers(1, MAX_DIGITS + 1))
    text = "".join(str(label) for label in digits.labels[chosen])
    image = Image.fromarray(compose(digits.images[chosen], random))
    if random.random() < 0.5:
        return saved(image, ".png"), text
    return saved(image, ".jpg", quality=80), text


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
        masks.append(slanted(sized(mask, round(height * random.uniform(0.85, 1.1))), slant))
    drops = np.round(height * random.normal(0, 0.04, len(masks))).astype(int)
    drops -= drops.min()
    canvas = np.zeros((int(1.4 * height) + drops.max(), 0), np.float32)
    for mask, drop in zip(masks, drops, strict=True):
        canvas = _appended(canvas, mask, int(drop), max(2, round(gap * height)))
    used = [np.flatnonzero(canvas.max(axis) > 0.1) for axis in (1, 0)]
    return canvas[used[0][0] : used[0][-1] + 1, used[1][0] : used[1][-1] + 1]


def slanted(mask: np.ndarray, slant: float) -> np.ndarray:
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
