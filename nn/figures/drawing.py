"""What all figures share: their colors, and how a figure is saved or shown."""

from pathlib import Path
from typing import TYPE_CHECKING

from nn.runtime.whole_files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"


def save(figure: "Figure", path: Path) -> None:
    """Writes a whole PNG or none."""
    figure.set_dpi(150)
    if layout := figure.get_layout_engine():  # savefig would draw the whole figure once for it
        layout.execute(figure)
        figure.set_layout_engine(None)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def show(figure: "Figure", description: str) -> None:
    """Displays a figure in a notebook; the description is for those who cannot see it."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": description}})
