"""Pages that explain one reading each: how a picture became a digit, or a number.

Arrays in, a figure out. All positions on a page are in inches from its left and top edges.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nn.figures.drawing import BLUE, ORANGE, SKY
from nn.pictures.canvas import INK_THRESHOLD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# As shares of the digit's longer side. None of MNIST's digits has thinner strokes, 5% have thicker
# ones.
THIN_STROKE_WIDTH, THICK_STROKE_WIDTH = 0.06, 0.175

GRAY, FRAME_GRAY, EMPTY_BAR_GRAY = "#595959", "#BBBBBB", "#EEEEEE"
PAGE_WIDTH_INCHES, PAGE_HEIGHT_INCHES = 8.8, 3.4
MARGIN_INCHES = 0.12
PANELS_TOP_INCHES = 1.18  # below the three lines of the head and the captions
PANEL_SIDE_INCHES, PANEL_GAP_INCHES = 2.1, 0.16
CAPTION_RISE_INCHES = 0.12  # from a panel's top to the middle of its caption
MAX_NUMBER_PICTURE_INCHES = 3.2  # the height of the picture on a number's page
MIN_PROBABILITY_SPACING_INCHES = 0.5  # between digits; closer ones have no room for probabilities
MAX_UNSMOOTHED_PIXELS = 64  # up to this side each pixel is shown as a square
# What fits into a line of the head.
MAX_NAME_CHARACTERS, MAX_ANSWER_CHARACTERS, MAX_NOTES_CHARACTERS = 100, 60, 130


class Page(NamedTuple):
    """What a page shows.

    name: the input's; answer: what was read, in words; notes: short phrases, the first of which is
    the reason if the answer is unsure. original: uint8 [H, W] or [H, W, 3]; ink: uint8 [H, W], 255
    is ink, or None if the input was a row of pixels; digit: uint8 [28, 28], 255 is ink;
    probabilities: ten, 0 to 1, or None if there is no digit; unsure: whether the answer is marked
    as unsure.
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
    """What the page for a number shows.

    boxes: float [N, 4], each digit's left, top, width and height in pixels of the original; digits:
    what each was read as, and the probability, 0 to 1. The other fields are those of Page.
    """

    name: str
    answer: str
    notes: Sequence[str]
    original: np.ndarray
    boxes: np.ndarray
    digits: Sequence[tuple[str, float]]
    unsure: bool


def draw(page: Page) -> "Figure":
    """Shows the original, its ink, the 28×28 that the network saw, and the ten probabilities."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE_WIDTH_INCHES, PAGE_HEIGHT_INCHES))
    axes = figure.add_axes((0, 0, 1, 1))  # one for all panels: four would take twice as long
    color = ORANGE if page.unsure else BLUE
    _write_head(axes, page, color)
    pictures = [("what the network saw", 255 - page.digit)]
    if page.ink is None:
        pictures = [("pixels", page.original), *pictures]
    else:
        pictures = [("picture", page.original), ("ink that was found", 255 - page.ink), *pictures]
    for column, (caption, picture) in enumerate(pictures):
        _draw_panel(axes, column, caption, picture)
    _draw_probabilities(axes, len(pictures), page.probabilities, color)
    axes.set(xlim=(0, PAGE_WIDTH_INCHES), ylim=(PAGE_HEIGHT_INCHES, 0), aspect="auto")
    axes.set_axis_off()
    return figure


def draw_number(page: NumberPage) -> "Figure":
    """Shows the part of the picture that holds the number, with a box around each digit: what it
    was read as above the box, its probability below."""
    from matplotlib.figure import Figure

    picture, corner = _crop_around(page.original, page.boxes)
    max_width = PAGE_WIDTH_INCHES - 2 * MARGIN_INCHES
    inches_per_pixel = min(
        max_width / picture.shape[1], MAX_NUMBER_PICTURE_INCHES / picture.shape[0]
    )
    height, width = (side * inches_per_pixel for side in picture.shape[:2])
    left, top = MARGIN_INCHES, PANELS_TOP_INCHES
    figure = Figure(figsize=(PAGE_WIDTH_INCHES, top + height + MARGIN_INCHES))
    axes = figure.add_axes((0, 0, 1, 1))
    color = ORANGE if page.unsure else BLUE
    _write_head(axes, page, color)
    whole = picture.shape == page.original.shape
    caption = "picture" if whole else "around the number"
    _draw_picture(axes, picture, caption, left, height, width)
    boxes = (page.boxes - [*corner, 0, 0]) * inches_per_pixel + [left, top, 0, 0]
    centers = boxes[:, 0] + boxes[:, 2] / 2
    roomy = np.diff(centers).min(initial=PAGE_WIDTH_INCHES) > MIN_PROBABILITY_SPACING_INCHES
    for box, (digit, share) in zip(boxes, page.digits, strict=True):
        _draw_box(axes, box, digit, f"{share:.2%}" if roomy else "", color, top + height)
    axes.set(xlim=(0, PAGE_WIDTH_INCHES), ylim=(top + height + MARGIN_INCHES, 0), aspect="auto")
    axes.set_axis_off()
    return figure


def shorten(text: str, length: int) -> str:
    """Returns the text in at most `length` characters. If it is longer, an ellipsis replaces its
    middle. A replacement character stands for each unprintable one, line breaks included."""
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    head = (length - 1) // 2
    return text if len(text) <= length else f"{text[:head]}…{text[head + 1 - length :]}"


def stroke_width(ink: np.ndarray) -> float:
    """The mean width of the strokes, as a share of the digit's longer side; 0 without ink.

    ink: uint8 [H, W], 255 = ink. The width is a stroke's area divided by half the length of its
    edge. The edge's length is the sum of the ink's gradient over all pixels: a blurred edge has the
    same sum as a sharp one.
    """
    ink = np.pad(ink, 1).astype(float) / 255
    edge = np.hypot(np.diff(ink, axis=0)[:, :-1], np.diff(ink, axis=1)[:-1]).sum()
    used = [np.flatnonzero(ink.max(axis) > INK_THRESHOLD) for axis in (0, 1)]
    size = max((where[-1] - where[0] + 1 for where in used if len(where)), default=0)
    return float(2 * ink.sum() / edge / size) if size else 0.0


def _write_head(axes: "Axes", page: Page | NumberPage, color: str) -> None:
    """Writes three lines: the input's name, the answer, the notes."""
    left = MARGIN_INCHES
    answer = shorten(page.answer, MAX_ANSWER_CHARACTERS)
    _write(axes, left, 0.19, shorten(page.name, MAX_NAME_CHARACTERS), color=GRAY)
    _write(axes, left, 0.46, answer, fontsize=14, weight="bold", color=color)
    _write(axes, left, 0.73, shorten("  ·  ".join(page.notes), MAX_NOTES_CHARACTERS))


def _crop_around(picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a picture around all boxes, and the left and top of this part.

    boxes: float [N, 4], as in NumberPage. The margin is the height of the tallest box. Without
    boxes it is the whole picture.
    """
    if not len(boxes):
        return picture, (0, 0)
    margin = boxes[:, 3].max()
    left, top = (max(0, int(low - margin)) for low in boxes[:, :2].min(0))
    right, bottom = (int(high + margin) + 1 for high in (boxes[:, :2] + boxes[:, 2:]).max(0))
    top, left = min(top, len(picture) - 1), min(left, picture.shape[1] - 1)
    return picture[top:bottom, left:right], (left, top)


def _draw_box(
    axes: "Axes", box: np.ndarray, above: str, below: str, color: str, bottom: float
) -> None:
    """Draws a box with one text above and one below it; both stay on the picture.

    box: float [4], left, top, width and height; bottom: the picture's lower edge; all in inches.
    """
    left, top, width, height = box
    axes.bar(left, height, width, top, align="edge", fill=False, edgecolor=color, linewidth=1.5)
    plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    style: dict[str, Any] = {"ha": "center", "color": color, "bbox": plate}
    over = max(top - 0.16, PANELS_TOP_INCHES + 0.12)
    under = min(top + height + 0.12, bottom - 0.1)
    _write(axes, left + width / 2, over, above, fontsize=12, weight="bold", **style)
    _write(axes, left + width / 2, under, below, fontsize=7, **style)


def _draw_panel(axes: "Axes", column: int, caption: str, picture: np.ndarray) -> None:
    """Draws a picture in one of the panels side by side, as large as fits."""
    longer = max(picture.shape[:2])
    height, width = (PANEL_SIDE_INCHES * side / longer for side in picture.shape[:2])
    interpolation = "nearest" if longer <= MAX_UNSMOOTHED_PIXELS else "auto"
    _draw_picture(axes, picture, caption, _panel_left(column), height, width, interpolation)


def _panel_left(column: int) -> float:
    return MARGIN_INCHES + column * (PANEL_SIDE_INCHES + PANEL_GAP_INCHES)


def _draw_picture(
    axes: "Axes",
    picture: np.ndarray,
    caption: str,
    left: float,
    height: float,
    width: float,
    interpolation: str | None = None,
) -> None:
    """Draws a picture in a gray frame, with its caption above."""
    top = PANELS_TOP_INCHES
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation=interpolation,
                extent=(left, left + width, top + height, top))  # fmt: skip
    axes.bar(left, height, width, top, align="edge", fill=False, edgecolor=FRAME_GRAY)
    _write(axes, left, top - CAPTION_RISE_INCHES, caption, color=GRAY)


def _draw_probabilities(
    axes: "Axes", column: int, probabilities: Sequence[float] | None, color: str
) -> None:
    """Draws a bar for each digit, the most probable one in the answer's color; empty bars without
    probabilities."""
    left, step, longest = _panel_left(column) + 0.2, PANEL_SIDE_INCHES / 10, 1.0
    _write(axes, left, PANELS_TOP_INCHES - CAPTION_RISE_INCHES, "probabilities", color=GRAY)
    middles = PANELS_TOP_INCHES + step * (np.arange(10) + 0.5)
    axes.barh(middles, longest, 0.7 * step, left, color=EMPTY_BAR_GRAY)
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


def _write(axes: "Axes", x: float, middle: float, text: str, **style: Any) -> None:
    """Writes one line of text.

    x: its left end, or its center with ha="center"; middle: its center, from the page's top; both
    in inches.
    """
    style = {"fontsize": 9, **style}
    axes.text(x, middle, text, va="center_baseline", parse_math=False, **style)
