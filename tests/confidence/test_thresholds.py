"""Thresholds: what they promise, against its definition; which answers they leave unsure."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT, models_restored_once
from scipy.stats import binomtest

from load_saved_model import parse_arguments
from nn import Predictor
from nn.confidence.calibration import (
    ERROR_RATES,
    UNANSWERED_SHARES,
    Calibration,
    HeldOut,
    fit_thresholds,
)
from nn.confidence.thresholds import (
    Threshold,
    choose,
    least_probability,
    percent_rounded_down,
)
from nn.errors import ModelError
from nn.prediction.output import Table, threshold_line
from nn.prediction.readings import Reading
from nn.training.evaluation import Scores

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
    ranked = np.sort(confidences)
    expected = {}
    for rate in ERROR_RATES:
        for share in UNANSWERED_SHARES:
            lowest = ranked[int(share * 1000)] if share else 0.0
            sure = confidences >= lowest
            if upper_bound(wrong[sure].sum(), sure.sum()) <= rate:
                expected[rate] = (rate, lowest, sure.sum(), wrong[sure].sum())
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
    assert fit_thresholds(np.ones(1), np.zeros(1, bool)) == (Threshold(1.0, 0.0, 1, 0),)


def test_other_digits_are_wrong_no_more_often_at_any_rate():
    """A rate that a fit has no threshold for is kept: nothing was promised."""
    confidences, wrong = drawn(2_000_000)
    order = np.argsort(-confidences)
    ranked, errors = -confidences[order], np.cumsum(wrong[order])  # the surest first
    broken = dict.fromkeys(ERROR_RATES, 0)
    for _ in range(250):
        for threshold in fit_thresholds(*drawn(4000)):
            sure = np.searchsorted(ranked, -threshold.probability, side="right")
            broken[threshold.max_error] += errors[sure - 1] / sure > threshold.max_error
    assert max(broken.values()) < 0.05 * 250


def test_a_confidence_that_says_nothing_does_not_often_promise_what_is_not_so():
    """The hardest case: 1.01% wrong at every confidence. One bound is passed by 5%; of twenty,
    which have digits in common, the best by no more than a fifth."""
    promised = [
        any(found.max_error <= 0.01 for found in fit_thresholds(RNG.random(4000), wrong))
        for wrong in RNG.random([250, 4000]) < 0.0101
    ]
    assert np.mean(promised) < 0.2


def test_the_rate_or_the_next_stricter_one_is_taken():
    assert choose([STRICT, LOOSE], 0.005) == STRICT
    assert choose([STRICT, LOOSE], 0.01) == LOOSE
    assert choose([STRICT, LOOSE], 1.0) == LOOSE
    assert choose([STRICT._replace(max_error=0.001), LOOSE], None).max_error == 0.001
    assert choose([STRICT, LOOSE], None) == STRICT  # 0.1% cannot be kept, this is the lowest
    assert choose([], None) is None


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [([STRICT, LOOSE], "ask for 0.2%"), ([], "it has none at all")],
)
def test_a_rate_without_a_threshold_is_refused(thresholds, message):
    with pytest.raises(ModelError, match=rf"^at most 0.1% errors: .*{message}$"):
        choose(thresholds, 0.001)


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.5, float("nan")])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ValueError, match="expected more than 0, up to 1"):
        choose([STRICT], rate)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_error": "a", "probability": 0.5, "answered": 1, "wrong": 0},
        {"max_error": 0.1, "probability": None, "answered": 1, "wrong": 0},
        {"max_error": 0.1, "probability": float("nan"), "answered": 1, "wrong": 0},
        {"max_error": 0.0, "probability": 0.5, "answered": 1, "wrong": 0},
        {"max_error": 0.1, "probability": 1.5, "answered": 1, "wrong": 0},
    ],
)
def test_what_is_no_threshold_is_refused(fields):
    with pytest.raises((TypeError, ValueError)):
        Threshold.of(fields)


def test_a_calibration_comes_back_from_json():
    logits, labels = RNG.normal(0, 4, [500, 10]), RNG.integers(0, 10, 500)
    calibration = Calibration.fit(logits, labels, "500 digits")
    assert calibration.thresholds
    assert Calibration.of(json.loads(json.dumps(calibration.describe()))) == calibration
    # The thresholds are for the probabilities that the scaling makes.
    scores = Scores(labels, logits, calibration.scaling)
    for threshold in calibration.thresholds:
        assert scores.answered(threshold) == (threshold.answered, threshold.wrong)


def test_thresholds_that_hold_for_pictures_too_are_the_stricter_ones():
    def answers(count: int, certainties: np.ndarray | None, of: str) -> HeldOut:
        """The surer an answer is, and the ink, the rarer it is wrong."""
        logits, best = RNG.normal(0, 0.5, [count, 10]), RNG.integers(0, 10, count)
        gap = RNG.uniform(3, 15, count)
        logits[np.arange(count), best] += gap
        sure = gap if certainties is None else gap * certainties**2
        wrong = RNG.random(count) < 0.5 * np.exp(-sure / 1.5)
        return HeldOut(logits, np.where(wrong, (best + 1) % 10, best), of, certainties)

    digits = answers(6000, None, "6,000 digits")
    pictures = answers(6000, RNG.uniform(0.4, 1, 6000), "6,000 pictures")
    plain = Calibration.fit(digits.logits, digits.labels, digits.of)
    both = plain.holding_for(pictures, digits)
    assert both.scaling[:2] == plain.scaling[:2]
    assert plain.scaling.certainty_power == 0
    assert 0.5 < both.scaling.certainty_power < 3
    assert both.fitted_to == "6,000 digits, and 6,000 pictures"
    before = {each.max_error: each.probability for each in plain.thresholds}
    assert any(each.probability > before.get(each.max_error, 0) for each in both.thresholds)
    for each in both.thresholds:
        assert each.probability >= before.get(each.max_error, 0)
        for some in (digits, pictures):
            kept = some.confidences(both.scaling) >= each.probability
            assert some.wrong[kept].mean() <= each.max_error


def test_unsure_are_those_below_the_threshold(model, digits):
    images = digits[1].images
    with models_restored_once(), Predictor(model) as predictor:
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


def test_the_script_marks_unsure_rows_and_counts_the_sure(script, predictor, digits, tmp_path):
    _, test = digits
    np.savetxt(tmp_path / "x.csv", test.images.reshape(len(test), -1), "%d", ",")
    np.savetxt(tmp_path / "y.csv", test.labels, "%d")
    given = (tmp_path / "x.csv", "--labels", tmp_path / "y.csv", "--json")
    finished = script(*given)
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    sure = [line["status"] == "ok" for line in lines]
    wrong = [a["digit"] != label for a, label in zip(lines, test.labels, strict=True)]
    wrong_and_sure = np.logical_and(wrong, sure).sum()
    assert 0 < sum(sure) < len(lines)
    assert f"\nSure of {sum(sure)}: {wrong_and_sure} of these wrong\n" in finished.stderr
    assert f"\n{threshold_line(predictor.threshold, None)}\n" in finished.stderr

    everything = script(*given, "--max-error", "100%")
    assert {json.loads(line)["status"] for line in everything.stdout.splitlines()} == {"ok"}
    assert "\nMarks no answer as unsure; " in everything.stderr
    assert f"\nSure of 297: {sum(wrong)} of these wrong\n" in everything.stderr


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("0.1%", "at most 0.1% errors: this model has no threshold for so few; ask for"),
        ("0.0001", "at most 0.01% errors: this model has no threshold for so few; ask for"),
    ],
)
def test_a_rate_that_the_model_cannot_keep_is_one_clear_line(script, rate, message):
    finished = script("samples", "--max-error", rate)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.startswith(f"error: {message}")
    assert finished.stderr.count("\n") == 1


@pytest.mark.parametrize("rate", ["0", "1", "101%", "few", "-0.1", "nan", ""])
def test_a_rate_that_is_none_is_one_clear_line(rate, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(["samples", f"--max-error={rate}"])
    expected = f"expected a rate such as 0.1% or 0.001, found {rate}"
    assert expected in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("rate", "share"), [("0.1%", 0.001), ("0.001", 0.001), ("100%", 1.0)])
def test_a_rate_is_a_percentage_or_a_share(rate, share):
    assert parse_arguments(["samples", "--max-error", rate]).max_error == pytest.approx(share)


def test_the_line_above_the_table_says_what_is_unsure_and_fits_a_terminal():
    strict = Threshold(0.001, 0.9953347, 1, 0)
    line = threshold_line(strict, None)
    assert line == (
        "Marks answers below 99.53% as unsure; expects at most 0.1% errors among the rest"
    )
    assert threshold_line(STRICT, None).endswith("errors, its lowest")
    assert threshold_line(STRICT, 0.002).endswith("errors among the rest")
    assert threshold_line(LOOSE, 0.01) == (
        "Marks answers below 50% as unsure; expects at most 1% errors among the rest"
    )
    assert threshold_line(LOOSE, 1) == (
        "Marks no answer as unsure; accepts every answer and expects at most 1% errors"
    )
    assert threshold_line(None, None) == (
        "Marks answers below 50% as unsure; the model has no thresholds"
    )
    lowest = Threshold(0.002, 0.9998412, 1, 0)
    assert max(len(line), len(threshold_line(lowest, None))) <= 80


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.9953347, "99.53%"), (0.9998412, "99.984%"), (0.9999996, "99.99996%"), (0.5, "50%"),
     (0.995, "99.5%"), (0.57, "57%"), (0.678999, "67.89%"), (1.0, "100%"), (0.0, "0%")],
)  # fmt: skip
def test_a_threshold_is_shown_rounded_down(share, shown):
    assert percent_rounded_down(share) == shown


def test_what_is_below_the_threshold_that_is_shown_is_unsure():
    """And no threshold below 1 looks like 100%."""
    for share in 1 - 10 ** -RNG.uniform(0.3, 12, 1000):
        shown = float(percent_rounded_down(share).rstrip("%"))
        assert shown <= 100 * share
        assert 100 - shown <= max(100.01 - 100 * share, 110 * (1 - share))
        assert shown < 100


def test_less_than_even_odds_look_like_no_digit_whatever_the_threshold():
    shares = np.array([0.3, 0.4, 0.3] + 7 * [0.0], np.float32)
    for threshold, max_error in ((LOOSE, 0.01), (None, None), (STRICT, None)):
        reading = Reading.answered("a.png", 1, shares, threshold, max_error)
        assert (reading.status, reading.digit) == ("unsure", 1)
        assert reading.reason.startswith("looks like no digit")
        assert "unsure: looks like no digit" in Table(Reading, 5).row(reading)
        assert len(Table(Reading, 28).row(reading)) <= 80
    assert least_probability(LOOSE, 1.0) == 0
    assert Reading.answered("a.png", 1, shares, LOOSE, 1.0).status == "ok"
