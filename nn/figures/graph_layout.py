"""The places of the nodes and edges of a small graph; nn/figures/graph_drawing.py draws them.

The method is the usual one for directed graphs (Sugiyama, Tagawa and Toda, 1981): each node gets a
level, below all its inputs; an edge over several levels gets a waypoint on each level between, so
that it passes beside the boxes; the order within each level is changed until few edges cross; then
boxes move sideways towards their neighbors.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

# In inches.
LEVEL_HEIGHT = 0.86
GAP = 0.22  # between two boxes of a level
WAYPOINT_WIDTH = 0.06

ORDERING_SWEEPS = 12
PLACING_SWEEPS = 40
WAYPOINT_WEIGHT = 4.0  # of a box's 1: long edges are drawn straight, and boxes move aside


@dataclass(frozen=True)
class Node:
    """A node of a graph. inputs: the names of the nodes whose tensors it takes; waits_for: the
    names of those that only have to be done before it."""

    name: str
    type: str
    inputs: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()


class Waypoint(NamedTuple):
    """Where an edge passes a level."""

    source: str
    target: str
    level: int


Item = str | Waypoint  # a node, by its name, or a waypoint
Point = tuple[float, float]  # x and y in inches; y is 0 at the highest level, and negative below
Routes = dict[tuple[str, str], list[Item]]  # (source, target) → both, and the waypoints between


def merged(nodes: Iterable[Node], scope: str) -> list[Node]:
    """The nodes, with a single one, named `scope`, in place of all whose names start with it and a
    slash. What the single one takes and waits for are those of them all, from outside the scope."""

    def outer(name: str) -> str:
        return scope if name.startswith(f"{scope}/") else name

    kept = [
        replace(
            node,
            inputs=_unique(map(outer, node.inputs)),
            waits_for=_unique(map(outer, node.waits_for)),
        )
        for node in nodes
    ]
    inside = [node for node in kept if outer(node.name) == scope]
    if not inside:
        return kept
    single = Node(
        scope,
        f"{len(inside)} operations",
        _unique(name for node in inside for name in node.inputs if name != scope),
        _unique(name for node in inside for name in node.waits_for if name != scope),
    )
    first = kept.index(inside[0])
    return [*kept[:first], single, *(node for node in kept[first:] if node not in inside)]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


class Layout(NamedTuple):
    """routes: of each edge, without doubles; centers: of each item."""

    routes: Routes
    centers: dict[Item, Point]


def lay_out(nodes: Sequence[Node], widths: Mapping[str, float]) -> Layout:
    """Lays a graph out. widths: of each node's box, in inches.

    Edges from names that are not among the nodes are left out. Raises ValueError if the graph has a
    cycle.
    """
    rows, routes = _rows_and_routes(nodes, _levels(nodes))
    _reorder(rows, routes)
    return Layout(routes, _place(rows, routes, widths))


def _levels(nodes: Sequence[Node]) -> dict[str, int]:
    """Each node's level: 0 at the top. A node with inputs is right below the lowest of them; one
    without is right above the highest node that takes it."""
    known = {node.name for node in nodes}
    sources = {node.name: [name for name in (*node.inputs, *node.waits_for) if name in known]
               for node in nodes}  # fmt: skip
    levels: dict[str, int] = {}
    while len(levels) < len(nodes):
        ready = [name for name, before in sources.items()
                 if name not in levels and all(one in levels for one in before)]  # fmt: skip
        if not ready:
            raise ValueError("the graph has a cycle, or a name twice")
        for name in ready:
            levels[name] = max((levels[one] + 1 for one in sources[name]), default=0)
    for name in [name for name in levels if not sources[name]]:
        taken = [levels[other] for other, before in sources.items() if name in before]
        levels[name] = min(taken, default=1) - 1
    return levels


def _rows_and_routes(
    nodes: Sequence[Node], levels: dict[str, int]
) -> tuple[list[list[Item]], Routes]:
    """The items of each level, from the top; and the route of each edge."""
    rows: list[list[Item]] = [[] for _ in range(max(levels.values()) + 1)]
    routes: Routes = {}
    for node in nodes:
        rows[levels[node.name]].append(node.name)
    for node in nodes:
        for source in (*node.inputs, *node.waits_for):
            if source in levels and (source, node.name) not in routes:
                between = [Waypoint(source, node.name, level)
                           for level in range(levels[source] + 1, levels[node.name])]  # fmt: skip
                routes[source, node.name] = [source, *between, node.name]
                for waypoint in between:
                    rows[waypoint.level].append(waypoint)
    return rows, routes


def _neighbors(routes: Routes) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    """The items that each item is linked to on the level above it, and on that below it."""
    above, below = defaultdict(list), defaultdict(list)
    for route in routes.values():
        for upper, lower in pairwise(route):
            above[lower].append(upper)
            below[upper].append(lower)
    return above, below


def _reorder(rows: list[list[Item]], routes: Routes) -> None:
    """Orders each row by the mean place of its items' neighbors, down and up again in turn, and
    keeps the order with the fewest crossings."""
    above, below = _neighbors(routes)
    best, fewest = [list(row) for row in rows], _count_crossings(rows, below)
    for sweep in range(ORDERING_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            place = {item: index / len(one) for one in rows for index, item in enumerate(one)}
            near = above if sweep % 2 == 0 else below

            def mean_place(item: Item, near=near, place=place) -> float:
                return float(np.mean([place[other] for other in near[item] or [item]]))

            row.sort(key=mean_place)
        if (crossings := _count_crossings(rows, below)) < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _count_crossings(rows: list[list[Item]], below: dict[Item, list[Item]]) -> int:
    place = {item: index for row in rows for index, item in enumerate(row)}
    count = 0
    for row in rows:
        ends = [[place[lower] for lower in below[upper]] for upper in row]
        for left, one in enumerate(ends):
            count += sum(a > b for other in ends[left + 1 :] for a in one for b in other)
    return count


def _place(
    rows: list[list[Item]], routes: Routes, widths: Mapping[str, float]
) -> dict[Item, Point]:
    """The center (x, y) of each item. A box moves to the mean x of its neighbors, and a waypoint to
    that of the rest of its edge, as far as the order of its row and the widths allow it: a
    regression under these constraints."""
    from scipy.optimize import isotonic_regression

    above, below = _neighbors(routes)
    x = {item: float(index) for row in rows for index, item in enumerate(row)}
    for sweep in range(PLACING_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            near = [
                routes[item.source, item.target][1:] if isinstance(item, Waypoint)
                else above[item] + below[item] or [item]
                for item in row
            ]  # fmt: skip
            wanted = np.array([np.mean([x[other] for other in others]) for others in near])
            wide = [widths[item] if isinstance(item, str) else WAYPOINT_WIDTH for item in row]
            offsets = np.cumsum([0, *((one + other) / 2 + GAP for one, other in pairwise(wide))])
            weights = [WAYPOINT_WEIGHT if isinstance(item, Waypoint) else 1.0 for item in row]
            found = isotonic_regression(wanted - offsets, weights=weights).x + offsets
            x.update(zip(row, found.tolist(), strict=True))
    return {item: (x[item], -LEVEL_HEIGHT * y) for y, row in enumerate(rows) for item in row}
