"""Sheets with handwriting and print on them, and how they become files: photos, scans, drawings.

Pictures are in color: float32 [H, W, 3], from 0, black, to 255, white. Places and sizes are in
pixels; points are (x, y).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.boxes import ink_of
from benchmarks.handwriting.kinds import File, saved
from benchmarks.numbers.hands import INK, Mark
from nn.composition import paper as on

Sides = tuple[float, float, float, float]  # left, top, right, bottom
BORDER = 1.7  # of a digit's height: paper around what is on it, most of which is cut off
MARGINS = (0.15, 1.1)  # of a digit's height: what a picture shows around its number
RARE_INKS = ((165, 40, 45), (35, 105, 60), (100, 100, 104), (115, 115, 118))


class Print(NamedTuple):
    """What is printed on a sheet in one color.

    strokes: lines through points. width: the lines'. color: 0 to 255. fills: areas that are filled
    in `tint`. gaps: the spacing of dots that the lines consist of; 0 if they are unbroken.
    """

    strokes: Sequence[Sequence[tuple[float, float]]]
    width: float
    color: np.ndarray
    fills: Sequence[Sides] = ()
    tint: np.ndarray | None = None
    gaps: float = 0


class Scene(NamedTuple):
    """Where everything lies. height: a digit's. keep: what no picture cuts, beside the ink."""

    marks: list[Mark]
    height: float
    prints: list[Print]
    keep: Sides | None = None


class Sheet(NamedTuple):
    """A sheet. ink: float32 [H, W], where the handwriting is; kept: what no picture may cut."""

    picture: np.ndarray
    ink: np.ndarray
    kept: np.ndarray


def rectangle(sides: Sides, corner: float = 0) -> list[tuple[float, float]]:
    """Makes the points of a rectangle. corner: the radius of its round corners."""
    left, top, right, bottom = sides
    middles = ((right - corner, top + corner), (right - corner, bottom - corner),
               (left + corner, bottom - corner), (left + corner, top + corner))  # fmt: skip
    points = [
        (x + corner * np.cos(angle), y + corner * np.sin(angle))
        for quarter, (x, y) in enumerate(middles)
        for angle in np.pi / 2 * (quarter - 1 + np.linspace(0, 1, 8 if corner else 1))
    ]
    return [*points, *points[:2]]


def any_ink(random: Generator) -> np.ndarray:
    """Draws the color of a pen or a pencil."""
    if random.random() < 0.8:
        return ink_of(random)
    return np.array(RARE_INKS[random.integers(len(RARE_INKS))]) + random.normal(0, 8, 3)


def sheet_of(scene: Scene, paper: Sequence[float], random: Generator) -> Sheet:
    """Prints and writes on paper of this color."""
    extents = [(mark.left, mark.top, mark.right, mark.bottom) for mark in scene.marks]
    extents += [scene.keep] if scene.keep else []
    border = BORDER * scene.height
    left, top = np.floor(np.min(extents, 0)[:2] - border)
    right, bottom = np.ceil(np.max(extents, 0)[2:] + border)
    size = int(bottom - top), int(right - left)
    picture = marks.sheet(size, (255, 255, 255))  # print and ink are as bright as the paper lets
    for print_ in scene.prints:
        picture = printed(picture, print_, (left, top), random)
    ink = np.zeros(size, np.float32)
    for mark in scene.marks:
        np.maximum(ink, on.covering(size, mark.mask, mark.top - top, mark.left - left), out=ink)
    kept = ink.copy()
    if scene.keep:
        near, high, far, low = (round(side) for side in np.subtract(scene.keep, (left, top) * 2))
        kept[high:low, near:far] = 1
    pressure = 1 - random.uniform(0, 0.3) * marks.clouds(size, random, 9)
    picture = marks.put(picture, ink * pressure, any_ink(random)) * (np.array(paper) / 255)
    return Sheet(picture.astype(np.float32), ink, kept)


def printed(
    picture: np.ndarray, print_: Print, origin: tuple[float, float], random: Generator
) -> np.ndarray:
    """Prints on a picture whose upper left corner is at `origin`."""
    left, top = origin
    for fill in print_.fills:
        near, high, far, low = (max(0, round(side)) for side in np.subtract(fill, origin * 2))
        picture[high:low, near:far] = print_.tint
    strokes = [[(x - left, y - top) for x, y in stroke] for stroke in print_.strokes]
    coverage = marks.lines(picture.shape[:2], strokes, print_.width)
    if print_.gaps:
        coverage = marks.dotted(coverage, random, print_.gaps)
    return marks.put(picture, coverage, print_.color)


def paper_of(way: str, random: Generator) -> np.ndarray:
    """Draws the color of paper. way: a key of WAYS."""
    if way == "photo":
        return random.uniform(175, 245) * np.array([1, random.uniform(0.96, 1), 0.94])
    if way == "scan":
        return random.uniform(228, 255) + random.normal(0, 2, 3)
    return np.array([255.0] * 3) if random.random() < 0.6 else random.uniform(225, 255, 3)


def seen(sheet: Sheet, height: float, random: Generator, turn: float, lean: float) -> np.ndarray:
    """Cuts a picture out of a sheet that is turned, and seen from the side.

    height: a digit's. turn: the largest turn, in degrees. lean: how far a corner may move, as a
    share of the sheet's shorter side.
    """
    pad = round(0.1 * max(sheet.ink.shape))
    layers = np.dstack([sheet.picture, sheet.kept])
    layers = np.pad(layers, ((pad, pad), (pad, pad), (0, 0)), "edge")
    size = layers.shape[1], layers.shape[0]
    angle = np.radians(random.uniform(-turn, turn))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (np.array([(0, 0), (0, 1), (1, 1), (1, 0)]) - 0.5) * size
    corners = corners @ rotation.T + random.uniform(-lean, lean, (4, 2)) * min(size)
    quad = (corners + np.array(size) / 2).ravel().tolist()
    turned = [
        Image.fromarray(np.ascontiguousarray(layers[..., channel])).transform(
            size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR
        )
        for channel in range(4)
    ]
    layers = np.dstack([np.asarray(channel) for channel in turned])
    spans = [np.flatnonzero((layers[..., 3] > INK).any(axis)) for axis in (1, 0)]
    margins = np.round(random.uniform(*MARGINS, 4) * height).astype(int)
    rows, columns = (
        slice(max(0, span[0] - before), span[-1] + 1 + after)
        for span, before, after in zip(spans, margins[:2], margins[2:], strict=True)
    )
    return layers[rows, columns, :3]


def photo(picture: np.ndarray, height: float, random: Generator) -> File:
    """Takes a photo: uneven light, at times a shadow, blur, noise, and JPEG's artifacts."""
    picture = marks.lit(picture, random, random.uniform(0, 0.45))
    if random.random() < 0.2:
        light = on.shadowed(
            np.ones(picture.shape[:2], np.float32), random, random.uniform(0.1, 0.4)
        )
        picture = picture * light[..., None]
    blur = random.uniform(0.3, 0.6) + random.uniform(0, 0.015) * height
    picture = ndimage.gaussian_filter(picture, (blur, blur, 0))
    image = Image.fromarray(on.bytes_of(on.grained(picture, random, random.uniform(1, 6))))
    if random.random() < 0.3:
        image = image.convert("L")
    return saved(image, ".jpg", quality=int(random.integers(50, 93)))


def scan(picture: np.ndarray, height: float, random: Generator) -> File:
    """Scans a sheet: in color, in gray, or, as a fax does, in black and white."""
    picture = ndimage.gaussian_filter(picture, (*[random.uniform(0.3, 0.6)] * 2, 0))
    image = Image.fromarray(on.bytes_of(on.grained(picture, random, random.uniform(0.5, 2.5))))
    if random.random() < 0.15:
        gray = np.asarray(image.convert("L"), float)
        middle = np.percentile(gray, [1, 95]).mean()  # between the ink and the paper
        return saved(Image.fromarray(((gray > middle) * 255).astype(np.uint8)), ".png")
    if random.random() < 0.5:
        image = image.convert("L")
    if random.random() < 0.5:
        return saved(image, ".png")
    return saved(image, ".jpg", quality=int(random.integers(70, 96)))


def drawing(picture: np.ndarray, height: float, random: Generator) -> File:
    """Saves a sheet as a drawing program does: without noise."""
    return saved(Image.fromarray(on.bytes_of(picture)), ".png")


# How a picture is taken, with the largest turn in degrees, the lean, and how often ink is light.
WAYS = {"photo": (photo, 3.0, 0.025, 0.1), "scan": (scan, 1.0, 0, 0.08),
        "drawing": (drawing, 0.0, 0, 0.3)}  # fmt: skip
SHARES = (0.45, 0.3, 0.25)  # of the ways


def any_way(random: Generator) -> str:
    """Draws how a picture is taken: a key of WAYS."""
    return str(random.choice(list(WAYS), p=SHARES))


def taken(sheet: Sheet, way: str, heights: tuple[float, float], random: Generator) -> File:
    """Makes a file of a sheet. heights: a digit's on the sheet, and in the picture."""
    take, turn, lean, inverted = WAYS[way]
    picture = seen(sheet, heights[0], random, turn, lean)
    if random.random() < inverted:
        picture = 255 - picture
    factor = heights[1] / heights[0]
    if factor != 1:
        picture = camera.resized(picture, *(side * factor for side in picture.shape[:2]))
    return take(picture, heights[1], random)
