"""nn/figures/charts.py: what a reader of the charts sees."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from nn.figures import charts
from nn.training.evaluation import Scores
from nn.training.run_folder import Epoch


def history(epochs: int, validation: bool = True) -> list[Epoch]:
    """Epochs whose losses and accuracies all differ."""
    return [
        Epoch(n, 375 * n, 1 / n, 1 - 0.1 / n, 2 / n if validation else math.nan,
              1 - 0.2 / n if validation else math.nan, 2.0)
        for n in range(1, epochs + 1)
    ]  # fmt: skip


def legend(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def ticks(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.filterwarnings("error")
def test_the_history_of_one_epoch_counts_in_whole_epochs():
    figure = charts.training_history(history(1, validation=False), "sprint")
    figure.canvas.draw()
    for axes in figure.axes:
        labels = ticks(axes.xaxis)
        assert "1" in labels
        assert all(label.isdigit() for label in labels)


def test_the_history_shows_loss_and_accuracy_of_training_and_validation():
    rows = history(5)
    figure = charts.training_history(rows, "dense, $^$ 5 epochs")
    assert figure.get_suptitle() == "dense, $^$ 5 epochs"
    figure.canvas.draw()
    loss, wrong = figure.axes
    assert (loss.get_title(), wrong.get_title()) == ("Loss, before calibration", "Wrong answers")
    assert (loss.get_xlabel(), wrong.get_xlabel()) == ("epoch", "epoch")
    assert loss.get_ylabel() == "cross-entropy, nats (log scale)"
    assert wrong.get_ylabel() == "share of the digits (log scale)"
    shown = dict(zip(wrong.get_yticks().round(4), ticks(wrong.yaxis), strict=True))
    assert (shown[0.1], shown[0.02]) == ("10%", "2%")
    for axes, values in (
        (loss, lambda row: (row.loss, row.validation_loss)),
        (wrong, lambda row: (1 - row.accuracy, 1 - row.validation_accuracy)),
    ):
        assert axes.get_yscale() == "log"
        training, validation = axes.lines
        assert legend(axes) == ["training, during the epoch", "validation, after it"]
        assert training.get_label() == "training, during the epoch"
        for line, expected in zip(
            (training, validation), zip(*map(values, rows), strict=True), strict=True
        ):
            assert list(line.get_xdata()) == [1, 2, 3, 4, 5]
            assert list(line.get_ydata()) == list(expected)
        # Told apart without color as well.
        assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.filterwarnings("error")
def test_the_history_of_a_network_without_a_mistake_has_a_place_for_0():
    perfect = [Epoch(n, 375 * n, 0.0, 1.0, 0.0, 1.0, 2.0) for n in (1, 2)]
    figure = charts.training_history(perfect, "perfect")
    figure.canvas.draw()
    for axes in figure.axes:
        assert len([label for label in ticks(axes.yaxis) if label]) >= 2
        for line in axes.lines:
            low, high = axes.get_ylim()
            assert all(low <= value <= high for value in line.get_ydata())


def test_without_validation_digits_the_history_has_one_line():
    for axes in charts.training_history(history(3, validation=False), "title").axes:
        assert legend(axes) == ["training, during the epoch"]


@pytest.mark.parametrize(("epochs", "marked"), [(30, True), (31, False)])
def test_many_epochs_have_no_markers_that_run_together(epochs, marked):
    (line, _) = charts.training_history(history(epochs), "title").axes[0].lines
    assert (line.get_marker() == ".") == marked


def test_the_confusion_matrix_counts_each_label_and_prediction():
    confusion = np.diag(np.arange(1000, 1010))
    confusion[4, 9], confusion[9, 4] = 12, 7
    (axes,) = charts.confusion_matrix(confusion, "a $^$ title").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "label")
    assert axes.get_title() == "a $^$ title"
    shown = {text.get_position()[::-1]: text.get_text() for text in axes.texts}
    assert len(shown) == 100
    assert shown[4, 9] == "12"  # row: the label 4; column: read as 9
    assert shown[9, 4] == "7"
    assert shown[3, 3] == "1,003"
    assert shown[0, 1] == "·"
    # The rows go down from 0, as the counts do.
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_the_confusion_matrix_shades_errors_alone():
    confusion = np.diag([1000] * 10)
    confusion[4, 9], confusion[9, 4] = 12, 7
    (axes,) = charts.confusion_matrix(confusion, "title").axes
    (image,) = axes.images
    shades = image.norm(image.get_array())
    assert shades[4, 9] > shades[9, 4] > shades[0, 0] == shades[0, 1] == 0
    assert shades.max() < 0.8  # a count in black stays legible on it


def test_a_confusion_matrix_without_errors_is_not_shaded():
    (axes,) = charts.confusion_matrix(np.diag([5] * 10), "title").axes
    (image,) = axes.images
    assert not image.norm(image.get_array()).any()


def scores(confidences: list[float], wrong: list[bool]) -> Scores:
    """Scores with such confidences: the label is 0, a wrong answer is 1."""
    logits = np.zeros([len(wrong), 10])
    for row, (confidence, is_wrong) in enumerate(zip(confidences, wrong, strict=True)):
        logits[row, int(is_wrong)] = np.log(9 * confidence / (1 - confidence))
    return Scores(np.zeros(len(wrong), int), logits)


def test_the_reliability_chart_counts_wrong_answers_by_confidence():
    found = scores([0.3, 0.4, 0.7, 0.8, 0.6, 0.995], [True, True, True, False, False, False])
    figure = charts.reliability(found, "dense")
    (axes,) = figure.axes
    figure.canvas.draw()
    rows = dict(zip(axes.get_yticks(), ticks(axes.yaxis), strict=True))
    counts = {
        rows[text.get_position()[1]]: text.get_text()
        for text in axes.texts
        if text.get_position()[1] in rows
    }
    assert counts == {"under 50%": "2 of 2", "50–90%": "1 of 3", "99–99.9%": "0 of 1"}
    assert list(rows.values()) == [
        "under 50%", "50–90%", "90–99%", "99–99.9%", "99.9–99.99%", "99.99% and over",
    ]  # fmt: skip
    assert axes.get_title() == f"dense: calibration error {found.calibration_error:.2%}"


def test_the_reliability_chart_tells_stated_from_true_shares():
    found = scores([0.6, 0.8, 0.995, 0.995], [True, False, False, False])
    (axes,) = charts.reliability(found, "dense").axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "share of wrong answers (log scale)"
    assert axes.get_ylabel() == "the answer's probability"
    assert legend(axes) == ["stated by the model", "counted", "counted, 95% interval"]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_allclose(lines["stated by the model"].get_xdata(), [0.3, 0.005])
    assert list(lines["stated by the model"].get_ydata()) == [1, 3]
    # None of the sure digits is wrong: 0 has no place on a logarithmic axis.
    np.testing.assert_allclose(lines["counted"].get_xdata(), [0.5])
    assert list(lines["counted"].get_ydata()) == [1]
    intervals = [line for line in axes.lines if line.get_label().startswith("_")]
    assert [list(line.get_ydata()) for line in intervals] == [[1, 1], [3, 3]]
    for line in intervals:
        assert axes.get_xlim()[0] <= line.get_xdata()[0] < line.get_xdata()[1] <= 1
    assert intervals[0].get_xdata()[0] < 0.5 < intervals[0].get_xdata()[1]


def test_without_wrong_answers_the_reliability_chart_has_no_true_shares():
    (axes,) = charts.reliability(scores([0.9999], [False]), "dense").axes
    assert legend(axes) == ["stated by the model", "counted, 95% interval"]


def test_the_counts_of_the_reliability_chart_are_on_the_figure():
    many = SimpleNamespace(confidences=np.full(60_000, 0.95), wrong=np.arange(60_000) < 3000,
                           calibration_error=0.0)  # fmt: skip
    figure = charts.reliability(many, "dense")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (text,) = [text for text in axes.texts if text.get_text() == "3,000 of 60,000"]
    assert axes.bbox.x1 < text.get_window_extent().x0
    assert text.get_window_extent().x1 <= figure.bbox.x1
