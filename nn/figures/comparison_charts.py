"""Charts of several networks beside each other: numbers in, figures out.

Only functions import matplotlib, as in nn/figures/charts.py.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.drawing import BLUE, SKY, set_ratio_ticks
from nn.figures.protocols import SeedOutcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_ACCURACY_FLOOR_PERCENT = 95  # where the bars of accuracies begin, or lower: in steps of 5
MIN_SHOWN_SECONDS = 0.1  # a logarithmic axis has no place for 0
# Where a point's name can stand: its offset in points, and its alignment.
NAME_PLACES = (
    (10, 0, "left", "center"), (-10, 0, "right", "center"),
    (0, 9, "center", "bottom"), (0, -9, "center", "top"),
    (8, 5, "left", "bottom"), (8, -5, "left", "top"),
    (-8, 5, "right", "bottom"), (-8, -5, "right", "top"),
)  # fmt: skip
DOT_RADIUS_PIXELS = 6  # around a point, where no name should be written


def comparison_bars(outcomes: Sequence[SeedOutcome], title: str) -> "Figure":
    """Four panels: test accuracy, test loss after calibration, training time, and size.

    A bar is a network's mean over its seeds; a dot is one seed. If all losses are NaN, their panel
    is left out.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    networks: dict[str, list[SeedOutcome]] = {}
    for row in outcomes:
        networks.setdefault(row.network, []).append(row)
    figure = Figure(figsize=(11, 1.2 + 0.42 * len(networks)), layout="constrained")
    figure.suptitle(title, parse_math=False)
    has_losses = not all(np.isnan(row.loss) for row in outcomes)
    accuracy, *loss, seconds, parameters = figure.subplots(1, 3 + has_losses, sharey=True)
    lowest_percent = 100 * min(row.accuracy for row in outcomes)
    floor = min(MAX_ACCURACY_FLOOR_PERCENT, 5 * (lowest_percent // 5))
    accuracies, losses, times, sizes = (
        {name: [getattr(row, field) for row in rows] for name, rows in networks.items()}
        for field in ("accuracy", "loss", "seconds", "parameters")
    )
    _draw_bars(accuracy, accuracies, "{:.2%}", start=floor / 100)
    for axes in loss:
        _draw_bars(axes, losses, "{:.3f}")
        axes.set_title("calibrated loss, nats")
    _draw_bars(seconds, times, "{:.3g}")
    _draw_bars(parameters, sizes, "{:,.0f}", dots=False)
    accuracy.set_title(f"test accuracy, from {floor:.0f}%")
    seconds.set_title("training time, s")
    parameters.set_title("parameters")
    accuracy.invert_yaxis()
    accuracy.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    parameters.xaxis.set_major_formatter(lambda count, _: f"{count / 1000:.0f}k")
    return figure


def _draw_bars(
    axes: "Axes",
    values: dict[str, list[float]],
    form: str,
    *,
    start: float = 0,
    dots: bool = True,
) -> None:
    """A horizontal bar from `start` to the mean of each network's values, with the mean as text.

    form: the text's format. dots: whether each value is shown as a dot.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator

    means = [np.mean(group) for group in values.values()]
    axes.barh([*values], np.subtract(means, start), left=start, color=SKY, edgecolor=BLUE)
    for row, (group, mean) in enumerate(zip(values.values(), means, strict=True)):
        if dots:
            axes.plot(group, [row] * len(group), "o", color="black", markersize=3)
        axes.annotate(form.format(mean), (1, row), xycoords=("axes fraction", "data"),
                      ha="right", va="center", fontsize=9)  # fmt: skip
    end = max(map(max, values.values()))
    axes.set_xlim(start, end + 0.5 * (end - start))  # the texts stand right of all bars
    ticks = MaxNLocator(3).tick_values(start, end)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if start <= tick <= end]))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)


def accuracy_by_time(outcomes: Sequence[SeedOutcome], title: str) -> "Figure":
    """The share of wrong test digits by training time, both on logarithmic scales.

    A large point is a network's mean over its seeds, with its name; a small dot is one seed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    seconds = np.array([max(row.seconds, MIN_SHOWN_SECONDS) for row in outcomes])
    half_an_image = 0.5 / max(row.images for row in outcomes)  # stands for no error at all
    errors = np.array([max(1 - row.accuracy, half_an_image) for row in outcomes])
    axes.plot(seconds, errors, ".", color=SKY)
    names = np.array([row.network for row in outcomes])
    points = {
        name: (float(seconds[names == name].mean()), float(errors[names == name].mean()))
        for name in dict.fromkeys(names.tolist())
    }
    axes.plot(*zip(*points.values(), strict=True), "o", color=BLUE, markersize=8)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="training time, seconds (log scale)",
        ylabel="wrong test digits (log scale)",
    )
    axes.margins(0.2, 0.1)
    set_ratio_ticks(axes.xaxis, "{:g}")
    set_ratio_ticks(axes.yaxis, "{:.4g}%", factor=100)
    axes.set_title(title, parse_math=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    _write_names(figure, axes, points, list(zip(seconds, errors, strict=True)))
    return figure


def _write_names(
    figure: "Figure",
    axes: "Axes",
    points: dict[str, tuple[float, float]],
    dots: Sequence[tuple[float, float]],
) -> None:
    """Writes each point's name on the side where it overlaps the fewest names, points and dots."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # lays out the axes, so that positions in pixels are known
    radius, size = DOT_RADIUS_PIXELS, 2 * DOT_RADIUS_PIXELS
    centers = axes.transData.transform([*points.values(), *dots])
    taken = [Bbox.from_bounds(x - radius, y - radius, size, size) for x, y in centers]
    for name, point in points.items():
        texts = [
            axes.annotate(name, point, (x, y), textcoords="offset points", ha=ha, va=va)
            for x, y, ha, va in NAME_PLACES
        ]
        boxes = [text.get_window_extent() for text in texts]
        overlaps = [sum(box.overlaps(other) for other in taken) for box in boxes]
        best = int(np.argmin(overlaps))
        taken.append(boxes[best])
        for text in texts[:best] + texts[best + 1 :]:
            text.remove()
