"""The texts of rows: digits, and the signs between them."""

from collections.abc import Sequence

import numpy as np

CHARACTERS = "0123456789.,-:/"  # what a row may hold; the place of each is its class
NO_CHARACTER = len(CHARACTERS)  # the class of a step that shows none
MAX_TEXT = 40  # characters of a canvas of rows that is trained on
PADDING = -1  # behind the last character of a text


def encode_texts(texts: Sequence[str]) -> np.ndarray:
    """Texts → their characters' classes, padded: int8 [N, MAX_TEXT]."""
    classes = np.full((len(texts), MAX_TEXT), PADDING, np.int8)
    for row, text in zip(classes, texts, strict=True):
        row[: len(text)] = [CHARACTERS.index(character) for character in text]
    return classes


def decode_texts(classes: np.ndarray) -> list[str]:
    """The inverse of encode_texts."""
    return ["".join(CHARACTERS[c] for c in row if c != PADDING) for row in classes]
