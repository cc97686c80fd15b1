"""Hands of other schools and times: looped fours, crossing nines, flagged ones, angular sixes."""

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting.kinds import Digit
from nn.composition.ink import drawn, with_pen
from nn.composition.strokes import Point

# Strokes as in nn/composition/strokes.py; none of them is drawn elsewhere.
HANDS: dict[int, list[list[list[Point]]]] = {
    0: [
        [[(0.62, 0.0), (0.3, 0.06), (0.06, 0.4), (0.14, 0.84), (0.44, 1.0), (0.8, 0.74),
          (0.86, 0.3), (0.62, 0.03), (0.36, 0.14), (0.3, 0.2)]],  # with a loop at the top
        [[(0.5, 0.0), (0.14, 0.3), (0.1, 0.68), (0.42, 1.0), (0.82, 0.72), (0.84, 0.34),
          (0.58, 0.02)]],  # open at the top
    ],
    1: [
        [[(-0.06, 0.56), (0.28, 0.32), (0.56, 0.0)], [(0.56, 0.0), (0.53, 0.5), (0.48, 1.0)]],
        [[(0.7, 0.0), (0.5, 0.5), (0.3, 1.0)]],  # a slanted stroke
    ],  # with a long flag
    2: [
        [[(0.1, 0.3), (0.22, 0.06), (0.58, 0.0), (0.74, 0.22), (0.52, 0.6), (0.2, 0.94),
          (0.1, 0.84), (0.26, 0.78), (0.5, 0.92), (0.78, 1.0), (0.96, 0.86)]],  # with a loop
    ],
    3: [
        [[(0.14, 0.02), (0.5, 0.03), (0.84, 0.02)], [(0.84, 0.02), (0.62, 0.22), (0.42, 0.42)],
         [(0.42, 0.42), (0.8, 0.5), (0.84, 0.8), (0.5, 1.0), (0.1, 0.9)]],  # with a flat top
    ],
    4: [
        [[(0.52, 0.0), (0.3, 0.36), (0.04, 0.68), (0.16, 0.74), (0.5, 0.62), (0.96, 0.54)],
         [(0.72, 0.26), (0.62, 0.62), (0.5, 1.0)]],  # with a loop at the left
        [[(0.3, 0.04), (0.14, 0.4), (0.2, 0.58), (0.52, 0.56), (0.84, 0.4)],
         [(0.8, 0.06), (0.72, 0.5), (0.62, 1.0)]],  # open, round
    ],
    5: [
        [[(0.94, 0.0), (0.66, 0.04), (0.4, 0.04)], [(0.4, 0.04), (0.32, 0.22), (0.26, 0.4)],
         [(0.26, 0.4), (0.62, 0.4), (0.72, 0.68), (0.5, 0.96), (0.08, 0.96)]],
    ],
    6: [
        [[(0.66, 0.0), (0.36, 0.36), (0.16, 0.76)], [(0.16, 0.76), (0.34, 1.0), (0.7, 0.82)],
         [(0.7, 0.82), (0.6, 0.62), (0.2, 0.72)]],  # angular, thin
        [[(0.82, 0.08), (0.5, 0.02), (0.2, 0.4), (0.14, 0.8), (0.42, 1.0), (0.72, 0.84),
          (0.66, 0.6), (0.4, 0.56), (0.2, 0.72)]],
    ],
    7: [
        [[(0.06, 0.16), (0.1, 0.02), (0.4, 0.1), (0.7, 0.1), (0.92, 0.0)],
         [(0.92, 0.0), (0.6, 0.46), (0.4, 1.0)]],  # with a wave on top
    ],
    8: [
        [[(0.78, 0.1), (0.4, 0.0), (0.2, 0.22), (0.5, 0.46), (0.78, 0.72), (0.5, 1.0),
          (0.18, 0.8), (0.46, 0.5), (0.76, 0.24), (0.8, 0.1)]],  # in one move, from the right
    ],
    9: [
        [[(0.74, 0.2), (0.5, 0.02), (0.2, 0.16), (0.2, 0.42), (0.5, 0.46), (0.72, 0.26)],
         [(0.78, 0.04), (0.7, 0.5), (0.52, 1.0)]],  # the long stroke crosses the bowl
        [[(0.8, 0.1), (0.44, 0.02), (0.2, 0.28), (0.42, 0.46), (0.76, 0.16), (0.62, 0.6),
          (0.3, 0.98), (0.08, 0.94)]],  # with a long tail
    ],
}  # fmt: skip


def mask_of(digit: Digit, random: Generator, width: float, old: float = 0.12) -> np.ndarray:
    """Makes a digit's mask. old: the probability that it is from HANDS."""
    if random.random() < old:
        return from_hands(digit, random, width)
    return digit.mask(random, width, drawn=0.12)


def from_hands(digit: Digit, random: Generator, width: float) -> np.ndarray:
    """Draws a digit of HANDS with a pen of this width: a mask."""
    variants = HANDS[digit.label]
    slant = random.uniform(-0.05, 0.5)  # of a trained hand, beside the slant that `drawn` draws
    strokes = [[(x + slant * (1 - y), y) for x, y in stroke]
               for stroke in variants[random.integers(len(variants))]]  # fmt: skip
    return with_pen(drawn(strokes, random, 0.035), width)
