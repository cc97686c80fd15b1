"""The colors of all figures; saving a figure to a file and showing it in a notebook."""

from pathlib import Path
from typing import TYPE_CHECKING

from nn.runtime.whole_files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"
DOTS_PER_INCH = 150


def save(figure: "Figure", path: Path) -> None:
    """Writes a whole PNG or none."""
    figure.set_dpi(DOTS_PER_INCH)
    # Computes the layout here: savefig would draw the whole figure an extra time for it.
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        figure.set_layout_engine(None)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH)


def show(figure: "Figure", description: str) -> None:
    """Displays a figure in a notebook, with a description for readers who cannot see it."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": description}})
