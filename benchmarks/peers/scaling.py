"""Measures how training time depends on the digits, the batch size and the processors."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.peers.race import Contender, Measured, Row, race
from benchmarks.peers.rows import ours

NETWORKS = {"dense": "o-", "basic_cnn": "s--"}  # with the styles of their curves
COUNTS = (7_500, 15_000, 30_000, 60_000)
# Digits of an epoch where another value varies: eight values, a few runs of each.
COUNT = {"dense": 60_000, "basic_cnn": 15_000}
SIZES = (32, 64, 128, 256, 512, 1024)
CPUS = (1, 2) if hasattr(os, "sched_setaffinity") else ()  # macOS cannot limit them
MAX_REPEATS = 3  # enough for a curve, which shows no spread


def measure(shop: str, repeats: int) -> dict[str, dict[str, list[dict]]]:
    """Measures the seconds of an epoch: network → what varies → one dict for each value.

    A dict has the value, the number of images of an epoch, and the seconds of each repeat.
    """
    repeats = min(repeats, MAX_REPEATS)
    return {
        network: {
            "digits": _vary(shop, network, repeats, "count", COUNTS),
            "batch": _vary(shop, network, repeats, "batch_size", SIZES),
            "processors": _vary(shop, network, repeats, "cpus", CPUS),
        }
        for network in NETWORKS
    }


def lines(found: dict[str, dict[str, list[dict]]]) -> list[str]:
    """Makes the lines for the terminal, with the median seconds of an epoch."""
    shown = []
    for network, parts in found.items():
        usual = f"{COUNT[network]:,} digits, batch 128 unless varied"
        shown.append(f"{network}, median seconds an epoch ({usual})")
        for what, points in parts.items():
            values = " ".join(f"{p['value']:,}: {median(p['seconds']):.2f}" for p in points)
            shown.append(f" {what:10s} {values or 'not measured: this system cannot limit them'}")
    return shown


def draw(found: dict[str, dict[str, list[dict]]], path: Path) -> None:
    """Draws three panels: by digits, by batch and by processors. Ticks are the measured values."""
    from matplotlib.figure import Figure

    from nn.figures import drawing

    figure = Figure(figsize=(9, 3), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for (network, style), color in zip(
        NETWORKS.items(), (drawing.BLUE, drawing.ORANGE), strict=True
    ):
        options = {"color": color, "label": network, "markersize": 4, "linewidth": 1.2}
        parts = found[network]
        x, seconds = _points(parts["digits"])
        left.plot(x, seconds, style, **options)
        proportion = [seconds[-1] * value / x[-1] for value in x]
        left.plot(x, proportion, color="#CCCCCC", linewidth=5, zorder=0)
        for axes, what in ((middle, "batch"), (right, "processors")):
            x, seconds = _points(parts[what])
            images = [point["images"] for point in parts[what]]
            rates = [count / each for count, each in zip(images, seconds, strict=True)]
            axes.plot(x, rates, style, **options)
    left.set(xscale="log", yscale="log", xlabel="training digits", ylabel="seconds an epoch")
    left.text(0.04, 0.9, "gray: in proportion", transform=left.transAxes, fontsize=7)
    middle.set(xscale="log", yscale="log", xlabel="batch", ylabel="images a second")
    right.set(xlabel="processors", ylabel="images a second")
    counts, sizes, processors = (
        _measured_values(found, what) for what in ("digits", "batch", "processors")
    )
    if processors:  # an empty panel can have no logarithmic axis
        right.set_yscale("log")
    left.set_xticks(counts, [f"{count:,}" for count in counts], fontsize=7)
    middle.set_xticks(sizes, map(str, sizes), fontsize=7)
    right.set_xticks(processors)
    for axes in (left, middle):
        axes.minorticks_off()
    for axes, form in ((left, "{:g}"), (middle, "{:,.0f}"), (right, "{:,.0f}")):
        if axes.get_yscale() == "log":
            drawing.set_ratio_ticks(axes.yaxis, form)
            axes.set_ylabel(f"{axes.get_ylabel()} (log scale)", fontsize=9)
    middle.legend(frameon=False, fontsize=8)
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    drawing.save(figure, path)


def _vary(shop: str, network: str, repeats: int, option: str, values: Sequence[int]) -> list[dict]:
    """Trains with each value of an option of `ours.training`, in turn."""
    usual = {"shop": shop, "network": network, "batch_size": 128, "count": COUNT[network]}
    contenders: list[Contender] = [ours("training", **{**usual, option: value}) for value in values]
    measured: list[Measured] = race(Row(option, "images/s", contenders, {}), repeats)
    return [
        {
            "value": value,
            "images": each.runs[0]["work"],
            "seconds": [run["seconds"] for run in each.runs],
        }
        for value, each in zip(values, measured, strict=True)
    ]


def _measured_values(found: dict[str, dict[str, list[dict]]], what: str) -> list[int]:
    """Returns all measured values of what varies, over all networks, in ascending order."""
    return sorted({point["value"] for parts in found.values() for point in parts[what]})


def _points(points: Sequence[dict]) -> tuple[list[int], list[float]]:
    """Returns the values, and the median seconds of an epoch at each."""
    return [p["value"] for p in points], [median(p["seconds"]) for p in points]
