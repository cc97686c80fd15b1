"""nn/figures/graph_layout.py and graph_drawing.py: where boxes and arrows stand, how they look."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as MatplotlibPath

from nn.figures.graph_drawing import BOX_STYLES, draw_graph
from nn.figures.graph_layout import GAP, LEVEL_HEIGHT, Node, Waypoint, lay_out, merged

# A network's outline: an edge over three levels, two equal inputs, one wait, a hidden input.
NODES = [
    Node("weights", "VarHandleOp"),
    Node("images", "Placeholder"),
    Node("read", "ReadVariableOp", ("weights",)),
    Node("logits", "MatMul", ("images", "read")),
    Node("square", "Mul", ("logits", "logits", "constant")),
    Node("update", "AssignSubVariableOp", ("weights", "square")),
    Node("train", "NoOp", (), ("update",)),
]
WIDTHS = {node.name: 1.0 for node in NODES}


def level(layout, item) -> int:
    return round(-layout.centers[item][1] / LEVEL_HEIGHT)


def test_a_node_stands_below_its_inputs_and_a_source_right_above_its_first_reader():
    layout = lay_out(NODES, WIDTHS)
    levels = {node.name: level(layout, node.name) for node in NODES}
    assert levels == {
        "weights": 0, "read": 1, "images": 1, "logits": 2, "square": 3, "update": 4, "train": 5,
    }  # fmt: skip


def test_an_edge_passes_each_level_between_its_ends():
    routes = lay_out(NODES, WIDTHS).routes
    assert set(routes) == {
        ("weights", "read"), ("images", "logits"), ("read", "logits"), ("logits", "square"),
        ("weights", "update"), ("square", "update"), ("update", "train"),
    }  # fmt: skip
    between = [Waypoint("weights", "update", level) for level in (1, 2, 3)]
    assert routes["weights", "update"] == ["weights", *between, "update"]
    assert routes["logits", "square"] == ["logits", "square"]


def test_the_boxes_of_a_level_keep_their_distance():
    wide = [Node("top", "Const"), *(Node(f"{n}", "Relu", ("top",)) for n in range(6))]
    layout = lay_out(wide, {node.name: 1.0 + len(node.name) for node in wide})
    x = sorted(layout.centers[f"{n}"][0] for n in range(6))
    assert np.diff(x).min() >= 2.0 + GAP - 1e-9
    assert layout.centers["top"][0] == pytest.approx(np.mean(x), abs=0.05)  # in the middle


def test_edges_cross_only_where_they_must():
    # In the order of the names, each of three edges would cross the others.
    upper = [Node(name, "Placeholder") for name in "abc"]
    lower = [Node(name, "Relu", (source,)) for name, source in (("d", "c"), ("e", "b"), ("f", "a"))]
    layout = lay_out(upper + lower, dict.fromkeys("abcdef", 1.0))
    ends = sorted((layout.centers[a][0], layout.centers[b][0]) for a, b in layout.routes)
    assert all(one[1] < other[1] for one, other in pairwise(ends))


def test_a_cycle_is_an_error():
    with pytest.raises(ValueError, match="cycle"):
        lay_out([Node("a", "Relu", ("b",)), Node("b", "Relu", ("a",))], {"a": 1.0, "b": 1.0})


def test_a_scope_becomes_one_node_with_the_inputs_of_all_that_was_in_it():
    nodes = [
        Node("x", "Placeholder"),
        Node("g/one", "Mul", ("x", "g/two")),
        Node("g/two", "Const", (), ("x",)),
        Node("gain", "Mul", ("g/one", "g/two"), ("g/two",)),
    ]
    single = Node("g", "2 operations", ("x",), ("x",))
    assert merged(nodes, "g") == [nodes[0], single, Node("gain", "Mul", ("g",), ("g",))]
    assert merged(nodes, "gai") == nodes


@pytest.fixture
def drawn():
    figure = draw_graph(NODES)
    figure.canvas.draw()
    return figure


def boxes(figure) -> list[FancyBboxPatch]:
    """The boxes of the nodes, in their order; then three of the legend."""
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def test_every_label_is_inside_its_box_and_every_box_inside_the_figure(drawn):
    axes = drawn.axes[0]
    frames = [patch.get_window_extent() for patch in boxes(drawn)]
    for node, frame in zip(NODES, frames, strict=False):
        for label in (node.name, node.type):
            text = next(text for text in axes.texts if text.get_text() == label)
            extent = text.get_window_extent()
            assert frame.x0 < extent.x0 < extent.x1 < frame.x1
            assert frame.y0 < extent.y0 < extent.y1 < frame.y1
            assert text.get_fontsize() >= 8
    width, height = drawn.canvas.get_width_height()
    assert min(min(frame.x0, frame.y0) for frame in frames) >= 0
    assert max(frame.x1 for frame in frames) <= width
    assert max(frame.y1 for frame in frames) <= height


def test_a_long_name_takes_two_lines_inside_a_higher_box():
    long = Node("train/update_weights/ResourceApplyGradientDescent", "NoOp")
    figure = draw_graph([long, Node("short", "NoOp")])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "train/update_weights/\nResourceApplyGradientDescent" in texts
    high, low, *_ = boxes(figure)
    assert high.get_height() > low.get_height()


def test_the_kinds_of_boxes_and_arrows_differ_in_gray_too(drawn):
    styles = [
        (type(patch.get_boxstyle()), patch.get_linestyle(), patch.get_linewidth())
        for patch in boxes(drawn)
    ]
    variable, placeholder, *operations = styles[: len(NODES)]
    assert len(set(operations)) == 1
    assert len({variable, placeholder, operations[0]}) == 3
    assert styles[len(NODES) :] == [placeholder, variable, operations[0]]  # the legend's
    arrows = [patch for patch in drawn.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    dashed = [arrow.get_linestyle() != "-" for arrow in arrows]
    assert dashed == [False] * 6 + [True] + [False, True]  # only train waits; then the legend
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert texts[-5:] == [*BOX_STYLES, "carries a tensor", "must be done before"]


def test_an_arrow_over_several_levels_passes_beside_the_boxes():
    wide = "SparseSoftmaxCrossEntropyWithLogits"
    chain = [Node("a", "Placeholder"), Node("b", wide, ("a",)), Node("c", wide, ("b",))]
    figure = draw_graph([*chain, Node("d", "AddV2", ("a", "c"))])
    figure.canvas.draw()
    frames = [patch.get_window_extent() for patch in boxes(figure)[:4]]
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    for arrow in arrows[:4]:
        path = arrow.get_path().transformed(figure.axes[0].transData)
        shaft = MatplotlibPath(path.vertices[:-4], path.codes[:-4])  # without the arrow's head
        assert not [frame for frame in frames if shaft.intersects_bbox(frame.padded(-2), False)]
