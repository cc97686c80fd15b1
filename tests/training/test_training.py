"""Training: what a step does, what decides it, what the command line refuses."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, card_of, run_script, train
from PIL import Image

from nn.data.digits import Digits
from nn.errors import DivergedError, UserError
from nn.export.write import check_target
from nn.figures import digit_sheets
from nn.networks.recipe import Recipe
from nn.networks.registry import Network, get_network
from nn.runs.command_line import parse_arguments
from nn.runs.run import Run
from nn.runtime.signals import Interrupted
from nn.training import datasets
from nn.training.datasets import Source
from nn.training.evaluation import Scores
from nn.training.graph import batch_indices, build_training_graph
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings

tf1 = tf.compat.v1


def test_small_csv_files_with_a_partial_last_batch_and_no_validation(
    small_data, tmp_path, train_here
):
    finished = train_here(
        "--data", small_data, "--network", "simple_dnn", "--epochs", 3, "--validation-split", 0,
        "--batch-size", 128, "--augment",
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    card = json.loads((tmp_path / "out" / "1" / "model_card.json").read_text())
    assert card["validation"] is None
    assert card["calibration"] == {
        "temperature": 1.0,
        "power": 1.0,
        "certainty_power": 0.0,
        "thresholds": [],
        "fitted_to": None,
    }
    assert card["augment"] is True
    with Image.open(tmp_path / "run" / "augmented.png") as picture:
        assert min(picture.size) > 400
    assert card["data"]["training_images"] == 300
    assert card["test"]["images"] == 97
    assert f"{card['test']['errors']} of 97 wrong" in finished.stdout


def test_a_loss_that_is_not_finite_stops_with_the_step_and_advice(small_data, tmp_path, train_here):
    finished = train_here(
        "--data", small_data, "--network", "simple_dnn", "--learning-rate", "1e38",
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 2
    assert "no longer a finite number at step" in finished.stderr.splitlines()[-1]
    assert "--learning-rate" in finished.stderr
    assert not (tmp_path / "out").exists()


WRONG = [
    (["--network", "resnet"], "no network is called 'resnet'; choose one of tiny"),
    (["--epochs", "0"], "--epochs"),
    (["--validation-split", "1"], "--validation-split"),
    (["--data", "nowhere"], "nowhere/digit_xtrain.csv: no such file"),
    (["--resume", "nowhere"], "nowhere: no run to resume"),
    (["--resume", "nowhere", "--seed", "3"], "drop --seed"),
    (["--refit", "--compare", "tiny"], "--refit is for a single run"),
    (["--quantize", "--compare", "tiny"], "--quantize is for a single run"),
    (["--resume", "nowhere", "--no-augment"], "drop --no-augment"),
    (["--resume", "nowhere", "--transposed"], "drop --transposed"),
    (["--data", "bundled", "--no-inverted"], "drop --data bundled"),
    (["--data", "nowhere.csv"], "nowhere.csv: no such file"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_command_line_is_one_clear_line(
    tmp_path, monkeypatch, train_here, arguments, message
):
    monkeypatch.chdir(tmp_path)
    finished = train_here(*arguments)
    assert finished.returncode == 2
    assert message in finished.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_process_with_a_wrong_command_line_says_only_that(tmp_path):
    arguments, message = WRONG[0]
    finished = train(*arguments, cwd=tmp_path)
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"error: {message}")
    assert finished.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_resume_refuses_other_digits(small_data, tmp_path, train_here, plotless):
    data = tmp_path / "data"
    data.mkdir()
    for file in small_data.iterdir():
        (data / file.name).write_bytes(file.read_bytes())
    source = datasets.load(str(data))
    settings = Settings.of(get_network("tiny"), epochs=1)
    run = Run(settings, source, RunFolder(tmp_path / "run"), tmp_path / "out")
    run.create()
    run.finish(quiet=True)
    (data / "digit_ytest.csv").write_text("1\n" * 97)
    finished = train_here("--resume", tmp_path / "run")
    assert finished.returncode == 2
    assert "not the digits that the run was started with" in finished.stderr


def test_without_a_network_it_falls_back_loudly(tmp_path):
    # No CSV files here or beside the scripts, and a proxy that refuses every connection.
    shutil.copytree(ROOT / "nn", tmp_path / "nn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "train_neural_network.py", tmp_path)
    refused = "http://127.0.0.1:9"
    finished = run_script(
        "train_neural_network.py", "--network", "simple_dnn", "--epochs", 1,
        cwd=tmp_path, PYTHONPATH="", HTTPS_PROXY=refused, NO_PROXY="", https_proxy=refused,
        no_proxy="",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "MNIST could not be downloaded" in finished.stderr
    assert "bundled with scikit-learn" in finished.stderr
    assert card_of(tmp_path / "SavedModel" / "bundled")["data"]["source"] == "bundled"
    assert not (tmp_path / "SavedModel" / "1").exists()


def trained(digits, chunks, count=100, seed=0, **fields):
    """The weights after the chunks of steps, and the totals. fields: of the recipe."""
    recipe = Recipe(epochs=25, **fields)
    graph = build_training_graph(get_network("dense"), recipe, count=count, seed=seed)
    few = digits[0][:count]
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        session.run(graph.load, {graph.feed.images: few.images, graph.feed.labels: few.labels})
        for steps in chunks:
            totals = session.run(graph.train, {graph.feed.steps: steps})
        with graph.graph.as_default():
            return session.run(tf1.trainable_variables()), totals


@pytest.mark.parametrize(("augment", "bends"), [(False, 0.0), (True, 0.0), (True, 1.0)])
def test_how_steps_fall_into_chunks_changes_no_bit(digits, augment, bends):
    weights, totals = trained(digits, [8], count=640, augment=augment, bends=bends)
    others, other_totals = trained(digits, [1, 4, 3], count=640, augment=augment, bends=bends)
    assert totals == other_totals
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_augmenting_changes_what_is_learned(digits):
    weights, _ = trained(digits, [2])
    others, _ = trained(digits, [2], augment=True)
    assert not np.array_equal(weights[0], others[0])
    bent, _ = trained(digits, [2], augment=True, bends=1.0)
    assert not np.array_equal(bent[0], others[0])


def test_only_the_bundled_digits_are_bent():
    compact = get_network("compact")
    assert Settings.of(compact, bundled=True).recipe.bends == 1
    assert Settings.of(compact).recipe.bends == 0
    assert Settings.of(compact, bundled=True, augment=False).bends == 0  # nothing is bent then


def test_settings_stand_in_a_config_in_the_order_of_older_runs():
    names = ["network", "epochs", "batch_size", "learning_rate", "validation_split", "seed",
             "hidden", "augment", "bends", "extras", "precision", "dropout", "weight_decay",
             "warmup", "l2", "optimizer"]  # fmt: skip
    assert list(vars(Settings.of(get_network("flagship")))) == names


def test_the_recipe_of_a_run_has_its_settings_and_the_rest_of_the_networks_recipe():
    network = get_network("flagship")
    given = {"epochs": 3, "batch_size": 5, "learning_rate": 0.5, "augment": True, "bends": 2.0,
             "extras": 0.25, "precision": "bfloat16", "dropout": 0.1, "weight_decay": 0.0,
             "warmup": 0.5, "l2": 0.2, "optimizer": "sgd"}  # fmt: skip
    assert Settings.of(network, **given).recipe == replace(network.recipe, **given)


def test_the_config_of_an_old_run_has_the_networks_own_recipe():
    network = get_network("compact")
    settings = vars(Settings.of(network))
    for name in ("dropout", "weight_decay", "warmup", "l2", "optimizer"):
        del settings[name]
    assert Settings(**settings).recipe == network.recipe


def test_a_dropout_is_that_of_the_training_graph(digits):
    own, same, none = (trained(digits, [2], dropout=rate)[0] for rate in (None, 0.2, 0.0))
    np.testing.assert_array_equal(own[0], same[0])  # 0.2 is the network's own
    assert not np.array_equal(own[0], none[0])


def test_a_network_without_dropout_refuses_one_and_lists_those_that_have_it(train_here, tmp_path):
    finished = train_here("--network", "sprint", "--dropout", 0.3, "--run-dir", tmp_path / "run")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith(
        "error: sprint has no dropout. These networks do: simple_dnn, dense, dense_batchnorm, "
    )
    assert finished.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


SETTING_OPTIONS = [
    ["--network", "tiny"], ["--hidden", "5"], ["--compare", "tiny"], ["--data", "bundled"],
    ["--epochs", "1"], ["--batch-size", "1"], ["--learning-rate", "1"],
    ["--validation-split", "0"], ["--refit"], ["--quantize"], ["--no-augment"], ["--extras", "0"],
    ["--optimizer", "sgd"], ["--warmup", "0"], ["--weight-decay", "0"], ["--l2", "0"],
    ["--dropout", "0"], ["--precision", "auto"], ["--seed", "0"], ["--run-dir", "here"],
]  # fmt: skip


@pytest.mark.parametrize("option", SETTING_OPTIONS, ids=lambda option: option[0])
def test_a_resumed_run_takes_no_setting(option, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(["--resume", "run", *option])
    assert f"drop {option[0]}\n" in capsys.readouterr().err
    parse_arguments(["--resume", "run", "--saved-model", "out", "--quiet"])


def test_another_seed_gives_other_weights(digits):
    weights, _ = trained(digits, [2])
    others, _ = trained(digits, [2], seed=1)
    assert not np.array_equal(weights[0], others[0])


def test_an_epoch_shows_every_image_in_an_order_of_its_own():
    with tf.Graph().as_default(), tf1.Session() as session:
        order = tf.constant(np.random.default_rng(0).permutation(10).astype(np.int32))
        batches = [
            session.run(batch_indices(order, tf.constant(s, tf.int64), 4)) for s in (0, 1, 2)
        ]
        again = session.run(batch_indices(order, tf.constant(3, tf.int64), 4))
    seen = np.concatenate(batches)
    assert sorted(seen[:10]) == list(range(10))
    assert list(seen[10:]) == list(seen[:2])  # the last batch is filled up from the start
    np.testing.assert_array_equal(again, batches[0])


def linear_steps(digits: Digits, recipe: Recipe, start: float = 0.0) -> Iterator:
    """Trains a linear network, whose weights are all `start` at first, on 5 digits, one batch:
    yields the totals and the weights after each step."""

    def linear(images, seed):
        initializer = tf1.constant_initializer(start)
        weights = tf1.get_variable("weights", [784, 10], initializer=initializer)
        return tf.matmul(tf.reshape(images, [-1, 784]), weights)

    graph = build_training_graph(Network("linear", linear, 7840, recipe), recipe, count=5, seed=0)
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: digits.images, graph.feed.labels: digits.labels}
        session.run(graph.load, feed)
        while True:
            totals = session.run(graph.train, {graph.feed.steps: 1})
            yield totals, session.run(graph.weights[0])
            session.run(graph.start_epoch)


def assert_moved(weights: np.ndarray, gradient: np.ndarray, rate: float, vanishing: float) -> None:
    """That a step of Adam has moved weights from 0, by its formula for a gradient that is always
    the same; vanishing: what is added to its length."""
    expected = -rate * gradient / (np.abs(gradient) + vanishing)
    clear = np.abs(gradient) > 1e-6  # near 0 its sign, and so Adam's step, is rounding's
    np.testing.assert_allclose(weights[clear], expected[clear], rtol=1e-3, atol=1e-6)
    assert clear.sum() > 1000


def test_one_step_is_adams_on_the_mean_loss(digits):
    """A linear network's first step, computed again in NumPy."""
    training = digits[0][:5]
    recipe = Recipe(epochs=10, batch_size=5, learning_rate=0.01)
    totals, weights = next(linear_steps(training, recipe))
    x = training.images.reshape(5, 784) / 255
    gradient = x.T @ (np.full((5, 10), 0.1) - np.eye(10)[training.labels]) / 5
    # Adam's first step: m / (1 - β1) = g, v / (1 - β2) = g².
    assert_moved(weights, gradient, 0.01, 1e-8 / np.sqrt(1 - 0.999))
    assert totals.loss == pytest.approx(np.log(10), rel=1e-5)
    assert totals.step == 1


def test_a_step_has_its_learning_rate_and_smoothed_labels(digits):
    """A linear network's first two steps with warmup, computed again in NumPy."""
    training = digits[0][:5]
    recipe = Recipe(
        epochs=10, batch_size=5, learning_rate=0.01, warmup=0.5, label_smoothing=0.3, beta_2=0.99
    )
    steps = linear_steps(training, recipe)
    _, weights = next(steps)
    assert not weights.any()  # the rate starts at 0
    totals, weights = next(steps)
    x = training.images.reshape(5, 784) / 255
    gradient = x.T @ (np.full((5, 10), 0.1) - 0.7 * np.eye(10)[training.labels] - 0.03) / 5
    # Twice the same gradient, at 2/10 of the highest rate.
    assert_moved(weights, gradient, 0.002, 1e-8 / np.sqrt(1 - 0.99**2))
    assert totals.loss == pytest.approx(np.log(10), rel=1e-5)  # of the labels, not smoothed


def test_l2_pulls_at_weights_that_no_digit_pulls_at(digits):
    training = digits[0][:5]
    blank = (training.images == 0).all(0).reshape(784)  # their gradient is that of L2 alone
    moved = {}
    for l2 in (0.0, 0.1):
        recipe = Recipe(epochs=10, batch_size=5, learning_rate=0.01, l2=l2)
        totals, weights = next(linear_steps(training, recipe, start=0.5))
        moved[l2] = weights[blank] - 0.5
        assert totals.loss == pytest.approx(np.log(10), rel=1e-5)  # without L2, in either
    np.testing.assert_array_equal(moved[0.0], 0)
    np.testing.assert_allclose(moved[0.1], -0.01, rtol=1e-3)  # Adam's first step


def test_importing_the_training_side_leaves_eager_mode_alone():
    code = "import nn.training.train, tensorflow as tf; assert tf.executing_eagerly()"
    finished = run_script("-c", code, TF_USE_LEGACY_KERAS="1")  # imported in half the time
    assert finished.returncode == 0, finished.stderr


def test_the_seconds_of_an_interrupted_epoch_are_kept(digits, tmp_path, plotless):
    source = Source("few", "few", digits[0][:300], digits[1][:50])
    settings = Settings.of(get_network("tiny"), epochs=2, batch_size=2)
    run = Run(settings, source, RunFolder(tmp_path / "run"), tmp_path / "out")
    run.create()

    def stop() -> int:
        time.sleep(2)  # of which the epoch's time has a part
        return signal.SIGINT

    started = time.perf_counter()
    with pytest.raises(Interrupted):
        run.finish(stop=stop, quiet=True)
    assert not run.folder.history_file.exists()  # it was within the epoch
    first, second = run.finish(quiet=True).history
    assert time.perf_counter() - started > first.seconds > 2 > second.seconds


def test_weights_that_break_in_the_last_step_are_noticed(digits, tmp_path):
    source = Source("few", "few", digits[0][:100], digits[1][:50])
    settings = Settings.of(
        get_network("tiny"), epochs=1, batch_size=80, learning_rate=1e38, validation_split=0.2
    )
    run = Run(settings, source, RunFolder(tmp_path / "run"), tmp_path / "out")
    run.create()
    with pytest.raises(DivergedError, match="logits are no longer finite numbers"):
        run.finish(quiet=True)


def test_hidden_sizes_reach_the_export(small_data, tmp_path, train_here, plotless):
    finished = train_here(
        "--data", small_data, "--network", "tiny", "--hidden", 12, 8, "--epochs", 1,
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "out",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    variables = dict(
        tf.train.list_variables(str(tmp_path / "out" / "1" / "variables" / "variables"))
    )
    assert variables["dense_1/weights"] == [784, 12]
    assert variables["dense_2/weights"] == [12, 8]
    card = json.loads((tmp_path / "out" / "1" / "model_card.json").read_text())
    assert card["hidden"] == [12, 8]
    assert card["l2"] == 0
    assert card["parameters"] == sum(np.prod(shape, dtype=int) for shape in variables.values())


def test_the_surest_mistakes_come_first():
    images, labels = np.zeros([4, 28, 28], np.uint8), np.array([1, 2, 3, 4])
    logits = np.zeros([4, 10])
    for row, (digit, confidence) in enumerate(((7, 0.5), (2, 0.9), (8, 0.99), (9, 0.7))):
        logits[row, digit] = np.log(9 * confidence / (1 - confidence))
    scores = Scores(labels, logits)
    figure = digit_sheets.confident_mistakes(images, scores, "a $^$ title")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [
        "a 3, read as 8\n99.0% probable",
        "a 4, read as 9\n70.0% probable",
        "a 1, read as 7\n50.0% probable",
    ]


def test_a_run_folder_that_tensorflow_would_take_for_a_pattern_is_refused():
    with pytest.raises(UserError, match="cannot have any of"):
        RunFolder(Path("runs/a[1]"))


def test_an_export_folder_that_is_a_file_is_found_before_training(
    small_data, tmp_path, monkeypatch, train_here
):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    finished = train_here("--data", small_data, "--saved-model", "file")
    assert finished.returncode == 2
    assert finished.stderr == "error: file: expected a folder to export to, found a file\n"
    assert not (tmp_path / "runs").exists()
    with pytest.raises(UserError, match=r"below: expected .* found that .*/file is a file"):
        check_target(tmp_path / "file" / "below")


def test_an_export_folder_that_cannot_be_written_to_is_found_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != tmp_path
    )  # root may write anywhere
    with pytest.raises(UserError, match=r"out/new: cannot export there, .* is not writable"):
        check_target(tmp_path / "out" / "new")
    check_target(tmp_path.parent / "other")


def test_a_batch_larger_than_the_data_is_refused(small_data, tmp_path, monkeypatch, train_here):
    monkeypatch.chdir(tmp_path)
    finished = train_here("--data", small_data, "--batch-size", 3_000_000_000)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith(
        "error: compact cannot train with batches of 3,000,000,000"
    )
