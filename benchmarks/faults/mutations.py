"""Damages the bytes of files as bad disks, bad cables and bad people do."""

import random
import struct
from collections.abc import Callable, Sequence

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEADER_BYTES = 256
MAX_FLIPS = 8


def mutated(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """One to three kinds of damage, one after the other. others: files of the same format, that
    parts are spliced in from."""
    for _ in range(rng.randint(1, 3)):
        damage = rng.choice(_DAMAGES)
        content = damage(content or b"\0", rng.choice(others), rng)
    return content


def _flip(content: bytes, _: bytes, rng: random.Random) -> bytes:
    flipped = bytearray(content)
    for _ in range(rng.randint(1, MAX_FLIPS)):
        flipped[rng.randrange(len(flipped))] = rng.randrange(256)
    return bytes(flipped)


def _cut(content: bytes, _: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _splice(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]


def _duplicate(content: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    return content[:end] + content[start:end] * rng.randint(1, 3) + content[end:]


def _remove(content: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    return content[:start] + content[end:]


def _set_field(content: bytes, _: bytes, rng: random.Random) -> bytes:
    """Sets a field of 1, 2 or 4 bytes, most often in the header, to an extreme number."""
    end = len(content) if rng.random() < 0.2 else min(len(content), HEADER_BYTES)
    size, order = rng.choice("BHI"), rng.choice("<>")
    place, width = rng.randrange(end), struct.calcsize(size)
    field = struct.pack(order + size, rng.choice(EXTREMES) & (256**width - 1))
    return content[:place] + field + content[place + width :]


_DAMAGES: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    _flip, _cut, _splice, _duplicate, _remove, _set_field, _set_field,
)  # fmt: skip
