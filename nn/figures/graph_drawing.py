"""Drawings of small graphs: a description of the nodes in, a figure out. Only functions import
matplotlib.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.figures.drawing import BLUE, ORANGE
from nn.figures.graph_layout import LEVEL_HEIGHT, Layout, Node, Point, lay_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In inches.
BOX_HEIGHT = 0.42  # of a box with two lines; beside it an edge runs straight down
LINE_HEIGHT = 0.165
BOX_PADDING = 0.09
MARGIN = 0.15
LEGEND_WIDTH = 6.5

PORT_SHARE = 0.5  # of a box's width: edges end on this part of its upper side
NAME_POINTS, TYPE_POINTS = 9, 8
LONG_NAME = 24  # characters; a longer name gets a second line after its last slash
# What the legend says of each kind, and how the kind's boxes are drawn.
BOX_STYLES: dict[str, dict[str, Any]] = {
    "placeholder": {"boxstyle": "round,pad=0,rounding_size=0.12", "edgecolor": BLUE,
                    "linewidth": 1.6, "linestyle": "--"},
    "variable": {"boxstyle": "square,pad=0", "edgecolor": ORANGE, "linewidth": 3.2},
    "operation": {"boxstyle": "square,pad=0", "edgecolor": "black", "linewidth": 0.9},
}  # fmt: skip
KINDS = {"Placeholder": "placeholder", "VarHandleOp": "variable"}  # all others: operations

Size = tuple[float, float]  # width and height, in inches


def draw_graph(nodes: Sequence[Node]) -> "Figure":
    """A box for each node, inputs above outputs; an arrow for each tensor, and a dashed one where a
    node only waits for another. Edges from names that are not among the nodes are left out.

    The graph must have no cycle: raises ValueError if it has one.
    """
    from matplotlib.figure import Figure

    sizes = {node.name: _box_size(node) for node in nodes}
    layout = lay_out(nodes, {name: width for name, (width, _) in sizes.items()})
    halves = [
        (x, sizes[item][0] / 2 if isinstance(item, str) else 0)
        for item, (x, _) in layout.centers.items()
    ]
    left = min(x - half for x, half in halves) - MARGIN
    right = max(x + half for x, half in halves) + MARGIN
    right = max(right, left + LEGEND_WIDTH)
    lowest = min(y for _, y in layout.centers.values())
    top, bottom = 0.5 * LEVEL_HEIGHT, lowest - 1.2 * LEVEL_HEIGHT
    figure = Figure(figsize=(right - left, top - bottom))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    for node in nodes:
        _draw_box(axes, node, layout.centers[node.name], sizes[node.name])
    _draw_edges(axes, nodes, layout, sizes)
    _draw_legend(axes, left + MARGIN, bottom + 0.3 * LEVEL_HEIGHT)
    return figure


def _ports(layout: Layout, sizes: Mapping[str, Size]) -> dict[tuple[str, str], Point]:
    """The point on its target's upper side where each edge ends: from left to right in the order
    that the edges come from."""
    arriving = defaultdict(list)
    for edge, route in layout.routes.items():
        arriving[edge[1]].append((layout.centers[route[-2]][0], edge))
    ports = {}
    for target, edges in arriving.items():
        (x, y), (width, height) = layout.centers[target], sizes[target]
        shares = (np.arange(len(edges)) + 0.5) / len(edges) - 0.5
        for share, (_, edge) in zip(shares, sorted(edges), strict=True):
            ports[edge] = (x + PORT_SHARE * width * share, y + height / 2)
    return ports


def _label(node: Node) -> tuple[str, str]:
    """The name, in two lines if it is long, and the type."""
    name = node.name
    if len(name) > LONG_NAME and "/" in name:
        name = "/\n".join(name.rsplit("/", 1))
    return name, node.type


def _box_size(node: Node) -> Size:
    """The width and height of a node's box."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    name, kind = _label(node)
    bold, plain = FontProperties(weight="bold"), FontProperties()
    lines = [(line, bold, NAME_POINTS) for line in name.split("\n")] + [(kind, plain, TYPE_POINTS)]
    widths = [TextPath((0, 0), line, size=size, prop=font).get_extents().width
              for line, font, size in lines if line.strip()]  # fmt: skip
    return max(widths) / 72 + 2 * BOX_PADDING, LINE_HEIGHT * len(lines) + BOX_PADDING


def _draw_box(axes: "Axes", node: Node, center: Point, size: Size) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = center, size
    name, kind = _label(node)
    style = BOX_STYLES[KINDS.get(node.type, "operation")]
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(FancyBboxPatch(corner, width, height, facecolor="white", zorder=3, **style))
    middle: dict[str, Any] = {"ha": "center", "va": "center", "parse_math": False, "zorder": 4}
    name_y = y + LINE_HEIGHT / 2
    axes.text(x, name_y, name, fontsize=NAME_POINTS, weight="bold", linespacing=1.1, **middle)
    type_y = y - height / 2 + BOX_PADDING / 2 + LINE_HEIGHT / 2
    axes.text(x, type_y, kind, fontsize=TYPE_POINTS, **middle)


def _draw_edges(
    axes: "Axes",
    nodes: Sequence[Node],
    layout: Layout,
    sizes: Mapping[str, Size],
) -> None:
    """Draws each edge from the middle of its source's lower side, through its waypoints, to its
    port on its target's upper side."""
    takes = {(name, node.name) for node in nodes for name in node.inputs}
    ports = _ports(layout, sizes)
    for edge, route in layout.routes.items():
        x, y = layout.centers[edge[0]]
        points = [(x, y - sizes[edge[0]][1] / 2)]
        for item in route[1:-1]:
            x, y = layout.centers[item]
            points += [(x, y + BOX_HEIGHT / 2), (x, y - BOX_HEIGHT / 2)]
        _draw_arrow(axes, [*points, ports[edge]], dashed=edge not in takes)


def _draw_arrow(axes: "Axes", points: Sequence[Point], *, dashed: bool) -> None:
    """An arrow through the points, upright at each of them."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    for (x, y), (next_x, next_y) in pairwise(points):
        middle = (y + next_y) / 2
        vertices += [(x, middle), (next_x, middle), (next_x, next_y)]
        codes += [Path.CURVE4] * 3
    line = (0, (4, 2)) if dashed else "-"
    style: dict[str, Any] = {"linewidth": 1, "linestyle": line, "color": "black"}
    path = Path(vertices, codes)
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=9, **style))


def _draw_legend(axes: "Axes", x: float, y: float) -> None:
    """A row that names the kinds of boxes and arrows, from x to the right."""
    from matplotlib.patches import FancyBboxPatch

    for kind, style in BOX_STYLES.items():
        axes.add_patch(FancyBboxPatch((x, y - 0.12), 0.36, 0.24, facecolor="white", **style))
        axes.text(x + 0.44, y, kind, fontsize=NAME_POINTS, va="center")
        x += 1.35
    for text, dashed in (("carries a tensor", False), ("must be done before", True)):
        _draw_arrow(axes, [(x, y + 0.19), (x, y - 0.19)], dashed=dashed)
        axes.text(x + 0.12, y, text, fontsize=NAME_POINTS, va="center")
        x += 1.45
