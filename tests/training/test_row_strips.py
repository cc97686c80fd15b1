"""The data set of the reader of rows, its loss and its scores: nn/training/row_strips.py,
composing.py, read_rows.py and row_evaluation.py, and nn/data/texts.py."""

import signal
from itertools import chain, pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from conftest import run_graph
from reference import text_log_probability

from nn.composition.row_pictures import RowPicture, RowText, compose_rows
from nn.data.texts import (
    CHARACTERS,
    MAX_TEXT,
    NO_CHARACTER,
    PADDING,
    decode_texts,
    encode_texts,
)
from nn.errors import DivergedError
from nn.export.serving_graph import build_serving_graph
from nn.networks.recipe import Recipe
from nn.networks.registry import get_network
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS
from nn.prediction.number_strips import PAPER_LEVEL, Strip
from nn.runtime.signals import Interrupted
from nn.training import composing, read_rows, row_strips
from nn.training.composing import compose_in_chunks
from nn.training.read_rows import CANVAS_WIDTH_PIXELS, MAX_SHIFT_PIXELS, ReadRows, text_loss
from nn.training.row_evaluation import BATCH_CANVASES, evaluate_rows
from nn.training.row_strips import GAP_PIXELS, RowStrips, compose_strips, label_strips, pack

tf1 = tf.compat.v1


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float64."""
    shifted = logits.astype(float) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def some_text(rng: np.random.Generator, most: int) -> str:
    """A text of any characters, at times none."""
    return "".join(rng.choice([*CHARACTERS], rng.integers(0, most + 1)))


# Texts.


def test_texts_come_back_from_their_classes():
    texts = [CHARACTERS, "", "0", "11", "12:34", "7" * MAX_TEXT]
    classes = encode_texts(texts)
    assert classes.dtype == np.int8 and classes.shape == (6, MAX_TEXT)
    assert decode_texts(classes) == texts
    assert classes[4].tolist() == [1, 2, 13, 3, 4] + [PADDING] * (MAX_TEXT - 5)
    assert NO_CHARACTER not in classes


@pytest.mark.parametrize("text", ["7" * (MAX_TEXT + 1), "1 2", "½"])
def test_a_text_that_is_too_long_or_has_another_character_is_an_error(text):
    with pytest.raises(ValueError):
        encode_texts(["1", text])


# The loss.


def losses_of(logits: np.ndarray, texts: list[str]) -> np.ndarray:
    """What text_loss makes of logits, float [N, T, 16]."""
    return run_graph(text_loss, logits.astype(np.float32), encode_texts(texts))


def collapsed(path: tuple[int, ...]) -> str:
    """The text that a class for each step spells: repeated classes count once."""
    kept = [c for place, c in enumerate(path) if not place or c != path[place - 1]]
    return "".join(CHARACTERS[c] for c in kept if c != NO_CHARACTER)


def test_the_loss_of_a_text_adds_up_all_ways_to_spell_it():
    """All 16⁴ ways of four steps, each with its probability."""
    logits = np.random.default_rng(1).normal(0, 2, (4, 16))
    steps = np.exp(log_softmax(logits))
    probabilities: dict[str, float] = {}
    for path in product(range(16), repeat=4):
        text = collapsed(path)
        probability = steps[0, path[0]] * steps[1, path[1]] * steps[2, path[2]] * steps[3, path[3]]
        probabilities[text] = probabilities.get(text, 0.0) + probability
    assert sum(probabilities.values()) == pytest.approx(1)
    texts = ["7", "70", "77", "770", "077", "1.1", "-/:,", "00"]
    losses = losses_of(np.repeat(logits[None], len(texts), 0), texts)
    expected = [-np.log(probabilities[text]) for text in texts]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_the_loss_of_a_long_text_is_that_of_the_forward_algorithm():
    """Also of as many equal characters as a label holds, which need a step between them."""
    rng = np.random.default_rng(2)
    texts = ["1", "1122211", "2024-11-30", "7" * MAX_TEXT]
    texts += [some_text(rng, MAX_TEXT - 1) + "5" for _ in range(8)]
    logits = rng.normal(0, 3, (len(texts), CANVAS_WIDTH_PIXELS // 2, 16))
    expected = [
        -text_log_probability(steps, text)
        for steps, text in zip(log_softmax(logits), texts, strict=True)
    ]
    np.testing.assert_allclose(losses_of(logits, texts), expected, rtol=1e-4)


def test_a_canvas_counts_as_wrong_if_its_text_has_less_than_half_of_the_probability():
    texts, shares = ["3", "3", "3"], np.array([0.6, 0.4, 0.01])
    logits = np.full((3, 1, 16), -50.0)
    logits[:, 0, 3], logits[:, 0, 8] = np.log(shares), np.log(1 - shares)

    def losses(images, labels):
        network = SimpleNamespace(build=lambda images, seed: tf.constant(logits, tf.float32))
        images = tf.ensure_shape(images, [3, STRIP_HEIGHT_PIXELS, 8, 2])
        return ReadRows(network, Recipe(epochs=1)).losses(images, labels, tf.constant([1, 2]))

    images = np.zeros((3, STRIP_HEIGHT_PIXELS, 8, 2), np.uint8)
    found = run_graph(losses, images, encode_texts(texts))
    assert found.errors.tolist() == [False, True, True]
    assert found.reported == found.minimized == pytest.approx(-np.log(shares).mean(), rel=1e-5)


# Distortion.


def distorted(canvases: np.ndarray, seed: tuple[int, int]) -> np.ndarray:
    with tf.Graph().as_default(), tf1.Session() as session:
        return session.run(read_rows.distort(tf.constant(canvases), tf.constant(seed)))


def some_canvases(count: int, width: int = 6) -> np.ndarray:
    """Canvases without two equal rows: float32 [N, 40, W, 2]."""
    shape = count, STRIP_HEIGHT_PIXELS, width, 2
    return np.random.default_rng(4).uniform(0.2, 0.9, shape).astype(np.float32)


def test_equal_seeds_distort_alike_and_others_do_not():
    canvases = some_canvases(5)
    one, same, other = (distorted(canvases, seed) for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(one, same)
    assert one.shape == canvases.shape and one.dtype == np.float32
    assert (np.abs(one - other).max((1, 2, 3)) > 0.02).all()


@pytest.fixture
def without_slant(monkeypatch):
    monkeypatch.setattr(read_rows, "WIDTHS", (1.0, 1.0))
    monkeypatch.setattr(read_rows, "MAX_SLANT", 0.0)


def test_a_canvas_gets_narrower_and_slants_about_its_middle_row():
    canvas = np.zeros((1, STRIP_HEIGHT_PIXELS, 100, 2), np.float32)
    canvas[0, :, 80] = 1, 0.5
    canvas[0, :, 20, 0] = 1
    with tf.Graph().as_default(), tf1.Session() as session:
        given = (tf.constant(each, tf.float32) for each in (canvas, [0.8], [0.25]))
        slanted = session.run(read_rows.slant(*given))
    lines = np.arange(STRIP_HEIGHT_PIXELS)
    for channel, column in ((0, 20), (0, 80), (1, 80)):
        part = slanted[0, :, slice(0, 40) if column == 20 else slice(40, 100), channel]
        middles = (part * np.arange(part.shape[1])).sum(1) / part.sum(1) + 40 * (column == 80)
        # A pixel comes from x / 0.8 + 0.25 (y - 19.5), so it goes to 0.8 (x - 0.25 (y - 19.5)).
        np.testing.assert_allclose(middles, 0.8 * (column - 0.25 * (lines - 19.5)), atol=0.3)
    assert slanted[0, :, :, 1].max() < 0.51


def test_distortion_keeps_every_digit_on_the_canvas():
    canvases = np.zeros((50, STRIP_HEIGHT_PIXELS, 256, 2), np.float32)
    canvases[..., 1] = PAPER_LEVEL / 255
    canvases[:, 8:32, 19] = canvases[:, 8:32, 236] = 1
    found = distorted(canvases, (3, 4))[..., 1] - PAPER_LEVEL / 255 > 0.2
    for half in (found[:, :, :100], found[:, :, 100:]):
        assert half.any(2).sum(1).min() >= 20  # of the 24 rows of each stroke


def test_each_canvas_moves_up_or_down_and_paper_moves_in(without_slant, monkeypatch):
    monkeypatch.setattr(read_rows, "NOISE", 0.0)
    monkeypatch.setattr(read_rows, "GAINS", (1.0, 1.0))
    monkeypatch.setattr(read_rows, "NO_INK_SHARE", 0.0)
    canvases = some_canvases(60)
    paper = np.zeros((60, MAX_SHIFT_PIXELS, 6, 2), np.float32)
    paper[..., 1] = np.float32(PAPER_LEVEL / 255)
    padded = np.concatenate([paper, canvases, paper], 1)
    shifts = []
    for moved, around in zip(distorted(canvases, (5, 6)), padded, strict=True):
        (shift,) = (
            shift
            for shift in range(2 * MAX_SHIFT_PIXELS + 1)
            if np.allclose(moved, around[shift : shift + STRIP_HEIGHT_PIXELS], atol=1e-6)
        )
        shifts.append(shift)
    assert {*shifts} == {*range(2 * MAX_SHIFT_PIXELS + 1)}


def test_contrast_changes_within_its_range_and_a_few_canvases_lose_their_ink(
    without_slant, monkeypatch
):
    monkeypatch.setattr(read_rows, "MAX_SHIFT_PIXELS", 0)
    canvases = some_canvases(800, 16)
    found = distorted(canvases, (7, 8))
    ink, darkness = (found[..., channel] for channel in (0, 1))
    is_bare = ~ink.any((1, 2))
    assert 0.4 < is_bare.mean() / read_rows.NO_INK_SHARE < 1.8
    least, most = read_rows.GAINS
    both = (ink[~is_bare], canvases[~is_bare, ..., 0]), (darkness, canvases[..., 1])
    for channel, kept in both:
        gains = channel.mean((1, 2)) / kept.mean((1, 2))  # the mean of the noise is nearly 0
        assert least - 0.02 < gains.min() < least + 0.05
        assert most - 0.05 < gains.max() < most + 0.02
        noise = (channel - kept * gains[:, None, None]).std((1, 2))
        assert 0.5 * read_rows.NOISE < noise.max() < 1.3 * read_rows.NOISE
    likeness = np.corrcoef(ink[~is_bare].mean((1, 2)), darkness[~is_bare].mean((1, 2)))[0, 1]
    assert abs(likeness) < 0.2  # each channel has a contrast of its own


# Strips on canvases.


def some_strips(count: int) -> list[row_strips.Labeled]:
    """Strips of any width, each of a level of its own; a third shows no text."""
    rng = np.random.default_rng(9)
    strips = []
    for level in range(1, count + 1):
        most = CANVAS_WIDTH_PIXELS // int(rng.integers(1, 5))
        wide = 2 * int(rng.integers(8, most // 2 + 1))
        pixels = np.full((STRIP_HEIGHT_PIXELS, wide, 2), level, np.uint8)
        strips.append((pixels, some_text(rng, 20) if rng.random() < 0.67 else ""))
    return strips


def test_canvases_hold_all_texts_in_order_and_every_strip_whole():
    strips = some_strips(PAPER_LEVEL - 1)  # of another level than paper
    packed = pack(strips)
    texts = decode_texts(packed.labels)
    assert "".join(texts) == "".join(text for _, text in strips)
    assert all(texts)
    assert len(packed) < sum(bool(text) for _, text in strips)
    levels = packed.images[:, 0, :, 0]
    places = []
    for level, (pixels, text) in enumerate(strips, 1):
        canvas, columns = np.nonzero(levels == level)
        if not len(columns):
            assert not text  # left out with a canvas that has no text at all
            continue
        assert len({*canvas}) == 1
        assert np.ptp(columns) + 1 == len(columns) == pixels.shape[1]
        on_canvas = packed.images[canvas[0], :, columns[0] : columns[-1] + 1]
        np.testing.assert_array_equal(on_canvas, pixels)
        places.append((canvas[0], columns[0], columns[-1] + 1, text))
    for (canvas, _, end, _), (next_canvas, start, _, _) in pairwise(places):
        if canvas == next_canvas:
            assert start - end == GAP_PIXELS
        else:
            assert next_canvas == canvas + 1 and start == 0
    for canvas, text in enumerate(texts):
        assert "".join(own for place, *_, own in places if place == canvas) == text
    used = sum(end - start for _, start, end, _ in places)
    between = (packed.images[..., 0] == 0) & (packed.images[..., 1] == PAPER_LEVEL)
    assert between.sum() == packed.images[..., 0].size - used * STRIP_HEIGHT_PIXELS


def test_a_canvas_takes_no_more_characters_than_its_label_holds():
    narrow = np.ones((STRIP_HEIGHT_PIXELS, 16, 2), np.uint8)
    packed = pack([(narrow, "1" * 17), (narrow, "2" * 17), (narrow, "3" * 7), (narrow, "4" * 6)])
    assert decode_texts(packed.labels) == ["1" * 17 + "2" * 17, "3" * 7 + "4" * 6]


def test_strips_without_any_text_need_no_canvas():
    blank = np.zeros((STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2), np.uint8)
    assert len(pack([(blank, ""), (blank, "")])) == len(pack([])) == 0
    assert decode_texts(pack([(blank, ""), (blank + 1, "5"), (blank, "")]).labels) == ["5"]


# Their labels.

PAGE = RowPicture(np.zeros((200, 300), np.uint8), [RowText("12", 20, 60), RowText("3.4", 120, 160)])


def strip_at(middle: float, level: int = 1, wide: int = 60) -> Strip:
    """A strip of PAGE whose middle is in that line."""
    pixels = np.full((STRIP_HEIGHT_PIXELS, wide, 2), level, np.uint8)
    return Strip(pixels, (0.1, (middle - 15) / 200, 0.6, (middle + 15) / 200), 0.5 / 60)


def labels_of(*strips: Strip) -> dict[int, str]:
    """The texts of strips, by their level: of those that have one."""
    return {int(pixels[0, 0, 0]): text for pixels, text in label_strips(PAGE, strips)}


def test_a_strip_has_the_text_of_the_row_that_it_lies_in():
    assert labels_of(strip_at(140, 1), strip_at(42, 2)) == {1: "3.4", 2: "12"}
    assert labels_of(strip_at(30)) == {1: "12"}  # a quarter of the row lies above its middle


def test_a_strip_beside_all_rows_has_the_empty_text():
    assert labels_of(strip_at(90, 1), strip_at(3, 2), strip_at(185, 3), strip_at(140, 4)) == {
        1: "", 2: "", 3: "", 4: "3.4",
    }  # fmt: skip


def test_nobody_says_what_a_strip_on_the_edge_of_a_row_shows():
    assert labels_of(strip_at(24), strip_at(58, 2), strip_at(65, 3), strip_at(112, 4)) == {}


def test_a_row_that_was_taken_for_two_gives_no_text():
    assert labels_of(strip_at(34, 1), strip_at(46, 2), strip_at(140, 3)) == {3: "3.4"}


def test_a_row_that_was_taken_for_two_gives_no_text_even_if_one_is_wider_than_a_canvas():
    assert labels_of(strip_at(34, 1, CANVAS_WIDTH_PIXELS + 2), strip_at(46, 2)) == {}


def test_a_strip_that_is_wider_than_a_canvas_is_left_out():
    fits = strip_at(140, 2, CANVAS_WIDTH_PIXELS)
    assert labels_of(strip_at(40, 1, CANVAS_WIDTH_PIXELS + 2), fits) == {2: "3.4"}


# Composed strips.


def test_equal_keys_compose_equal_strips(digits):
    one, same, other = (compose_strips(digits[0], 6, key) for key in ((7, 1), (7, 1), (7, 2)))
    assert one.sha256() == same.sha256() != other.sha256()
    assert one[:1].sha256() != one.sha256()
    shape = STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2
    assert one.images.shape[1:] == shape and one.images.dtype == np.uint8


def test_the_texts_of_composed_strips_are_those_of_their_pictures(digits):
    count, key = 16, (7, 3)
    alone = compose_strips(digits[0], count, key, packed=False)
    texts = decode_texts(alone.labels)
    assert all(texts)
    assert "".join(decode_texts(compose_strips(digits[0], count, key).labels)) == "".join(texts)
    pictures = [compose_rows(digits[0], np.random.default_rng([*key, i])) for i in range(count)]
    written = iter([row.text for picture in pictures for row in picture.rows])
    assert all(text in written for text in texts)  # in the same order
    assert len(texts) > count / 2
    assert (alone.images[..., 0].max((1, 2)) > 128).all()  # each shows ink


def test_training_finds_the_ink_that_an_export_finds():
    rng = np.random.default_rng(10)
    graph, signatures = build_serving_graph(get_network("tiny"))
    pixels, sizes = (signatures["canvases"]["inputs"][name] for name in ("pixels", "sizes"))
    with tf1.Session(graph=graph) as session:
        for height, width in ((64, 64), (50, 131), (21, 40)):
            gray = rng.normal(210, 3, (height, width)).round().astype(np.uint8)
            gray[height // 5 : 4 * height // 5, width // 3 : width // 3 + 3] = 40
            size = np.array([[height, width, min(height, width)]])
            feed = {pixels: gray[None], sizes: size}
            theirs = session.run(signatures["canvases"]["outputs"]["ink"], feed)[0]
            ours = row_strips._ink_finder()(gray)
            assert ours.dtype == np.uint8 and ours.shape == gray.shape
            assert ours[height // 2, width // 3 + 1] > 128 > ours[2, 2]
            np.testing.assert_allclose(ours.astype(int), theirs, atol=1)


DRAW = '''
def draw(digits, chunk):
    """The first random number of each picture."""
    return [(float(random.random()), len(digits)) for random in chunk.generators()]
'''


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """A function that composes, in a module that a new process imports at once."""
    (tmp_path / "drawing_of_a_test.py").write_text(DRAW)
    monkeypatch.syspath_prepend(tmp_path)
    import drawing_of_a_test

    return drawing_of_a_test.draw


def test_each_picture_has_its_own_random_numbers_in_whichever_process(draw, digits, monkeypatch):
    (ours,) = compose_in_chunks(draw, digits[0], 8, (5, 1))
    assert ours == [(np.random.default_rng([5, 1, i]).random(), len(digits[0])) for i in range(8)]
    monkeypatch.setattr(composing, "CHUNK_PICTURES", 3)
    parts = compose_in_chunks(draw, digits[0], 8, (5, 1))
    assert [len(part) for part in parts] == [3, 3, 2]
    assert [*chain(*parts)] == ours
    assert compose_in_chunks(draw, digits[0], 0, (5, 1)) == []
    with pytest.raises(Interrupted) as raised:
        compose_in_chunks(draw, digits[0], 8, (5, 1), stop=lambda: signal.SIGTERM)
    assert raised.value.signum == signal.SIGTERM


# Scores.


@pytest.fixture
def spelling():
    """A session and a graph that reads each step's logits off the canvas: 16 rows of pixels are the
    16 classes, and every second column is a step."""
    with tf.Graph().as_default(), tf1.Session() as session:
        shape = [None, STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2]
        images = tf1.placeholder(tf.uint8, shape)
        logits = tf.cast(tf.transpose(images[:, :16, ::2, 0], [0, 2, 1]), tf.float32) / 20
        yield session, SimpleNamespace(feed=SimpleNamespace(images=images), logits=logits)


def spelled(texts: list[str]) -> np.ndarray:
    """Canvases on which `spelling` reads these texts, a character at every third step."""
    images = np.zeros((len(texts), STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2), np.uint8)
    images[:, :16, :, 0] = np.random.default_rng(11).integers(0, 120, (16, CANVAS_WIDTH_PIXELS))
    for image, text in zip(images, texts, strict=True):
        classes = np.full(CANVAS_WIDTH_PIXELS // 2, NO_CHARACTER)
        classes[1 : 3 * len(text) + 1 : 3] = [CHARACTERS.index(character) for character in text]
        image[classes, 2 * np.arange(len(classes)), 0] = 160
    return images


def test_scores_are_the_share_of_whole_texts_and_the_mean_loss_of_all_canvases(spelling):
    rng = np.random.default_rng(12)
    read = [some_text(rng, 30) + "00" for _ in range(BATCH_CANVASES + 6)]
    texts = [*read]
    texts[0] = read[0][:-1]  # an equal character less
    texts[9] = "9" if read[9][0] != "9" else "8"
    texts[-1] = read[-1] + "-"
    images = spelled(read)
    scores = evaluate_rows(*spelling, RowStrips(images, encode_texts(texts)))
    assert scores.read == read and scores.texts == texts
    assert scores.accuracy == pytest.approx(1 - 3 / len(texts))
    steps = log_softmax(images[:, :16, ::2, 0].transpose(0, 2, 1) / 20)
    expected = [-text_log_probability(*pair) for pair in zip(steps, texts, strict=True)]
    np.testing.assert_allclose(scores.losses, expected, rtol=1e-4)
    assert scores.loss == pytest.approx(np.mean(expected), rel=1e-4)
    assert str(scores) == "Read 95.71% of 70 canvases of test rows right"


def test_a_text_that_seems_impossible_has_a_high_loss_not_an_infinite_one(spelling):
    session, graph = spelling
    certain = SimpleNamespace(feed=graph.feed, logits=graph.logits * 100)
    scores = evaluate_rows(session, certain, RowStrips(spelled(["12"]), encode_texts(["34"])))
    assert 100 < scores.loss < 1000


def test_a_loss_that_is_no_number_is_a_clear_error(spelling):
    session, graph = spelling
    broken = SimpleNamespace(feed=graph.feed, logits=graph.logits * np.float32("nan"))
    with pytest.raises(DivergedError, match="try a lower --learning-rate"):
        evaluate_rows(session, broken, RowStrips(spelled(["12"]), encode_texts(["12"])))
