"""The export for LiteRT: the same signatures without strings, the same answers, in one file."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from conftest import ROOT

from nn.errors import ModelError
from nn.export.litert import convert
from nn.export.write import write_saved_model
from nn.pictures.canvas import PAGE
from nn.pictures.files import read_canvas
from nn.versions import LITERT_FILE, read_card

tf1 = tf.compat.v1

SHIPPED = ROOT / "SavedModel" / "1"
SAMPLES = sorted(ROOT.glob("samples/*.png"))
PICTURES = {"probabilities", "digits", "normalized", "ink", "reason_codes", "light_on_dark",
            "certainties"}  # fmt: skip
OUTPUTS = {
    "serving_default": {"probabilities", "digits"},
    "ink": {"probabilities", "digits", "normalized"},
    "canvases": PICTURES,
    "pages": PICTURES,
}
# The layers of the two runtimes add up in another order.
MAX_PROBABILITY_DIFFERENCE = 1e-5


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return Interpreter(str(SHIPPED / LITERT_FILE))


@pytest.fixture(scope="module")
def serve():
    """A function that runs a signature of the SavedModel: arrays by name."""
    session = tf1.Session(graph=tf.Graph())
    with session.graph.as_default():
        signatures = tf1.saved_model.load(session, ["serve"], str(SHIPPED)).signature_def

    def run(signature: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        definition = signatures[signature]
        feed = {definition.inputs[name].name: array for name, array in arrays.items()}
        return session.run({k: v.name for k, v in definition.outputs.items()}, feed)

    yield run
    session.close()


@pytest.fixture(scope="module")
def given(digits) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of each signature: real digits, the samples, and a picture without ink."""
    images = digits[0].images[:40]
    looks = {}
    for name, side in (("canvases", 64), ("pages", PAGE)):
        paper = np.full((1, side, side), 200, np.uint8), np.full((1, 3), side, np.int32)
        found = [*(read_canvas(path, side) for path in SAMPLES)]
        pixels, sizes = map(np.stack, zip(*found, strict=True))
        looks[name] = {
            "pixels": np.concatenate([pixels, paper[0]]),
            "sizes": np.concatenate([sizes, paper[1]]),
        }
    return {
        "serving_default": {"images": images},
        "ink": {"ink": np.pad(images, ((0, 0), (3, 20), (9, 2)))},
        **looks,
    }


def test_one_file_has_every_signature_without_its_strings(interpreter):
    found = interpreter.get_signature_list()
    assert {name: set(each["outputs"]) for name, each in found.items()} == OUTPUTS
    assert (SHIPPED / LITERT_FILE).stat().st_size <= 4e6
    assert LITERT_FILE in read_card(SHIPPED)["files"]
    # The types that LiteRT has in a browser, too.
    details = [interpreter.get_signature_runner(name).get_output_details() for name in OUTPUTS]
    types = {each["dtype"] for outputs in details for each in outputs.values()}
    assert types == {np.float32, np.int32, np.uint8}


@pytest.mark.parametrize("batch", [1, 7, 100])
@pytest.mark.parametrize("signature", OUTPUTS)
def test_it_answers_as_the_saved_model_does(interpreter, serve, given, signature, batch):
    # The last is the picture without ink.
    arrays = {name: array[-batch:] for name, array in given[signature].items()}
    expected = serve(signature, arrays)
    found = interpreter.get_signature_runner(signature)(**arrays)
    assert found.keys() == OUTPUTS[signature]
    for name in found.keys() - {"probabilities", "certainties"}:
        np.testing.assert_array_equal(found[name], expected[name], name)
    for name in found.keys() & {"probabilities", "certainties"}:
        np.testing.assert_allclose(found[name], expected[name], atol=MAX_PROBABILITY_DIFFERENCE)


def test_an_operation_that_litert_lacks_is_named(tmp_path: Path):
    with tf1.Session(graph=tf.Graph()) as session, session.graph.as_default():
        x = tf1.placeholder(tf.float32, [None, 4], "x")
        outputs = {"product": tf.math.cumprod(x, 1), "sum": tf.cumsum(x, 1)}
        write_saved_model(session, {"s": {"inputs": {"x": x}, "outputs": outputs}}, tmp_path / "v")
    with pytest.raises(ModelError, match=r"^d\.tflite cannot be written: .* for Cumprod; build"):
        convert(tmp_path / "v", tmp_path / "d.tflite")
    assert not (tmp_path / "d.tflite").exists()
