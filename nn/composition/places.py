"""Where a digit lies on its picture, and how large the picture is. Lengths are in pixels."""

import numpy as np
from numpy.random import Generator

from nn.composition.ink import sized
from nn.composition.layers import Box

SIDE_PIXELS = 112  # the longer side of a scene: enough for a canvas of 64
STRIP_SHARE = 0.12  # of the pictures: they may be as wide, or as high, as strips
MAX_ASPECT = 7.0
# The largest part of a digit's height or width that lies beyond the border: of most digits, and
# where a stroke runs along the border.
MAX_LOST_SHARE, STROKE_SHARE = 0.2, 0.06


def draw_size(random: Generator) -> tuple[int, int]:
    """Height and width of a scene; the longer side is SIDE_PIXELS."""
    aspect = float(np.exp(random.normal(0, 0.28))) if random.random() < 0.75 else 1.0
    if random.random() < STRIP_SHARE:
        aspect = float(np.exp(random.uniform(-1, 1) * np.log(MAX_ASPECT)))
    shorter = max(round(SIDE_PIXELS / MAX_ASPECT), round(SIDE_PIXELS / max(aspect, 1 / aspect)))
    return (SIDE_PIXELS, shorter) if aspect > 1 else (shorter, SIDE_PIXELS)


def draw_place(
    size: tuple[int, int], drawn: tuple[int, ...], random: Generator
) -> tuple[float, float]:
    """Top and left of a digit: near the middle, or anywhere; a large one may run off the border."""
    free = [side - used for side, used in zip(size, drawn, strict=True)]
    if random.random() < 0.5:
        top, left = (space / 2 + random.normal(0, 0.05) * side
                     for space, side in zip(free, size, strict=True))  # fmt: skip
    else:
        top, left = (random.uniform(min(space, 0), max(space, 0)) for space in free)
    return top, left


def beyond_border(
    size: tuple[int, int],
    drawn: tuple[int, ...],
    place: tuple[float, float],
    random: Generator,
) -> tuple[float, float]:
    """Moves a digit to where a part of it runs off the border: its top and left."""
    axis, is_far = int(random.integers(2)), random.random() < 0.5
    # Of a stroke along the border, half of the width may be hidden.
    most = random.choice([STROKE_SHARE, MAX_LOST_SHARE])
    lost = random.uniform(0, most) * drawn[axis]
    moved = [*place]
    moved[axis] = size[axis] - drawn[axis] + lost if is_far else -lost
    return moved[0], moved[1]


def cropped(
    mask: np.ndarray, random: Generator
) -> tuple[tuple[int, int], np.ndarray, float, float]:
    """A picture that ends at the ink or little beyond it: its size, the mask, its top and left."""
    drawn = sized(mask, SIDE_PIXELS)
    margins = random.uniform(0, random.choice([0.04, 0.15]), 4) * SIDE_PIXELS
    height, width = drawn.shape
    size = (round(height + margins[0] + margins[1]), round(width + margins[2] + margins[3]))
    return (max(size[0], 20), max(size[1], 20)), drawn, margins[0], margins[2]


def cropped_to(
    box: Box, ink: np.ndarray, cells: np.ndarray, random: Generator
) -> tuple[np.ndarray, np.ndarray, Box]:
    """The part of both pictures in a box with small margins; and the box there."""
    margins = np.round(random.uniform(0, random.choice([0.05, 0.3]), 4) * box.height).astype(int)
    top, left = max(int(box.top) - margins[0], 0), max(int(box.left) - margins[2], 0)
    bottom, right = int(np.ceil(box.bottom)) + margins[1], int(np.ceil(box.right)) + margins[3]
    part = slice(top, max(bottom, top + 16)), slice(left, max(right, left + 16))
    moved = Box(box.top - top, box.bottom - top, box.left - left, box.right - left)
    return ink[part], cells[part], moved


def draw_box(size: tuple[int, int], share: float, random: Generator) -> Box:
    """A box where a digit might lie. share: its height, of the picture's shorter side."""
    height = share * min(size)
    width = height * random.uniform(0.4, 0.9)
    top, left = draw_place(size, (round(height), round(width)), random)
    return Box(top, top + height, left, left + width)
