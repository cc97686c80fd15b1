"""Writers whose digits MNIST lacks: each writes some digits in a way of their own.

WRITERS holds them by name. Those in TUNED_ON decided the settings of nn/training/own_digits.py; the
others did not, and no training of this project may draw their digits. All their shapes are drawn
from strokes of this file alone.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting.kinds import Digit, File, photo, saved, sheet, written
from nn.composition import paper as on
from nn.composition.ink import drawn, from_image, trimmed, with_pen
from nn.composition.strokes import Point

Strokes = list[list[Point]]

UNSTEADY_SHARE = 0.022  # standard deviation of a stroke's points, as a share of the digit's height
SLANT_DEVIATION = 0.05  # of one digit's slant from the writer's
WIDTH_DEVIATION = 0.1  # of one digit's pen width from the writer's, as a share of it


@dataclass(frozen=True)
class Writer:
    """A writer's hand. strokes: the digits that the writer writes in their own way, as strokes of
    points from (0, 0), top left, to (1, 1); all others are MNIST's. slant: pixels to the right for
    each pixel of height. pen: the pen's width, as a share of the digit's height."""

    strokes: dict[int, Strokes] = field(default_factory=dict)
    slant: float = 0.0
    pen: float = 0.07

    def mask(self, digit: Digit, random: Generator) -> np.ndarray:
        """The digit as this writer writes it: float32 [H, W], 0 to 1."""
        if digit.label in self.strokes:
            mask = drawn(self.strokes[digit.label], random, UNSTEADY_SHARE)
        else:
            mask = from_image(digit.image)
        mask = slanted(mask, self.slant + random.normal(0, SLANT_DEVIATION))
        return with_pen(mask, self.pen * (1 + random.normal(0, WIDTH_DEVIATION)))

    def picture(self, digit: Digit, random: Generator) -> File:
        """A scan or a photo of the digit on paper: one of two is a photo."""
        if random.random() < 0.5:
            paper = written(sheet(random, 236, 255), self.mask(digit, random), random)
            return saved(Image.fromarray(on.bytes_of(on.grained(paper, random, 1.5))), ".png")
        paper = on.lit(sheet(random, 160, 225), random, random.uniform(0.1, 0.4))
        return photo(written(paper, self.mask(digit, random), random), random)


def slanted(mask: np.ndarray, slant: float) -> np.ndarray:
    """Moves each row to the right by `slant` times its height above the lowest row."""
    height = len(mask)
    wide = np.pad(mask, ((0, 0), (int(abs(slant) * height) + 1,) * 2))
    rows, columns = np.mgrid[:height, : wide.shape[1]].astype(np.float32)
    moved = columns - slant * (height / 2 - rows)
    return trimmed(ndimage.map_coordinates(wide, [rows, moved], order=1))


WRITERS = {
    # Sevens with a long nose and a bar, ones with a steep upstroke as long as the stem.
    "crossed": Writer(
        {
            7: [[(0.08, 0.2), (0.12, 0.04), (0.5, 0.08), (0.92, 0.02)],
                [(0.92, 0.02), (0.66, 0.42), (0.45, 1.0)],
                [(0.28, 0.5), (0.55, 0.47), (0.85, 0.45)]],
            1: [[(0.05, 0.62), (0.35, 0.3), (0.62, 0.0)], [(0.62, 0.0), (0.6, 0.5), (0.6, 1.0)]],
        },
        slant=0.1, pen=0.06,
    ),
    # Fours in one go, with a closed loop; twos with a loop at the foot; sixes that start low.
    "looped": Writer(
        {
            4: [[(0.3, 0.0), (0.22, 0.3), (0.2, 0.62), (0.4, 0.74), (0.72, 0.66), (0.9, 0.42),
                 (0.82, 0.24), (0.68, 0.26), (0.55, 0.48), (0.5, 0.72), (0.48, 1.0)]],
            2: [[(0.15, 0.2), (0.45, 0.0), (0.78, 0.2), (0.55, 0.6), (0.2, 0.92), (0.08, 0.8),
                 (0.25, 0.72), (0.55, 0.95), (0.95, 0.9)]],
        },
        slant=0.2, pen=0.08,
    ),
    # Nines with a hook under the line, and everything leaning far to the right.
    "hooked": Writer(
        {
            9: [[(0.2, 0.52), (0.5, 0.5), (0.78, 0.34), (0.86, 0.14), (0.66, 0.02), (0.5, 0.14),
                 (0.46, 0.38), (0.62, 0.6), (0.64, 0.8), (0.36, 0.97)]],
        },
        slant=0.45, pen=0.055,
    ),
    # Fours like the Greek letter psi, closed above; fives in one sweep without a hat.
    "psi": Writer(
        {
            4: [[(0.1, 0.1), (0.2, 0.4), (0.34, 0.66), (0.6, 0.6), (0.92, 0.25), (0.8, 0.14),
                 (0.6, 0.32), (0.45, 0.62), (0.4, 1.0)]],
            5: [[(0.72, 0.02), (0.4, 0.12), (0.25, 0.4), (0.55, 0.48), (0.78, 0.7), (0.55, 0.95),
                 (0.2, 0.92)]],
        },
        slant=0.05, pen=0.07,
    ),
    # Nines that start with a cross stroke, sevens with a wave, a steep slant to the left.
    "backhand": Writer(
        {
            9: [[(0.08, 0.5), (0.4, 0.52), (0.74, 0.42), (0.9, 0.18), (0.72, 0.04), (0.5, 0.18),
                 (0.44, 0.42), (0.5, 0.72), (0.5, 1.0)]],
            7: [[(0.05, 0.1), (0.3, 0.0), (0.6, 0.14), (0.95, 0.02)],
                [(0.95, 0.02), (0.6, 0.35), (0.62, 1.0)]],
        },
        slant=-0.35, pen=0.075,
    ),
}  # fmt: skip
TUNED_ON = ("crossed", "looped", "hooked")
