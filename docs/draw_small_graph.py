"""Draws docs/small_graph.png: the ten-line graph of train_neural_network.ipynb.

    python docs/draw_small_graph.py

It runs the notebook's cells with the tag "small-graph", so that both show the same graph.
"""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nn.runtime.startup import import_tensorflow  # noqa: E402

import_tensorflow()  # without the notices that TensorFlow prints

import textwrap  # noqa: E402

import tensorflow as tf  # noqa: E402

from nn.figures import drawing  # noqa: E402
from nn.figures.graph_drawing import draw_graph  # noqa: E402
from nn.figures.graph_layout import Node  # noqa: E402

NOTEBOOK = ROOT / "train_neural_network.ipynb"
TAG = "small-graph"


def notebook_nodes() -> list[Node]:
    """Runs the tagged cells; returns the nodes that they leave in their variable `nodes`."""
    space = {"tf": tf, "tf1": tf.compat.v1, "textwrap": textwrap}
    with redirect_stdout(None):  # the cells print the nodes too
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
            if TAG in cell["metadata"].get("tags", []):
                exec("".join(cell["source"]), space)
    return space["nodes"]


def main() -> None:
    """Draws docs/small_graph.png."""
    drawing.save(draw_graph(notebook_nodes()), ROOT / "docs" / "small_graph.png")


if __name__ == "__main__":
    main()
