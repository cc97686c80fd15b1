"""nn/figures/explanation_pages.py: what a reader of a page sees."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from nn.figures import explanation_pages
from nn.figures.drawing import BLUE, ORANGE
from nn.figures.explanation_pages import NumberPage, Page, shorten

PROBABILITIES = [0.01, 0.02, 0.03, 0.8, 0.04, 0.02, 0.03, 0.02, 0.02, 0.01]


def page(**changes) -> Page:
    fields = {
        "name": "x.png", "answer": "Read as 3", "notes": ["dark digit on light", "one speck"],
        "original": np.full((90, 120), 200, np.uint8), "ink": np.full((64, 64), 10, np.uint8),
        "digit": np.full((28, 28), 20, np.uint8), "probabilities": PROBABILITIES, "unsure": False,
    }  # fmt: skip
    return Page(**{**fields, **changes})


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def bars(axes) -> list:
    """The bars of the probabilities, digit by digit: those that are filled in a color."""
    horizontal = [bar for bar in axes.patches if bar.get_fill()]
    return horizontal[10:]  # the first ten are the empty bars behind


def test_a_page_shows_the_way_from_the_picture_to_the_probabilities():
    (axes,) = explanation_pages.draw(page()).axes
    shown = texts(axes)
    assert shown[:3] == ["x.png", "Read as 3", "dark digit on light  ·  one speck"]
    captions = ["picture", "ink that was found", "what the network saw", "probabilities"]
    assert shown[3:7] == captions
    # Ink is shown dark on light, whatever it was in the picture.
    assert [int(image.get_array()[0, 0]) for image in axes.images] == [200, 245, 235]
    lefts = [image.get_extent()[0] for image in axes.images]
    assert lefts == sorted(lefts)


def test_the_picture_keeps_its_proportions():
    (axes,) = explanation_pages.draw(page()).axes
    left, right, bottom, top = axes.images[0].get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(120 / 90)


def test_a_row_of_pixels_has_no_panel_of_ink():
    (axes,) = explanation_pages.draw(page(ink=None)).axes
    assert len(axes.images) == 2
    assert texts(axes)[3:6] == ["pixels", "what the network saw", "probabilities"]


@pytest.mark.parametrize(("unsure", "color"), [(False, BLUE), (True, ORANGE)])
def test_the_bars_are_as_long_as_the_probabilities_and_the_best_has_the_answers_color(
    unsure, color
):
    (axes,) = explanation_pages.draw(page(unsure=unsure)).axes
    assert [bar.get_width() for bar in bars(axes)] == pytest.approx(PROBABILITIES)
    tops = [bar.get_y() for bar in bars(axes)]
    assert tops == sorted(tops)  # from 0 downwards
    colored = [
        n for n, bar in enumerate(bars(axes)) if to_hex(bar.get_facecolor()) == color.lower()
    ]
    assert colored == [3]
    assert axes.texts[1].get_color() == color
    assert texts(axes)[-10:] == [f"{share:.2%}" for share in PROBABILITIES]


def test_without_probabilities_all_bars_are_empty():
    (axes,) = explanation_pages.draw(page(probabilities=None)).axes
    assert not bars(axes)
    assert "80.00%" not in texts(axes)


def test_all_of_a_page_is_on_it():
    long = page(
        name="scans/2026/form_0123.png" * 20,
        answer="Perhaps 3: unsure" * 10,
        notes=["less probable than 99.53%", "light digit on dark", "thin strokes"] * 5,
    )
    figure = explanation_pages.draw(long)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    for artist in (*axes.texts, *axes.images, *axes.patches):
        box = artist.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1


def test_the_boxes_of_a_number_lie_where_its_digits_are():
    original = np.full((300, 600), 255, np.uint8)
    original[100:140, 200:220] = original[100:140, 300:320] = 0
    boxes = np.array([[200, 100, 20, 40], [300, 100, 20, 40]], float)
    number = NumberPage(
        "n.png", "Read as 11", [], original, boxes, [("1", 0.99), ("1", 0.9)], False
    )
    (axes,) = explanation_pages.draw_number(number).axes
    (image,) = axes.images
    assert texts(axes)[3] == "around the number"
    left, right, bottom, top = image.get_extent()
    shown = np.asarray(image.get_array())
    inches_per_pixel = (right - left) / shown.shape[1]
    drawn = [bar for bar in axes.patches if to_hex(bar.get_edgecolor()) == BLUE.lower()]
    assert len(drawn) == 2
    for bar in drawn:
        column = round((bar.get_x() - left) / inches_per_pixel)
        row = round((bar.get_y() - top) / inches_per_pixel)
        width, height = (round(s / inches_per_pixel) for s in (bar.get_width(), bar.get_height()))
        assert (width, height) == (20, 40)
        assert not shown[row : row + height, column : column + width].any()  # all of it is ink
    assert (bottom - top) / (right - left) == pytest.approx(shown.shape[0] / shown.shape[1])


@pytest.mark.parametrize("size", [(2000, 300), (300, 2000)])
def test_a_number_s_picture_is_no_higher_than_the_page_allows(size):
    number = NumberPage(
        "n.png", "No number", [], np.zeros(size, np.uint8), np.zeros((0, 4)), [], True
    )
    figure = explanation_pages.draw_number(number)
    (image,) = figure.axes[0].images
    left, right, bottom, top = image.get_extent()
    assert bottom - top <= explanation_pages.MAX_NUMBER_PICTURE_INCHES + 1e-9
    assert 0 < left < right < explanation_pages.PAGE_WIDTH_INCHES
    assert bottom < figure.get_figheight()


def test_a_long_text_loses_its_middle():
    assert shorten("a short one", 20) == "a short one"
    assert shorten("0123456789", 7) == "012…789"
    assert shorten("a\nb", 20) == "a\N{REPLACEMENT CHARACTER}b"
