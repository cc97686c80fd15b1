#!/usr/bin/env python3
"""Draws docs/normalization.png: how the graph normalizes a few samples, stage by stage.

    python docs/draw_normalization.py

The finder's answer is light where ink is; the chart shows it dark, as on paper.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from nn.runtime.startup import import_tensorflow  # noqa: E402

import_tensorflow()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from nn.figures import drawing  # noqa: E402
from nn.networks.finder_weights import find_ink  # noqa: E402
from nn.normalization.pipeline import normalize_in_stages  # noqa: E402
from nn.pictures.canvas import cut_out  # noqa: E402
from nn.pictures.files import read_canvas  # noqa: E402

SAMPLES = (
    "0_phone.jpg",
    "1_chalk.jpg",
    "3_shaded.jpg",
    "4_table.jpg",
    "5_form.jpg",
    "8_speck.jpg",
)
STAGES = {
    "the picture": None,
    "the finder:\nis it ink?": "found",
    "full ink": "full",
    "fit: 28×28,\ncentered": "fitted",
}


def main() -> None:
    """Draws docs/normalization.png."""
    canvases = [read_canvas(ROOT / "samples" / name) for name in SAMPLES]
    pixels, sizes = (np.stack(arrays) for arrays in zip(*canvases, strict=True))
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        stages = session.run(
            normalize_in_stages(tf.constant(pixels), tf.constant(sizes), find_ink())
        )
    figure = Figure(figsize=(8, 5.2), layout="constrained")
    grid = figure.subplots(len(STAGES), len(SAMPLES))
    for row, (title, field) in zip(grid, STAGES.items(), strict=True):
        pictures = 255 - getattr(stages, field) * 255 if field else pixels
        row[0].set_ylabel(title, rotation=0, ha="right", va="center")
        for axes, picture, size in zip(row, pictures, sizes, strict=True):
            shown = picture if field == "fitted" else cut_out(picture, size)
            axes.imshow(shown, cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
    for axes, name in zip(grid[0], SAMPLES, strict=True):
        axes.set_title(name, fontsize=9)
    drawing.save(figure, ROOT / "docs" / "normalization.png")


if __name__ == "__main__":
    main()
