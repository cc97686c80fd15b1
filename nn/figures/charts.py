"""Charts of one run: numbers in, figures out.

Only functions import matplotlib, so that importing this module is quick. The colors are from the
palette of Okabe and Ito, which color-blind readers can tell apart; line styles and markers tell the
same apart in gray.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.confidence.agreement import Bin, bins_between, error_interval
from nn.figures.drawing import BLUE, ORANGE, SKY, set_ratio_ticks
from nn.figures.protocols import EpochScores, ScoredDigits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_MARKED_EPOCHS = 30  # the markers of more epochs would run together
# The color scale ends at this many times the largest count, so that black text stays legible.
CONFUSION_SHADE_HEADROOM = 1.4
# The bins of the reliability chart: from each confidence up to, but not including, the next. The
# last edge is above 1, so that the last bin includes a confidence of exactly 1.
CONFIDENCE_EDGES = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.01]
CONFIDENCE_NAMES = [
    "under 50%", "50–90%", "90–99%", "99–99.9%", "99.9–99.99%", "99.99% and over",
]  # fmt: skip
MIN_SHOWN_ERROR_SHARE = 1e-6  # the left end of a logarithmic axis, which has no place for 0
MIN_SHOWN_SHARE = 1e-5  # stands for 0 by epoch: half of one wrong answer in MNIST's digits


def training_history(
    history: Sequence[EpochScores],
    title: str,
    loss_name: str = "Loss, before calibration",
    loss_unit: str = "cross-entropy, nats",
    wrong_name: str = "Wrong answers",
    counted: str = "digits",
) -> "Figure":
    """Loss and share of wrong answers by epoch, of training and of validation digits, if any.

    Both axes are logarithmic: the first epoch is so much worse than the others that on a linear
    axis it would press their differences flat.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(title, parse_math=False)
    epochs = [row.epoch for row in history]
    loss, wrong = figure.subplots(1, 2)
    _plot_by_epoch(
        loss, epochs, [row.loss for row in history], [row.validation_loss for row in history]
    )
    _plot_by_epoch(
        wrong,
        epochs,
        [1 - row.accuracy for row in history],
        [1 - row.validation_accuracy for row in history],
    )
    loss.set(title=loss_name, ylabel=f"{loss_unit} (log scale)")
    wrong.set(title=wrong_name, ylabel=f"share of the {counted} (log scale)")
    set_ratio_ticks(loss.yaxis, "{:g}")
    set_ratio_ticks(wrong.yaxis, "{:.4g}%", factor=100)
    return figure


def _plot_by_epoch(
    axes: "Axes", epochs: list[int], training: list[float], validation: list[float]
) -> None:
    """Draws a line for training and one for validation. Leaves out a line whose values are all
    NaN."""
    from matplotlib.ticker import MaxNLocator

    marker = "." if len(epochs) <= MAX_MARKED_EPOCHS else ""
    finite = [value for value in training + validation if np.isfinite(value)]
    shown = np.maximum(finite, MIN_SHOWN_SHARE)
    margin = (shown.max() / shown.min()) ** 0.05 * 1.02  # a ratio; for a single value 1.02
    axes.set(yscale="log", ylim=(shown.min() / margin, shown.max() * margin))
    for values, label, color, style in (
        (training, "training, during the epoch", BLUE, "--"),
        (validation, "validation, after it", ORANGE, "-"),
    ):
        if not np.isnan(values).all():
            heights = np.maximum(values, MIN_SHOWN_SHARE)
            axes.plot(epochs, heights, style, color=color, label=label, marker=marker)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def confusion_matrix(confusion: np.ndarray, title: str) -> "Figure":
    """The number of digits of each label that were read as each digit; errors are shaded.

    confusion: int64 [10, 10], rows the labels, columns the predictions. The right answers, on the
    diagonal, are left unshaded: they are so many that no error would show beside them.
    """
    from matplotlib.figure import Figure

    errors = confusion.astype(float)
    np.fill_diagonal(errors, 0)
    figure = Figure(figsize=(7, 6.4), layout="constrained")
    axes = figure.subplots()
    darkest = max(errors.max() * CONFUSION_SHADE_HEADROOM, 1)
    axes.imshow(errors, cmap="Oranges", vmin=0, vmax=darkest)
    for (row, column), count in np.ndenumerate(confusion):
        right = row == column
        axes.text(column, row, f"{count:,}" if count else "·", ha="center", va="center",
                  color="#666666" if right or not count else "black",
                  weight="normal" if right else "bold", fontsize=10)  # fmt: skip
    axes.set(xlabel="predicted", ylabel="label", xticks=range(10), yticks=range(10))
    axes.set_title(title, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def reliability(scores: ScoredDigits, name: str) -> "Figure":
    """The stated and the counted share of wrong answers among digits of similar confidence.

    name: the network's. A row is one bin of confidences; a bin without digits has an empty row. A
    bin without wrong answers has no "counted" marker: a logarithmic axis has no place for 0.
    """
    from matplotlib.figure import Figure

    bins = bins_between(scores.confidences, scores.wrong, CONFIDENCE_EDGES)
    rows = [row for row, bin in enumerate(bins) if bin.size]
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        _draw_true_interval(axes, row, bins[row])
    stated = [bins[row].expected_wrong / bins[row].size for row in rows]
    axes.plot(stated, rows, "d", color=ORANGE, markersize=8, label="stated by the model")
    if with_errors := [row for row in rows if bins[row].wrong]:
        true = [bins[row].wrong / bins[row].size for row in with_errors]
        axes.plot(true, with_errors, "o", color=BLUE, markersize=8, label="counted")
    axes.plot([], [], color=SKY, linewidth=6, label="counted, 95% interval")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes.set(xlim=(MIN_SHOWN_ERROR_SHARE, 1), ylim=(-0.6, len(bins) - 0.4))
    axes.set(xlabel="share of wrong answers (log scale)", ylabel="the answer's probability")
    axes.set_yticks(range(len(bins)), CONFIDENCE_NAMES)
    axes.text(1.02, len(bins) - 0.4, "wrong", va="bottom", transform=axes.get_yaxis_transform())
    axes.set_title(f"{name}: calibration error {scores.calibration_error:.2%}", parse_math=False)
    axes.grid(alpha=0.3, axis="x")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    return figure


def _draw_true_interval(axes: "Axes", row: int, bin: Bin) -> None:
    """Draws a bar from the low to the high end of the 95% interval of the true share of errors.
    Writes the counts to the right of the chart."""
    low, high = error_interval(bin)
    ends = [max(low, MIN_SHOWN_ERROR_SHARE), high]
    axes.plot(ends, [row, row], color=SKY, linewidth=6, solid_capstyle="butt")
    axes.text(1.02, row, f"{bin.wrong:,} of {bin.size:,}", va="center",
              transform=axes.get_yaxis_transform())  # fmt: skip
