"""nn/prediction/number_texts.py: the reader of rows and the model together choose a text."""

import numpy as np
import pytest
from test_row_decoding import steps

from nn.data.texts import CHARACTERS
from nn.prediction.number_texts import Seen, choose_text

SIX, FIVE, SLASH, ONE, DASH, DOT = (CHARACTERS.index(character) for character in "65/1-.")


def seen(left: float, right: float, **shares: float) -> Seen:
    """A digit that was cut out, and what the model answers to it: d5=0.9 is a five with 90%."""
    probabilities = np.full(10, 1e-6)
    for name, share in shares.items():
        probabilities[int(name[1:])] = share
    return Seen(left, right, probabilities / probabilities.sum())


ONE_THEN_UNCLEAR = steps({ONE: 0.98}, {}, {SIX: 0.55, FIVE: 0.4499}, {})


def test_the_model_decides_which_digit_it_is_where_the_row_is_unclear():
    alone = choose_text(ONE_THEN_UNCLEAR, [])
    assert (alone.text, alone.rival) == ("16", "15")
    both = choose_text(ONE_THEN_UNCLEAR, [seen(0, 1, d1=1), seen(2, 3, d5=0.999)])
    assert both.text == "15"
    assert both.probability > 0.95 > alone.probability
    assert [each.seen for each in both.characters] == [0, 1]


def test_the_model_does_not_overrule_a_row_that_is_sure():
    sure = steps({ONE: 0.98}, {}, {SIX: 0.999, FIVE: 1e-6}, {})
    doubted, agreed = (choose_text(sure, [seen(2, 3, **answer)])
                       for answer in ({"d5": 0.6, "d6": 0.4}, {"d6": 1.0}))  # fmt: skip
    assert doubted.text == agreed.text == "16"
    assert doubted.probability < agreed.probability - 0.0005


@pytest.mark.parametrize("five", [0.95, 0.99])
def test_a_digit_that_they_disagree_about_is_not_left_out(five):
    row = steps({ONE: 0.999}, {}, {FIVE: five, SIX: 1e-5}, {})
    found = choose_text(row, [seen(0, 1, d1=1), seen(2, 3, d6=1)])
    assert found.text in ("15", "16")
    assert found.probability < 0.99


def test_a_component_that_looks_like_no_digit_makes_a_digit_on_it_less_probable():
    row = steps({ONE: 0.999}, {}, {FIVE: 0.9}, {})
    flat = Seen(2, 3, np.full(10, 0.1))
    doubted, alone, agreed = (choose_text(row, [seen(0, 1, d1=1), *others])
                              for others in ([flat], [], [seen(2, 3, d5=1)]))  # fmt: skip
    assert doubted.text == alone.text == agreed.text == "15"
    assert doubted.probability < alone.probability < agreed.probability


def test_a_digit_that_the_model_is_sure_of_is_one_character():
    """The row finds 1-5 a little more probable than 15: two characters on a five."""
    row = steps({ONE: 0.99}, {}, {DASH: 0.6}, {FIVE: 0.99}, {})
    assert choose_text(row, []).text == "1-5"
    assert choose_text(row, [seen(0, 1, d1=1), seen(2, 4, d5=1)]).text == "15"


def test_of_two_components_under_a_digit_the_wider_one_is_the_digit():
    found = choose_text(ONE_THEN_UNCLEAR, [seen(2, 3.4, d5=1), seen(2.3, 2.7, d1=1)])
    assert (found.text, found.characters[1].seen) == ("15", 0)


def test_a_component_with_two_characters_on_it_says_nothing_of_either():
    found = choose_text(ONE_THEN_UNCLEAR, [seen(0, 3, d8=1)])
    assert found.text == "16"
    assert [each.seen for each in found.characters] == [None, None]


def test_signs_are_the_rows_own():
    found = choose_text(steps({ONE: 0.98}, {}, {SLASH: 0.9}, {}, {FIVE: 0.9}), [seen(2, 3, d1=1)])
    assert found.text == "1/5"
    assert found.characters[1].seen is None


FIVE_SLASH_SIX = steps({FIVE: 0.9}, {}, {SLASH: 0.6}, {}, {SIX: 0.9})


def test_the_box_of_a_slanted_digit_may_hold_the_slash_beside_it():
    """And the box of the slash, which the model takes for a one, the middle of the six."""
    digits = [seen(0, 2.2, d5=1), seen(1.5, 4.2, d1=1), seen(3.6, 5, d6=1)]
    assert choose_text(FIVE_SLASH_SIX, digits).text == "5/6"


def test_a_dot_below_a_slanted_digit_is_no_part_of_it():
    row = steps({FIVE: 0.9}, {}, {DOT: 0.6}, {}, {SIX: 0.9})
    digits = [seen(0, 2.6, d5=1), seen(4, 5, d6=1)]
    assert choose_text(row, digits, [(2.1, 2.7)]).text == "5.6"
    # Without a mark of its own it would be a part of the five.
    assert choose_text(row, digits).text == "56"


def test_probabilities_are_shares_of_the_texts_that_were_tried():
    found = choose_text(ONE_THEN_UNCLEAR, [])
    one, unclear = found.characters
    assert one.probability > 0.95
    assert unclear.probability == pytest.approx(0.55, abs=0.03)
    # The text is as probable as its one unclear digit.
    assert found.probability == pytest.approx(0.55, abs=0.03)
    nothing = choose_text(steps({}, {}), [])
    assert (nothing.text, nothing.characters) == ("", [])
    assert nothing.probability == pytest.approx(1)
