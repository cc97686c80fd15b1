"""nn/figures/digit_sheets.py: what a reader of the sheets sees."""

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.colors import to_hex

from nn.figures import digit_sheets
from nn.figures.drawing import BLUE, ORANGE
from nn.training.evaluation import Scores


def numbered(count: int) -> np.ndarray:
    """Images that each show in their pixels which one they are."""
    return np.repeat(np.arange(count, dtype=np.uint8), 784).reshape(-1, 28, 28)


def scores(labels: list[int], predictions: list[int], confidences: list[float]) -> Scores:
    logits = np.zeros([len(labels), 10])
    for row, (digit, confidence) in enumerate(zip(predictions, confidences, strict=True)):
        logits[row, digit] = np.log(9 * confidence / (1 - confidence))
    return Scores(np.array(labels), logits)


def shown(axes) -> list[tuple[int, int, int]]:
    """Each picture on a sheet: its row and column, from its place, and which image it is."""
    found = []
    for image in axes.images:
        left, _, _, top = image.get_extent()
        row_height = digit_sheets.CAPTIONED_ROW_HEIGHT
        found.append((int(top // row_height), int(left), int(np.asarray(image.get_array())[0, 0])))
    return found


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def assert_no_text_covers_a_digit(figure):
    figure.draw_without_rendering()
    (axes,) = figure.axes
    digits = [image.get_window_extent() for image in axes.images]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(box.overlaps(digit) for box in boxes for digit in digits)
    assert all(axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1 + 1 for box in boxes)


def test_labeled_digits_go_ten_in_a_row_with_their_labels():
    labels = np.arange(13) % 7
    figure = digit_sheets.labeled_digits(numbered(13), labels)
    (axes,) = figure.axes
    assert shown(axes) == [(n // 10, n % 10, n) for n in range(13)]
    assert texts(axes) == [str(label) for label in labels]
    assert_no_text_covers_a_digit(figure)


def test_no_labeled_digits_are_an_empty_sheet():
    (axes,) = digit_sheets.labeled_digits(numbered(0), np.zeros(0, int)).axes
    assert not axes.images


def test_each_distorted_digit_is_below_its_original():
    originals = numbered(3) + 100
    distorted = np.stack([numbered(3) / 255.0, (numbered(3) + 50) / 255.0])
    (axes,) = digit_sheets.augmented(originals, distorted).axes
    columns = {0: [], 1: [], 2: []}
    for image in axes.images:
        left, _, _, top = image.get_extent()
        columns[int(left)].append((top, round(float(image.get_array()[0, 0]))))
    for column, found in columns.items():
        assert [value for _, value in sorted(found)] == [100 + column, column, 50 + column]


def test_sample_predictions_have_a_column_for_each_label_and_frame_the_wrong_ones():
    labels = [3, 3, 5, 3, 3, 3, 3]
    read = scores(labels, [3, 8, 5, 3, 3, 3, 3], [0.9, 0.75, 0.99, 0.5, 0.6, 0.7, 0.8])
    figure = digit_sheets.sample_predictions(numbered(7), read, "a $^$ title")
    (axes,) = figure.axes
    # The first five of the six 3s, downwards, and the 5.
    assert shown(axes) == [(0, 3, 0), (1, 3, 1), (2, 3, 3), (3, 3, 4), (4, 3, 5), (0, 5, 2)]
    assert texts(axes) == [
        "3\n90.0% probable", "a 3, read as 8\n75.0% probable", "3\n50.0% probable",
        "3\n60.0% probable", "3\n70.0% probable", "5\n99.0% probable",
    ]  # fmt: skip
    assert axes.get_title().startswith("a $^$ title\nthe first 5 of each digit")
    (frame,) = axes.patches
    left, right, bottom, top = axes.images[1].get_extent()
    assert frame.get_xy() == pytest.approx((left, top))
    assert (frame.get_width(), frame.get_height()) == pytest.approx((right - left, bottom - top))
    assert to_hex(frame.get_edgecolor()).upper() == ORANGE
    assert axes.texts[1].get_color() == ORANGE
    assert_no_text_covers_a_digit(figure)


def test_the_surest_mistakes_come_first_eight_in_a_row():
    confidences = [0.5 + n / 200 for n in range(60)]
    read = scores([1] * 60, [7] * 59 + [1], confidences)
    figure = digit_sheets.confident_mistakes(numbered(60), read, "dense")
    (axes,) = figure.axes
    assert shown(axes) == [(n // 8, n % 8, 58 - n) for n in range(48)]
    assert len(axes.patches) == 48
    assert axes.get_title() == "dense\nthe first 48, the most probable first"
    assert texts(axes)[0] == "a 1, read as 7\n79.0% probable"
    assert_no_text_covers_a_digit(figure)


@pytest.mark.parametrize(
    ("predictions", "title"),
    [([7, 1], "dense\nall, the most probable first"), ([1, 1], "dense: none")],
)
def test_a_sheet_of_mistakes_says_how_many_it_shows(predictions, title):
    read = scores([1, 1], predictions, [0.9, 0.9])
    (axes,) = digit_sheets.confident_mistakes(numbered(2), read, "dense").axes
    assert axes.get_title() == title


@pytest.mark.parametrize(
    ("units", "pictures", "end"), [(10, 10, ")"), (100, 64, "64 of 100 units")]
)
def test_each_unit_of_a_dense_first_layer_is_a_picture_of_its_weights(units, pictures, end):
    weights = np.random.default_rng(0).normal(size=(784, units)).astype(np.float32)
    axes, colorbar = digit_sheets.first_layer(weights, numbered(1)[0], "net").axes
    assert axes.get_title().startswith("net: the weights of its first layer")
    assert axes.get_title().endswith(end)
    assert len(axes.images) == pictures
    np.testing.assert_array_equal(axes.images[7].get_array(), weights[:, 7].reshape(28, 28))
    assert {image.get_clim() for image in axes.images} == {axes.images[0].get_clim()}
    low, high = axes.images[0].get_clim()
    assert low == -high  # gray stands for 0
    assert colorbar.get_ylabel() == "weight"


@pytest.mark.parametrize("side", [3, 5])
def test_each_filter_of_a_convolution_is_a_picture_of_its_response_to_a_digit(side):
    random = np.random.default_rng(0)
    weights = random.normal(size=(side, side, 1, 32)).astype(np.float32)
    digit = random.integers(0, 256, (28, 28), np.uint8)
    axes, colorbar = digit_sheets.first_layer(weights, digit, "net").axes
    assert axes.get_title() == "net: what each filter of its first layer makes of a digit"
    assert colorbar.get_ylabel() == "response"
    images = digit[None, :, :, None].astype(np.float32) / 255
    expected = tf.nn.conv2d(images, weights, strides=1, padding="SAME").numpy()[0]
    shown = np.stack([image.get_array() for image in axes.images], axis=-1)
    np.testing.assert_allclose(shown, expected, atol=1e-5)


def test_a_strip_of_readings_shows_each_step():
    probabilities = np.full(10, 0.01)
    probabilities[7] = 0.91
    original, ink, digit = numbered(3)
    figure = digit_sheets.readings(
        [("a.png", original, ink, digit, probabilities, b""),
         ("blank.png", original, ink, digit, probabilities, b"no ink")]
    )  # fmt: skip
    first, second = figure.axes[:4], figure.axes[4:8]
    assert [axes.get_title() for axes in first] == ["a.png", "ink", "28×28", "7, 91.0%"]
    # Ink is dark on light, as in the original.
    assert [int(axes.images[0].get_array()[0, 0]) for axes in first[:3]] == [0, 254, 253]
    bars = first[3].patches
    assert [bar.get_height() for bar in bars] == pytest.approx(probabilities)
    highlighted = [n for n, bar in enumerate(bars) if to_hex(bar.get_facecolor()) == BLUE.lower()]
    assert highlighted == [7]
    assert second[3].get_title() == "no ink"
    assert not second[3].patches


def test_no_caption_runs_into_the_one_beside_it():
    """The widest caption on every digit: they once ran together into one line."""
    labels = [*range(10)] * 5
    read = scores(labels, labels, [0.99999] * 50)
    figure = digit_sheets.sample_predictions(numbered(50), read, "compact")
    (axes,) = figure.axes
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    rows = {round(box.y0) for box in boxes}
    for row in rows:
        across = sorted((box for box in boxes if round(box.y0) == row), key=lambda box: box.x0)
        assert all(one.x1 + 3 < other.x0 for one, other in pairwise(across))
    assert len(boxes) == 50
