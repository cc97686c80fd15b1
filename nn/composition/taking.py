"""Takes a drawn picture as a camera, a scanner or a program does, and puts it on a canvas."""

import io
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from nn.composition import paper as on
from nn.composition import surfaces
from nn.pictures.canvas import CANVAS

SMALL_SIDE_PIXELS = (10, 60)  # of pictures that are smaller than a canvas
# Ink that a person can see differs from the paper beside it by so many gray levels, and by so many
# standard deviations of that paper: marks and a pattern make it uneven.
MIN_CONTRAST_LEVELS, MIN_CONTRAST = 3.0, 0.4
FAINT_LEVELS = 40  # of 255: fainter ink does not outlast a strong compression
TWO_LEVELS_SHARE = 0.06  # of the pictures: scanned in black and white
# Of the filled pictures in two levels, some have wrong pixels: up to such a share of them.
FLIPPED_SHARE, MAX_FLIPPED = 0.25, 0.05
TWO_LEVELS_CONTRAST = 60  # gray levels, of the ink: fainter ink is lost in black and white
MOVED_SHARE = 0.12  # of the pictures: the camera moved
MOTION_SHARES = (0.03, 0.32)  # of the ink's height: how far it moved
MAX_NOISE_SHARE = 0.25  # of the ink's contrast: a person sees strokes in that much noise
FULL_INK_PIXELS = 9  # a side of the square in which the thickest part of a stroke is full ink
MIN_STROKE_COVERAGE = 0.05  # of a pixel on the canvas: less is the edge of a stroke, or nothing
MIN_INK_PIXELS = 6  # on the canvas: less is a speck
MIN_INK_HEIGHT_PIXELS = 9  # on a small picture: fewer show no digit


class Scene(NamedTuple):
    """pixels: uint8 [64, 64], a picture in the middle of a canvas of zeros; its longer side fills
    it, as small pictures are enlarged. size: its height and width there. ink: uint8 [64, 64], what
    was written: 255 in the middle of its strokes, less along their edges; label: 0 to 9, or
    NO_DIGIT."""

    pixels: np.ndarray
    size: tuple[int, int]
    ink: np.ndarray
    label: int

    def inside(self) -> np.ndarray:
        """Where the canvas holds the picture: bool [64, 64]."""
        return _centered(np.ones(self.size, bool))

    def is_visible(self) -> bool:
        """Whether there is enough of the ink, and it differs from the paper beside it by more than
        that is uneven; true without ink."""
        ink = self.ink > 170
        if not self.ink.any():
            return True
        if ink.sum() < MIN_INK_PIXELS:
            return False
        near = ndimage.maximum_filter(ink, 9) & self.inside() & (self.ink < 20)
        paper, levels = self.pixels[near].astype(float), self.pixels[ink]
        if not len(paper):
            return False
        contrast = abs(float(levels.mean()) - paper.mean())
        return bool(contrast > max(MIN_CONTRAST_LEVELS, MIN_CONTRAST * paper.std()))


class Drawing(NamedTuple):
    """A picture before it is taken: picture, float32 [H, W], gray levels; ink: float32 [H, W], the
    coverage of what was written, 0 to 1; label: as in Scene; contrast: of the ink, in gray levels;
    filled: whether it is a small picture that the digit fills."""

    picture: np.ndarray
    ink: np.ndarray
    label: int
    contrast: float
    filled: bool = False


def take(drawing: Drawing, random: Generator) -> Scene:
    """Takes the picture: turned, blurred, inverted, shrunk, with noise, and on a canvas."""
    picture, ink, filled = drawing.picture.astype(np.float32), drawing.ink, drawing.filled
    if not filled and random.random() < 0.55:
        picture, ink = _turned(picture, ink, random)
    if not filled and random.random() < 0.6:
        sigma = random.uniform(0.2, 1.5)
        pair = (sigma, sigma * random.uniform(1, 3)) if random.random() < 0.15 else (sigma, sigma)
        picture = ndimage.gaussian_filter(picture, pair)
    if not filled and random.random() < MOVED_SHARE:
        far = max(3.0, random.uniform(*MOTION_SHARES) * _ink_height(ink))
        motion = surfaces.motion(random, far)
        # The truth is the blurred ink: nobody can see where its strokes were before.
        picture, ink = (ndimage.convolve(x, motion, mode=mode)
                        for x, mode in ((picture, "nearest"), (ink, "constant")))  # fmt: skip
    if random.random() < (0.5 if filled else 0.27):
        total = picture.max() + picture.min() if random.random() < 0.5 else 255
        picture = total - picture
    longer = max(picture.shape)
    side = CANVAS
    if filled:
        side = min(CANVAS, max(8, longer // 4))
    elif random.random() < 0.28:
        side = int(random.integers(*SMALL_SIDE_PIXELS))
        if shown := _ink_height(ink):
            side = max(side, min(CANVAS, round(MIN_INK_HEIGHT_PIXELS * longer / shown)))
    picture = _resized(picture, side)
    noise = random.choice([0, 0.3, random.uniform(0.3, 8)], p=[0.15, 0.35, 0.5])
    noise = min(noise, MAX_NOISE_SHARE * drawing.contrast)
    picture += random.normal(0, noise, picture.shape).astype(np.float32)
    is_two_levels = random.random() < (0.5 if filled else TWO_LEVELS_SHARE)
    if is_two_levels and drawing.contrast > TWO_LEVELS_CONTRAST:
        middle = (picture.max() + picture.min()) / 2
        picture = np.where(picture > middle, picture.max(), picture.min())
        if filled and random.random() < FLIPPED_SHARE:
            flipped = random.random(picture.shape) < random.uniform(0, MAX_FLIPPED)
            picture = np.where(flipped, picture.max() + picture.min() - picture, picture)
    pixels = on.bytes_of(picture)
    if random.random() < 0.3:
        least = 12 if drawing.contrast > FAINT_LEVELS else 60  # or nobody could see it any more
        pixels = compressed(pixels, int(random.integers(least, 95)))
    enlarged = on.bytes_of(_resized(pixels, CANVAS))
    size = enlarged.shape[0], enlarged.shape[1]
    ink = on.bytes_of(255 * full(shaped(ink, size)))
    return Scene(_centered(enlarged), size, _centered(ink), drawing.label)


def _ink_height(ink: np.ndarray) -> int:
    rows = np.flatnonzero(ink.max(1) > 0.3)
    return int(rows[-1] - rows[0] + 1) if len(rows) else 0


def _turned(
    picture: np.ndarray, ink: np.ndarray, random: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both turned and sheared alike; the paper goes on beyond the border."""
    angle, shear = np.radians(random.uniform(-10, 10)), random.normal(0, 0.06)
    matrix = np.array(
        [[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]], np.float32
    )
    middle = np.array(picture.shape) / 2
    offset = middle - matrix @ middle
    return (
        ndimage.affine_transform(picture, matrix, offset, order=1, mode="nearest"),
        ndimage.affine_transform(ink, matrix, offset, order=1),
    )


def _resized(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with a longer side of `side` pixels."""
    factor = side / max(picture.shape)
    height, width = (max(1, round(length * factor)) for length in picture.shape)
    return shaped(picture, (height, width))


def shaped(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture with this height and width."""
    image = Image.fromarray(picture.astype(np.float32))
    return np.array(image.resize(size[::-1], Image.Resampling.BILINEAR))


def full(ink: np.ndarray) -> np.ndarray:
    """Brings the middle of each stroke to 1: a hairline covers only a part of its pixels, but is
    ink all the same. Full is the mean coverage nearby, each pixel weighted by itself."""
    kept = np.where(ink > MIN_STROKE_COVERAGE, ink, 0)
    squares, sums = (ndimage.uniform_filter(x, FULL_INK_PIXELS) for x in (kept**2, kept))
    full = np.divide(squares, sums, out=np.ones_like(ink), where=sums > 1e-6)
    return np.minimum(ink / np.maximum(full, MIN_STROKE_COVERAGE), 1)


def compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    """The picture after a JPEG of that quality."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        return np.asarray(image)


def _centered(pixels: np.ndarray) -> np.ndarray:
    """A picture, uint8 or bool [h, w], in the middle of a canvas of zeros."""
    canvas = np.zeros((CANVAS, CANVAS), pixels.dtype)
    height, width = pixels.shape
    top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
    canvas[top : top + height, left : left + width] = pixels
    return canvas
