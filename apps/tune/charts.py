"""Charts of a study: its history, and which settings mattered."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.figures.drawing import BLUE, ORANGE, SKY, set_ratio_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_SHOWN_SHARE = 1e-5  # a logarithmic axis has no place for 0


def history(complete: Mapping[int, float], pruned: Mapping[int, float], title: str) -> "Figure":
    """The share of wrong validation digits by trial, and the lowest so far.

    complete, pruned: a trial's number → its share, of pruned trials after their last epoch. There
    is at least one complete trial.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    numbers = sorted(complete)
    shares = np.maximum([complete[number] for number in numbers], MIN_SHOWN_SHARE)
    if pruned:
        values = np.maximum([*pruned.values()], MIN_SHOWN_SHARE)
        axes.plot([*pruned], values, "x", color=SKY, label="ended early, at its last epoch")
    axes.plot(numbers, shares, "o", color=BLUE, label="trained to the end")
    best = np.minimum.accumulate(shares)
    axes.step(numbers, best, where="post", color=ORANGE, label="the best so far")
    axes.set(yscale="log", xlabel="trial", ylabel="wrong validation digits (log scale)")
    axes.set_title(title, parse_math=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    set_ratio_ticks(axes.yaxis, "{:.4g}%", factor=100)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def importances(shares: Mapping[str, float], title: str) -> "Figure":
    """A bar for each setting. shares: 0 to 1, the largest first; by PED-ANOVA (Watanabe et al.
    2023, arXiv 2304.10255)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.2 + 0.4 * len(shares)), layout="constrained")
    axes = figure.subplots()
    names: Sequence[str] = [name.replace("_", " ") for name in shares]
    bars = axes.barh(names, [*shares.values()], color=BLUE)
    axes.bar_label(bars, labels=[f"{share:.0%}" for share in shares.values()], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set(xlabel="share of what sets the best trials apart from the others", xticks=[])
    axes.set_title(title, parse_math=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    return figure
