"""Sheets of pictures: arrays in, figures out. Only functions import matplotlib.

A sheet is one set of axes whose unit is a column's width: a set for each picture would take
seconds to draw.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.drawing import BLUE, ORANGE, SKY
from nn.figures.protocols import ScoredDigits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLES_PER_LABEL = 5  # rows of the sheet of sample predictions
MAX_SHOWN_MISTAKES = 48
MISTAKES_PER_ROW = 8
LABELED_DIGITS_PER_ROW = 10
MAX_SHOWN_UNITS = 64  # of a first layer
UNITS_PER_ROW = 16

COLUMN_INCHES = 0.95
MIN_SHEET_INCHES = 6  # wide enough for a title
TITLE_INCHES = 0.7
CAPTION_POINTS = 7  # with 8, "100.0% probable" runs into the caption beside it
# In widths of a column.
CAPTIONED_ROW_HEIGHT = 1.35  # a digit and what it was read as
PLAIN_ROW_HEIGHT = 1
DIGIT_SIDE = 0.9
DIGIT_LEFT = (1 - DIGIT_SIDE) / 2  # from the column's left edge
DIGIT_TOP = 0.4  # from the top of a row with captions
CAPTION_GAP = 0.05
UNIT_SIDE = 0.92

CAPTION_COLOR = "#444444"
# A picture's name; the original, uint8 [H, W] or [H, W, 3 or 4]; the ink, uint8 [H, W], 255 = ink;
# the digit, uint8 [28, 28]; the probabilities, float32 [10]; and why there is no digit, or b"".
ReadingSteps = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray, bytes]


def labeled_digits(images: np.ndarray, labels: np.ndarray) -> "Figure":
    """Digits with their labels, ten in a row: uint8 [N, 28, 28] and int64 [N]."""
    columns = LABELED_DIGITS_PER_ROW
    rows = max(1, math.ceil(len(images) / columns))
    figure, axes = new_sheet(rows, columns, CAPTIONED_ROW_HEIGHT)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(place, columns)
        draw_captioned(axes, image, row, column, str(label), color=CAPTION_COLOR)
    axes.set(xlim=(0, columns), ylim=(CAPTIONED_ROW_HEIGHT * rows, 0), aspect="equal")
    return figure


def augmented(originals: np.ndarray, distorted: np.ndarray) -> "Figure":
    """Digits in the top row, and below each the same digit, distorted as in training.

    originals: uint8 [N, 28, 28]; distorted: float32 [times, N, 28, 28], from 0 to 1.
    """
    rows, columns = len(distorted) + 1, len(originals)
    gap = 0.1  # below the originals
    figure, axes = new_sheet(rows, columns, PLAIN_ROW_HEIGHT)
    for row, pictures in enumerate([originals, *(255 * distorted)]):
        for column, picture in enumerate(pictures):
            _draw_digit(axes, picture, column + DIGIT_LEFT, row + (gap if row else 0))
    axes.set(xlim=(0, columns), ylim=(rows + gap, 0), aspect="equal")
    axes.set_title("Digits, and below each the same, distorted as in training")
    return figure


def sample_predictions(images: np.ndarray, scores: ScoredDigits, title: str) -> "Figure":
    """The first digits of each label, one column for each label; wrong answers are framed.

    images: uint8 [N, 28, 28]; scores: of these images.
    """
    chosen = [np.flatnonzero(scores.labels == label)[:SAMPLES_PER_LABEL] for label in range(10)]
    cells = {
        (row, label): int(index) for label in range(10) for row, index in enumerate(chosen[label])
    }
    title = f"{title}\nthe first {SAMPLES_PER_LABEL} of each digit, and what they were read as"
    return _draw_answers(images, scores, cells, SAMPLES_PER_LABEL, 10, title)


def confident_mistakes(images: np.ndarray, scores: ScoredDigits, title: str) -> "Figure":
    """The wrong answers, the most confident first, at most MAX_SHOWN_MISTAKES.

    images: uint8 [N, 28, 28]; scores: of these images.
    """
    wrong = np.flatnonzero(scores.wrong)
    surest_first = np.argsort(-scores.confidences[wrong], kind="stable")
    shown = wrong[surest_first][:MAX_SHOWN_MISTAKES]
    cells = {divmod(place, MISTAKES_PER_ROW): int(index) for place, index in enumerate(shown)}
    how_many = "all" if len(shown) == scores.errors else f"the first {len(shown)}"
    title = f"{title}\n{how_many}, the most probable first" if len(shown) else f"{title}: none"
    rows = max(1, math.ceil(len(shown) / MISTAKES_PER_ROW))
    return _draw_answers(images, scores, cells, rows, MISTAKES_PER_ROW, title)


def first_layer(weights: np.ndarray, digit: np.ndarray, name: str) -> "Figure":
    """What the units of a network's first layer respond to; at most MAX_SHOWN_UNITS are shown.

    weights: float32 [784, units] of a dense layer: each unit's weights are drawn as a picture. Or
    float32 [size, size, 1, filters] of a convolution: the weights of one filter are too few to say
    anything, so its response to a digit is drawn. digit: uint8 [28, 28], 255 = ink; name: the
    network's.
    """
    units = weights.shape[-1]
    if weights.ndim == 2:
        pictures = weights.T.reshape(units, *digit.shape)
        title = f"{name}: the weights of its first layer (light: ink adds; dark: ink subtracts)"
        label = "weight"
    else:
        pictures = _responses(weights, digit)
        title = f"{name}: what each filter of its first layer makes of a digit"
        label = "response"
    pictures = pictures[:MAX_SHOWN_UNITS]
    columns = min(len(pictures), UNITS_PER_ROW)
    rows = math.ceil(len(pictures) / columns)
    figure, axes = new_sheet(rows, columns, PLAIN_ROW_HEIGHT)
    limit = np.quantile(np.abs(pictures), 0.998)  # a few large values would darken all others
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        extent = (column, column + UNIT_SIDE, row + UNIT_SIDE, row)
        mesh = axes.imshow(picture, cmap="gray", vmin=-limit, vmax=limit, extent=extent)
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    figure.colorbar(mesh, label=label, extend="both", pad=0.01, shrink=0.8, aspect=8 * rows)
    shown = "" if len(pictures) == units else f", {len(pictures)} of {units} units"
    axes.set_title(title + shown, parse_math=False)
    return figure


def _responses(weights: np.ndarray, digit: np.ndarray) -> np.ndarray:
    """Each filter's response to a digit, before its bias: float [filters, 28, 28].

    TensorFlow's convolution is a cross-correlation; SciPy pads with zeros on the same sides for
    filters of odd size.
    """
    from scipy.signal import correlate2d  # takes a second to import

    ink = digit.astype(float) / 255
    kernels = np.moveaxis(weights[:, :, 0], 2, 0)
    return np.array([correlate2d(ink, kernel, mode="same") for kernel in kernels])


def readings(items: Sequence[ReadingSteps], columns: int = 2) -> "Figure":
    """How each picture was read: the original, the ink that the graph found, the 28×28 digit that
    the network saw, and the ten probabilities, or the reason why there is no digit."""
    from matplotlib.figure import Figure

    columns = min(columns, len(items))
    rows = math.ceil(len(items) / columns)
    row_inches = 1.35
    figure = Figure(figsize=(6.2 * columns, row_inches * rows + 0.1))
    grid = figure.subplots(rows, 4 * columns, squeeze=False,
                           width_ratios=[1, 1, 1, 1.9] * columns)  # fmt: skip
    top = 1 - 0.3 / (row_inches * rows)
    figure.subplots_adjust(0.01, 0.08, 0.99, top, wspace=0.12, hspace=0.55)
    for axes in grid.flat:
        axes.set_axis_off()
    strips = grid.reshape(rows * columns, 4)
    for item, strip in zip(items, strips, strict=False):  # the last row may have a free strip
        _draw_reading(strip, item)
    return figure


def _draw_reading(strip: np.ndarray, item: ReadingSteps) -> None:
    """Fills a strip: four axes side by side."""
    name, original, ink, digit, probabilities, reason = item
    pictures = ((name, original), ("ink", 255 - ink), ("28×28", 255 - digit))
    for axes, (title, picture) in zip(strip[:3], pictures, strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=8, parse_math=False)
    if reason:
        strip[3].set_title(reason.decode(), fontsize=9, weight="bold")
    else:
        _draw_probabilities(strip[3], probabilities)


def _draw_probabilities(axes: "Axes", probabilities: np.ndarray) -> None:
    best = int(np.argmax(probabilities))
    colors = [BLUE if digit == best else SKY for digit in range(10)]
    axes.set_axis_on()
    axes.bar(range(10), probabilities, color=colors)
    axes.set(xticks=range(10), ylim=(0, 1), yticks=[])
    axes.set_title(f"{best}, {probabilities[best]:.1%}", fontsize=9, weight="bold")
    axes.tick_params(labelsize=8, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def new_sheet(rows: int, columns: int, row_height: float) -> tuple["Figure", "Axes"]:
    """An empty sheet. row_height: in widths of a column."""
    from matplotlib.figure import Figure

    width = max(COLUMN_INCHES * columns, MIN_SHEET_INCHES)
    height = COLUMN_INCHES * row_height * rows + TITLE_INCHES
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    return figure, axes


def _draw_answers(
    images: np.ndarray,
    scores: ScoredDigits,
    cells: Mapping[tuple[int, int], int],
    rows: int,
    columns: int,
    title: str,
) -> "Figure":
    """A sheet of digits and what each was read as. A wrong answer has a frame, and its caption says
    what the digit is. cells: (row, column) → index of the image."""
    from matplotlib.patches import Rectangle

    figure, axes = new_sheet(rows, columns, CAPTIONED_ROW_HEIGHT)
    for (row, column), index in cells.items():
        prediction, label = scores.predictions[index], scores.labels[index]
        probability = f"{scores.confidences[index]:.1%} probable"
        if prediction == label:
            caption = f"{prediction}\n{probability}"
            draw_captioned(axes, images[index], row, column, caption, color=CAPTION_COLOR)
        else:
            caption = f"a {label}, read as {prediction}\n{probability}"
            corner = draw_captioned(axes, images[index], row, column, caption, color=ORANGE)
            frame = Rectangle(corner, DIGIT_SIDE, DIGIT_SIDE, fill=False, color=ORANGE, linewidth=3)
            axes.add_patch(frame)
    axes.set(xlim=(0, columns), ylim=(CAPTIONED_ROW_HEIGHT * rows, 0), aspect="equal")
    axes.set_title(title, parse_math=False)
    return figure


def draw_captioned(
    axes: "Axes", image: np.ndarray, row: int, column: int, caption: str, **style
) -> tuple[float, float]:
    """Draws a digit and a caption above it; returns the digit's left and top."""
    left, top = column + DIGIT_LEFT, CAPTIONED_ROW_HEIGHT * row + DIGIT_TOP
    _draw_digit(axes, image, left, top)
    middle = column + 0.5
    place = middle, top - CAPTION_GAP
    axes.text(*place, caption, ha="center", va="bottom", fontsize=CAPTION_POINTS, **style)
    return left, top


def _draw_digit(axes: "Axes", image: np.ndarray, left: float, top: float) -> None:
    """Draws a digit dark on light, as ink is on paper."""
    extent = (left, left + DIGIT_SIDE, top + DIGIT_SIDE, top)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, extent=extent)
