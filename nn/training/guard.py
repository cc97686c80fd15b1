"""Whether a network that has learned a hand is better for it, and not worse for others."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

# A difference counts if chance makes one as large in fewer cases than this. At 5%, one of twenty
# harmless trainings would be refused.
CHANCE = 0.01


@dataclass(frozen=True)
class Verdict:
    """The errors before and after learning, on digits that the learning network did not train on.

    own_count, own_before, own_after: of one's own digits. others_count, others_before,
    others_after: of other people's. others_reference: what others_after is compared with; it is
    others_before if the network before had not trained on these digits either. p_value: the
    probability that chance alone makes the others so much worse.
    """

    own_count: int
    own_before: int
    own_after: int
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
            f"Your {self.own_count:,} digits: {self.own_after:,} wrong, before {self.own_before:,} "
            "(each read by a network that did not train on it)",
            f"{others}'s {self.others_count:,} validation digits: {self.others_after:,} wrong, "
            f"before {self.others_before:,}{comparison}",
        ]

    @property
    def objection(self) -> str | None:
        """Why the network that has learned must not replace the one before; None if it may."""
        if not self.own_before:
            return f"the model already reads all {self.own_count:,} of your digits right"
        if self.own_after >= self.own_before:
            return (
                f"it reads your digits no better: {self.own_after:,} of {self.own_count:,} wrong, "
                f"before {self.own_before:,}"
            )
        if self.p_value < CHANCE:
            return (
                f"it forgot other people's digits: {self.others_after:,} of {self.others_count:,} "
                f"wrong, {self.others_reference:,} without your digits; chance makes such a "
                f"difference in {self.p_value:.1%} of all cases"
            )
        return None


def judge(
    own_before: np.ndarray,
    own_after: np.ndarray,
    others_before: np.ndarray,
    others_reference: np.ndarray,
    others_after: np.ndarray,
) -> Verdict:
    """Judges by which answers are wrong: bool [N], one's own digits, and bool [M], the others.

    McNemar's exact test, one-sided (McNemar 1947, Psychometrika 12): of the other people's digits
    that one network alone reads wrong, half would be each network's if both were equally good.
    """
    now_wrong = int((others_after & ~others_reference).sum())
    changed = now_wrong + int((others_reference & ~others_after).sum())
    chance = binomtest(now_wrong, changed, alternative="greater").pvalue if changed else 1.0
    return Verdict(
        len(own_before), int(own_before.sum()), int(own_after.sum()), len(others_before),
        int(others_before.sum()), int(others_after.sum()), int(others_reference.sum()),
        float(chance),
    )  # fmt: skip
