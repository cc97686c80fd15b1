"""Small pictures, 10 to 28 pixels high, that the digit fills."""

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting.hands import mask_of
from benchmarks.handwriting.kinds import Digit, File, saved
from nn.composition import paper as on


def stretched(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretches a mask to height and width, a narrow one to at most twice its width.

    What is left is empty, on both sides.
    """
    height, width = size
    longest = max(2, round(2 * height * mask.shape[1] / mask.shape[0]))
    used = min(width, longest)
    image = Image.fromarray(on.bytes_of(255 * mask)).resize((used, height), Image.Resampling.BOX)
    free = width - used
    return np.pad(np.asarray(image, np.float32) / 255, [(0, 0), (free // 2, free - free // 2)])


def frame(digit: Digit, random: Generator, sides: tuple[int, int], width=(0.07, 0.21)):
    """Draws a digit that fills a frame: float32 [H, W], 0 to 1. sides: the range of the height."""
    mask = mask_of(digit, random, random.uniform(*width), old=0.1)
    height = int(random.integers(*sides))
    size = height, max(8, round(height * random.uniform(0.6, 1.1)))
    edge = int(random.random() < 0.25)
    inside = stretched(mask, (size[0] - 2 * edge, size[1] - 2 * edge))
    return np.pad(inside, edge)


def levels(ink: np.ndarray, random: Generator, low=(0, 60), high=(170, 255)) -> np.ndarray:
    """Turns ink into gray levels, dark on light or light on dark."""
    dark, light = random.uniform(*low), random.uniform(*high)
    return light + (dark - light) * ink if random.random() < 0.5 else dark + (light - dark) * ink


def tiny_gray(digit: Digit, random: Generator) -> File:
    """10 to 18 pixels that the digit fills, in gray, dark on light or light on dark."""
    ink = ndimage.gaussian_filter(frame(digit, random, (10, 19)), random.uniform(0, 0.7))
    picture = levels(ink, random, (0, 110), (150, 255))
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


def tiny_binary(digit: Digit, random: Generator) -> File:
    """11 to 19 pixels that the digit fills, in two levels, with a few wrong pixels."""
    ink = frame(digit, random, (11, 20), (0.08, 0.2)) > random.uniform(0.28, 0.55)
    ink ^= random.random(ink.shape) < random.uniform(0, 0.03)
    picture = 255 * (ink if random.random() < 0.5 else ~ink)
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


def tiny_noisy(digit: Digit, random: Generator) -> File:
    """10 to 19 pixels that the digit fills, blurred, with noise, or both."""
    ink = ndimage.gaussian_filter(frame(digit, random, (10, 20)), random.uniform(0, 0.7))
    picture = on.grained(levels(ink, random, (10, 80), (150, 240)), random, random.uniform(6, 20))
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


def tiny_photo(digit: Digit, random: Generator) -> File:
    """11 to 23 pixels of paper in uneven light that the digit fills: a JPEG."""
    ink = frame(digit, random, (11, 24))
    picture = levels(ink * random.uniform(0.42, 1), random, (10, 80), (150, 240))
    picture = on.grained(on.lit(picture, random, random.uniform(0, 0.3)), random, 4)
    quality = int(random.integers(45, 90))
    return saved(Image.fromarray(on.bytes_of(picture)), ".jpg", quality=quality)


KINDS = (tiny_gray, tiny_binary, tiny_noisy, tiny_photo)
