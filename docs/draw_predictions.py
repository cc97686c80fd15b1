"""Draws docs/predictions.png: sample pictures, each with the answer and its probability.

    python docs/draw_predictions.py

SavedModel/1 reads the pictures. Sure answers are blue, unsure ones orange.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nn.runtime.startup import import_tensorflow  # noqa: E402

import_tensorflow()  # without the notices that TensorFlow prints

from matplotlib.figure import Figure  # noqa: E402

from nn import Predictor  # noqa: E402
from nn.figures import drawing  # noqa: E402
from nn.pictures.files import read_thumbnail  # noqa: E402

NAMES = (
    "0_phone.jpg", "1_chalk.jpg", "2_creased.jpg", "3_lines.jpg", "4_table.jpg", "5_form.jpg",
    "6_squares.jpg", "7_pencil.jpg", "8_speck.jpg", "9_far.jpg", "9_corner.jpg", "5_night_mode.png",
)  # fmt: skip
COLUMNS = 6
SIDE_PIXELS = 200  # the longest side of each picture, at most


def main() -> None:
    """Draws docs/predictions.png."""
    paths = [ROOT / "samples" / name for name in NAMES]
    rows = len(paths) // COLUMNS
    figure = Figure(figsize=(9, 1.85 * rows), layout="constrained")
    with Predictor(ROOT / "SavedModel" / "1") as predictor:
        for axes, path, reading in zip(
            figure.subplots(rows, COLUMNS).flat, paths, predictor.read(paths), strict=True
        ):
            picture, _ = read_thumbnail(path, SIDE_PIXELS)
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
            color = drawing.BLUE if reading.status == "ok" else drawing.ORANGE
            axes.set_title(
                f"{reading.digit}   {reading.probability:.2%}", color=color, weight="bold"
            )
            axes.set(xticks=[], yticks=[], anchor="N")  # aligns the titles of a row
    drawing.save(figure, ROOT / "docs" / "predictions.png")


if __name__ == "__main__":
    main()
