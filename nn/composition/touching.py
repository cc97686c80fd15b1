"""Digits that touch, in a row by one hand: each with its own ink. Lengths are in pixels."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from nn.composition.ink import sized
from nn.composition.taking import full
from nn.composition.writing import Hand, stretched
from nn.data.digits import Digits

HEIGHTS_PIXELS = (22, 38)  # of a digit: what a picture of a number is shrunk to
INK = 0.5  # of a mask: a pixel with more is ink
MAX_OVERLAP = 0.1  # of the digits' height: by so much a digit is moved into its neighbor


class Row(NamedTuple):
    """masks: float32 [count, H, W], each with the ink of one digit, 0 to 1; labels: int64 [count];
    height: of the digits."""

    masks: np.ndarray
    labels: np.ndarray
    height: float

    def ink(self) -> np.ndarray:
        """The ink of all digits: uint8 [H, W], 255 = ink."""
        return np.round(255 * self.masks.max(0)).astype(np.uint8)


def draw_touching(digits: Digits, random: Generator) -> Row:
    """Draws two or three digits that touch."""
    hand, height = Hand.any(random), random.uniform(*HEIGHTS_PIXELS)
    blur = random.uniform(0, 0.7)
    masks, labels = [], []
    for _ in range(random.choice([2, 3], p=[0.75, 0.25])):
        mask, label = hand.digit(digits, random)
        tall = round(height * float(np.exp(random.normal(0, 0.08))))
        mask = np.pad(sized(stretched(mask, random), tall), 1)
        masks.append(full(ndimage.gaussian_filter(mask, blur)))
        labels.append(label)
    lines = [round(random.normal(0, 0.05) * height) for _ in masks]  # where each stands
    top = min(line - mask.shape[0] for line, mask in zip(lines, masks, strict=True))
    rows = max(lines) - top
    placed: list[np.ndarray] = []
    wide = sum(mask.shape[1] for mask in masks) + 2
    for mask, line in zip(masks, lines, strict=True):
        alone = np.zeros((rows, wide), np.float32)
        start = line - mask.shape[0] - top
        alone[start : start + mask.shape[0], : mask.shape[1]] = mask
        if placed:
            overlap = round(random.uniform(0, MAX_OVERLAP) * height)
            left = _distance(np.max(placed, 0), alone) - overlap
            alone = np.roll(alone, int(np.clip(left, 1, wide - mask.shape[1])), 1)
        placed.append(alone)
    stack = np.stack(placed)
    used = [np.flatnonzero((stack > 0).any((0, axis))) for axis in (2, 1)]
    inside = [slice(each[0], each[-1] + 1) for each in used]
    return Row(stack[:, inside[0], inside[1]], np.array(labels, np.int64), height)


def _distance(row: np.ndarray, mask: np.ndarray) -> int:
    """How far to the right of the picture's left end a mask touches the row's ink."""
    ends = row.shape[1] - (row[:, ::-1] > INK).argmax(1)
    starts = (mask > INK).argmax(1)
    both = (row > INK).any(1) & (mask > INK).any(1)
    return int((ends - starts)[both].max()) if both.any() else 0
