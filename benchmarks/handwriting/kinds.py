"""The kinds of pictures of digits that people bring: one function draws each kind.

KINDS holds the functions by name. Each takes a Digit and a random generator, and returns a File;
nothing else decides what it draws.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from nn.composition import paper as on
from nn.composition.ink import (
    drawn,
    from_image,
    from_strokes,
    sized,
    with_pen,
)
from nn.composition.strokes import Point


@dataclass(frozen=True)
class Digit:
    """A digit to draw. label: 0 to 9. image: uint8 [28, 28], an MNIST digit with that label."""

    label: int
    image: np.ndarray

    def mask(self, random: Generator, width: float | None = None, drawn: float = 0.25):
        """Makes the digit's mask: float32 [H, W], 0 to 1.

        width: the pen's, as a share of the digit's height; None keeps the strokes of MNIST's digit,
        and draws any other with a random pen. drawn: the probability that the digit is drawn from
        strokes and is not MNIST's.
        """
        if random.random() < drawn:
            mask = from_strokes(self.label, random)
            return with_pen(mask, width or random.uniform(0.05, 0.12))
        mask = from_image(self.image)
        return mask if width is None else with_pen(mask, width)


@dataclass(frozen=True)
class File:
    """A picture file: its bytes, and the suffix of its name."""

    content: bytes
    suffix: str


Draw = Callable[[Digit, Generator], File]
KINDS: dict[str, Draw] = {}


def kind(draw: Draw) -> Draw:
    """Adds a function to KINDS, under its own name."""
    KINDS[draw.__name__] = draw
    return draw


def saved(image: Image.Image, suffix: str, **options) -> File:
    """Encodes a picture in the format of the suffix, or in `format` if it is among the options.

    options: for Pillow's Image.save.
    """
    buffer = io.BytesIO()
    name = options.pop("format", None) or Image.registered_extensions()[suffix]
    image.save(buffer, name, **options)
    return File(buffer.getvalue(), suffix)


def photo(picture: np.ndarray, random: Generator, tint=(1.0, 0.985, 0.95)) -> File:
    """Makes a camera's JPEG of a gray picture: slightly blurred, noisy, and warm in color."""
    picture = on.blurred(picture, random.uniform(0.5, 1.3))
    picture = on.grained(picture, random, random.uniform(1.5, 6))
    color = picture[..., None] * np.array(tint, np.float32)
    return saved(Image.fromarray(on.bytes_of(color)), ".jpg", quality=int(random.integers(60, 93)))


def sheet(random: Generator, low: float = 170, high: float = 235) -> np.ndarray:
    """Makes paper of one gray level, from low to high, with sides of 300 to 699 pixels."""
    size = tuple(int(side) for side in random.integers(300, 700, 2))
    return on.plain(size, random.uniform(low, high))


def written(
    paper: np.ndarray, mask: np.ndarray, random: Generator, ink=(25, 70), share=(0.35, 0.75)
) -> np.ndarray:
    """Draws a mask in ink at a random place on the paper.

    ink: the range of its gray level. share: the range of the mask's longer side, as a share of the
    paper's shorter side.
    """
    drawn, top, left = on.anywhere(paper.shape, mask, random.uniform(*share), random)
    return on.inked(paper, drawn, top, left, random.uniform(*ink))


@kind
def pen(digit: Digit, random: Generator) -> File:
    """A clean scan: dark ink on white paper."""
    paper = sheet(random, 236, 255)
    picture = written(paper, digit.mask(random, random.uniform(0.05, 0.1)), random)
    return saved(Image.fromarray(on.bytes_of(on.grained(picture, random, 1.5))), ".png")


@kind
def ballpoint(digit: Digit, random: Generator) -> File:
    """A thin pen on gray, shaded paper."""
    paper = on.lit(sheet(random, 150, 215), random, random.uniform(0.2, 0.5))
    picture = written(paper, digit.mask(random, random.uniform(0.02, 0.04)), random, (35, 90))
    return photo(on.leaning(picture, random, 0.05), random)


@kind
def phone(digit: Digit, random: Generator) -> File:
    """A photo of twelve megapixels, stored turned; its EXIF says how to turn it upright."""
    paper = on.plain((750, 1000)[:: int(random.choice([-1, 1]))], random.uniform(160, 225))
    paper = on.lit(paper, random, random.uniform(0.1, 0.4))
    mask = digit.mask(random, random.uniform(0.03, 0.12))
    picture = on.leaning(written(paper, mask, random, share=(0.25, 0.6)), random, 0.06)
    picture = on.grained(on.blurred(picture, 0.5), random, 3)
    orientation = int(random.choice([3, 6, 8]))  # EXIF: stored turned by 180°, 270°, 90°
    stored = np.rot90(picture, {3: 2, 6: 1, 8: 3}[orientation])
    image = Image.fromarray(on.bytes_of(stored)).resize(
        (4 * stored.shape[1], 4 * stored.shape[0]), Image.Resampling.BILINEAR
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image.convert("RGB"), ".jpg", quality=80, exif=exif)


@kind
def shadow(digit: Digit, random: Generator) -> File:
    """A digit in the shadow of a hand, or partly in it."""
    paper = on.shadowed(sheet(random), random, random.uniform(0.3, 0.55))
    picture = written(paper, digit.mask(random, random.uniform(0.03, 0.1)), random)
    return photo(on.leaning(picture, random, 0.05), random)


@kind
def creases(digit: Digit, random: Generator) -> File:
    """Paper that was folded."""
    paper = on.creased(sheet(random, 190, 235), random, random.uniform(0.1, 0.25))
    paper = on.lit(paper, random, random.uniform(0, 0.3))
    return photo(written(paper, digit.mask(random, random.uniform(0.04, 0.1)), random), random)


@kind
def lines(digit: Digit, random: Generator) -> File:
    """Ruled paper, with lines that may run through the digit."""
    paper = sheet(random, 200, 245)
    spacing = min(paper.shape) * random.uniform(0.18, 0.45)
    paper = on.ruled(paper, random, spacing, random.uniform(0.12, 0.35))
    paper = on.lit(paper, random, random.uniform(0, 0.3))
    return photo(written(paper, digit.mask(random, random.uniform(0.05, 0.1)), random), random)


@kind
def squares(digit: Digit, random: Generator) -> File:
    """Squared paper."""
    paper = sheet(random, 205, 245)
    spacing = min(paper.shape) * random.uniform(0.08, 0.25)
    paper = on.ruled(paper, random, spacing, random.uniform(0.1, 0.28), squared=True)
    paper = on.lit(paper, random, random.uniform(0, 0.3))
    return photo(written(paper, digit.mask(random, random.uniform(0.05, 0.1)), random), random)


@kind
def other_side(digit: Digit, random: Generator) -> File:
    """Thin paper: a digit on its other side shows through."""
    paper = sheet(random, 195, 240)
    behind = with_pen(from_strokes(int(random.integers(10)), random), 0.08)[:, ::-1]
    drawn, top, left = on.anywhere(paper.shape, behind, random.uniform(0.4, 0.8), random)
    level = float(paper[0, 0]) * (1 - random.uniform(0.06, 0.16))
    paper = on.blurred(on.inked(paper, drawn, top, left, level), 2.5)
    return photo(written(paper, digit.mask(random, random.uniform(0.05, 0.1)), random), random)


@kind
def marker(digit: Digit, random: Generator) -> File:
    """A thick felt pen."""
    mask = digit.mask(random, random.uniform(0.14, 0.2))
    paper = on.lit(sheet(random, 200, 250), random, random.uniform(0, 0.25))
    return photo(written(paper, mask, random, (10, 70)), random)


@kind
def brush(digit: Digit, random: Generator) -> File:
    """A brush: strokes are thick in one direction and thin in the other, and the ink is uneven."""
    mask = digit.mask(random, 0.06)
    mask = with_pen(
        mask, random.uniform(0.13, 0.22), random.uniform(1.5, 3), random.uniform(20, 70)
    )
    paper = sheet(random, 205, 250)
    drawn, top, left = on.anywhere(paper.shape, mask, random.uniform(0.4, 0.75), random)
    uneven = on.lit(on.plain(paper.shape, 1.0), random, 0.4)
    return photo(on.inked(paper, drawn, top, left, random.uniform(10, 60), uneven), random)


@kind
def pencil(digit: Digit, random: Generator) -> File:
    """A pencil: gray, thin, grainy strokes."""
    paper = on.lit(sheet(random, 205, 242), random, random.uniform(0, 0.3))
    mask = digit.mask(random, random.uniform(0.03, 0.055))
    drawn, top, left = on.anywhere(paper.shape, mask, random.uniform(0.35, 0.75), random)
    grain = np.clip(random.normal(0.8, 0.25, paper.shape), 0.15, 1).astype(np.float32)
    return photo(on.inked(paper, drawn, top, left, random.uniform(95, 140), grain), random)


@kind
def dim(digit: Digit, random: Generator) -> File:
    """Too little light: the paper's gray level is about 120, the ink's about 40."""
    paper = on.lit(sheet(random, 105, 135), random, random.uniform(0, 0.3))
    mask = digit.mask(random, random.uniform(0.04, 0.1))
    return photo(written(paper, mask, random, (30, 55)), random)


@kind
def pasted(digit: Digit, random: Generator) -> File:
    """A crop of gray paper on a white picture; the paper's edge is faint."""
    crop = on.lit(sheet(random, 222, 244), random, random.uniform(0, 0.08))
    crop = written(crop, digit.mask(random, random.uniform(0.04, 0.1)), random)
    border = random.integers(20, 160, 4)
    picture = np.pad(crop, border.reshape(2, 2), constant_values=255)
    quality = int(random.integers(70, 95))
    return saved(Image.fromarray(on.bytes_of(picture)), ".jpg", quality=quality)


@kind
def form(digit: Digit, random: Generator) -> File:
    """A printed form's box around the digit."""
    paper = sheet(random, 225, 255)
    mask = sized(digit.mask(random, random.uniform(0.05, 0.1)), round(0.5 * min(paper.shape)))
    gaps = np.round(random.uniform(0.1, 0.3, 4) * max(mask.shape)).astype(int)
    line = max(1, round(random.uniform(0.006, 0.025) * max(mask.shape)))
    framed = np.pad(np.pad(mask, gaps.reshape(2, 2)), line, constant_values=random.uniform(0.5, 1))
    top, left = (
        random.uniform(0.1, 0.9) * max(side - used, 0)
        for side, used in zip(paper.shape, framed.shape, strict=True)
    )
    return photo(on.inked(paper, framed, top, left, random.uniform(20, 80)), random)


@kind
def blackboard(digit: Digit, random: Generator) -> File:
    """A light digit on dark gray of uneven brightness."""
    board = on.lit(sheet(random, 45, 105), random, random.uniform(0.2, 0.5))
    mask = digit.mask(random, random.uniform(0.05, 0.1))
    drawn, top, left = on.anywhere(board.shape, mask, random.uniform(0.35, 0.75), random)
    dust = np.clip(random.normal(0.85, 0.15, board.shape), 0.3, 1).astype(np.float32)
    coverage = on.covering(board.shape, drawn, top, left) * dust
    picture = board * (1 - coverage) + random.uniform(175, 240) * coverage
    return photo(picture, random, tint=(0.95, 1.0, 0.97))


@kind
def tablet(digit: Digit, random: Generator) -> File:
    """A digit drawn with a finger on a tablet: in color, on white or black."""
    mask = with_pen(from_strokes(digit.label, random, unsteady=0.025), random.uniform(0.03, 0.09))
    size = tuple(int(side) for side in random.integers(256, 600, 2))
    drawn, top, left = on.anywhere(size, mask, random.uniform(0.3, 0.8), random)
    coverage = on.covering(size, drawn, top, left)[..., None]
    dark = random.random() < 0.3
    color = random.integers(130, 256, 3) if dark else random.integers(0, 170, 3)
    ground = np.full(3, 0 if dark else 255)
    picture = ground + (color - ground) * coverage
    return saved(Image.fromarray(on.bytes_of(picture)), ".webp", lossless=True)


@kind
def hairline(digit: Digit, random: Generator) -> File:
    """A picture of 28×28 pixels with lines one pixel wide."""
    mask = sized(digit.mask(random, 0.025), 20)
    mask = (mask > 0.35 * mask.max()).astype(np.float32)
    top, left = ((28 - used) // 2 + int(random.integers(-2, 3)) for used in mask.shape)
    picture = on.covering((28, 28), mask, top, left) * 255
    if random.random() < 0.5:
        picture = 255 - picture
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


@kind
def faint(digit: Digit, random: Generator) -> File:
    """An MNIST digit, dimmed: level 255 becomes 130."""
    picture = digit.image.astype(np.float32) * (130 / 255)
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


@kind
def border(digit: Digit, random: Generator) -> File:
    """Strokes that touch the border of the picture, or run off it."""
    paper = sheet(random, 190, 250)
    paper = paper[: min(paper.shape), : min(paper.shape)]
    drawn = sized(digit.mask(random, random.uniform(0.05, 0.1)), round(0.97 * len(paper)))
    lost = random.uniform(-0.01, 0.05) * len(paper)
    free = len(paper) - np.array(drawn.shape)
    top, left = random.choice([0, 1], 2) * free
    if drawn.shape[0] >= drawn.shape[1]:
        top = -lost if top == 0 else free[0] + lost
    else:
        left = -lost if left == 0 else free[1] + lost
    return photo(on.inked(paper, drawn, top, left, random.uniform(20, 70)), random)


@kind
def small(digit: Digit, random: Generator) -> File:
    """A small digit in a large picture."""
    paper = on.lit(on.plain((600, 800), random.uniform(190, 245)), random, random.uniform(0, 0.25))
    mask = digit.mask(random, random.uniform(0.07, 0.12))
    drawn, top, left = on.anywhere(paper.shape, mask, random.uniform(0.12, 0.22), random, 0.03)
    return photo(on.inked(paper, drawn, top, left, random.uniform(20, 70)), random)


@kind
def speck(digit: Digit, random: Generator) -> File:
    """One to three specks of dirt beside the digit."""
    paper = on.lit(sheet(random, 200, 245), random, random.uniform(0, 0.2))
    mask = sized(digit.mask(random, random.uniform(0.05, 0.1)), round(0.5 * min(paper.shape)))
    top, left = (0.5 * (side - used) for side, used in zip(paper.shape, mask.shape, strict=True))
    level = random.uniform(20, 70)
    picture = on.inked(paper, mask, top, left, level)
    for _ in range(random.integers(1, 4)):
        radius = random.uniform(0.012, 0.04) * max(mask.shape)
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        dot = (np.hypot(y, x * random.uniform(0.6, 1.6)) < radius).astype(np.float32)
        angle, away = random.uniform(0, 2 * np.pi), random.uniform(0.65, 0.8) * max(mask.shape)
        row = top + mask.shape[0] / 2 + np.sin(angle) * away
        column = left + mask.shape[1] / 2 + np.cos(angle) * away
        picture = on.inked(picture, dot, row, column, level)
    return photo(picture, random)


@kind
def transparent(digit: Digit, random: Generator) -> File:
    """An RGBA picture: a dark or light digit on a transparent background."""
    size = tuple(int(side) for side in random.integers(100, 400, 2))
    mask = digit.mask(random, random.uniform(0.06, 0.14))
    drawn, top, left = on.anywhere(size, mask, random.uniform(0.4, 0.85), random)
    alpha = 255 * on.covering(size, drawn, top, left)
    color = random.integers(0, 90, 3) if random.random() < 0.7 else random.integers(170, 256, 3)
    picture = np.concatenate([np.broadcast_to(color, (*size, 3)), alpha[..., None]], 2)
    return saved(Image.fromarray(on.bytes_of(picture), "RGBA"), ".png")


@kind
def bilevel(digit: Digit, random: Generator) -> File:
    """A picture with one bit for each pixel."""
    size = tuple(int(side) for side in random.integers(40, 300, 2))
    mask = digit.mask(random, random.uniform(0.06, 0.14))
    picture = written(on.plain(size, 255), mask, random, (0, 0), (0.5, 0.85))
    if random.random() < 0.3:
        picture = 255 - picture
    return saved(Image.fromarray(on.bytes_of(picture)).convert("1", dither=0), ".png")


@kind
def formats(digit: Digit, random: Generator) -> File:
    """One of several formats: PNG with a palette or 16 bits, CMYK JPEG, animated GIF or WebP, TIFF,
    or a PNG file that is named .jpg."""
    paper = on.lit(sheet(random, 200, 250), random, random.uniform(0, 0.2))
    picture = written(paper, digit.mask(random, random.uniform(0.05, 0.1)), random)
    image = Image.fromarray(on.bytes_of(on.grained(picture, random, 2)))
    later = Image.new("L", image.size, 128)
    animation = {"save_all": True, "append_images": [later], "duration": 200}
    files = [
        lambda: saved(image.convert("P", palette=Image.Palette.ADAPTIVE, colors=32), ".png"),
        lambda: saved(Image.fromarray(on.bytes_of(picture).astype(np.uint16) * 257), ".png"),
        lambda: saved(image.convert("RGB").convert("CMYK"), ".jpg"),
        lambda: saved(image, ".gif", **animation),
        lambda: saved(image.convert("RGB"), ".webp", **animation),
        lambda: saved(image, ".tiff"),  # not compressed: compressed bytes would vary
        lambda: saved(image, ".jpg", format="PNG"),
    ]
    return files[random.integers(len(files))]()


@kind
def styles(digit: Digit, random: Generator) -> File:
    """A digit in one of its STYLES, if it has any: slashed zeros, ones with a serif and a foot,
    open fours, detached fives, crossed sevens and others."""
    mask = from_strokes(digit.label, random, styled=True)
    mask = with_pen(mask, random.uniform(0.04, 0.11))
    paper = on.lit(sheet(random, 195, 245), random, random.uniform(0, 0.25))
    return photo(written(paper, mask, random), random)


@kind
def box16_gray(digit: Digit, random: Generator) -> File:
    """A picture of 16×16 pixels that the digit fills: gray, light on dark."""
    return saved(Image.fromarray(on.bytes_of(255 * _filled(digit, random))), ".png")


@kind
def box16_binary(digit: Digit, random: Generator) -> File:
    """A picture of 16×16 pixels that the digit fills, in two levels. Ink is dark or light."""
    picture = 255 * (_filled(digit, random) > 0.45)
    if random.random() < 0.5:
        picture = 255 - picture
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


@kind
def far(digit: Digit, random: Generator) -> File:
    """A page photographed whole. The longer side of its one digit is 5% to 12% of its height."""
    paper = on.lit(on.plain((900, 1200), random.uniform(180, 240)), random, random.uniform(0, 0.3))
    mask = digit.mask(random, random.uniform(0.04, 0.12))
    drawn, top, left = on.anywhere(paper.shape, mask, random.uniform(0.05, 0.12), random, 0.03)
    return photo(on.inked(paper, drawn, top, left, random.uniform(20, 80)), random)


@kind
def table(digit: Digit, random: Generator) -> File:
    """A sheet of paper on a darker table, photographed whole, so that the sheet's edges show."""
    picture = on.lit(on.plain((480, 640), random.uniform(40, 150)), random, 0.2)
    margins = random.uniform(0.02, 0.14, 4)  # top, bottom, left, right; shares of the side
    top, bottom = int(480 * margins[0]), int(480 * (1 - margins[1]))
    left, right = int(640 * margins[2]), int(640 * (1 - margins[3]))
    sheet = on.lit(on.plain((bottom - top, right - left), random.uniform(190, 235)), random, 0.15)
    mask = digit.mask(random, random.uniform(0.04, 0.1))
    picture[top:bottom, left:right] = written(sheet, mask, random, (20, 70), (0.3, 0.6))
    return photo(on.leaning(picture, random, 0.03), random)


# Digits in two strokes that do not touch: an open four, and a five with a detached top.
APART: dict[int, list[list[Point]]] = {
    4: [[(0.2, 0.08), (0.12, 0.3), (0.08, 0.55), (0.35, 0.55), (0.66, 0.53)],
        [(0.9, 0.0), (0.89, 0.5), (0.87, 1.0)]],
    5: [[(0.3, 0.0), (0.6, 0.0), (0.95, -0.01)],
        [(0.24, 0.18), (0.21, 0.35), (0.2, 0.5), (0.5, 0.44), (0.8, 0.56), (0.82, 0.8),
         (0.55, 0.98), (0.15, 0.94)]],
}  # fmt: skip


@kind
def tight(digit: Digit, random: Generator) -> File:
    """A digit cropped to its ink, or nearly so; half of the fours and fives are from APART."""
    if digit.label in APART and random.random() < 0.5:
        mask = with_pen(drawn(APART[digit.label], random, 0.015), random.uniform(0.05, 0.1))
    else:
        mask = digit.mask(random, random.uniform(0.04, 0.14))
    return cropped(mask, random)


def cropped(mask: np.ndarray, random: Generator) -> File:
    """Draws a mask on paper that ends at the ink, or up to 4% of its longer side beyond it."""
    mask = sized(mask, int(random.integers(60, 500)))
    margins = np.round(random.uniform(0, 0.04, 4) * max(mask.shape)).astype(int)
    size = (mask.shape[0] + margins[:2].sum(), mask.shape[1] + margins[2:].sum())
    paper = on.lit(on.plain(size, random.uniform(190, 250)), random, random.uniform(0, 0.25))
    return photo(on.inked(paper, mask, margins[0], margins[2], random.uniform(20, 70)), random)


def _filled(digit: Digit, random: Generator) -> np.ndarray:
    """Stretches a digit to float32 [16, 16], 0 to 1. A very narrow one fills 8 of 16 columns."""
    mask = digit.mask(random, drawn=0.0)
    width = 16 if mask.shape[1] > 0.5 * mask.shape[0] else 8
    picture = Image.fromarray(on.bytes_of(255 * mask)).resize((width, 16), Image.Resampling.BOX)
    return np.pad(np.asarray(picture, np.float32) / 255, [(0, 0), (8 - width // 2,) * 2])
