"""nn/figures/comparison_charts.py: what a reader of the charts sees."""

from itertools import combinations

import numpy as np
import pytest

from nn.figures.comparison_charts import accuracy_by_time, comparison_bars
from nn.runs.outcomes import Outcome


def outcome(network: str, seed: int, accuracy: float, seconds: float, **fields) -> Outcome:
    fields = {"parameters": 10_000, "images": 10_000, "errors": 0, "loss": 0.1, **fields}
    return Outcome(network, seed, accuracy=accuracy, seconds=seconds, **fields)


OUTCOMES = [
    outcome("tiny", 0, 0.91, 2, loss=0.3),
    outcome("tiny", 1, 0.93, 4, loss=0.4),
    outcome("dense", 0, 0.98, 9, loss=0.07, parameters=234_752),
    outcome("dense", 1, 0.982, 11, loss=0.05, parameters=234_752),
]


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_bars_state_the_mean_of_each_network():
    figure = comparison_bars(OUTCOMES, "a $^$ title")
    assert figure.get_suptitle() == "a $^$ title"
    accuracy, loss, seconds, parameters = figure.axes
    assert texts(accuracy) == ["92.00%", "98.10%"]
    assert texts(loss) == ["0.350", "0.060"]
    assert texts(seconds) == ["3", "10"]
    assert texts(parameters) == ["10,000", "234,752"]
    assert [axes.get_title() for axes in figure.axes] == [
        "test accuracy, from 90%", "calibrated loss, nats", "training time, s", "parameters",
    ]  # fmt: skip


def test_without_a_calibration_there_is_no_panel_of_losses():
    figure = comparison_bars([outcome("tiny", 0, 0.91, 2, loss=np.nan)], "title")
    assert [axes.get_title() for axes in figure.axes] == [
        "test accuracy, from 90%", "training time, s", "parameters",
    ]  # fmt: skip


def test_the_networks_go_down_in_the_order_of_the_outcomes():
    axes = comparison_bars(OUTCOMES, "title").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["tiny", "dense"]
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == [0, 1]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_each_seed_is_a_dot_beside_its_bar():
    accuracy, _, _, parameters = comparison_bars(OUTCOMES, "title").axes
    dots = [(list(line.get_xdata()), list(line.get_ydata())) for line in accuracy.lines]
    assert dots == [([0.91, 0.93], [0, 0]), ([0.98, 0.982], [1, 1])]
    assert not parameters.lines  # the same for each seed


@pytest.mark.parametrize(("lowest", "floor"), [(0.93, 90), (0.994, 95), (0.41, 40)])
def test_the_bars_of_accuracies_begin_below_the_lowest(lowest, floor):
    outcomes = [outcome("tiny", 0, lowest, 1), outcome("dense", 0, 0.999, 1)]
    axes = comparison_bars(outcomes, "title").axes[0]
    assert axes.get_title() == f"test accuracy, from {floor}%"
    assert axes.get_xlim()[0] == pytest.approx(floor / 100)
    assert {bar.get_x() for bar in axes.patches} == {floor / 100}


def test_no_bar_reaches_the_number_beside_it():
    figure = comparison_bars(OUTCOMES, "title")
    figure.draw_without_rendering()
    for axes in figure.axes:
        for bar, text in zip(axes.patches, axes.texts, strict=True):
            assert bar.get_window_extent().x1 < text.get_window_extent().x0
        end = max(bar.get_x() + bar.get_width() for bar in axes.patches)
        assert max(axes.get_xticks()) <= max(
            end, *(max(line.get_xdata()) for line in axes.lines), 0
        )


def test_accuracy_by_time_has_a_point_for_each_network_and_a_dot_for_each_seed():
    figure = accuracy_by_time(OUTCOMES, "a $^$ title")
    (axes,) = figure.axes
    assert axes.get_title() == "a $^$ title"
    assert axes.get_xlabel() == "training time, seconds (log scale)"
    assert axes.get_ylabel() == "wrong test digits (log scale)"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    dots, points = axes.lines
    np.testing.assert_allclose(dots.get_xdata(), [2, 4, 9, 11])
    np.testing.assert_allclose(dots.get_ydata(), [0.09, 0.07, 0.02, 0.018])
    np.testing.assert_allclose(points.get_xdata(), [3, 10])
    np.testing.assert_allclose(points.get_ydata(), [0.08, 0.019])
    assert texts(axes) == ["tiny", "dense"]
    np.testing.assert_allclose([text.xy for text in axes.texts], [(3, 0.08), (10, 0.019)])


def test_better_networks_are_lower_and_their_share_of_errors_is_written():
    figure = accuracy_by_time(OUTCOMES, "title")
    figure.canvas.draw()
    (axes,) = figure.axes
    (_, tiny), (_, dense) = axes.transData.transform([(3, 0.08), (10, 0.019)])
    assert dense < tiny
    labels = dict(zip(axes.get_yticks().round(4), axes.get_yticklabels(), strict=True))
    assert labels[0.05].get_text() == "5%"
    assert labels[0.02].get_text() == "2%"


def test_names_hide_neither_each_other_nor_other_points():
    outcomes = [
        outcome(name, 0, accuracy, seconds)
        for name, accuracy, seconds in (
            ("tiny", 0.92, 2), ("dense", 0.981, 9), ("dense_bn", 0.982, 9.5),
            ("basic_cnn", 0.991, 30), ("sprint", 0.9905, 28), ("flagship", 0.997, 300),
        )
    ]  # fmt: skip
    figure = accuracy_by_time(outcomes, "title")
    (axes,) = figure.axes
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == len(outcomes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    points = axes.transData.transform([text.xy for text in axes.texts])
    for number, box in enumerate(boxes):
        others = np.delete(points, number, axis=0)
        assert not any(box.contains(x, y) for x, y in others)
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
