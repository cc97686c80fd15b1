"""What a reader of rows answers at each step → the texts that it spells, most probable first.

The network gives each step along a row a probability for each character and for none. A text is
spelled by all sequences of steps that give it once repeated characters count once and steps without
one are left out (CTC: Graves et al. 2006, Connectionist Temporal Classification).
"""

import math
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from nn.data.texts import CHARACTERS, NO_CHARACTER

KEPT_TEXTS = 8  # the most probable beginnings after each step
MIN_PROBABILITY = 1e-4  # of a character at a step: a less probable one is not tried
_LEAST = math.log(MIN_PROBABILITY)
NEVER = -math.inf


class Text(NamedTuple):
    """A text, and the logarithm of its probability."""

    text: str
    log_probability: float


def best_texts(log_probabilities: np.ndarray) -> list[Text]:
    """The most probable texts, by a prefix beam search (Hannun et al. 2014, arXiv 1408.2873).

    log_probabilities: float [T, 16], of each class at each step.
    """
    # For each beginning: of the ways that end with a step without a character, and of the others.
    beams: dict[str, tuple[float, float]] = {"": (0.0, NEVER)}
    for step in log_probabilities.tolist():
        likely = [place for place in range(NO_CHARACTER) if step[place] > _LEAST]
        longer: dict[str, tuple[float, float]] = defaultdict(lambda: (NEVER, NEVER))

        def add(text: str, blank: float, letter: float, into=longer) -> None:
            before = into[text]
            into[text] = _sum(before[0], blank), _sum(before[1], letter)

        for text, (blank, letter) in beams.items():
            both = _sum(blank, letter)
            again = letter + step[CHARACTERS.index(text[-1])] if text else NEVER
            add(text, both + step[NO_CHARACTER], again)
            for place in likely:
                character = CHARACTERS[place]
                # The same character twice: only with a step without one between them.
                start = blank if text.endswith(character) else both
                add(text + character, NEVER, start + step[place])
        kept = sorted(longer.items(), key=lambda item: -_sum(*item[1]))[:KEPT_TEXTS]
        beams = dict(kept)
    return [Text(text, _sum(*ways)) for text, ways in beams.items()]


def spans(log_probabilities: np.ndarray, text: str) -> list[tuple[int, int]]:
    """Where each character of a text is, on the most probable way of spelling it: its first step
    and the one after its last. log_probabilities: as in best_texts."""
    classes, may_skip = _states(text)
    # Two states before the first, which no way comes from.
    scores = np.full(len(classes) + 2, NEVER)
    scores[2:4] = log_probabilities[0, classes[:2]]
    ways = np.empty((3, len(classes)))
    came = []  # how many states further each state's best way came, step by step
    for step in log_probabilities[1:, classes]:
        # Into each state: from itself, and from one and two states before.
        ways[0], ways[1] = scores[2:], scores[1:-1]
        ways[2] = np.where(may_skip, scores[:-2], NEVER)
        came.append(ways.argmax(0))
        np.add(ways.max(0), step, out=scores[2:])
    scores = scores[2:]
    state = len(classes) - len(scores[-2:]) + int(scores[-2:].argmax())
    path = [state]
    for moves in reversed(came):
        state -= int(moves[state])
        path.append(state)
    way = np.array(path[::-1])
    found = []
    for place in range(len(text)):
        used = np.flatnonzero(way == 2 * place + 1)
        found.append((int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0))
    return found


def _states(text: str) -> tuple[list[int], np.ndarray]:
    """The classes of a text's characters, with no character between them and at both ends; and of
    which the one before may be left out: bool [states]."""
    classes = [NO_CHARACTER]
    for character in text:
        classes += [CHARACTERS.index(character), NO_CHARACTER]
    may_skip = [
        state > 1 and classes[state] not in (NO_CHARACTER, classes[state - 2])
        for state in range(len(classes))
    ]
    return classes, np.array(may_skip)


def greedy_text(logits: np.ndarray) -> str:
    """The text of the most probable class at each step: float [T, 16]. Faster than best_texts, and
    mostly the same."""
    classes = logits.argmax(1)
    changes = np.concatenate([[True], classes[1:] != classes[:-1]])
    return "".join(CHARACTERS[c] for c in classes[changes] if c != NO_CHARACTER)


def _sum(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities, from their logarithms."""
    low, high = min(one, other), max(one, other)
    return high if low == NEVER else high + math.log1p(math.exp(low - high))
