"""What paper is like, where it ends: patterns, grain, edges, tables. Pictures: as in paper.py."""

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from nn.composition.paper import places, plain


def patterned(paper: np.ndarray, random: Generator, strength: float) -> np.ndarray:
    """Prints a pattern on the paper, as on checks: waves, a screen of dots, or slanted lines, close
    together or far apart.

    strength: how much darker the pattern is, as a share of the paper's level.
    """
    height, width = paper.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    widest = random.choice([0.25, 0.5]) * min(height, width)
    angle, pitch = random.uniform(0, np.pi), random.uniform(2.5, widest)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    bend = random.uniform(0, 1.5) * np.sin(across * 2 * np.pi / random.uniform(8, width))
    wave = np.sin(2 * np.pi * along / pitch + bend * 2)
    if random.random() < 0.35:  # dots
        wave = wave * np.sin(2 * np.pi * across / pitch)
    if random.random() < 0.55:  # crisp lines
        wave = np.clip((wave - random.uniform(0, 0.95)) * random.uniform(4, 12), -1, 1)
    return paper * (1 - strength * (0.5 + 0.5 * wave))


def textured(paper: np.ndarray, random: Generator, strength: float) -> np.ndarray:
    """Gives the surface a grain: fibers, wood, cloth or stains, from fine to coarse.

    strength: the standard deviation of the grain, as a share of the paper's level.
    """
    noise = random.normal(0, 1, paper.shape).astype(np.float32)
    fine = np.exp(random.uniform(np.log(0.4), np.log(12), 2))
    if random.random() < 0.5:
        fine[1] = fine[0]
    grain = ndimage.gaussian_filter(noise, fine)
    grain /= max(float(grain.std()), 1e-6)
    if random.random() < 0.3:  # stains are darker than the paper, not lighter
        grain = -np.abs(grain)
    return paper * (1 + strength * grain).clip(0.2, 1.5)


def stained(paper: np.ndarray, random: Generator, strength: float) -> np.ndarray:
    """Spills something on the paper: one to three stains, with soft or ragged edges; some have
    dried up and have a dark rim.

    strength: how much darker a stain is, as a share of the paper's level.
    """
    y, x = places(paper)
    for _ in range(random.integers(1, 4)):
        down, right = random.uniform(-0.6, 0.6, 2)
        radius = float(np.exp(random.uniform(np.log(0.06), np.log(0.5))))
        distance = np.hypot(y - down, (x - right) * random.uniform(0.6, 1.6)) / radius
        noise = random.normal(0, 1, paper.shape).astype(np.float32)
        ragged = ndimage.gaussian_filter(noise, np.exp(random.uniform(np.log(0.8), np.log(8))))
        depth = 1 - distance - random.uniform(0, 0.6) * ragged / max(float(ragged.std()), 1e-6)
        soft = np.exp(random.uniform(np.log(0.02), np.log(0.3)))
        stain = 1 / (1 + np.exp(-np.clip(depth / soft, -50, 50)))
        if random.random() < 0.3:
            stain *= 0.4 + 0.6 * np.exp(-((depth / 0.15) ** 2))
        paper = paper * (1 - strength * random.uniform(0.3, 1) * stain)
    return paper


def edged(paper: np.ndarray, random: Generator) -> np.ndarray:
    """Ends the paper on one side: beyond lies a table, a gutter, another sheet or nothing."""
    y, x = places(paper)
    side = random.integers(4)
    along = (y, -y, x, -x)[side] + random.normal(0, 0.04) * (x, x, y, y)[side]
    place = 0.5 - random.uniform(0.01, 0.16)
    soft = random.choice([0.004, 0.004, random.uniform(0.01, 0.06)])  # a gutter is soft
    beyond = 1 / (1 + np.exp(-np.clip((along - place) / soft, -50, 50)))
    level = random.uniform(0, 255) if random.random() < 0.7 else 0.0
    return paper * (1 - beyond) + level * beyond


def laid(
    paper: np.ndarray, sides: tuple[float, float, float, float], random: Generator
) -> np.ndarray:
    """Lays the paper, as a sheet or a sticky note, on a table that is seen around it.

    sides: where the sheet ends at the top, bottom, left and right, in pixels. The table is lighter
    or darker, plain or with a grain; along two sides lies the sheet's shadow.
    """
    height, width = paper.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    tilt, soft = random.normal(0, 0.05), random.uniform(0.3, 1.2)
    along_y, along_x = y + tilt * (x - width / 2), x - tilt * (y - height / 2)
    top, bottom, left, right = sides

    def within(shift: float, soft: float) -> np.ndarray:
        steps = (
            along_y - top - shift, bottom + shift - along_y, along_x - left - shift,
            right + shift - along_x,
        )  # fmt: skip
        inside = np.ones_like(paper)
        for step in steps:
            inside /= 1 + np.exp(-np.clip(step / soft, -50, 50))
        return inside

    level = random.uniform(10, 250)
    if abs(level - paper.mean()) < 25:
        level = paper.mean() - 40
    table = plain(paper.shape, float(np.clip(level, 5, 255)))
    if random.random() < 0.7:
        table = textured(table, random, random.uniform(0.02, 0.25))
    shift = random.uniform(1, 4)
    table *= 1 - random.uniform(0, 0.5) * within(shift, 1 + shift)
    sheet = within(0, soft)
    return paper * sheet + table * (1 - sheet)


def motion(random: Generator, pixels: float) -> np.ndarray:
    """The blur of a camera that moves so far, in a random direction, as a filter: float32 [K, K],
    whose sum is 1."""
    angle, reach = random.uniform(0, np.pi), int(np.ceil(pixels / 2))
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    for step in np.linspace(-pixels / 2, pixels / 2, 4 * reach + 1):
        kernel[reach + round(step * np.sin(angle)), reach + round(step * np.cos(angle))] += 1
    return kernel / kernel.sum()
