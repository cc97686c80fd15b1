"""The README's table of speed, of the JSON file:

    python -m benchmarks.peers.markdown benchmarks/results.json

Prints it, to be put there whenever the file that comes along is renewed.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def table(rows: Sequence[dict]) -> Iterator[str]:
    """The lines, of rows as results.as_json has them: one for each ratio."""
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
    spread = f" ({_number(min(values))} to {_number(max(values))})" if len(values) > 1 else ""
    return _number(ratio["median"]) + spread


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _goal(ratio: dict) -> str:
    if ratio["goal"] is None:
        return ""
    return f"{ratio['goal']:g}" + ("" if ratio["reached"] else ": missed")


if __name__ == "__main__":
    print("\n".join(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["rows"])))
