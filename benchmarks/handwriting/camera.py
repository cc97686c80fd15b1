"""How a picture is taken: seen from the side, moved, blurred, with noise, as a JPEG.

Pictures are in color: float32 [H, W, 3], from 0, black, to 255, white.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting.kinds import File, saved
from nn.composition import paper as on


def shrunk(picture: np.ndarray, side: float) -> np.ndarray:
    """Resizes a picture so that its longer side has `side` pixels."""
    factor = side / max(picture.shape[:2])
    return resized(picture, picture.shape[0] * factor, picture.shape[1] * factor)


def resized(picture: np.ndarray, height: float, width: float) -> np.ndarray:
    """Resizes a picture to this height and width, in pixels, at least 8."""
    size = max(8, round(width)), max(8, round(height))
    image = Image.fromarray(on.bytes_of(picture))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)


def askew(picture: np.ndarray, random: Generator, most: float, degrees: float) -> np.ndarray:
    """Shows a picture as if seen from the side and turned a little, as paper.leaning does."""
    state = random.bit_generator.state
    channels = []
    for channel in range(3):
        random.bit_generator.state = state  # each channel is distorted alike
        channels.append(on.leaning(picture[..., channel], random, most, degrees))
    return np.stack(channels, 2)


def moved(picture: np.ndarray, random: Generator, far: float) -> np.ndarray:
    """Blurs a picture along a line of `far` pixels, as a moving camera does."""
    length = max(3, round(far) | 1)
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    kernel = ndimage.rotate(kernel, random.uniform(0, 180), reshape=False, order=1).clip(0)
    return ndimage.convolve(picture, (kernel / kernel.sum())[..., None], mode="nearest")


def taken(
    picture: np.ndarray,
    random: Generator,
    side: tuple[float, float] = (160, 420),
    blur: tuple[float, float] = (0.4, 1.0),
    noise: tuple[float, float] = (1, 5),
    quality: tuple[int, int] = (50, 92),
    gray: float = 0.35,
) -> File:
    """Takes a picture: resizes, blurs, adds noise, and saves a JPEG, in gray or in color.

    side: the range of the longer side, in pixels. gray: the probability of a picture in gray.
    """
    picture = shrunk(picture, random.uniform(*side))
    picture = ndimage.gaussian_filter(picture, (*[random.uniform(*blur)] * 2, 0))
    picture = on.grained(picture, random, random.uniform(*noise))
    image = Image.fromarray(on.bytes_of(picture))
    if random.random() < gray:
        image = image.convert("L")
    return saved(image, ".jpg", quality=int(random.integers(*quality)))
