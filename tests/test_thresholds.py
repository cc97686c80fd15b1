"""Thresholds: what they promise, against its definition; which answers they leave unsure."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT, load
from scipy.stats import binomtest

from nn import Predictor
from nn.calibration import RATES, Calibration, fit_thresholds
from nn.errors import ModelError
from nn.evaluation import Scores
from nn.report import threshold_line
from nn.thresholds import Threshold, choose

RNG = np.random.default_rng(0)
STRICT, LOOSE = Threshold(0.002, 0.99, 900, 0), Threshold(0.01, 0.0, 1000, 3)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, most of them high, and errors that are as frequent as these say."""
    doubts = 10 ** RNG.uniform(-6, -0.3, count)
    return 1 - doubts, RNG.random(count) < doubts


def upper_bound(wrong: int, count: int) -> float:
    return binomtest(wrong, count, alternative="less").proportion_ci(0.95).high


def test_a_threshold_is_the_lowest_whose_upper_bound_keeps_the_rate():
    confidences, wrong = drawn(1000)
    confidences = np.round(confidences, 3)  # so that there are equals
    expected = {}
    for rate in RATES:
        for lowest in np.unique(confidences):
            sure = confidences >= lowest
            if upper_bound(wrong[sure].sum(), sure.sum()) <= rate:
                probability = 0.0 if sure.all() else lowest
                expected[rate] = (rate, probability, sure.sum(), wrong[sure].sum())
                break
        if rate in expected and expected[rate][1] == 0:
            break
    found = fit_thresholds(confidences, wrong)
    assert len(found) > 3
    assert found == tuple(expected.values())


def test_few_digits_can_promise_little():
    # None of n wrong: the bound is 1 - 0.05 ** (1 / n).
    assert fit_thresholds(np.ones(100), np.zeros(100, bool))[0].max_error == 0.05
    assert fit_thresholds(np.ones(2995), np.zeros(2995, bool))[0].max_error == 0.001
    assert fit_thresholds(np.ones(2994), np.zeros(2994, bool))[0].max_error == 0.002
    assert fit_thresholds(np.ones(5), np.ones(5, bool)) == (Threshold(1.0, 0.0, 5, 5),)


def test_the_promise_is_kept_by_other_digits():
    confidences, wrong = drawn(2_000_000)
    broken = []
    for _ in range(250):
        for threshold in fit_thresholds(*drawn(4000)):
            sure = confidences >= threshold.probability
            broken.append(wrong[sure].mean() > threshold.max_error)
    assert len(broken) > 1000
    assert np.mean(broken) < 0.05


def test_the_rate_or_the_next_stricter_one_is_taken():
    assert choose([STRICT, LOOSE], 0.005) == STRICT
    assert choose([STRICT, LOOSE], 0.01) == LOOSE
    assert choose([STRICT, LOOSE], 1.0) == LOOSE
    assert choose([STRICT._replace(max_error=0.001), LOOSE], None).max_error == 0.001
    assert choose([STRICT, LOOSE], None) == STRICT  # 0.1% cannot be kept, this is the lowest
    assert choose([], None) is None


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [([STRICT, LOOSE], "its lowest is 0.2%"), ([], "trained without validation digits")],
)
def test_a_rate_that_cannot_be_kept_is_refused(thresholds, message):
    with pytest.raises(ModelError, match=rf"--max-error 0.1%: .*{message}"):
        choose(thresholds, 0.001)


def test_a_calibration_comes_back_from_json():
    logits, labels = RNG.normal(0, 4, [500, 10]), RNG.integers(0, 10, 500)
    calibration = Calibration.fit(logits, labels, "500 digits")
    assert calibration.thresholds
    assert Calibration.of(json.loads(json.dumps(calibration.describe()))) == calibration
    # The thresholds are for the probabilities that the temperature makes.
    scores = Scores(labels, logits, calibration.temperature)
    for threshold in calibration.thresholds:
        assert scores.answered(threshold) == (threshold.answered, threshold.wrong)


def test_unsure_are_those_below_the_threshold(model, digits):
    images = digits[1].images
    with Predictor(model) as predictor:
        threshold = predictor.threshold
        path = ROOT / "samples" / "3_pen.webp"
        sure = predictor.predict(images).probabilities.max(1) >= threshold.probability
        # 300 validation digits cannot promise 0.1%: the lowest rate that they can.
        assert threshold.max_error == predictor.card["calibration"]["thresholds"][0]["max_error"]
        assert threshold.max_error > 0.005
        assert 0 < sure.sum() < len(images)
        stated = predictor.card["test"]["answered"][0]
        assert stated["answered"] == sure.sum()
        reading = next(predictor.read([path]))
        predictor.threshold = threshold._replace(probability=reading.probability)
        assert next(predictor.read([path])).status == "ok"
        predictor.threshold = threshold._replace(probability=reading.probability + 1e-6)
        unsure = next(predictor.read([path]))
    assert unsure == replace(reading, status="unsure", reason=unsure.reason)
    assert "less probable than" in unsure.reason


def test_the_script_marks_unsure_rows_and_counts_the_sure(model, digits, tmp_path):
    _, test = digits
    np.savetxt(tmp_path / "x.csv", test.images.reshape(len(test), -1), "%d", ",")
    np.savetxt(tmp_path / "y.csv", test.labels, "%d")
    given = (tmp_path / "x.csv", "--model", model, "--labels", tmp_path / "y.csv", "--json")
    finished = load(*given)
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    sure = [line["status"] == "ok" for line in lines]
    wrong = [a["digit"] != label for a, label in zip(lines, test.labels, strict=True)]
    wrong_and_sure = np.logical_and(wrong, sure).sum()
    assert 0 < sum(sure) < len(lines)
    assert f"\nSure of {sum(sure)}: {wrong_and_sure} of these wrong\n" in finished.stderr
    with Predictor(model) as predictor:
        assert f"\n{threshold_line(predictor.threshold, None)}\n" in finished.stderr

    everything = load(*given, "--max-error", "100%")
    assert {json.loads(line)["status"] for line in everything.stdout.splitlines()} == {"ok"}
    assert "\nNo answer is unsure: " in everything.stderr
    assert f"\nSure of 297: {sum(wrong)} of these wrong\n" in everything.stderr


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("0.1%", "--max-error 0.1%: this model had too few validation digits"),
        ("0.0001", "--max-error 0.01%: this model had too few validation digits"),
        ("0", "expected a rate such as 0.1% or 0.001, found 0"),
        ("101%", "expected a rate such as 0.1% or 0.001, found 101%"),
        ("few", "expected a rate such as 0.1% or 0.001, found few"),
    ],
)
def test_a_rate_that_cannot_be_is_one_clear_line(model, rate, message):
    finished = load("samples", "--model", model, "--max-error", rate)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert message in finished.stderr.splitlines()[-1]


def test_lines_of_a_table_fit_a_terminal():
    with_rate = threshold_line(Threshold(0.001, 0.99984, 1, 0), None)
    assert with_rate == "Unsure below 99.984%: above that at most 0.1% validation errors"
    assert threshold_line(STRICT, None).endswith("errors, its best")
    assert threshold_line(STRICT, 0.002).endswith("validation errors")
    assert threshold_line(LOOSE, 0.01).startswith("No answer is unsure: at most 1%")
    assert "without validation digits" in threshold_line(None, None)
    assert len(threshold_line(STRICT._replace(probability=0.99984), None)) <= 80
