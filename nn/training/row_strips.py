"""The data set of the reader of rows: strips of composed pictures, as a reader of numbers cuts them
out, and their texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import tensorflow.compat.v1 as tf1

from nn.composition.row_pictures import RowPicture, compose_rows
from nn.data.digits import Digits
from nn.data.texts import MAX_TEXT, encode_texts
from nn.networks.finder_weights import find_ink
from nn.normalization.pipeline import normalize
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS
from nn.prediction.number_strips import PAPER_LEVEL, Strip, find_strips
from nn.runtime.hashes import sha256_of
from nn.runtime.signals import Stop
from nn.training.composing import Chunk, compose_in_chunks
from nn.training.read_rows import CANVAS_WIDTH_PIXELS

# Of paper between two strips on a canvas. It keeps the kernels of 3×3 apart; the dilated ones see
# 40 pixels farther, into the next strip.
GAP_PIXELS = 8
# How far inside a row, in its heights, the middle of a strip lies that was cut out of it; and how
# far from all rows, if the strip shows none: then its text is empty.
MIN_INSIDE, MIN_OUTSIDE = 0.15, 0.3

Labeled = tuple[np.ndarray, str]  # the pixels of a strip, uint8 [40, W, 2], and its text


@dataclass(frozen=True)
class RowStrips:
    """Canvases with one strip or several, side by side, and the texts on them from left to right.

    images: uint8 [N, 40, 256, 2]; labels: int8 [N, MAX_TEXT], as encode_texts makes them. Several
    strips on a canvas leave no part of a batch empty.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | np.ndarray) -> "RowStrips":
        return RowStrips(self.images[index], self.labels[index])

    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of the pixels and then the labels, as bytes in memory."""
        return sha256_of([self.images, self.labels])


def compose_strips(
    digits: Digits,
    count: int,
    key: Sequence[int],
    *,
    packed: bool = True,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> RowStrips:
    """Composes `count` pictures, finds their ink, and cuts out their rows.

    packed: whether a canvas may have several strips. The other arguments are those of
    compose_in_chunks.
    """
    parts = compose_in_chunks(_compose, digits, count, key, stop=stop, quiet=quiet)
    strips = [strip for part in parts for strip in part]
    return pack(strips) if packed else _on_canvases([[strip] for strip in strips])


def pack(strips: Sequence[Labeled]) -> RowStrips:
    """Puts each strip beside the last one, if there is room, else on a new canvas."""
    canvases: list[list[Labeled]] = []
    free, letters = 0, 0
    for strip in strips:
        pixels, text = strip
        if pixels.shape[1] > free or len(text) > letters:
            canvases.append([])
            free, letters = CANVAS_WIDTH_PIXELS, MAX_TEXT
        canvases[-1].append(strip)
        free -= pixels.shape[1] + GAP_PIXELS
        letters -= len(text)
    return _on_canvases(canvases)


def _on_canvases(canvases: Sequence[Sequence[Labeled]]) -> RowStrips:
    # TensorFlow's CTC loss has no value for an empty text.
    canvases = [strips for strips in canvases if any(text for _, text in strips)]
    shape = len(canvases), STRIP_HEIGHT_PIXELS, CANVAS_WIDTH_PIXELS, 2
    images = np.zeros(shape, np.uint8)
    images[..., 1] = PAPER_LEVEL
    texts = []
    for image, strips in zip(images, canvases, strict=True):
        left = 0
        for pixels, _ in strips:
            image[:, left : left + pixels.shape[1]] = pixels
            left += pixels.shape[1] + GAP_PIXELS
        texts.append("".join(text for _, text in strips))
    return RowStrips(images, encode_texts(texts))


def _compose(digits: Digits, chunk: Chunk) -> list[Labeled]:
    """The strips of a chunk of pictures."""
    find = _ink_finder()
    found = []
    for random in chunk.generators():
        picture = compose_rows(digits, random)
        found += label_strips(picture, find_strips(picture.pixels, find).strips)
    return found


def label_strips(picture: RowPicture, strips: Sequence[Strip]) -> list[Labeled]:
    """The strips of a picture that show a whole row, or none, with their texts."""
    tall = picture.pixels.shape[0]
    by_row: dict[int, list[Strip]] = {place: [] for place in range(len(picture.rows))}
    labeled = []
    for strip in strips:
        middle = (strip.box[1] + strip.box[3]) / 2 * tall
        # How far inside each row it lies, in the row's height: negative outside.
        depths = [
            min(middle - row.top, row.base - middle) / (row.base - row.top) for row in picture.rows
        ]
        if max(depths) > MIN_INSIDE:
            by_row[int(np.argmax(depths))].append(strip)
        elif max(depths) < -MIN_OUTSIDE:
            labeled.append((strip.pixels, ""))
    # A row that was taken for two has a part of its text on each of them.
    labeled += [(strips[0].pixels, picture.rows[place].text)
                for place, strips in by_row.items() if len(strips) == 1]  # fmt: skip
    return [strip for strip in labeled if strip[0].shape[1] <= CANVAS_WIDTH_PIXELS]


@cache
def _ink_finder() -> Callable[[np.ndarray], np.ndarray]:
    """A function that finds ink as the signature `canvases` does: uint8 [H, W] → the same."""
    session = tf1.Session(graph=tf1.Graph(), config=tf1.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1))  # fmt: skip
    with session.graph.as_default():
        pixels = tf1.placeholder(tf1.uint8, [1, None, None])
        sizes = tf1.placeholder(tf1.int32, [1, 3])
        ink = normalize(pixels, sizes, find_ink()).ink[0]
    run = session.make_callable(ink, [pixels, sizes])
    return lambda gray: run(gray[None], np.array([[*gray.shape, min(gray.shape)]], np.int32))
