"""All kinds of pictures by name, and the seeds of their pictures.

Each module holds the kinds of one sort of paper. A kind's place is part of its pictures' seed.
Append new kinds to the last module, or add a module at the end: a kind in the middle would change
the pictures of all later kinds.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from benchmarks.handwriting import (
    boxes,
    empty_papers,
    forms,
    hard_photos,
    kinds,
    others,
    pages,
    pencils,
    registers,
    small_frames,
)
from benchmarks.handwriting.kinds import Digit, Draw, File

_MODULES = (boxes, forms, registers, small_frames, pencils, hard_photos, pages)
KINDS: dict[str, Draw] = {
    **kinds.KINDS,
    **{draw.__name__: draw for module in _MODULES for draw in module.KINDS},
}
OTHERS: dict[str, Callable[[list[Digit], Generator], File]] = {
    **others.OTHERS,
    **{draw.__name__: draw for draw in empty_papers.OTHERS},
}

# Places in the seed. The first kinds keep those that they had when they were added: 0 to 29 for
# digits, 27 to 38 for pictures of no digit. Later ones have places that no other kind has.
FIRST_OTHERS_PLACE = 27
LATER_KINDS_PLACE, LATER_OTHERS_PLACE = 1000, 2000


def place_of(name: str) -> int:
    """Finds a kind's place in the seed of its pictures."""
    if name in KINDS:
        place = list(KINDS).index(name)
        return place if place < len(kinds.KINDS) else LATER_KINDS_PLACE + place
    place = list(OTHERS).index(name)
    return place + (FIRST_OTHERS_PLACE if place < len(others.OTHERS) else LATER_OTHERS_PLACE)


def seeded(name: str, seed: int, number: int) -> Generator:
    """Makes the random generator that draws picture `number` of a kind."""
    return np.random.default_rng([seed, place_of(name), number])
