"""Scaling, calibration error and intervals, against their definitions and drawn digits."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import run_script
from scipy.special import softmax
from scipy.stats import binomtest

from nn.confidence.agreement import (
    Bin,
    bins_between,
    calibration_error,
    equal_bins,
    error_interval,
)
from nn.confidence.calibration import cross_entropy, fit_scaling
from nn.confidence.scaling import UNSCALED, Scaling, scale_logits, scale_logits_in_graph
from nn.figures import charts
from nn.training.evaluation import Scores

RNG = np.random.default_rng(0)


def drawn(count: int, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels that are as likely as the logits have it, scaled so."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 4, [count, 10])
    gaps = logits.max(1, keepdims=True) - logits
    odds = np.exp(-((gaps / scaling.temperature) ** scaling.power))
    chances = odds / odds.sum(1, keepdims=True)
    labels = (chances.cumsum(1) < random.random([count, 1])).sum(1)
    return logits, labels


@pytest.mark.parametrize("scaling", [UNSCALED, (0.5, 1.0), (3.0, 1.0), (2.0, 1.4), (2.0, 0.7)])
def test_the_scaling_is_found_again(scaling):
    logits, labels = drawn(20_000, Scaling(*scaling))
    found = fit_scaling(logits, labels)
    assert found[:2] == pytest.approx(scaling[:2], rel=0.1)
    best = cross_entropy(scale_logits(logits, found), labels)
    for temperature, power in ((0.95, 1), (1.05, 1), (1, 0.95), (1, 1.05)):
        other = Scaling(found.temperature * temperature, found.power * power)
        assert best < cross_entropy(scale_logits(logits, other), labels)


def test_without_a_power_the_logits_are_divided_by_the_temperature():
    logits = RNG.normal(0, 4, [50, 10])
    expected = softmax(logits / 1.7, axis=1)
    np.testing.assert_allclose(softmax(scale_logits(logits, Scaling(1.7)), axis=1), expected)


@pytest.mark.parametrize(
    "scaling",
    [UNSCALED, Scaling(0.3), Scaling(1.7), Scaling(1.0, 1.4), Scaling(2.5, 0.6, 1.3)],
)
def test_the_graph_scales_logits_as_numpy_does(scaling):
    logits = np.random.default_rng(1).normal(0, 6, [200, 10]).astype(np.float32)
    logits[0] = 1.5  # ten equal logits: every gap is 0
    certainties = np.random.default_rng(2).uniform(0, 1, 200).astype(np.float32)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        in_graph = session.run(
            scale_logits_in_graph(tf.constant(logits), scaling, tf.constant(certainties))
        )
    assert in_graph.dtype == np.float32
    np.testing.assert_allclose(
        softmax(in_graph.astype(np.float64), axis=1),
        softmax(scale_logits(logits, scaling, certainties), axis=1),
        rtol=1e-4,
        atol=1e-12,
    )


def test_an_answer_about_ink_that_may_be_none_is_less_probable():
    logits = np.array([[9.0, 1, 0, 0, 0, 0, 0, 0, 0, 0]] * 3)
    scaled = scale_logits(logits, Scaling(1.0, 1.0, 2.0), np.array([1, 0.5, 0]))
    np.testing.assert_allclose(scaled[0], logits[0] - 9)
    np.testing.assert_allclose(scaled[1], (logits[1] - 9) / 4)
    np.testing.assert_array_equal(scaled[2], 0)


def test_digits_that_are_all_read_right_say_nothing_of_a_scaling():
    logits = np.eye(10)[[1, 2, 3]] * 5
    assert fit_scaling(logits, np.array([1, 2, 3])) == UNSCALED


def test_a_few_digits_do_not_bend_the_scale():
    """One wrong in 300, which the likelihood alone would fit with a power of 20."""
    labels = np.arange(300) % 10
    logits = np.eye(10)[labels] * 8 + np.random.default_rng(0).normal(0, 0.1, [300, 10])
    logits[0] = [5, 4] + 8 * [0]
    labels[0] = 1
    assert 1 < fit_scaling(logits, labels).power < 1.5


def test_a_scaling_makes_confidences_true():
    logits, labels = drawn(20_000, Scaling(3.0, 1.3))
    assert Scores(labels, logits).calibration_error > 0.1
    assert Scores(labels, logits, fit_scaling(logits, labels)).calibration_error < 0.02


def test_the_calibration_error_is_the_mean_distance_over_bins():
    confidences = np.repeat([0.6, 0.9], [60, 90])
    wrong = np.zeros(150, bool)
    wrong[:30] = wrong[60:69] = True  # half of the unsure, a tenth of the sure
    expected = (60 * abs(0.5 - 0.4) + 0) / 150
    order = RNG.permutation(150)
    found = calibration_error(confidences[order], wrong[order])
    # Bins of ten: within one the errors may lie unevenly, which can only add.
    assert found >= expected - 1e-9
    assert sum(bin.wrong for bin in equal_bins(confidences, wrong)) == 39
    assert {bin.size for bin in equal_bins(confidences, wrong)} == {10}


def test_too_unsure_in_one_bin_does_not_make_up_for_too_sure_in_another():
    confidences = np.repeat(np.linspace(0.6, 0.95, 15), 4)  # four to a bin
    wrong = np.zeros(60, bool)
    wrong[-4:] = True  # the surest are all wrong, and no other
    expected = (4 * (1 - np.linspace(0.6, 0.95, 15)[:-1])).sum() + 4 * 0.95
    assert calibration_error(confidences, wrong) == pytest.approx(expected / 60)


def test_always_sure_has_its_share_of_errors_as_calibration_error():
    wrong = np.arange(10_000) < 28
    assert calibration_error(np.ones(10_000), RNG.permutation(wrong)) == pytest.approx(0.0028)


def test_bins_between_edges_hold_the_lower_edge():
    confidences = np.array([0.2, 0.5, 0.7, 0.9, 1.0])
    bins = bins_between(confidences, np.array([1, 1, 0, 0, 0], bool), [0, 0.5, 0.9, 1.01])
    assert [bin.size for bin in bins] == [1, 2, 2]
    assert [bin.wrong for bin in bins] == [1, 1, 0]
    assert [bin.expected_wrong for bin in bins] == pytest.approx([0.8, 0.8, 0.1])


@pytest.mark.parametrize(("count", "wrong"), [(10, 0), (10, 3), (10, 10), (5000, 7)])
def test_an_interval_is_clopper_and_pearsons(count, wrong):
    expected = binomtest(wrong, count).proportion_ci(0.95, method="exact")
    assert error_interval(Bin(count, wrong, 0)) == pytest.approx(
        (expected.low, expected.high), abs=1e-9
    )


def test_the_reliability_diagram_shows_stated_and_true_shares():
    logits, labels = drawn(2000, UNSCALED)
    scores = Scores(labels, logits)
    (axes,) = charts.reliability(scores, "a $^$ name").axes
    (stated,) = [line for line in axes.lines if line.get_label() == "stated by the model"]
    bins = bins_between(scores.confidences, scores.wrong, [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.01])
    expected = [bin.expected_wrong / bin.size for bin in bins if bin.size]
    np.testing.assert_allclose(stated.get_xdata(), expected)
    (true,) = [line for line in axes.lines if line.get_label() == "counted"]
    np.testing.assert_allclose(
        true.get_xdata(), [bin.wrong / bin.size for bin in bins if bin.wrong]
    )
    intervals = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2][:2]
    np.testing.assert_allclose(intervals, [error_interval(bin) for bin in bins[:2]])
    texts = [text.get_text() for text in axes.texts]
    assert f"{bins[1].wrong:,} of {bins[1].size:,}" in texts


@pytest.mark.parametrize(
    ("benchmark", "options", "said"),
    [("calibration", [], "calibration error"), ("numbers", ["--count", "2"], "2 numbers of")],
)
def test_a_benchmark_says_what_it_found_and_passes_on_no_notice_of_tensorflow(
    benchmark, options, said, real_data
):
    result = run_script("-m", f"benchmarks.{benchmark}", "--data", real_data, *options)
    assert result.returncode == 0, result.stderr
    assert said in result.stdout
    assert result.stderr == ""
