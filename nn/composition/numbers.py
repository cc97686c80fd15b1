"""Numbers: several digits in a row, free or in the cells of a form, with signs between them.

All of it is ink but the cells. Masks are float32 [H, W], from 0 to 1, as in ink.py.
"""

import numpy as np
from numpy.random import Generator

from nn.composition import paper as on
from nn.composition.ink import sized
from nn.composition.layers import Box, Layer
from nn.composition.writing import digit_mask, stretched
from nn.data.digits import Digits

SEPARATORS = ".,-:/"
SEPARATOR_SHARE = 0.3  # of the gaps of a number that has any


def draw_number(
    digits: Digits, size: tuple[int, int], random: Generator
) -> tuple[np.ndarray, np.ndarray, Box]:
    """A number on an empty picture of this height and width.

    Returns its ink and the coverage of its cells, both float32 [H, W], and the box around it.
    """
    count = int(random.integers(2, 6))
    in_cells = random.random() < 0.45
    pitch = size[1] * random.uniform(0.6, 0.98) / count
    height = min(pitch * random.uniform(0.9, 1.8), 0.8 * size[0])
    left = (size[1] - count * pitch) * random.uniform(0, 1)
    base = random.uniform(height, size[0])  # the line that the digits stand on
    separated = not in_cells and random.random() < 0.4
    ink, layer = np.zeros(size, np.float32), Layer(size)
    thick = height * float(np.exp(random.uniform(np.log(0.02), np.log(0.12))))
    for place in range(count):
        mask = sized(stretched(digit_mask(digits, random)[0], random), max(8, round(height)))
        if mask.shape[1] > 0.95 * pitch:
            mask = sized(mask, max(8, round(height * 0.95 * pitch / mask.shape[1])))
        middle = left + (place + 0.5) * pitch + random.normal(0, 0.04) * pitch
        top = base - mask.shape[0] + random.normal(0, 0.03) * height
        cover = on.covering(size, mask, top, middle - mask.shape[1] / 2)
        ink = np.maximum(ink, cover)
        if separated and place and random.random() < SEPARATOR_SHARE:
            x = left + place * pitch
            _separator(layer, SEPARATORS[random.integers(len(SEPARATORS))], x, base, height, thick)
    ink = np.maximum(ink, layer.coverage())
    box = Box(base - height, base, left, left + count * pitch)
    cells = _cells(size, box, count, random) if in_cells else np.zeros(size, np.float32)
    return ink, cells, box


def _separator(layer: Layer, sign: str, x: float, base: float, height: float, thick: float) -> None:
    """Draws a sign between two digits. x: its middle; base: the line that the digits stand on."""
    dot = max(0.9, thick * 0.7)
    if sign == ".":
        layer.disk((x, base - dot), (dot, dot), 1.0)
    elif sign == ",":
        layer.line([(x, base - dot), (x - 1.2 * dot, base + 0.15 * height)], max(1.0, thick))
    elif sign == "-":
        layer.line([(x - 0.14 * height, base - 0.45 * height),
                    (x + 0.14 * height, base - 0.47 * height)], max(0.8, thick))  # fmt: skip
    elif sign == ":":
        for y in (0.2, 0.65):
            layer.disk((x, base - y * height), (dot, dot), 1.0)
    else:
        layer.line([(x - 0.2 * height, base + 0.05 * height),
                    (x + 0.2 * height, base - 1.05 * height)], max(0.8, thick))  # fmt: skip


def _cells(size: tuple[int, int], box: Box, count: int, random: Generator) -> np.ndarray:
    """The cells of a form around the digits: boxes that touch or stand apart, or a comb."""
    layer = Layer(size)
    pitch = box.width / count
    above, below = random.uniform(-0.02, 0.3, 2) * box.height
    top, bottom = box.top - above, box.bottom + below
    width = max(0.6, box.height * float(np.exp(random.uniform(np.log(0.01), np.log(0.06)))))
    kind = random.choice(["boxes", "apart", "comb"])
    gap = random.uniform(0.02, 0.12) * pitch if kind == "apart" else 0.0
    tick = top + random.uniform(0.2, 0.8) * (bottom - top) if kind == "comb" else top
    for place in range(count + 1):
        x = box.left + place * pitch
        for wall in {x - gap, x + gap}:
            layer.line([(wall, tick), (wall, bottom)], width)
        if place < count:
            right = x + pitch - gap
            layer.line([(x + gap, bottom), (right, bottom)], width)
            if kind != "comb":
                layer.line([(x + gap, top), (right, top)], width)
    return layer.coverage()
