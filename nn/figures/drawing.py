"""What all figures share: their colors, and how a figure is saved or shown."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"


def save(figure: "Figure", path: Path) -> None:
    """Writes a whole PNG or none."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    figure.set_dpi(150)
    if layout := figure.get_layout_engine():  # savefig would draw the whole figure once for it
        layout.execute(figure)
        figure.set_layout_engine(None)
    try:
        figure.savefig(temporary, format="png", dpi=150)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def show(figure: "Figure", description: str) -> None:
    """Displays a figure in a notebook; the description is for those who cannot see it."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": description}})
