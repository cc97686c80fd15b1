"""The export to ONNX: a file for each signature without strings, with the answers of the
SavedModel."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from signatures import (
    OUTPUTS,
    SHIPPED,
    assert_same_answers,
    inputs_of_signatures,
)

from benchmarks.parity.runtimes import session
from nn.errors import ModelError
from nn.export.__main__ import main
from nn.versions import file_sha256, read_card, thresholds_of

onnxruntime = pytest.importorskip("onnxruntime", reason="needs requirements/onnx.txt")
tf2onnx = pytest.importorskip("tf2onnx", reason="needs requirements/onnx.txt")

tf1 = tf.compat.v1

TYPES = {"tensor(uint8)": "uint8", "tensor(int32)": "int32", "tensor(int64)": "int64",
         "tensor(float)": "float32", "tensor(bool)": "bool"}  # fmt: skip


@pytest.fixture(scope="module")
def command():
    """A function that runs the command within this process and returns its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_USE_LEGACY_KERAS", "1")  # the command would leave it set
        yield lambda folder: main(["--from", str(SHIPPED), "--to", str(folder), "--format", "onnx"])


@pytest.fixture(scope="module")
def folder(command, tmp_path_factory) -> Path:
    """The shipped version as ONNX files."""
    folder = tmp_path_factory.mktemp("export") / "new" / "onnx"
    assert command(folder) == 0
    return folder


@pytest.fixture(scope="module")
def runtimes(folder) -> dict:
    return {
        name: onnxruntime.InferenceSession(
            folder / f"{name}.onnx", providers=["CPUExecutionProvider"]
        )
        for name in OUTPUTS
    }


@pytest.fixture(scope="module")
def serve():
    with session(SHIPPED) as run:
        yield run


@pytest.fixture(scope="module")
def given(digits) -> dict[str, dict[str, np.ndarray]]:
    return inputs_of_signatures(digits[0])


def test_the_folder_holds_the_files_and_their_card_and_nothing_is_left_beside_it(folder):
    names = {f"{name}.onnx" for name in OUTPUTS}
    assert {path.name for path in folder.iterdir()} == {*names, "model_card.json"}
    assert [path.name for path in folder.parent.iterdir()] == ["onnx"]
    card, origin = read_card(folder), read_card(SHIPPED)
    assert set(card["files"]) == names
    assert card["exported_from"]["saved_model_sha256"] == file_sha256(SHIPPED / "saved_model.pb")
    assert card["versions"]["tf2onnx"] == tf2onnx.__version__
    assert card["weights_sha256"] == origin["weights_sha256"]
    assert thresholds_of(card) == thresholds_of(origin)


def test_inputs_and_outputs_have_the_names_dtypes_and_shapes_of_the_signature(runtimes):
    signatures = tf.saved_model.load(str(SHIPPED)).signatures
    for name, runtime in runtimes.items():
        assert {value.name for value in runtime.get_outputs()} == OUTPUTS[name]
        signature = signatures[name]
        expected = signature.structured_input_signature[1] | signature.structured_outputs
        for value in (*runtime.get_inputs(), *runtime.get_outputs()):
            assert TYPES[value.type] == expected[value.name].dtype.name
            sides = expected[value.name].shape.as_list()
            open_sides = [side or "NHW"[axis] for axis, side in enumerate(sides)]
            assert value.shape == open_sides, (name, value.name)


@pytest.mark.parametrize("batch", [1, 7, 100])
@pytest.mark.parametrize("signature", OUTPUTS)
def test_it_answers_as_the_saved_model_does(runtimes, serve, given, signature, batch):
    # The last is the picture without ink.
    arrays = {name: array[-batch:] for name, array in given[signature].items()}
    expected = serve(signature, arrays)
    names = sorted(OUTPUTS[signature])
    found = dict(zip(names, runtimes[signature].run(names, arrays), strict=True))
    assert_same_answers(found, expected)


def test_a_folder_that_exists_is_left_as_it_is(command, tmp_path, capfd):
    (tmp_path / "mine").write_text("text")
    assert command(tmp_path) == 2
    told = capfd.readouterr().err
    assert told == f"error: {tmp_path}: exists already; ONNX files go to a new folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_after_an_error_nothing_is_left_behind(command, tmp_path, monkeypatch, capfd):
    from nn.export import onnx as exporter

    def fill_the_disk(session, signature, file: Path) -> None:
        file.write_text("half")
        if file.stem == "ink":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporter, "convert", fill_the_disk)
    assert command(tmp_path / "onnx") == 2
    told = capfd.readouterr().err.splitlines()
    assert told == [f"error: {tmp_path}: cannot export there ([Errno 28] No space left on device)"]
    assert not list(tmp_path.iterdir())


def test_an_operation_that_onnx_lacks_is_named(tmp_path, capfd):
    from nn.export.onnx import convert

    with tf1.Session(graph=tf.Graph()) as session, session.graph.as_default():
        x = tf1.placeholder(tf.float32, [None, 4], "x")
        is_light = tf.reduce_sum(x) > 0
        y = tf.cond(is_light, lambda: tf.math.bessel_i0(x) + 1, lambda: x)
        signature = {"inputs": {"x": x}, "outputs": {"y": y}}
        capfd.readouterr()
        with pytest.raises(ModelError, match=r"^f\.onnx cannot be written: .* for BesselI0; build"):
            convert(session, signature, tmp_path / "f.onnx")
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir())
