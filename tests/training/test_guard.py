"""When a network that has learned a hand may replace the one before."""

import numpy as np
import pytest
from scipy.stats import binom

from nn.training.guard import judge


def wrong(count: int, *places: int) -> np.ndarray:
    answers = np.zeros(count, bool)
    answers[list(places)] = True
    return answers


def verdict(*, own: tuple[int, int], lost: int = 0, gained: int = 0):
    """own: errors before and after, of 20 digits. lost, gained: of the others that were right and
    are wrong, and that were wrong and are right; five stay wrong."""
    before = wrong(1000, *range(gained + 5))
    after = wrong(1000, *range(gained, gained + 5 + lost))
    return judge(wrong(20, *range(own[0])), wrong(20, *range(own[1])), before, before, after)


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
        ({"own": (0, 0)}, "already reads all 20 of your digits right"),
        ({"own": (3, 3)}, "reads your digits no better: 3 of 20 wrong, before 3"),
        ({"own": (3, 5)}, "no better: 5 of 20 wrong, before 3"),
        ({"own": (9, 0), "lost": 7}, "forgot other people's digits: 12 of 1,000 wrong, 5 without"),
    ],
)
def test_an_objection_says_why(case, words):
    assert words in verdict(**case).objection


def test_a_loss_that_chance_explains_is_accepted():
    assert verdict(own=(9, 0), lost=6).objection is None  # 1 in 64
    assert verdict(own=(9, 0), lost=7).p_value == 1 / 128


def test_the_others_are_compared_with_the_reference():
    before, reference, after = wrong(100), wrong(100, *range(8)), wrong(100, *range(8))
    found = judge(wrong(20, 1), wrong(20), before, reference, after)
    assert found.p_value == 1
    assert found.lines("MNIST")[1] == (
        "MNIST's 100 validation digits: 8 wrong, before 0; the same training without your digits: 8"
    )
