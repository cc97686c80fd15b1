"""Writing: digits of any hand and pen, and other writing: letters, words, several digits,
scribbles.

Masks are float32 [H, W], from 0 to 1, as in ink.py.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw
from scipy import ndimage

from nn.composition.ink import drawn, from_image, from_strokes, sized, trimmed, with_pen
from nn.composition.layers import load_font
from nn.composition.strokes import PLAIN_ONE
from nn.data.digits import Digits

# Signs that look like no digit. There is no T, t, Y or y, as some people write 7 and 4 that way.
SIGNS = "AEFHKMNPRVWXadefhkmnprwx#%&*+<>?@€ΔΩπΣΨ♥♣★→↑"
TALL_PIXELS = 96  # of a mask, before it is sized
FONTS = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic")


def digit_mask(digits: Digits, random: Generator) -> tuple[np.ndarray, int]:
    """A digit's mask and label: one of the digits, with its own strokes or with a pen's, or drawn
    from strokes."""
    pen = _any_pen(random)
    if random.random() < 0.7:
        index = random.integers(len(digits))
        mask, label = from_image(digits.images[index], TALL_PIXELS), int(digits.labels[index])
        if random.random() < 0.45:
            return mask, label
    else:
        label = int(random.integers(10))
        mask = from_strokes(label, random, styled=random.random() < 0.5, tall=TALL_PIXELS)
    return with_pen(mask, pen, tall=TALL_PIXELS), label


class Hand(NamedTuple):
    """How a person writes a number. pen: its width, as a share of a digit's height; own_strokes:
    whether the digits keep the strokes of their images, of any width, instead."""

    pen: float
    own_strokes: bool

    @classmethod
    def any(cls, random: Generator) -> "Hand":
        """Draws how a person writes."""
        return cls(_any_pen(random), bool(random.random() < 0.3))

    def digit(self, digits: Digits, random: Generator) -> tuple[np.ndarray, int]:
        """A digit's mask and label."""
        index = random.integers(len(digits))
        mask, label = from_image(digits.images[index], TALL_PIXELS), int(digits.labels[index])
        if self.own_strokes:
            return mask, label
        if random.random() < 0.25:
            label = int(random.integers(10))
            mask = from_strokes(label, random, styled=random.random() < 0.5, tall=TALL_PIXELS)
        return with_pen(mask, self.pen, tall=TALL_PIXELS), label

    def one(self, random: Generator) -> np.ndarray:
        """The mask of a one, drawn with the pen: most are plain strokes."""
        if random.random() < 0.6:
            mask = drawn(PLAIN_ONE, random, unsteady=0.012, tall=TALL_PIXELS)
        else:
            mask = from_strokes(1, random, styled=random.random() < 0.5, tall=TALL_PIXELS)
        return with_pen(mask, self.pen, tall=TALL_PIXELS)


def _any_pen(random: Generator) -> float:
    """A pen's width, as a share of a digit's height: from a fine pen to a marker."""
    return float(np.exp(random.uniform(np.log(0.02), np.log(0.2))))


def stretched(mask: np.ndarray, random: Generator) -> np.ndarray:
    """Some masks stretched, slanted or turned, as other hands write."""
    if random.random() < 0.5:
        return mask
    width, height = mask.shape[::-1]
    slant, wide = random.normal(0, 0.18), float(np.exp(random.normal(0, 0.15)))
    reach = abs(slant) * height
    new_width = max(4, round((width + reach) * wide))
    # Output (x, y) → input: x shifts with y.
    matrix = (1 / wide, slant, -max(slant, 0) * height, 0, 1, 0)
    image = Image.fromarray(np.round(mask * 255).astype(np.uint8))
    bent = image.transform((new_width, height), Image.Transform.AFFINE, matrix,
                           Image.Resampling.BILINEAR)  # fmt: skip
    return np.asarray(bent, np.float32) / 255


def other_writing(digits: Digits, random: Generator, tall: int = TALL_PIXELS) -> np.ndarray:
    """A mask of a letter or sign, of two or three of them or of digits in a row, a scribble, a
    figure, or cursive writing."""
    kind = random.choice(6, p=[0.28, 0.17, 0.28, 0.1, 0.1, 0.07])
    if kind == 5:
        return cursive(random, tall, random.uniform(0.8, 2.5) * tall)
    if kind == 0:
        return _sign(random, tall)
    if kind == 4:
        return _figure(random, tall)
    if kind == 3:
        return _scribble(random, tall)
    count = random.integers(2, 4)
    if kind == 1:
        return _in_a_row([_sign(random, tall) for _ in range(count)], random, tall)
    chosen = random.integers(0, len(digits), count)
    masks = [from_image(digits.images[index], tall) for index in chosen]
    return _in_a_row(masks, random, tall)


def cursive(random: Generator, tall: float, wide: float) -> np.ndarray:
    """A mask of cursive writing: a row of loops, some of which reach far up or down.

    tall: the height of the longest loops; wide: the width of the row; both in pixels, roughly.
    """
    pitch = random.uniform(0.15, 0.35) * tall
    count = max(3, round(wide / pitch))
    turn = np.linspace(0, 2 * np.pi * count, 24 * count)
    reaches = np.where(random.random((2, count)) < 0.3, random.uniform(0.6, 1, (2, count)), 0.3)
    up, down = ndimage.gaussian_filter1d(np.repeat(reaches, 24, axis=1), 5, axis=1)
    y = np.cos(turn) * np.where(np.cos(turn) > 0, down, up) * tall / 2
    x = turn / (2 * np.pi) * pitch + random.uniform(0.1, 0.7) * pitch * np.sin(turn)
    x = x - random.normal(0.25, 0.2) * y
    way = np.stack([x - x.min(), y - y.min()], 1) + 0.1 * tall
    size = np.ceil(way.max(0) + 0.1 * tall).astype(int)
    image = Image.new("L", (int(size[0]), int(size[1])), 0)
    width = max(1, round(random.uniform(0.03, 0.12) * tall))
    ImageDraw.Draw(image).line([(a, b) for a, b in way], 255, width, joint="curve")
    return trimmed(np.asarray(image, np.float32) / 255)


def _sign(random: Generator, tall: int) -> np.ndarray:
    """One of SIGNS, bent as if written by hand, with a pen."""
    side = 2 * tall
    image = Image.new("L", (side, side), 0)
    font = load_font(FONTS[random.integers(len(FONTS))], tall)
    sign = SIGNS[random.integers(len(SIGNS))]
    ImageDraw.Draw(image).text((side / 2, side / 2), sign, 255, font, anchor="mm")
    y, x = np.mgrid[:side, :side].astype(np.float32)
    knots = random.normal(0, 0.04 * tall, (2, 5, 5)).astype(np.float32)
    bends = [np.asarray(Image.fromarray(k).resize((side, side), Image.Resampling.BICUBIC))
             for k in knots]  # fmt: skip
    slant = random.normal(0.05, 0.2)
    bent = ndimage.map_coordinates(
        np.asarray(image), [y + bends[0], x + bends[1] + slant * (y - tall)], order=1
    )
    mask = trimmed((bent > 127).astype(np.float32))
    if random.random() < 0.7:
        mask = with_pen(mask, random.uniform(0.03, 0.14), tall=tall)
    return mask


def _in_a_row(masks: list[np.ndarray], random: Generator, tall: int) -> np.ndarray:
    """Masks side by side on one base line, with random gaps, at times touching."""
    row = []
    for mask in masks:
        mask = sized(mask, max(8, round(tall * random.uniform(0.4, 0.6))))
        gap = round(random.uniform(-0.06, 0.4) * tall / 2)
        row.append(np.pad(mask, ((tall - mask.shape[0], 0), (0, max(gap, 0)))))
        if gap < 0:
            row[-1] = row[-1][:, :gap]
    return trimmed(np.concatenate(row, 1))


def _figure(random: Generator, tall: int) -> np.ndarray:
    """A triangle, a square, a star, a zigzag or the like: straight lines through random corners."""
    count, is_closed = random.integers(3, 8), random.random() < 0.65
    turn = random.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    radius = random.choice([1.0, random.uniform(0.35, 0.8)]) ** (np.arange(count) % 2)
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn) * random.uniform(0.6, 1.2)])
    if not is_closed:
        points = np.stack([np.linspace(-1, 1, count), random.uniform(-0.7, 0.7, count)])
    points = (points + random.normal(0, 0.05, points.shape)) * 0.42 * tall + tall / 2
    way = [(x, y) for x, y in points.T]
    image = Image.new("L", (tall, tall), 0)
    width = max(1, round(random.uniform(0.02, 0.12) * tall))
    way += way[:2] if is_closed else []
    ImageDraw.Draw(image).line(way, 255, width, joint="curve")
    return trimmed(np.asarray(image, np.float32) / 255)


def _scribble(random: Generator, tall: int) -> np.ndarray:
    """A pen that wanders about."""
    steps = ndimage.gaussian_filter1d(random.normal(0, 1, (2, 300)), random.uniform(4, 14), axis=1)
    way = np.cumsum(steps - steps.mean(1, keepdims=True), 1)
    way = (way - way.min(1, keepdims=True)) / np.ptp(way, 1).max() * (tall - 8) + 4
    image = Image.new("L", (tall, tall), 0)
    width = max(1, round(random.uniform(0.02, 0.09) * tall))
    ImageDraw.Draw(image).line([(x, y) for x, y in way.T], 255, width, joint="curve")
    return trimmed(np.asarray(image, np.float32) / 255)
