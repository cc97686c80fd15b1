"""Pages with several rows of numbers, on plain, ruled or squared paper."""

import numpy as np
from numpy.random import Generator

from benchmarks.numbers.fields import FAR, extent
from benchmarks.numbers.hands import Mark, any_hand
from benchmarks.numbers.sheets import Print, Scene
from benchmarks.numbers.signs import spaced
from nn.data.digits import Digits

MAX_ROWS, MAX_DIGITS = 5, 6
RULES = ((120, 150, 200), (150, 170, 205), (170, 175, 180), (195, 205, 215), (130, 180, 160))


def rows(digits: Digits, height: float, random: Generator) -> tuple[Scene, str]:
    """Two to five rows of one to six digits, at the left, at the right, or ragged."""
    hand = any_hand(height, random)
    count = int(random.integers(2, MAX_ROWS + 1))
    texts = ["".join(map(str, random.choice(digits.labels, random.integers(1, MAX_DIGITS + 1))))
             for _ in range(count)]  # fmt: skip
    pitch = height * random.choice([random.uniform(1.25, 1.5), random.uniform(1.4, 2.1)])
    drift = random.normal(0, 0.012)  # of one row; the whole page is turned when it is taken
    align = random.choice(["left", "left", "right", "ragged"])
    page: list[Mark] = []
    for place, text in enumerate(texts):
        row = spaced(text, hand, digits, random)
        left, _, right, _ = extent(row)
        start = {"left": -left, "right": -right, "ragged": random.uniform(0, 2.5) * height}[align]
        start += random.normal(0, 0.08) * height
        base = place * pitch + random.normal(0, 0.03) * height
        page += [mark.moved(base + drift * mark.left, start) for mark in row]
    return Scene(page, height, paper(height, pitch, count, random)), "\n".join(texts)


def paper(height: float, pitch: float, count: int, random: Generator) -> list[Print]:
    """Rules a page. pitch: from one row of digits to the next. count: the rows."""
    kind = random.choice(["plain", "ruled", "squared"], p=[0.4, 0.35, 0.25])
    if kind == "plain":
        return []
    share = 1 if kind == "ruled" else random.choice([1, 1 / 2, 1 / 2, 1 / 3])
    spacing = pitch * share
    first = random.uniform(0.02, 0.12) * height  # the digits stand on the lines, or just above
    if random.random() < 0.25:  # the writer does not heed the lines
        first, spacing = random.uniform(0, height), spacing * random.uniform(0.8, 1.2)
    ys = first + spacing * np.arange(-round(3 / share), round((count + 3) / share))
    lines = [[(-FAR, y), (FAR, y)] for y in ys]
    start = random.uniform(0, spacing)
    if kind == "squared":
        reach = 15 * height
        lines += [[(x, -FAR), (x, FAR)] for x in np.arange(start - reach, reach, spacing)]
    color = np.array(RULES[random.integers(len(RULES))]) + random.normal(0, 8, 3)
    width = max(1.0, height * random.uniform(0.01, 0.03))
    prints = [Print(lines, width, color)]
    if random.random() < 0.2:  # the margin's red line
        x = -random.uniform(0.3, 0.8) * height
        red = np.array((215, 120, 120)) + random.normal(0, 8, 3)
        prints.append(Print([[(x, -FAR), (x, FAR)]], width, red))
    return prints
