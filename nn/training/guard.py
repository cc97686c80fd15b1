"""Whether a network that has learned a hand is better for it, and not worse for others."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

# A difference counts if chance makes one as large in fewer cases than this. At 5%, one of twenty
# harmless trainings would be refused.
CHANCE = 0.01


class Answers(NamedTuple):
    """Which answers to N digits are wrong, and which are sure: bool [N] each."""

    wrong: np.ndarray
    sure: np.ndarray

    @property
    def all_right_and_sure(self) -> bool:
        """Whether nothing is left to learn."""
        return bool((self.sure & ~self.wrong).all())


@dataclass(frozen=True)
class Verdict:
    """Counts before and after learning, on digits that the learning network did not train on.

    own_before, own_after: errors among one's own digits; own_sure_before, own_sure_after: right
    answers that are sure. others_before, others_after: errors among other people's digits.
    others_reference: what others_after is compared with; it is others_before if the network before
    had not trained on these digits either. p_value: the probability that chance alone makes the
    others so much worse.
    """

    own_count: int
    own_before: int
    own_after: int
    own_sure_before: int
    own_sure_after: int
    others_count: int
    others_before: int
    others_after: int
    others_reference: int
    p_value: float

    def lines(self, others: str) -> list[str]:
        """What a training prints. others: the name of the other people's digits."""
        comparison = ""
        if self.others_reference != self.others_before:
            comparison = f"; the same training without your digits: {self.others_reference:,}"
        return [
            f"Your {self.own_count:,} digits: {self.own_after:,} wrong, {self.own_sure_after:,} "
            f"right and sure; before {self.own_before:,} and {self.own_sure_before:,} (each read "
            "by a network that did not train on it)",
            f"{others}'s {self.others_count:,} validation digits: {self.others_after:,} wrong, "
            f"before {self.others_before:,}{comparison}",
        ]

    @property
    def objection(self) -> str | None:
        """Why the network that has learned must not replace the one before; None if it may.

        It must make fewer errors on one's own digits, or as many with more right answers sure.
        """
        before = self.own_before, -self.own_sure_before
        if (self.own_after, -self.own_sure_after) >= before:
            return (
                f"it reads your digits no better: {self.own_after:,} of {self.own_count:,} wrong "
                f"and {self.own_sure_after:,} right and sure, before {self.own_before:,} and "
                f"{self.own_sure_before:,}"
            )
        if self.p_value < CHANCE:
            return (
                f"it forgot other people's digits: {self.others_after:,} of {self.others_count:,} "
                f"wrong, {self.others_reference:,} without your digits; chance makes such a "
                f"difference in {self.p_value:.1%} of all cases. A lower --learning-rate forgets "
                "less"
            )
        return None


def judge(
    own_before: Answers,
    own_after: Answers,
    others_before: np.ndarray,
    others_reference: np.ndarray,
    others_after: np.ndarray,
) -> Verdict:
    """Judges by the answers to one's own digits, and by which answers to the others are wrong: bool
    [M].

    McNemar's exact test, one-sided (McNemar 1947, Psychometrika 12): of the other people's digits
    that one network alone reads wrong, half would be each network's if both were equally good.
    """
    now_wrong = int((others_after & ~others_reference).sum())
    changed = now_wrong + int((others_reference & ~others_after).sum())
    chance = binomtest(now_wrong, changed, alternative="greater").pvalue if changed else 1.0
    return Verdict(
        len(own_before.wrong), int(own_before.wrong.sum()), int(own_after.wrong.sum()),
        int((own_before.sure & ~own_before.wrong).sum()),
        int((own_after.sure & ~own_after.wrong).sum()), len(others_before),
        int(others_before.sum()), int(others_after.sum()), int(others_reference.sum()),
        float(chance),
    )  # fmt: skip
