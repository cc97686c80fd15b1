"""The results of the benchmark: lines for the terminal, a JSON file and a chart."""

import json
import math
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers.markdown import number
from benchmarks.peers.race import Measured, Ratio, Row, given_up

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PACKAGES = ("tensorflow", "keras", "torch", "scikit-learn", "onnxruntime", "opencv-python-headless",
            "polars", "pandas", "numpy", "pillow")  # fmt: skip

PEAK = "of the peak"  # in the name of each row that compares with a matrix product
# Of the chart. A job has three peers at most. The logarithmic axis leaves room for the numbers.
MAX_PEERS = 3
PANELS_PER_ROW = 3
TICKS = (0.25, 1, 4, 16, 64)
MIN_SHOWN_TIMES, MAX_SHOWN_TIMES = 0.2, 600.0


def lines(row: Row, measured: Sequence[Measured], ratios: Sequence[Ratio]) -> list[str]:
    """Makes the lines of a row for the terminal, at most 80 columns wide."""
    best = {id(ratio.peer) for ratio in ratios}
    shown = [f"{row.name}, {row.unit}"]
    for each in measured:
        mark = "*" if id(each) in best else "-" if given_up(each, measured) else " "
        name = f"{each.contender.name} {each.contender.setting}".strip()
        shown.append(f" {mark} {name[:40]:40s} {_number(each.rate):>9s}  {_notes(each)}".rstrip())
    for ratio in ratios:
        goal = "" if ratio.goal is None else f"   goal {ratio.goal:g}: {_verdict(ratio)}"
        shown.append(
            f"   {ratio.median:5.2f} times {ratio.peer.contender.name} "
            f"({min(ratio.values):.2f} to {max(ratio.values):.2f}){goal}"
        )
    return shown


def _notes(measured: Measured) -> str:
    """Writes what the last run measured besides the speed, ending with the peak memory."""
    notes = []
    if (accuracy := measured.last("accuracy")) is not None:
        notes.append(f"{accuracy:.2%}")
    if (slow := measured.last("percentile_99")) is not None:
        notes.append(f"99th {1e6 * slow:.0f} µs")
    if epochs := measured.last("epochs"):
        notes.append(f"{epochs} epochs")
    return f"{', '.join(notes):16s}{measured.last('peak_megabytes'):5.0f} MB"


def _verdict(ratio: Ratio) -> str:
    return "reached" if ratio.reached else "MISSED"


def _number(rate: float) -> str:
    """Writes a speed: with three significant figures below 100, in billions (G) from 1e9 on."""
    if rate >= 1e9:
        return f"{rate / 1e9:,.1f} G"
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def as_json(row: Row, measured: Sequence[Measured], ratios: Sequence[Ratio]) -> dict:
    """Makes the JSON form of a row, with every run of each contender."""
    return {
        "name": row.name,
        "unit": row.unit,
        "contenders": [
            {
                "name": each.contender.name,
                "setting": each.contender.setting,
                "runs": each.runs,
            }
            for each in measured
        ],
        "ratios": [
            {
                "peer": ratio.peer.contender.name,
                "setting": ratio.peer.contender.setting,
                "median": round(ratio.median, 3),
                "values": [round(value, 3) for value in ratio.values],
                "goal": ratio.goal,
                "reached": ratio.reached,
            }
            for ratio in ratios
        ],
    }


def not_measured(row: Row, reason: str) -> dict:
    """Makes the JSON form of a row that was not measured."""
    return as_json(row, [], []) | {"not_measured": reason}


def machine() -> dict:
    """Describes the machine that measures: its processors, system and packages."""
    names = {}
    for package in PACKAGES:
        try:
            names[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "cpu": _cpu(),
        "cpus": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": names,
    }


def _cpu() -> str:
    """Returns the model of the CPU, and which of its wide instructions matter here."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in found.items()}
    flags = set(fields.get("flags", "").split())
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return f"{fields.get('model name', platform.machine())} ({', '.join(wide)})"


def write(path: Path, results: dict) -> None:
    """Writes the results as JSON: a whole file or none."""
    from nn.runtime.whole_files import write_text

    write_text(path, json.dumps(results, indent=1) + "\n")


def draw(rows: Sequence[dict], path: Path) -> None:
    """Draws a panel for each job: how many times as fast this project is as each peer.

    A bar is the median ratio; a line runs from the smallest ratio to the largest. The chart leaves
    out the rows that compare with a matrix product: they show how close training comes to the
    machine's peak, and a product is no peer.
    """
    from matplotlib.figure import Figure

    from nn.figures import drawing

    jobs = [row for row in rows if row["ratios"] and PEAK not in row["name"]]
    height = max(1, math.ceil(len(jobs) / PANELS_PER_ROW))
    figure = Figure(figsize=(11, 1.1 + 1.45 * height), layout="constrained")
    figure.suptitle(
        "How many times as fast as each peer (log scale)\n"
        "blue, to the right: faster; orange, to the left: slower; black line: range of the pairs"
    )
    figure.get_layout_engine().set(wspace=0.08)
    panels = figure.subplots(height, PANELS_PER_ROW, sharex=True, squeeze=False).ravel()
    for axes, row in zip(panels, jobs, strict=False):
        _draw_job(axes, row)
    for axes in panels[len(jobs) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(jobs) - PANELS_PER_ROW) : len(jobs)]:
        axes.tick_params(labelbottom=True)
    panels[0].set_xscale("log")
    panels[0].set_xlim(MIN_SHOWN_TIMES, MAX_SHOWN_TIMES)
    panels[0].set_xticks(TICKS, [f"{tick:g}×" for tick in TICKS])
    panels[0].minorticks_off()
    drawing.save(figure, path)


def _draw_job(axes: "Axes", row: dict) -> None:
    """Draws a bar for each peer. It starts at 1, where both are equally fast."""
    from nn.figures import drawing

    for place, ratio in enumerate(row["ratios"]):
        median, values = ratio["median"], ratio["values"]
        color = drawing.BLUE if median >= 1 else drawing.ORANGE
        axes.barh(place, median - 1, left=1, color=color, height=0.6)
        axes.hlines(place, min(values), max(values), color="#222222", linewidth=1.2)
        axes.annotate(
            f"{number(median)}×", (1, place), xycoords=("axes fraction", "data"), ha="right",
            va="center", fontsize=9,
        )  # fmt: skip
    axes.axvline(1, color="#222222", linewidth=0.8)
    names = [ratio["peer"].replace(" and ", "\nand ") for ratio in row["ratios"]]
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(MAX_PEERS - 0.5, -0.5)  # bars of equal height in all panels
    axes.set_title(row["name"], fontsize=8.5, loc="left", parse_math=False)
    axes.tick_params(labelsize=8, left=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
