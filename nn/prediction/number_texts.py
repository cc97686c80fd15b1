"""Chooses the text of a row, by the reader of rows and by what the model says of each digit.

The reader of rows knows best how many characters there are, and which are signs: the structure.
The model that reads single digits knows better which digit it is, where a component of ink is one
digit. So within a structure the probability of each digit is a product of both answers. A structure
is less probable if it puts two characters, or none, on a component that the model is sure is one
digit.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.prediction.row_decoding import Text, best_texts, spans

# A digit counts as at least so probable: in the model's answer; in the reader's; and in the
# reader's where the model saw no digit alone, as where two touch. The model's floor is the highest,
# because it sees only the ink that was found: it is sure of a wrong answer if a seven lost its bar.
# Chosen on validation digits: if the last were as high as 2e-3, no digit that touches another would
# ever be sure.
MIN_OF_MODEL, MIN_OF_READER, MIN_OF_READER_ALONE = 1e-2, 5e-4, 5e-5
# How much the model's answers to single digits count for the structure: an exponent; and how
# improbable they make it at most. Chosen on validation digits, of 0.15 to 0.8.
STRUCTURE_WEIGHT, MIN_OF_STRUCTURE = 0.6, 0.03
EDGE_STEPS = 0.5  # how far beyond its component the middle of a character may lie

Extent = tuple[float, float]  # where something begins and ends in a row, in steps


class Seen(NamedTuple):
    """What the model answers to a digit that was cut out: where it begins and ends in the row, in
    steps; its probabilities, float [10]."""

    left: float
    right: float
    probabilities: np.ndarray


class Character(NamedTuple):
    """A character of a text: its probability; its place, in steps; and the number of the digit that
    was cut out and is this character alone, or None."""

    text: str
    probability: float
    place: tuple[int, int]
    seen: int | None


class RowText(NamedTuple):
    """What a row says: its characters; the probability of all of them together; and the second most
    probable text."""

    characters: list[Character]
    probability: float
    rival: str

    @property
    def text(self) -> str:
        """The digits and signs."""
        return "".join(each.text for each in self.characters)


class _Structure(NamedTuple):
    """Which characters of a text are digits and which are signs; where each is, in steps; and for
    each digit that was cut out, the characters on it."""

    text: str
    places: list[tuple[int, int]]
    on: list[list[int]]

    @classmethod
    def of(
        cls,
        text: str,
        log_probabilities: np.ndarray,
        seen: Sequence[Seen],
        marks: Sequence[Extent],
    ) -> "_Structure":
        """The structure of a text that the reader of rows spells."""
        places = spans(log_probabilities, text)
        return cls(text, places, _characters_on(text, places, seen, marks))


class _Reading(NamedTuple):
    """The most probable text of a structure; and how probable the text is that differs from it in
    the digit that is least sure, its rival."""

    text: RowText
    rival_probability: float


def choose_text(
    log_probabilities: np.ndarray, seen: Sequence[Seen], marks: Sequence[Extent] = ()
) -> RowText:
    """The most probable text of a row.

    log_probabilities: float [T, 16], of each character at each step; seen: the digits cut out of
    the row, from left to right; marks: where the row has ink that belongs to none of these digits,
    such as a dot.
    """
    groups: dict[str, list[Text]] = defaultdict(list)
    for text in best_texts(log_probabilities):
        groups["".join("0" if c.isdigit() else c for c in text.text)].append(text)
    structures = [
        _Structure.of(texts[0].text, log_probabilities, seen, marks) for texts in groups.values()
    ]
    scores = [
        np.logaddexp.reduce([text.log_probability for text in texts])
        + STRUCTURE_WEIGHT * _agreement(structure, seen)
        for texts, structure in zip(groups.values(), structures, strict=True)
    ]
    shares = np.exp(scores - np.logaddexp.reduce(scores))
    readings = [
        _read_structure(float(share), structure, log_probabilities, seen)
        for share, structure in zip(shares, structures, strict=True)
    ]
    best, *others = sorted(readings, key=lambda each: -each.text.probability)
    rival = best.text.rival
    if others and others[0].text.probability > best.rival_probability:
        rival = others[0].text.text
    return best.text._replace(rival=rival)


def _agreement(structure: _Structure, seen: Sequence[Seen]) -> float:
    """How well a structure agrees with the digits that were cut out: the sum of the logarithms of
    how probable it is that each is one digit, or is not."""
    total = 0.0
    for digit, on in zip(seen, structure.on, strict=True):
        surest = float(digit.probabilities.max())
        if len(on) != 1:
            total += float(np.log(max(1 - surest, MIN_OF_STRUCTURE)))
        elif structure.text[on[0]].isdigit():
            total += float(np.log(max(surest, MIN_OF_STRUCTURE)))
    return total


def _characters_on(
    text: str, places: Sequence[Extent], seen: Sequence[Seen], marks: Sequence[Extent]
) -> list[list[int]]:
    """For each digit that was cut out, the characters whose middles lie on it.

    In slanted writing a slash lies above the next digit too, and a dot below the digit before it.
    So if several characters lie on a digit, each counts only for the nearest ink that it lies on: a
    character that is a digit for the nearest digit, a sign for the nearest digit or mark.
    """
    middles = [sum(place) / 2 for place in places]
    digits = [(each.left, each.right) for each in seen]
    found = []
    for number, extent in enumerate(digits):
        on = [index for index, middle in enumerate(middles) if _lies_on(middle, extent)]
        others = digits[:number] + digits[number + 1 :]
        if len(on) > 1:
            on = [
                index
                for index in on
                if _is_nearest(
                    middles[index], extent, others if text[index].isdigit() else [*others, *marks]
                )
            ]
        found.append(on)
    return found


def _lies_on(middle: float, extent: Extent) -> bool:
    return extent[0] - EDGE_STEPS <= middle <= extent[1] + EDGE_STEPS


def _is_nearest(middle: float, extent: Extent, others: Sequence[Extent]) -> bool:
    """Whether no other extent that a character lies on has its own middle nearer."""
    far = abs(middle - sum(extent) / 2)
    return all(far <= abs(middle - sum(o) / 2) for o in others if _lies_on(middle, o))


def _read_structure(
    probability: float,
    structure: _Structure,
    log_probabilities: np.ndarray,
    seen: Sequence[Seen],
) -> _Reading:
    """Decides the digits of a structure. probability: of the structure."""
    text, places = structure.text, structure.places
    numbers = _match(structure, seen)
    characters, whole = [], probability
    others = [(0.0, 0, "")]  # of each digit: second to first probability, its index, the second
    for index, (character, place, number) in enumerate(zip(text, places, numbers, strict=True)):
        share = 1.0
        if character.isdigit():
            first, last = place
            least = MIN_OF_READER_ALONE if number is None else MIN_OF_READER
            digits = np.exp(log_probabilities[first : last + 1, :10]).max(0) + least
            if number is not None:
                digits = digits * np.maximum(seen[number].probabilities, MIN_OF_MODEL)
            digits = digits / digits.sum()
            runner_up, best = np.argsort(digits)[-2:].tolist()
            character, share = str(best), float(digits[best])
            others.append((float(digits[runner_up]) / share, index, str(runner_up)))
        characters.append(Character(character, probability * share, place, number))
        whole *= share
    ratio, index, other = max(others)
    found = "".join(each.text for each in characters)
    rival = found[:index] + other + found[index + 1 :] if other else ""
    return _Reading(RowText(characters, whole, rival), whole * ratio)


def _match(structure: _Structure, seen: Sequence[Seen]) -> list[int | None]:
    """For each character the number of the widest digit that was cut out and has no other character
    on it; None where there is none, and for signs."""
    numbers: list[int | None] = [None] * len(structure.text)
    by_width = sorted(enumerate(seen), key=lambda pair: pair[1].right - pair[1].left)
    for number, _ in by_width:
        on = structure.on[number]
        if len(on) == 1 and structure.text[on[0]].isdigit():
            numbers[on[0]] = number
    return numbers
