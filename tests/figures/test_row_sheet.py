"""nn/figures/row_sheet.py: what a reader of rows read, and its mistakes."""

import numpy as np

from nn.figures.row_sheet import SHOWN_MISTAKES, SHOWN_ROWS, sheet_of_rows


def drawn(texts: list[str], read: list[str]) -> tuple[list[str], str]:
    """The captions on a sheet, and its title."""
    canvases = np.zeros((len(texts), 40, 256, 2), np.uint8)
    (axes,) = sheet_of_rows(canvases, texts, read, "rows").axes
    return [text.get_text() for text in axes.texts], axes.get_title()


def test_the_first_rows_are_shown_then_mistakes_that_are_not_among_them():
    texts = [str(number) for number in range(60)]
    read = ["" if number in (2, 40) else text for number, text in enumerate(texts)]
    captions, title = drawn(texts, read)
    assert captions[:3] == ["0", "1", "nothing, not 2"]
    assert captions[SHOWN_ROWS:] == ["nothing, not 40"]
    assert title.startswith("rows: 58 of 60 test canvases read right\nthe first 16, then other")


def test_no_more_mistakes_are_shown_than_fit():
    captions, _ = drawn(["1"] * 80, ["7"] * 80)
    assert len(captions) == SHOWN_ROWS + SHOWN_MISTAKES
    assert set(captions) == {"7, not 1"}


def test_few_rows_or_none_have_a_sheet_too():
    assert drawn(["12"], ["12"])[0] == ["12"]
    assert drawn([], [])[0] == []
