"""What was measured: a table to read, a JSON file to keep, a chart to show."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.peers.race import Measured, Ratio, Row, given_up

PACKAGES = ("tensorflow", "keras", "torch", "scikit-learn", "onnxruntime", "opencv-python-headless",
            "polars", "pandas", "numpy", "pillow")  # fmt: skip

TICKS = (0.25, 0.5, 1, 2, 4, 8)


def lines(row: Row, measured: Sequence[Measured], ratios: Sequence[Ratio]) -> list[str]:
    """A row for the terminal, 80 columns wide."""
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
    if rate >= 1e9:
        return f"{rate / 1e9:,.1f} G"
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def as_json(row: Row, measured: Sequence[Measured], ratios: Sequence[Ratio]) -> dict:
    """A row, with each repeat of each contender."""
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
    """A row without figures, in the JSON file."""
    return as_json(row, [], []) | {"not_measured": reason}


def machine() -> dict:
    """What it was measured on."""
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
    """Writes the file whole."""
    from nn.runtime.whole_files import write_text  # and with it TensorFlow

    write_text(path, json.dumps(results, indent=1) + "\n")


def draw(rows: Sequence[dict], path: Path) -> None:
    """A chart: each ratio with its spread, and its goal."""
    from matplotlib.figure import Figure

    from nn.figures import drawing

    bars = [(row["name"], ratio) for row in rows for ratio in row["ratios"] if ratio["goal"]]
    figure = Figure(figsize=(9, 0.7 + 0.2 * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, ratio) in enumerate(bars):
        share = [value / ratio["goal"] for value in ratio["values"]]
        middle = statistics.median(share)
        color = drawing.BLUE if ratio["reached"] else drawing.ORANGE
        axes.barh(place, middle, color=color, height=0.7)
        axes.hlines(place, min(share), max(share), color="#222222", linewidth=1)
        text = f" {ratio['median']:.3g}×, goal {ratio['goal']:.3g}×"
        white = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(max(share), place, text, va="center", fontsize=7, bbox=white)
    axes.axvline(1, color="#222222", linewidth=0.8, linestyle="--", zorder=0)
    axes.set_yticks(
        range(len(bars)), [f"{name} / {ratio['peer']}" for name, ratio in bars], fontsize=7
    )
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS], fontsize=7)
    axes.minorticks_off()
    axes.set_xlabel("how many times as fast as the other, as a share of the goal", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    drawing.save(figure, path)
