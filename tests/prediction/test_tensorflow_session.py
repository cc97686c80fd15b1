"""A SavedModel in a session: what TensorFlow's private method must do, and what a model lacks."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from conftest import ROOT

from nn.errors import ModelError
from nn.prediction.restored_model import SignatureOutputs, damaged
from nn.prediction.tensorflow_session import SessionModel

SHIPPED = ROOT / "SavedModel" / "1"

GONE = """\
tf.compat.v1.Session has no _make_callable_from_options any more. It is private to TensorFlow; only
SessionModel._callable in nn/prediction/tensorflow_session.py uses it. Return a function there that
calls session.run with the same feeds and fetches instead:

    return lambda *arrays: self._session.run(fetches, dict(zip(feeds, arrays)))

That answers one image in 200 microseconds instead of 20."""


@dataclass(frozen=True)
class Digits(SignatureOutputs):
    digits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Colors(SignatureOutputs):
    digits: np.ndarray
    colors: np.ndarray


@pytest.fixture(scope="module")
def restored():
    model = SessionModel(SHIPPED)
    yield model
    model.close()


def test_tensorflow_still_makes_callables_from_options():
    assert hasattr(tf1.Session, "_make_callable_from_options"), GONE


@pytest.mark.parametrize("in_callers_thread", [False, True])
def test_a_signature_answers_as_session_run_does(restored, in_callers_thread):
    @dataclass(frozen=True)
    class Outputs(Digits):
        pass

    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    run = restored.function(
        "serving_default", ["images"], Outputs, in_callers_thread=in_callers_thread
    )
    found = run(images)
    with tf1.Session(graph=tf1.Graph()) as session:
        meta_graph = tf1.saved_model.load(session, ["serve"], str(SHIPPED))
        signature = meta_graph.signature_def["serving_default"]
        fetches = [signature.outputs[name].name for name in ("digits", "probabilities")]
        digits, probabilities = session.run(fetches, {signature.inputs["images"].name: images})
    np.testing.assert_array_equal(found.digits, digits)
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-5)


def test_outputs_are_split_by_input():
    outputs = Digits(np.array([3, 5]), np.arange(20).reshape(2, 10))
    three, five = outputs.split()
    assert (three.digits, five.digits) == (3, 5)
    np.testing.assert_array_equal(five.probabilities, np.arange(10, 20))


def test_a_model_without_the_signature_or_the_output_says_so(restored):
    anew = r"; to write it anew: python -m nn\.export --from \S+1 --to \S+$"
    with pytest.raises(ModelError, match="1: an older model without the signature sounds" + anew):
        restored.function("sounds", ["bytes"], Digits)
    without = "1: an older model without the output colors of the signature canvases"
    with pytest.raises(ModelError, match=without + anew):
        restored.function("canvases", ["pixels", "sizes"], Colors)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ValueError("cut off\n[[node x]]"), "cut off"), (MemoryError(), "MemoryError")],
)
def test_a_model_that_cannot_be_restored_says_why_in_one_line(error, reason):
    assert str(damaged(SHIPPED, error)) == f"{SHIPPED}: cannot be restored ({reason})"
