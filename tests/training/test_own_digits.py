"""Own digits: how they are read, mixed with others, and held out; the weights a training starts
from."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from PIL import Image

from nn.data.digits import Digits
from nn.errors import DataError, UserError
from nn.networks.registry import get_network
from nn.training import own_digits
from nn.training.evaluation import evaluate
from nn.training.graph import build_training_graph
from nn.training.start_weights import restore_weights


def numbered(count: int, first: int = 0) -> Digits:
    """Digits whose images tell them apart."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(first, first + count)
    return Digits(images, np.arange(count) % 10)


def test_every_flipped_bit_is_one_line_or_changes_no_digit(tmp_path):
    file, own = tmp_path / "own_digits.npz", numbered(3)
    own_digits.save(own, file)
    whole = file.read_bytes()
    refused, tried = 0, range(0, 8 * len(whole), 5)
    for bit in tried:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            assert own_digits.load(file).sha256() == own.sha256()
        except DataError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > len(tried) / 2


def test_a_mixture_shows_each_own_digit_about_equally_often():
    mixed = own_digits.mixture(numbered(30), numbered(100, 100), 200, np.random.default_rng(0))
    names, counts = np.unique(mixed.images[:, 0, 0], return_counts=True)
    assert len(mixed) == 200
    assert counts[names < 100].sum() == 40
    assert set(counts[names < 100]) == {1, 2}
    # 160 of only 100 others: some twice; of 100 and more, none twice.
    few = own_digits.mixture(numbered(30), numbered(100, 100), 100, np.random.default_rng(0))
    assert len(np.unique(few.images[20:, 0, 0])) == 80
    for place in (0, 50, 199):
        label = mixed.images[place, 0, 0] % 10
        assert mixed.labels[place] == label


def test_a_mixture_without_own_digits_is_all_others():
    nothing = numbered(30)[:0]
    mixed = own_digits.mixture(nothing, numbered(100, 100), 50, np.random.default_rng(0))
    assert (mixed.images[:, 0, 0] >= 100).all()
    assert len(mixed) == 50


def test_each_digit_is_held_out_once_in_parts_of_like_labels():
    own = numbered(47)
    parts = list(own_digits.folds(own, seed=3))
    assert len(parts) == 5
    held_out = np.concatenate([part.images[:, 0, 0] for _, part in parts])
    assert sorted(held_out) == list(range(47))
    assert (own.images[own_digits.held_out_order(own, 3)][:, 0, 0] == held_out).all()
    for others, part in parts:
        assert len(others) + len(part) == 47
        assert not set(others.images[:, 0, 0]) & set(part.images[:, 0, 0])
        assert len(set(part.labels.tolist())) >= 9  # not all of one label in one part


@pytest.fixture(scope="module")
def start(predictor):
    """(the version's folder, a training graph of its network)"""
    network = get_network("dense")
    return predictor.version, build_training_graph(network, network.recipe, count=100, seed=1)


def test_a_training_starts_from_the_weights_of_the_version(start, predictor, digits):
    version, graph = start
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        before = evaluate(session, graph, digits[1])
        restore_weights(session, graph, str(version / "variables" / "variables"))
        scores = evaluate(session, graph, digits[1])
        assert session.run(graph.totals.step) == 0
    answers = predictor.predict(digits[1].images).digits
    assert (scores.predictions == answers).all()
    assert (before.predictions != answers).mean() > 0.5


def test_weights_that_are_missing_are_one_line(start, tmp_path):
    with tf1.Session(graph=start[1].graph) as session, pytest.raises(UserError) as raised:
        restore_weights(session, start[1], str(tmp_path / "none"))
    assert "\n" not in str(raised.value)


def test_weights_of_another_network_are_refused(start):
    version, _ = start
    network = get_network("dense", [50, 20])
    graph = build_training_graph(network, network.recipe, count=100, seed=1)
    with tf1.Session(graph=graph.graph) as session, pytest.raises(UserError) as raised:
        restore_weights(session, graph, str(version / "variables" / "variables"))
    assert "these weights do not fit the network: " in str(raised.value)


@pytest.fixture
def pictures(tmp_path, digits):
    """A folder of twelve labeled pictures in two folders, a blank one, and one without a label."""
    folder = tmp_path / "meine Ziffern ü"
    (folder / "more").mkdir(parents=True)
    rows = ["file,label", "blank.png,3", "broken.png,4"]
    for place in range(12):
        name = f"{'more/' if place % 2 else ''}{place}.png"
        Image.fromarray(255 - digits[1].images[place]).resize((84, 84)).save(folder / name)
        rows.append(f"{name},{digits[1].labels[place]}")
    Image.new("L", (50, 50), 255).save(folder / "blank.png")
    (folder / "broken.png").write_bytes(b"no picture")
    Image.fromarray(255 - digits[1].images[20]).save(folder / "unlabeled.png")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_pictures_are_normalized_as_the_model_does_it(pictures, predictor, digits, caplog):
    own = own_digits.read_pictures(pictures, pictures / "labels.csv", predictor)
    assert len(own) == 12
    assert sorted(own.labels) == sorted(digits[1].labels[:12])
    (first,) = [e.digit for _, e in predictor.explain([pictures / "0.png"])]
    assert any((image == first).all() for image in own.images)
    (line,) = caplog.messages
    assert line.startswith(f"warning: {pictures}: pictures left out: 1 (no ink), 1 (")
    assert line.endswith("1 (without a label)")


def test_labels_of_files_that_are_not_there_are_counted(pictures, predictor, caplog):
    with open(pictures / "labels.csv", "a") as file:
        file.write("\ngone.png,3\n")
    own_digits.read_pictures(pictures, pictures / "labels.csv", predictor)
    assert caplog.messages[0] == (
        f"warning: {pictures / 'labels.csv'}: 1 label is for a file that is not among the inputs"
    )


def test_fewer_than_ten_digits_are_refused(pictures, predictor):
    lines = (pictures / "labels.csv").read_text().splitlines()
    (pictures / "labels.csv").write_text("\n".join(lines[:12]))
    with pytest.raises(DataError, match="at least 10 labeled digits to learn from, found 9"):
        own_digits.read(pictures, pictures / "labels.csv", predictor.version)


def test_all_digits_of_a_data_set_are_own_digits(digits, tmp_path, predictor, caplog):
    caplog.set_level("INFO")
    np.savez(tmp_path / "x.npz", x=digits[1].images[:40], y=digits[1].labels[:40])
    own = own_digits.read(tmp_path / "x.npz", None, predictor.version)
    assert own.sha256() == digits[1][:40].sha256()  # in their order
    assert not caplog.messages  # none are kept for a test


def test_pictures_without_labels_say_what_is_missing(pictures, predictor):
    with pytest.raises(DataError, match="pictures need their labels"):
        own_digits.read(pictures, None, predictor.version)
