"""Inputs for the signatures of the shipped SavedModel, and what another runtime must answer."""

import numpy as np
from conftest import ROOT

from nn.data.digits import Digits
from nn.pictures.canvas import CANVAS, PAGE
from nn.pictures.files import read_canvas
from nn.prediction.number_strips import PAPER_LEVEL

SHIPPED = ROOT / "SavedModel" / "1"
SAMPLES = sorted(ROOT.glob("samples/*.png"))
PICTURES = {"probabilities", "digits", "normalized", "ink", "reason_codes", "light_on_dark",
            "certainties"}  # fmt: skip
# Of the signatures that take no strings, without those that are strings.
OUTPUTS = {
    "serving_default": {"probabilities", "digits"},
    "ink": {"probabilities", "digits", "normalized"},
    "canvases": PICTURES,
    "pages": PICTURES,
    "rows": {"log_probabilities"},
}
# The layers of two runtimes add up in another order. So a gray level that lies halfway between two
# is rounded to the other one, once in some 100 pictures (docs/parity.md).
MAX_PROBABILITY_DIFFERENCE, MAX_CERTAINTY_DIFFERENCE = 1e-5, 1e-4
MAX_CHARACTER_DIFFERENCE = 1e-4  # of a character's probability at a step
MAX_ROUNDED_PIXELS = 3

Arrays = dict[str, np.ndarray]


def inputs_of_signatures(digits: Digits) -> dict[str, Arrays]:
    """Inputs of each signature: real digits, the samples, and last a picture without ink."""
    images = digits.images[:40]
    looks = {}
    for name, side in (("canvases", CANVAS), ("pages", PAGE)):
        paper = np.full((1, side, side), 200, np.uint8), np.full((1, 3), side, np.int32)
        found = [read_canvas(path, side) for path in SAMPLES]
        pixels, sizes = map(np.stack, zip(*found, strict=True))
        looks[name] = {
            "pixels": np.concatenate([pixels, paper[0]]),
            "sizes": np.concatenate([sizes, paper[1]]),
        }
    return {
        "serving_default": {"images": images},
        "ink": {"ink": np.pad(images, ((0, 0), (3, 20), (9, 2)))},
        **looks,
        "rows": {"strips": some_strips(images)},
    }


def some_strips(images: np.ndarray) -> np.ndarray:
    """Strips of four digits each, uint8 [6, 40, 112, 2]; the last has darkness alone."""
    strips = np.zeros((6, 40, 112, 2), np.uint8)
    strips[..., 1] = PAPER_LEVEL
    for strip, four in zip(strips, images.reshape(-1, 4, 28, 28), strict=False):
        strip[6:34, :, 0] = np.concatenate([*four], 1)
    strips[..., 1] = np.maximum(strips[..., 1], strips[..., 0] // 2)
    strips[-1, ..., 0] = 0
    return strips


def assert_same_answers(found: Arrays, expected: Arrays) -> None:
    """Asserts that another runtime's outputs are those of the session, but for rounding."""
    if "log_probabilities" in found:
        limit = MAX_CHARACTER_DIFFERENCE
        one, other = (np.exp(each["log_probabilities"]) for each in (found, expected))
        np.testing.assert_allclose(one, other, rtol=0, atol=limit)
        return
    same = np.full(len(found["digits"]), True)  # the pictures whose digit is rounded alike
    for name, array in found.items():
        assert array.shape == expected[name].shape, name
        if name in ("normalized", "ink"):
            differences = np.abs(array.astype(int) - expected[name])
            assert differences.max() <= 1, name
            assert np.count_nonzero(differences) <= MAX_ROUNDED_PIXELS, name
            if name == "normalized":
                same = ~differences.any((1, 2))
        elif name not in ("probabilities", "certainties"):
            np.testing.assert_array_equal(array, expected[name], name)
    for name, limit in (("probabilities", MAX_PROBABILITY_DIFFERENCE),
                        ("certainties", MAX_CERTAINTY_DIFFERENCE)):  # fmt: skip
        if name in found:
            np.testing.assert_allclose(found[name][same], expected[name][same], rtol=0, atol=limit)
