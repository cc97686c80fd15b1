"""A layer of a picture, to draw marks on, and where the digit lies."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SUPERSAMPLING = 2  # marks are drawn that many times larger, then shrunk: smooth edges


class Box(NamedTuple):
    """Where a digit lies on a picture, in pixels; bottom and right are excluded."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left

    def grown(self, gaps: np.ndarray) -> "Box":
        """The box with gaps around it, in pixels: top, bottom, left, right."""
        return Box(
            self.top - gaps[0], self.bottom + gaps[1], self.left - gaps[2], self.right + gaps[3]
        )


class Layer:
    """An empty picture to draw marks on. size: height and width in pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        height, width = (SUPERSAMPLING * side for side in size)
        self._image = Image.new("L", (width, height), 0)
        self._pen = ImageDraw.Draw(self._image)

    def line(self, points: list[tuple[float, float]], width: float, level: float = 1.0) -> None:
        """Draws straight pieces through points, (x, y) in pixels."""
        large = [(SUPERSAMPLING * x, SUPERSAMPLING * y) for x, y in points]
        pixels = max(1, round(SUPERSAMPLING * width))
        self._pen.line(large, fill=round(255 * level), width=pixels, joint="curve")

    def disk(self, center: tuple[float, float], radii: tuple[float, float], level: float) -> None:
        """Fills an ellipse. center: (x, y); radii: along x and y, in pixels."""
        (x, y), (across, down) = center, radii
        corners = [x - across, y - down, x + across, y + down]
        self._pen.ellipse([SUPERSAMPLING * c for c in corners], fill=round(255 * level))

    def text(self, place: tuple[float, float], text: str, height: float, font: str) -> None:
        """Prints text, its left upper corner at (x, y). height: of the font, in pixels."""
        large = (SUPERSAMPLING * place[0], SUPERSAMPLING * place[1])
        self._pen.text(large, text, 255, load_font(font, max(4, round(SUPERSAMPLING * height))))

    def coverage(self) -> np.ndarray:
        """What was drawn: float32 [H, W], 0 to 1."""
        small = self._image.reduce(SUPERSAMPLING)
        return np.asarray(small, np.float32) * np.float32(1 / 255)


@cache
def load_font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """A font of matplotlib's, which are installed with it, so that every machine has the same."""
    spec = find_spec("matplotlib")  # to import matplotlib itself takes a second
    if spec is None or not spec.origin:
        raise ModuleNotFoundError("matplotlib, whose fonts print marks, is missing")
    file = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(file), pixels)
