"""The colors and the logarithmic ticks of all figures; saving a figure, and showing it in a
notebook."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.runtime.whole_files import naming, replacing

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"
DOTS_PER_INCH = 150
MIN_RATIO_TICKS = 3  # a logarithmic axis with fewer ticks at 1, 2 and 5 gets closer ones


def save(figure: "Figure", path: Path) -> None:
    """Writes a whole PNG or none."""
    figure.set_dpi(DOTS_PER_INCH)
    # Computes the layout here: savefig would draw the whole figure an extra time for it.
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        figure.set_layout_engine(None)
    with naming(path), replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH)


def set_ratio_ticks(axis: "Axis", form: str, factor: float = 1) -> None:
    """Gives a logarithmic axis ticks at 1, 2, 5, 10, 20, 50 …, or closer ones where these are few.

    form: the format of a tick's label, for its value times `factor`. Call it after plotting. An
    axis with fewer than two ticks on it is widened to the nearest ones.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = sorted(axis.get_view_interval())
    powers = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    for digits in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        ticks = np.array([digit * 10.0**power for power in powers for digit in digits])
        count = ((ticks >= low) & (ticks <= high)).sum()
        if count >= MIN_RATIO_TICKS:
            break
    if count < 2:
        low, high = ticks[ticks <= low].max(), ticks[ticks >= high].min()
        axis.set_view_interval(low, high)
    axis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)].tolist()))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: form.format(round(factor * value, 10)))


def show(figure: "Figure", description: str) -> None:
    """Displays a figure in a notebook, with a description for readers who cannot see it."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": description}})
