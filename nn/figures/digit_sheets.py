"""Sheets of pictures: arrays in, figures out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.drawing import BLUE, ORANGE, SKY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLES = 5  # digits of each label among the sample predictions
MISTAKES = 48
TALL = 1.35  # height of a digit with what it was read as, in widths


def digits(images: np.ndarray, labels: np.ndarray) -> "Figure":
    """Digits and their labels, ten a row: uint8 [N, 28, 28] and int64 [N]."""
    rows = max(1, -(-len(images) // 10))
    figure, axes = _montage_axes((rows, 10), height=TALL)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(place, 10)
        _show(axes, image, column, row, str(label), color="#444444")
    axes.set(xlim=(0, 10), ylim=(TALL * rows, 0), aspect="equal")
    return figure


def augmented(originals: np.ndarray, distorted: np.ndarray) -> "Figure":
    """Digits, a column each, and below each the same, distorted as in training.

    originals: uint8 [N, 28, 28]; distorted: float32 [times, N, 28, 28], from 0 to 1.
    """
    rows, columns = len(distorted) + 1, len(originals)
    figure, axes = _montage_axes((rows, columns), height=1)
    for row, pictures in enumerate([originals, *(255 * distorted)]):
        for column, picture in enumerate(pictures):
            _show_in(axes, picture, column + 0.05, row + (0 if row == 0 else 0.1))
    axes.set(xlim=(0, columns), ylim=(rows + 0.1, 0), aspect="equal")
    axes.set_title("Digits, and below each the same, distorted as in training")
    return figure


def sample_predictions(images: np.ndarray, scores, title: str) -> "Figure":
    """The first digits of each label, a column a label: framed and crossed where wrong.

    images: uint8 [N, 28, 28]; scores: evaluation.Scores of them.
    """
    chosen = [np.flatnonzero(scores.labels == label)[:SAMPLES] for label in range(10)]
    cells = {(row, label): index for label in range(10) for row, index in enumerate(chosen[label])}
    title = f"{title}\nthe first {SAMPLES} of each digit, and what they were read as"
    return _answers(images, scores, cells, (SAMPLES, 10), title)


def confident_mistakes(images: np.ndarray, scores, title: str) -> "Figure":
    """The wrong answers that the network was surest of, the surest first.

    images: uint8 [N, 28, 28]; scores: evaluation.Scores of them.
    """
    wrong = np.flatnonzero(scores.wrong)
    wrong = wrong[np.argsort(-scores.confidences[wrong], kind="stable")][:MISTAKES]
    cells = {divmod(place, 8): index for place, index in enumerate(wrong)}
    shown = "all" if len(wrong) == scores.errors else f"the first {len(wrong)}"
    title = f"{title}\n{shown}, the surest first" if len(wrong) else f"{title}: none"
    return _answers(images, scores, cells, (max(1, -(-len(wrong) // 8)), 8), title)


def first_layer(weights: np.ndarray, title: str) -> "Figure":
    """What each unit of the first layer looks for: light where ink raises it, dark where ink
    lowers it.

    weights: float32 [784, units] or [size, size, 1, filters]; up to 64 are shown.
    """
    units = weights.shape[-1]
    side = round((weights.size // units) ** 0.5)
    pictures = np.moveaxis(weights.reshape(side, side, units), 2, 0)[:64]
    columns = min(len(pictures), 16)
    rows = -(-len(pictures) // columns)
    figure, axes = _montage_axes((rows, columns), height=1)
    limit = np.quantile(np.abs(pictures), 0.998)  # a few large weights would darken all others
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        mesh = axes.imshow(picture, cmap="gray", vmin=-limit, vmax=limit,
                           extent=(column, column + 0.92, row + 0.92, row))  # fmt: skip
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    figure.colorbar(mesh, label="weight", extend="both", pad=0.01, shrink=0.8, aspect=8 * rows)
    shown = "" if len(pictures) == units else f", {len(pictures)} of {units} units"
    axes.set_title(title + shown, parse_math=False)
    return figure


def readings(items: Sequence[tuple], columns: int = 2) -> "Figure":
    """How each picture came to be read: the original, the ink that was found, the 28×28 digit
    that the network saw, and the ten probabilities.

    items: each a name, the original uint8 [H, W] or [H, W, 3 or 4], the ink uint8 [H, W], the digit
    uint8 [28, 28], the probabilities float32 [10], and the reason, bytes, why there is no digit.
    """
    from matplotlib.figure import Figure

    columns = min(columns, len(items))
    rows = -(-len(items) // columns)
    figure = Figure(figsize=(6.2 * columns, 1.35 * rows + 0.1))
    grid = figure.subplots(rows, 4 * columns, squeeze=False,
                           width_ratios=[1, 1, 1, 1.9] * columns)  # fmt: skip
    figure.subplots_adjust(0.01, 0.08, 0.99, 1 - 0.3 / (1.35 * rows), wspace=0.12, hspace=0.55)
    for axes in grid.flat:
        axes.set_axis_off()
    cells = grid.reshape(rows * columns, 4)
    for (name, original, ink, digit, probabilities, reason), cell in zip(
        items, cells, strict=False
    ):
        for axes, picture, title in zip(
            cell, (original, 255 - ink, 255 - digit), (name, "ink", "28×28"), strict=False
        ):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
            axes.set_title(title, fontsize=8, parse_math=False)
        if reason:
            cell[3].set_title(reason.decode(), fontsize=9, weight="bold")
        else:
            _probability_bars(cell[3], probabilities)
    return figure


def _probability_bars(axes, probabilities: np.ndarray) -> None:
    best = int(np.argmax(probabilities))
    colors = [BLUE if digit == best else SKY for digit in range(10)]
    axes.set_axis_on()
    axes.bar(range(10), probabilities, color=colors)
    axes.set(xticks=range(10), ylim=(0, 1), yticks=[])
    axes.set_title(f"{best}, {probabilities[best]:.1%}", fontsize=9, weight="bold")
    axes.tick_params(labelsize=8, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _montage_axes(shape: tuple[int, int], height: float):
    """A figure and its only axes, for a grid of pictures: many axes would take seconds."""
    from matplotlib.figure import Figure

    rows, columns = shape
    size = (max(0.95 * columns, 6), 0.95 * height * rows + 0.7)  # wide enough for a title
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    return figure, axes


def _answers(images: np.ndarray, scores, cells: dict, shape: tuple[int, int], title: str):
    """A figure of digits and what each was read as; a frame, a cross and the label where that is
    wrong. cells: (row, column) → index of the image."""
    from matplotlib.patches import Rectangle

    rows, columns = shape
    figure, axes = _montage_axes(shape, height=TALL)
    for (row, column), index in cells.items():
        prediction, label = scores.predictions[index], scores.labels[index]
        text, style = f"{prediction}  {scores.confidences[index]:.1%}", {"color": "#444444"}
        if prediction != label:
            text, style = f"× {text}\nis {label}", {"color": ORANGE, "weight": "bold"}
        corner = _show(axes, images[index], column, row, text, **style)
        if prediction != label:
            axes.add_patch(Rectangle(corner, 0.9, 0.9, fill=False, color=ORANGE, linewidth=3))
    axes.set(xlim=(0, columns), ylim=(TALL * rows, 0), aspect="equal")
    axes.set_title(title, parse_math=False)
    return figure


def _show(axes, image: np.ndarray, column: int, row: int, text: str, **style) -> tuple:
    """Puts a digit, 0.9 wide, and a text above it into a montage; returns the digit's corner."""
    left, top = column + 0.05, TALL * row + 0.4
    _show_in(axes, image, left, top)
    axes.text(column + 0.5, top - 0.05, text, ha="center", va="bottom", fontsize=9, **style)
    return left, top


def _show_in(axes, image: np.ndarray, left: float, top: float) -> None:
    """Puts a digit, 0.9 wide, into a montage: dark on light, as ink is on paper."""
    extent = (left, left + 0.9, top + 0.9, top)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, extent=extent)
