"""One page on one reading: how the picture became a digit. Arrays in, a figure out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nn.figures.drawing import BLUE, ORANGE, SKY
from nn.pictures.canvas import INK_THRESHOLD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

THIN, THICK = 0.06, 0.175  # of the digit's height; of MNIST's digits none, and 5%, are beyond
GRAY = "#595959"
WIDTH, HEIGHT = 8.8, 3.4  # inches, as are all places on a page
LEFT, TOP, SIDE, GAP = 0.12, 1.18, 2.1, 0.16  # of the first panel; its side; between two
SMALL = 64  # pixels; up to here each pixel is shown as it is
HIGHEST = 3.2  # of a number's picture
NAME, ANSWER, NOTES = 100, 60, 130  # characters that fit into a line


class Page(NamedTuple):
    """What a page shows. name: of the input; answer: what was read, in words; notes: short ones,
    the answer's reason first.

    original: uint8 [H, W] or [H, W, 3]; ink: uint8 [H, W], 255 = ink, or None where the input was
    no picture; digit: uint8 [28, 28], 255 = ink; probabilities: ten, or None; unsure: whether the
    answer is.
    """

    name: str
    answer: str
    notes: Sequence[str]
    original: np.ndarray
    ink: np.ndarray | None
    digit: np.ndarray
    probabilities: Sequence[float] | None
    unsure: bool


class NumberPage(NamedTuple):
    """What a page on a number shows: as Page, and float [N, 4], each digit's left, top, width and
    height in pixels of the original, with what it was read as and how probable that is."""

    name: str
    answer: str
    notes: Sequence[str]
    original: np.ndarray
    boxes: np.ndarray
    digits: Sequence[tuple[str, float]]
    unsure: bool


def draw(page: Page) -> "Figure":
    """The original, its ink, the 28×28 that the network saw, and the ten probabilities."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0, 0, 1, 1))  # the only one: four would take twice as long
    color = ORANGE if page.unsure else BLUE
    _head(axes, page, color)
    pictures = [("what the network saw", 255 - page.digit)]
    if page.ink is None:
        pictures = [("pixels", page.original), *pictures]
    else:
        pictures = [("picture", page.original), ("ink that was found", 255 - page.ink), *pictures]
    for column, (caption, picture) in enumerate(pictures):
        _show(axes, column, caption, picture)
    _bars(axes, len(pictures), page.probabilities, color)
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="auto")
    axes.set_axis_off()
    return figure


def draw_number(page: NumberPage) -> "Figure":
    """The part of the picture that holds the number, each digit in a box, what it was read as
    above, its probability below."""
    from matplotlib.figure import Figure

    picture, corner = _around(page.original, page.boxes)
    scale = min((WIDTH - 2 * LEFT) / picture.shape[1], HIGHEST / picture.shape[0])  # inches a pixel
    height, width = (side * scale for side in picture.shape[:2])
    figure = Figure(figsize=(WIDTH, TOP + height + LEFT))
    axes = figure.add_axes((0, 0, 1, 1))
    color = ORANGE if page.unsure else BLUE
    _head(axes, page, color)
    whole = picture.shape == page.original.shape
    _write(axes, LEFT, TOP - 0.12, "picture" if whole else "around the number", color=GRAY)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255,
                extent=(LEFT, LEFT + width, TOP + height, TOP))  # fmt: skip
    axes.bar(LEFT, height, width, TOP, align="edge", fill=False, edgecolor="#BBBBBB")
    boxes = (page.boxes - [*corner, 0, 0]) * scale + [LEFT, TOP, 0, 0]
    middles = boxes[:, 0] + boxes[:, 2] / 2
    roomy = np.diff(middles).min(initial=WIDTH) > 0.5
    for box, (digit, share) in zip(boxes, page.digits, strict=True):
        _boxed(axes, box, digit, f"{share:.2%}" if roomy else "", color, TOP + height)
    axes.set(xlim=(0, WIDTH), ylim=(TOP + height + LEFT, 0), aspect="auto")
    axes.set_axis_off()
    return figure


def shorten(text: str, length: int) -> str:
    """The text, its middle left out where it is too long; in one line, in any case."""
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    head = (length - 1) // 2
    return text if len(text) <= length else f"{text[:head]}…{text[head + 1 - length :]}"


def stroke_width(ink: np.ndarray) -> float:
    """How wide the strokes are, as a share of the digit's height, or width if that is larger.

    uint8 [H, W], 255 = ink. A stroke's area over half the length of its edge is its width; the
    edge's length is the sum of all slopes, which soft edges do not change. 0 without ink.
    """
    ink = np.pad(ink, 1).astype(float) / 255
    edge = np.hypot(np.diff(ink, axis=0)[:, :-1], np.diff(ink, axis=1)[:-1]).sum()
    used = [np.flatnonzero(ink.max(axis) > INK_THRESHOLD) for axis in (0, 1)]
    size = max((where[-1] - where[0] + 1 for where in used if len(where)), default=0)
    return float(2 * ink.sum() / edge / size) if size else 0.0


def _head(axes: "Axes", page: Page | NumberPage, color: str) -> None:
    _write(axes, LEFT, 0.19, shorten(page.name, NAME), color=GRAY)
    _write(axes, LEFT, 0.46, shorten(page.answer, ANSWER), fontsize=14, weight="bold", color=color)
    _write(axes, LEFT, 0.73, shorten("  ·  ".join(page.notes), NOTES))


def _around(picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a picture around boxes, with a margin of a box's height, and its left and top;
    all of it without boxes."""
    if not len(boxes):
        return picture, (0, 0)
    margin = boxes[:, 3].max()
    left, top = (max(0, int(low - margin)) for low in boxes[:, :2].min(0))
    right, bottom = (int(high + margin) + 1 for high in (boxes[:, :2] + boxes[:, 2:]).max(0))
    top, left = min(top, len(picture) - 1), min(left, picture.shape[1] - 1)
    return picture[top:bottom, left:right], (left, top)


def _boxed(
    axes: "Axes", box: np.ndarray, above: str, below: str, color: str, bottom: float
) -> None:
    """A box, left, top, width and height, with a text over it and one under it; the texts stay on
    the picture, which ends at the bottom."""
    left, top, width, height = box
    axes.bar(left, height, width, top, align="edge", fill=False, edgecolor=color, linewidth=1.5)
    plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    style = {"ha": "center", "color": color, "bbox": plate}
    over, under = max(top - 0.16, TOP + 0.12), min(top + height + 0.12, bottom - 0.1)
    _write(axes, left + width / 2, over, above, fontsize=12, weight="bold", **style)
    _write(axes, left + width / 2, under, below, fontsize=7, **style)


def _show(axes: "Axes", column: int, caption: str, picture: np.ndarray) -> None:
    """A picture in one of the places side by side, as large as fits there, with its caption."""
    left = LEFT + column * (SIDE + GAP)
    height, width = (SIDE * side / max(picture.shape[:2]) for side in picture.shape[:2])
    extent = (left, left + width, TOP + height, TOP)
    small = max(picture.shape) <= SMALL
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=extent,
                interpolation="nearest" if small else "auto")  # fmt: skip
    axes.bar(left, height, width, TOP, align="edge", fill=False, edgecolor="#BBBBBB")
    _write(axes, left, TOP - 0.12, caption, color=GRAY)


def _bars(axes: "Axes", column: int, probabilities: Sequence[float] | None, color: str) -> None:
    """Ten bars, the likeliest digit's in the answer's color; without probabilities, empty ones."""
    left, step, longest = LEFT + column * (SIDE + GAP) + 0.2, SIDE / 10, 1.0
    _write(axes, left, TOP - 0.12, "probabilities", color=GRAY)
    middles = TOP + step * (np.arange(10) + 0.5)
    axes.barh(middles, longest, 0.7 * step, left, color="#EEEEEE")
    for digit, middle in enumerate(middles):
        _write(axes, left - 0.14, middle, str(digit))
    if probabilities is None:
        return
    best = int(np.argmax(probabilities))
    colors = [color if digit == best else SKY for digit in range(10)]
    axes.barh(middles, longest * np.array(probabilities), 0.7 * step, left, color=colors)
    for digit, (middle, share) in enumerate(zip(middles, probabilities, strict=True)):
        style = {"weight": "bold"} if digit == best else {"color": GRAY}
        _write(axes, left + longest + 0.06, middle, f"{share:.2%}", **style)


def _write(axes: "Axes", left: float, middle: float, text: str, **style) -> None:
    style = {"fontsize": 9, **style}
    axes.text(left, middle, text, va="center_baseline", parse_math=False, **style)
