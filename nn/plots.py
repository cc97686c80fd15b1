"""Arrays in, picture files out. matplotlib is imported nowhere else, and only when called.

Colors are of Okabe and Ito's palette, which the color-blind can tell apart; line styles tell
the same apart in gray.
"""

import os
from pathlib import Path

import numpy as np

BLUE, ORANGE = "#0072B2", "#D55E00"


def training_history(history: list, title: str, path: Path) -> None:
    """Loss and accuracy by epoch, of training and, where there is one, of validation.

    history: rows with the fields of training.Epoch.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(title)
    epochs = [row.epoch for row in history]
    marker = "." if len(history) <= 30 else ""
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, label, color, style in (
            ("", "training (with dropout)", BLUE, "--"),
            ("validation_", "validation", ORANGE, "-"),
        ):
            values = [getattr(row, prefix + name) for row in history]
            if not np.isnan(values).all():
                axes.plot(epochs, values, style, color=color, label=label, marker=marker)
        axes.set(xlabel="epoch", title=name.capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    figure.axes[0].set_ylabel("cross-entropy, nats")
    _save(figure, path)


def confusion_matrix(confusion: np.ndarray, title: str, path: Path) -> None:
    """int64 [10, 10], rows the labels, columns the predictions: counts, the errors shaded.

    The right answers, on the diagonal, are left unshaded: they are so many that no error would
    show beside them.
    """
    from matplotlib.figure import Figure

    errors = confusion.astype(float)
    np.fill_diagonal(errors, 0)
    figure = Figure(figsize=(7, 6.4), layout="constrained")
    axes = figure.subplots()
    axes.imshow(errors, cmap="Oranges", vmin=0, vmax=max(errors.max() * 1.4, 1))
    for (row, column), count in np.ndenumerate(confusion):
        right = row == column
        axes.text(column, row, f"{count:,}" if count else "·", ha="center", va="center",
                  color="#666666" if right or not count else "black",
                  weight="normal" if right else "bold", fontsize=10)  # fmt: skip
    axes.set(xlabel="predicted", ylabel="label", title=title, xticks=range(10), yticks=range(10))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _save(figure, path)


def _save(figure, path: Path) -> None:
    """Writes a whole PNG or none."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    figure.savefig(temporary, format="png", dpi=150)
    os.replace(temporary, path)
