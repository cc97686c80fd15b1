"""nn/figures/charts.py: what a reader of the pictures sees."""

import math

from nn.figures import charts
from nn.training.run_folder import Epoch


def test_the_history_of_one_epoch_counts_in_whole_epochs():
    epoch = Epoch(1, 375, 0.23, 0.96, math.nan, math.nan, 2.0)
    figure = charts.training_history([epoch], "sprint")
    figure.canvas.draw()
    for axes in figure.axes:
        labels = [label.get_text() for label in axes.get_xticklabels()]
        assert "1" in labels
        assert all(label.isdigit() for label in labels)
