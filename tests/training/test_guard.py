"""When a network that has learned a hand may replace the one before."""

import numpy as np
import pytest
from scipy.stats import binom

from nn.training.guard import Answers, judge


def wrong(count: int, *places: int) -> np.ndarray:
    answers = np.zeros(count, bool)
    answers[list(places)] = True
    return answers


def answers(errors: int, sure: int) -> Answers:
    """Answers to 20 digits: the first ones wrong, the last ones sure."""
    return Answers(wrong(20, *range(errors)), wrong(20, *range(20 - sure, 20)))


def verdict(
    *, own: tuple[int, int], sure: tuple[int, int] = (9, 9), lost: int = 0, gained: int = 0
):
    """own: errors before and after, of 20 digits; sure: how many of the last ones are sure. lost,
    gained: of the others that were right and are wrong, and that were wrong and are right; five
    stay wrong."""
    before = wrong(1000, *range(gained + 5))
    after = wrong(1000, *range(gained, gained + 5 + lost))
    one, other = (answers(*each) for each in zip(own, sure, strict=True))
    return judge(one, other, before, before, after)


def test_fewer_own_errors_and_no_more_of_the_others_are_accepted():
    found = verdict(own=(4, 1), lost=3, gained=3)
    assert (found.own_before, found.own_after, found.own_count) == (4, 1, 20)
    assert (found.others_before, found.others_after, found.others_count) == (8, 8, 1000)
    assert found.objection is None


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 0), (7, 2), (12, 12)])
def test_the_p_value_is_mcnemars(lost, gained):
    # At least `lost` of the answers that changed, if each falls either way alike.
    expected = binom.sf(lost - 1, lost + gained, 0.5) if lost + gained else 1.0
    assert verdict(own=(4, 1), lost=lost, gained=gained).p_value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"own": (3, 3)}, "no better: 3 of 20 wrong and 9 right and sure, before 3 and 9"),
        ({"own": (0, 0), "sure": (20, 19)}, "0 of 20 wrong and 19 right and sure, before 0 and 20"),
        ({"own": (3, 5), "sure": (0, 9)}, "no better: 5 of 20 wrong"),
        ({"own": (9, 0), "lost": 7}, "forgot other people's digits: 12 of 1,000 wrong, 5 without"),
    ],
)
def test_an_objection_says_why(case, words):
    assert words in verdict(**case).objection


def test_a_loss_that_chance_explains_is_accepted():
    assert verdict(own=(9, 0), lost=6).objection is None  # 1 in 64
    assert verdict(own=(9, 0), lost=7).p_value == 1 / 128


def test_as_many_errors_with_more_right_answers_sure_are_better():
    found = verdict(own=(2, 2), sure=(9, 12))
    assert (found.own_sure_before, found.own_sure_after) == (9, 12)
    assert found.objection is None
    # Of 19 sure answers one is wrong: it does not count as learned.
    assert verdict(own=(2, 2), sure=(18, 19)).own_sure_after == 18


def test_the_others_are_compared_with_the_reference():
    before, reference, after = wrong(100), wrong(100, *range(8)), wrong(100, *range(8))
    found = judge(answers(1, 0), answers(0, 0), before, reference, after)
    assert found.p_value == 1
    assert found.lines("MNIST")[1] == (
        "MNIST's 100 validation digits: 8 wrong, before 0; the same training without your digits: 8"
    )
