"""nn/prediction/row_decoding.py: the texts that a reader of rows spells, against all ways of
spelling them."""

from itertools import groupby, product

import numpy as np
import pytest
from reference import text_log_probability

from nn.data.texts import CHARACTERS, NO_CHARACTER
from nn.prediction.row_decoding import best_texts, greedy_text, spans

ONE, TWO, DOT = (CHARACTERS.index(character) for character in "12.")


def steps(*rows: dict[int, float]) -> np.ndarray:
    """The logarithms of probabilities at each step, by class; what is left goes to no character."""
    found = np.full((len(rows), NO_CHARACTER + 1), 1e-12)
    for step, row in zip(found, rows, strict=True):
        for place, probability in row.items():
            step[place] = probability
        step[NO_CHARACTER] = 1 - sum(row.values())
    return np.log(found)


def spelled(path: tuple[int, ...]) -> str:
    """The text of a way through the classes."""
    return "".join(CHARACTERS[place] for place, _ in groupby(path) if place != NO_CHARACTER)


def every_text(log_probabilities: np.ndarray, classes: list[int]) -> dict[str, float]:
    """The probability of each text, summed over every way of spelling it with these classes."""
    found: dict[str, float] = {}
    for path in product([*classes, NO_CHARACTER], repeat=len(log_probabilities)):
        probability = np.exp(sum(row[place] for row, place in zip(log_probabilities, path)))  # noqa: B905
        found[spelled(path)] = found.get(spelled(path), 0) + probability
    return found


@pytest.fixture
def unclear() -> np.ndarray:
    """Five steps of which each may be a one, a two, a dot or nothing."""
    rng = np.random.default_rng(3)
    return steps(*(dict(zip((ONE, TWO, DOT), rng.dirichlet([1] * 4)[:3])) for _ in range(5)))  # noqa: B905


def test_a_texts_probability_is_the_sum_of_all_ways_of_spelling_it(unclear):
    expected = every_text(unclear, [ONE, TWO, DOT])
    for text in ("", "1", "11", "12", "1.2", "2.1", "111", "12.12"):
        assert np.exp(text_log_probability(unclear, text)) == pytest.approx(
            expected[text], rel=1e-6
        )
    assert text_log_probability(unclear, "1111") == -np.inf  # it needs seven steps


def test_the_best_texts_are_the_most_probable_of_all(unclear):
    expected = every_text(unclear, [ONE, TWO, DOT])
    found = best_texts(unclear)
    ranked = sorted(expected, key=lambda text: -expected[text])
    assert found[0].text == ranked[0]
    for text, log_probability in found[:3]:
        # A beginning that was not kept may lack a little.
        assert 0.9 * expected[text] < np.exp(log_probability) <= expected[text] * (1 + 1e-6)


def test_the_sum_over_steps_counts_where_no_step_alone_decides():
    """A one that may be at either of two steps is more probable than none at both."""
    either = steps({ONE: 0.4}, {ONE: 0.4})
    assert greedy_text(either) == ""
    assert best_texts(either)[0].text == "1"
    assert np.exp(text_log_probability(either, "1")) == pytest.approx(1 - 0.36)


def test_the_same_digit_twice_needs_a_step_between():
    sure = {ONE: 0.97}
    assert best_texts(steps(sure, sure, {}))[0].text == greedy_text(steps(sure, sure)) == "1"
    assert best_texts(steps(sure, {}, sure))[0].text == greedy_text(steps(sure, {}, sure)) == "11"


def test_characters_are_placed_on_the_steps_that_show_them():
    path = steps({}, {TWO: 0.9}, {TWO: 0.9}, {}, {DOT: 0.9}, {TWO: 0.8}, {}, {TWO: 0.9})
    assert best_texts(path)[0].text == "2.22"
    assert spans(path, "2.22") == [(1, 3), (4, 5), (5, 6), (7, 8)]
    assert spans(path, "") == []
    assert spans(path, "2") in ([(1, 3)], [(1, 2)])


def test_paper_has_no_text():
    assert best_texts(steps({}, {}, {}))[0].text == ""
    assert text_log_probability(steps({}, {}), "") == pytest.approx(0, abs=1e-6)
