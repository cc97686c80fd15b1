"""What the runtimes are given: pixels, decoded once, so that all of them have the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.handwriting.__main__ import compose
from benchmarks.handwriting.all_kinds import KINDS
from nn.data.digits import Digits
from nn.pictures.canvas import CANVAS, PAGE
from nn.pictures.files import read_canvas
from nn.pictures.sources import Source, named_files
from nn.prediction.read_ahead import Answer, CanvasOutputs, is_small

Arrays = Mapping[str, np.ndarray]
# A signature's name, its inputs by name, arrays of N → its outputs by name, arrays of N.
Run = Callable[[str, Arrays], Arrays]

# Of each signature so many inputs are run at once: a page has 64 times the pixels of a canvas.
BATCH = {"serving_default": 1000, "canvases": 256, "pages": 32}


@dataclass(frozen=True)
class InputSet:
    """Inputs of one signature.

    name: no other set has it; a word, because files of answers have it in their keys. arrays: the
    signature's inputs by name, arrays of N. names: N, one for each input.
    """

    name: str
    signature: str
    arrays: Arrays
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.names)

    def chosen(self, places: np.ndarray | slice) -> "InputSet":
        """The inputs at some places."""
        arrays = {name: array[places] for name, array in self.arrays.items()}
        return InputSet(self.name, self.signature, arrays, np.array(self.names)[places].tolist())

    def run(self, run: Run, batch: int | None = None) -> dict[str, np.ndarray]:
        """Runs the signature on all inputs, `batch` at a time; joins the outputs. None: as many as
        BATCH says."""
        size = batch or BATCH[self.signature]
        parts = [
            run(self.signature, self.chosen(slice(start, start + size)).arrays)
            for start in range(0, len(self), size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def rows(name: str, digits: Digits) -> InputSet:
    """Digits like MNIST's, for `serving_default`."""
    names = [f"{name}:{place}" for place in range(1, len(digits) + 1)]
    return InputSet(name, "serving_default", {"images": digits.images}, names)


def composed(digits: Digits, count: int) -> list[Source]:
    """Composes `count` pictures of each kind of benchmarks/handwriting."""
    files = (
        (f"{kind}_{place:03d}{file.suffix}", file.content)
        for kind in KINDS
        for place, file in enumerate(compose(kind, digits, count, seed=0)[0])
    )
    return list(named_files(files))


def looks(name: str, sources: Sequence[Source], reference: Run) -> list[InputSet]:
    """Pictures, for `canvases`, and those of which load_saved_model.py looks closer at the digit,
    for `pages` too.

    reference: decides which these are, for all runtimes. Raises PictureError if a picture cannot be
    read.
    """
    every = _decoded(name, "canvases", sources, CANVAS)
    found = every.run(reference)
    fields = [found[field] for field in ("digits", "probabilities", "reasons", "ink")]
    answers = CanvasOutputs(*fields).split()
    sizes = every.arrays["sizes"]
    small = [
        source
        for source, answer, size in zip(sources, answers, sizes, strict=True)
        if is_small(Answer(answer, size))
    ]
    return [every, _decoded(f"{name}_pages", "pages", small, PAGE)] if small else [every]


def _decoded(name: str, signature: str, sources: Sequence[Source], side: int) -> InputSet:
    names, canvases = zip(*((each.name, read_canvas(each, side)) for each in sources), strict=True)
    pixels, sizes = map(np.stack, zip(*canvases, strict=True))
    return InputSet(name, signature, {"pixels": pixels, "sizes": sizes}, names)
