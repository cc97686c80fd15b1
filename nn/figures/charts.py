"""Charts: numbers in, figures out. matplotlib is imported here and in nn/figures/digit_sheets.py
alone, and only when called.

Colors are of Okabe and Ito's palette, which the color-blind can tell apart; line styles tell
the same apart in gray.
"""

from typing import TYPE_CHECKING

import numpy as np

from nn.confidence.calibration import bins_between, error_interval
from nn.figures.drawing import BLUE, ORANGE, SKY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_history(history: list, title: str) -> "Figure":
    """Loss and accuracy by epoch, of training and, where there is one, of validation.

    history: rows with the fields of trainer.Epoch.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(title, parse_math=False)
    epochs = [row.epoch for row in history]
    marker = "." if len(history) <= 30 else ""
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, label, color, style in (
            ("", "training, during the epoch", BLUE, "--"),
            ("validation_", "validation, after it", ORANGE, "-"),
        ):
            values = [getattr(row, prefix + name) for row in history]
            if not np.isnan(values).all():
                axes.plot(epochs, values, style, color=color, label=label, marker=marker)
        axes.set(xlabel="epoch", title=name.capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    figure.axes[0].set_ylabel("cross-entropy, nats")
    return figure


def confusion_matrix(confusion: np.ndarray, title: str) -> "Figure":
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
    axes.set(xlabel="predicted", ylabel="label", xticks=range(10), yticks=range(10))
    axes.set_title(title, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


# How sure: from each confidence up to the next.
_SURE = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.01]
_SURE_NAMES = ["under 50%", "50–90%", "90–99%", "99–99.9%", "99.9–99.99%", "over 99.99%"]


def reliability(scores, name: str) -> "Figure":
    """Whether errors are as frequent as the confidences say, among digits of like confidence.

    scores: evaluation.Scores of a network of that name.
    """
    from matplotlib.figure import Figure

    bins = bins_between(scores.confidences, scores.wrong, _SURE)
    rows = [row for row, bin in enumerate(bins) if bin.size]
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        bin = bins[row]
        low, high = error_interval(bin)
        axes.plot([max(low, 1e-6), high], [row, row], color=SKY, linewidth=6, solid_capstyle="butt")
        axes.text(1.02, row, f"{bin.wrong:,} of {bin.size:,}", va="center",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    true = [(bins[row].wrong / bins[row].size, row) for row in rows if bins[row].wrong]
    stated = [(bins[row].expected_wrong / bins[row].size, row) for row in rows]
    axes.plot(*zip(*stated, strict=True), "d", color=ORANGE, markersize=8, label="stated")
    if true:
        axes.plot(*zip(*true, strict=True), "o", color=BLUE, markersize=8, label="true")
    axes.plot([], [], color=SKY, linewidth=6, label="true, 95% interval")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes.set(xlim=(1e-6, 1), ylim=(-0.6, len(bins) - 0.4))
    axes.set(xlabel="share of wrong answers", ylabel="how sure it was")
    axes.set_yticks(range(len(bins)), _SURE_NAMES)
    axes.text(1.02, len(bins) - 0.4, "wrong", va="bottom", transform=axes.get_yaxis_transform())
    axes.set_title(f"{name}: calibration error {scores.calibration_error:.2%}", parse_math=False)
    axes.grid(alpha=0.3, axis="x")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    return figure


def comparison(outcomes: list, title: str) -> "Figure":
    """Bars, a network each, of accuracy, loss, time and size: the mean, a dot a seed.

    outcomes: comparison.Outcome, a row a seed of each network.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, PercentFormatter

    names = list(dict.fromkeys(row.network for row in outcomes))
    figure = Figure(figsize=(11, 1.2 + 0.42 * len(names)), layout="constrained")
    figure.suptitle(title, parse_math=False)
    panels = figure.subplots(1, 4, sharey=True)
    lowest = 100 * min(row.accuracy for row in outcomes)
    floor = min(95, 5 * (lowest // 5))
    for axes, (field, name, form, start) in zip(
        panels,
        (
            ("accuracy", f"test accuracy, from {floor:.0f}%", "{:.2%}", floor / 100),
            ("loss", "test loss, nats", "{:.3f}", 0),
            ("seconds", "training time, s", "{:.3g}", 0),
            ("parameters", "parameters", "{:,.0f}", 0),
        ),
        strict=True,
    ):
        values = [[getattr(row, field) for row in outcomes if row.network == n] for n in names]
        means = [np.mean(group) for group in values]
        axes.barh(names, np.subtract(means, start), left=start, color=SKY, edgecolor=BLUE)
        for row, (group, mean) in enumerate(zip(values, means, strict=True)):
            if field != "parameters":
                axes.plot(group, [row] * len(group), "o", color="black", markersize=3)
            axes.annotate(form.format(mean), (1, row), xycoords=("axes fraction", "data"),
                          ha="right", va="center", fontsize=9)  # fmt: skip
        end = max(map(max, values))
        axes.set(title=name, xlim=(start, end + 0.5 * (end - start)))
        axes.xaxis.set_major_locator(FixedLocator(_ticks(start, end)))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    panels[0].invert_yaxis()
    panels[0].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[3].xaxis.set_major_formatter(lambda count, _: f"{count / 1000:.0f}k")
    return figure


def accuracy_by_time(outcomes: list, title: str) -> "Figure":
    """Test accuracy against seconds of training, both on scales of ratios: a dot a network, its
    mean, and a small one a seed.

    outcomes: comparison.Outcome, a row a seed of each network.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    # An accuracy of 100% would stand infinitely high.
    seconds, errors = ([max(value, least) for value in values] for values, least in (
        ([row.seconds for row in outcomes], 0.1),
        ([1 - row.accuracy for row in outcomes], 0.5 / max(row.images for row in outcomes)),
    ))  # fmt: skip
    axes.plot(seconds, errors, ".", color=SKY)
    names = np.array([row.network for row in outcomes])
    points = {
        name: (np.mean(np.array(seconds)[names == name]), np.mean(np.array(errors)[names == name]))
        for name in dict.fromkeys(names.tolist())
    }
    axes.plot(*zip(*points.values(), strict=True), "o", color=BLUE, markersize=8)
    axes.set(xscale="log", yscale="log", xlabel="seconds of training", ylabel="test accuracy")
    axes.margins(0.2, 0.1)
    axes.invert_yaxis()
    worst, best = max(errors), min(errors)
    ticks = [share * 10.0**-n for n in range(1, 5) for share in (5, 2, 1)]
    axes.yaxis.set_major_locator(FixedLocator([t for t in ticks if best / 3 < t < worst * 3]))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * (1 - share):g}%")
    axes.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    axes.set_title(title, parse_math=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    _label(axes, points, list(zip(seconds, errors, strict=True)))
    return figure


def _label(axes, points: dict[str, tuple[float, float]], dots: list[tuple[float, float]]) -> None:
    """Writes each point's name to that side of it where it hides the fewest names and dots."""
    sides = [(10, 0, "left", "center"), (-10, 0, "right", "center"),
             (0, 9, "center", "bottom"), (0, -9, "center", "top")]  # fmt: skip
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()  # places the axes
    places = axes.transData.transform([*points.values(), *dots])
    taken = [Bbox.from_bounds(x - 6, y - 6, 12, 12) for x, y in places]
    for name, point in points.items():
        texts = [
            axes.annotate(name, point, (x, y), textcoords="offset points", ha=ha, va=va)
            for x, y, ha, va in sides
        ]
        boxes = [text.get_window_extent() for text in texts]
        hidden = [sum(box.overlaps(other) for other in taken) for box in boxes]
        best = int(np.argmin(hidden))
        taken.append(boxes[best])
        for side, text in enumerate(texts):
            if side != best:
                text.remove()


def _ticks(start: float, end: float) -> list[float]:
    """A few round numbers from start to end: beyond the bars stand only their values."""
    from matplotlib.ticker import MaxNLocator

    return [tick for tick in MaxNLocator(3).tick_values(start, end) if start <= tick <= end]
