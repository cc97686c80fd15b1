"""Extra pictures: what they show, and how a network trains on them."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

import train_neural_network
from nn.data import bundled
from nn.data.digits import NO_DIGIT, Digits
from nn.training import datasets
from nn.training.datasets import Source
from nn.training.drawn_pictures import no_digits, styled
from nn.training.fitted_pictures import fit_pictures
from nn.training.found_digits import JUDGING, found_digits, judging_pictures
from nn.training.ink_pictures import compose_pictures
from nn.training.optimizer import cross_entropy, wrong_answers

tf1 = tf.compat.v1


@pytest.fixture(scope="module")
def source(digits) -> Source:
    """As from a folder: not the bundled digits by name."""
    return Source("few", "few", *digits)


def test_a_stroke_is_added_to_zeros_ones_and_sevens(digits):
    training = digits[0]
    pictures, labels = styled(training, 60, np.random.default_rng(0))
    assert set(labels.tolist()) == {0, 1, 7} and len(pictures) == 60
    again, _ = styled(training, 60, np.random.default_rng(0))
    assert all(np.array_equal(one, other) for one, other in zip(pictures, again, strict=True))
    middles = np.stack([picture[4:-4, 4:-4] for picture in pictures])
    for middle, picture, label in zip(middles, pictures, labels, strict=True):
        # It lies on one of the digits, as it was: nothing of that is lost, and something is new.
        candidates = training.images[training.labels == label]
        holds = (middle >= candidates).all((1, 2))
        assert holds.any()
        added = picture.sum(dtype=int) - candidates[holds].sum((1, 2), dtype=int).max()
        assert added > 10 * 255


def test_without_such_digits_none_is_styled(digits):
    fives = digits[0][digits[0].labels == 5]
    assert styled(fives, 10, np.random.default_rng(0))[0] == []


def test_pictures_of_no_digit_have_ink_and_differ(digits):
    pictures = no_digits(digits[0], 200, np.random.default_rng(0))
    images = fit_pictures(pictures)
    assert (images.max((1, 2)) > 128).mean() > 0.9
    assert len(np.unique(images.reshape(200, -1), axis=0)) > 180
    assert all(picture.dtype == np.uint8 and max(picture.shape) <= 128 for picture in pictures)


def test_extras_are_the_share_that_was_asked_for_and_the_same_for_a_seed(source):
    drawn = datasets.extra_pictures(source, source.training, 0.2, seed=3)
    assert drawn.images.shape[1:] == (28, 28)
    # 30 of no digit, 18 styled, 12 by others; of 240 on paper those that the finder found.
    assert 60 + 140 < len(drawn) <= 300
    assert 30 + 20 < (drawn.labels == NO_DIGIT).sum() < 150
    again = datasets.extra_pictures(source, source.training, 0.2, seed=3)
    assert drawn.sha256() == again.sha256()
    assert drawn.sha256() != datasets.extra_pictures(source, source.training, 0.2, seed=4).sha256()


def test_what_the_finder_delivers_of_composed_pictures_looks_like_its_digit(digits, shipped):
    found = found_digits(digits[0], 300, (1, 3))
    is_digit = found.labels != NO_DIGIT
    assert 0.5 < is_digit.mean() < 0.85
    read = shipped.predict(found.images[is_digit]).digits
    assert (read == found.labels[is_digit]).mean() > 0.85


def test_pictures_that_judge_keep_every_digit_of_which_there_is_ink(digits, shipped):
    judging = judging_pictures(digits[0][:300], seed=1)
    pictures = compose_pictures(digits[0][:300], 300, (1, JUDGING))
    is_digit = pictures.digits != NO_DIGIT
    assert 0.9 * is_digit.sum() < len(judging.found) <= is_digit.sum()
    assert set(judging.found.labels) == set(range(10))
    np.testing.assert_array_equal(judging.found.labels, judging.written.labels)
    assert judging.certainties.shape == (len(judging.found),)
    assert 0.5 < np.median(judging.certainties) <= 1
    # What was written looks like a digit even where little of it was found.
    read = shipped.predict(judging.written.images).digits
    assert (read == judging.written.labels).mean() > 0.85
    assert judging_pictures(digits[0][:0], seed=1) is None


def test_a_run_on_the_bundled_digits_sees_none_of_its_test_digits(digits, monkeypatch):
    def refuse():
        raise AssertionError("asked for all of the bundled digits")

    monkeypatch.setattr(bundled, "bundled_digits", refuse)
    monkeypatch.setattr(datasets, "found_digits", lambda digits, *_, **__: digits[:0])
    drawn = datasets.extra_pictures(Source("bundled", "bundled", *digits), digits[0], 0.2, seed=0)
    assert len(drawn) == 48  # of no digit, and styled


def test_no_digit_is_all_ten_alike_to_the_loss_and_wrong_where_it_is_sure():
    logits = np.random.default_rng(0).normal(size=(4, 10)).astype(np.float32)
    logits[1, 3] = 9  # sure
    labels = np.array([2, NO_DIGIT, NO_DIGIT, int(logits[3].argmax())])
    with tf.Graph().as_default(), tf1.Session() as session:
        loss, smoothed, wrong = session.run([
            cross_entropy(tf.constant(logits), tf.constant(labels)),
            cross_entropy(tf.constant(logits), tf.constant(labels), 0.1),
            wrong_answers(tf.constant(logits), tf.constant(labels)),
        ])  # fmt: skip
    log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = [-log[0, 2], -log[1].mean(), -log[2].mean(), -log[3, labels[3]]]
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(smoothed[1:3], expected[1:3], rtol=1e-5)
    assert wrong.tolist() == [bool(logits[0].argmax() != 2), True, False, False]


def test_a_training_with_extras_says_so_and_counts_its_digits_alone(
    small_data, tmp_path, train_here, plotless
):
    finished = train_here(
        "--data", small_data, "--network", "tiny", "--epochs", 2, "--extras", "0.2",
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (extras,) = re.findall(r"(\d+) extra pictures", finished.stdout)
    assert 30 < int(extras) <= 48
    assert "240 training and 60 validation digits" in finished.stdout
    card = json.loads((tmp_path / "out" / "1" / "model_card.json").read_text())
    assert (card["trained_on"], card["extras"]) == (240, 0.2)


def test_a_run_whose_extras_are_drawn_otherwise_now_is_not_resumed(
    small_data, tmp_path, train_here, plotless
):
    folder = tmp_path / "run"
    started = train_here(
        "--data", small_data, "--network", "tiny", "--epochs", 1, "--extras", "0.05",
        "--run-dir", folder, "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    shutil.rmtree(tmp_path / "out")  # a run whose export is gone is scored and exported again
    assert train_here("--resume", folder).returncode == 0
    shutil.rmtree(tmp_path / "out")
    for change, message in (
        (
            lambda: (folder / "extras.sha256").write_text("of other pictures\n"),
            "extras.sha256: this run began with other extra pictures",
        ),
        (
            lambda: (folder / "extras.sha256").unlink(),  # a run of before there was this file
            "extras.sha256: cannot be read, so nobody knows which extra pictures",
        ),
    ):
        change()
        resumed = train_here("--resume", folder)
        assert resumed.returncode == 2
        assert message in resumed.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("share", ["-0.1", "1", "many"])
def test_a_share_that_is_none_is_refused(share, capsys):
    with pytest.raises(SystemExit, match="2"):
        train_neural_network.parse_arguments(["--extras", share])
    assert "argument --extras" in capsys.readouterr().err


def test_digits_can_be_joined(digits):
    few, more = digits[0][:3], digits[1][:2]
    joined = few.joined(more)
    assert isinstance(joined, Digits)
    assert joined.labels.tolist() == [*few.labels, *more.labels]
    assert np.array_equal(joined.images[3:], more.images)


def test_so_few_extras_that_there_are_none_are_no_error(digits):
    drawn = datasets.extra_pictures(
        Source("bundled", "bundled", *digits), digits[0][:3], 0.1, seed=0
    )
    assert drawn.images.shape == (0, 28, 28)
    assert drawn.labels.dtype == np.int64
