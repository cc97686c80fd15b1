"""Prints the table of docs/benchmarks.md from a file of results.

    python -m benchmarks.peers.markdown
    python -m benchmarks.peers.markdown other.json

Copy the table into docs/benchmarks.md whenever benchmarks/results.json changes.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "results.json"


def table(rows: Sequence[dict]) -> Iterator[str]:
    """Yields the lines of the table: a head, then one for each ratio.

    rows: as results.as_json makes them.
    """
    yield "| | beside | times | aimed at |"
    yield "|---|---|---|---|"
    for row in rows:
        name = row["name"]
        if reason := row.get("not_measured"):
            yield f"| {name} | not measured: {reason} | | |"
        for ratio in row["ratios"]:
            yield f"| {name} | {_peer(ratio)} | {_times(ratio)} | {_goal(ratio)} |"
            name = ""


def _peer(ratio: dict) -> str:
    return ", ".join(filter(None, (ratio["peer"], ratio["setting"])))


def _times(ratio: dict) -> str:
    values = ratio["values"]
    spread = f" ({number(min(values))} to {number(max(values))})" if len(values) > 1 else ""
    return number(ratio["median"]) + spread


def number(value: float) -> str:
    """Writes a ratio as the table shows it: with two decimals below 10, with one from 10 on."""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _goal(ratio: dict) -> str:
    if ratio["goal"] is None:
        return ""
    return f"{ratio['goal']:g}" + ("" if ratio["reached"] else ": missed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers.markdown",
        description="Prints the table of docs/benchmarks.md from a file of results.",
    )
    parser.add_argument(
        "results",
        nargs="?",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="a file that python -m benchmarks.peers wrote (default: benchmarks/results.json)",
    )
    path = parser.parse_args(arguments).results
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{path}: no file of results ({error})")
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
