"""The export for LiteRT: the same signatures without strings, the same answers, in one file."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from signatures import (
    OUTPUTS,
    SHIPPED,
    assert_same_answers,
    inputs_of_signatures,
)

from benchmarks.parity.runtimes import session
from nn.errors import ModelError
from nn.export.litert import convert
from nn.export.write import write_saved_model
from nn.versions import LITERT_FILE, read_card

tf1 = tf.compat.v1


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return Interpreter(str(SHIPPED / LITERT_FILE))


@pytest.fixture(scope="module")
def serve():
    with session(SHIPPED) as run:
        yield run


@pytest.fixture(scope="module")
def given(digits) -> dict[str, dict[str, np.ndarray]]:
    return inputs_of_signatures(digits[0])


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
    assert_same_answers(found, expected)


def test_an_operation_that_litert_lacks_is_named(tmp_path: Path):
    with tf1.Session(graph=tf.Graph()) as session, session.graph.as_default():
        x = tf1.placeholder(tf.float32, [None, 4], "x")
        outputs = {"product": tf.math.cumprod(x, 1), "sum": tf.cumsum(x, 1)}
        write_saved_model(session, {"s": {"inputs": {"x": x}, "outputs": outputs}}, tmp_path / "v")
    with pytest.raises(ModelError, match=r"^d\.tflite cannot be written: .* for Cumprod; build"):
        convert(tmp_path / "v", tmp_path / "d.tflite")
    assert not (tmp_path / "d.tflite").exists()
