"""--quantize: weights rounded to int8, the same in TensorFlow and in LiteRT."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from conftest import train_in_this_process

from nn import Predictor, versions
from nn.errors import ModelError
from nn.export.litert import convert
from nn.export.litert_int8 import store_int8
from nn.export.renew import renew
from nn.export.write import write_saved_model
from nn.networks.inference import predict
from nn.networks.quantization import quantize, round_weights
from nn.networks.registry import get_network, readers
from nn.runs.run import Run, reopen
from nn.training.run_folder import RunFolder
from nn.versions import LITERT_FILE

tf1 = tf.compat.v1

OPTIONS = ["--network", "compact", "--epochs", 2, "--seed", 3]


@pytest.mark.parametrize("shape", [(784, 10), (3, 3, 24, 32), (1, 1)])
def test_weights_are_integers_times_a_scale_of_their_output(shape):
    random = np.random.default_rng(0)
    weights = (random.normal(size=shape) * 2.0 ** random.integers(-9, 9, shape[-1])).astype("f4")
    integers, scales = found = quantize(weights)
    assert (integers.shape, integers.dtype, scales.shape) == (shape, np.int8, shape[-1:])
    assert (np.abs(integers.astype(int)).reshape(-1, shape[-1]).max(0) == 127).all()
    assert (np.abs(found.weights - weights) <= scales / 2 * (1 + 1e-4)).all()
    assert (integers.astype(float) * scales.astype(float) == found.weights).all()  # exactly


def test_rounding_again_changes_nothing():
    weights = np.random.default_rng(1).normal(size=(50, 200)).astype("f4")
    weights[:, 7] = 0  # an output that is always 0
    once = quantize(weights)
    again = quantize(once.weights)
    np.testing.assert_array_equal(again.integers, once.integers)
    np.testing.assert_array_equal(again.weights, once.weights)
    assert not once.integers[:, 7].any()


def converted(name: str, folder: Path) -> tuple[bytes, bytes, list, np.ndarray, np.ndarray]:
    """A network with random weights: its LiteRT file in float32 and with int8, the rounded weights,
    images, and the session's probabilities."""
    random = np.random.default_rng(2)
    images = random.integers(0, 256, (7, 28, 28), np.uint8)
    with tf1.Session(graph=tf.Graph()) as session, session.graph.as_default():
        placeholder = tf1.placeholder(tf.uint8, [None, 28, 28])
        outputs = predict(get_network(name), placeholder)
        session.run(tf1.global_variables_initializer())
        for variable in tf1.global_variables():  # batch norm whose factors are not all 1
            if variable.shape.rank == 1:
                signs = random.choice([-1, 1], variable.shape) if "gamma" in variable.name else 1
                variable.load(signs * random.uniform(0.2, 2, variable.shape), session)
        rounded = round_weights(session, tf1.global_variables())
        signatures = {"s": {"inputs": {"images": placeholder}, "outputs": outputs}}
        write_saved_model(session, signatures, folder / "version")
        expected = session.run(outputs["probabilities"], {placeholder: images})
    for file, weights in (("float32", ()), ("int8", rounded)):
        convert(folder / "version", folder / file, weights)
    files = (folder / "float32").read_bytes(), (folder / "int8").read_bytes()
    return *files, rounded, images, expected


@pytest.mark.parametrize("name", readers())
def test_litert_holds_the_rounded_weights_as_int8_and_answers_alike(name, tmp_path):
    in_float32, in_int8, rounded, images, expected = converted(name, tmp_path)
    if name == "dense_batchnorm":
        rounded.pop()  # the converter multiplies its last layer by the factors of a batch norm
    # Three of four bytes; but each output gets a scale of 4 bytes and a zero point of 8.
    saved = sum(3 * each.integers.size - 12 * each.integers.shape[-1] for each in rounded)
    assert len(in_float32) - len(in_int8) == pytest.approx(saved, abs=8_000)
    for content in (in_float32, in_int8):
        answer = Interpreter(model_content=content).get_signature_runner("s")(images=images)
        np.testing.assert_allclose(answer["probabilities"], expected, rtol=0, atol=2e-5)


def test_a_file_without_the_rounded_weights_is_an_error(tmp_path):
    in_float32, _, rounded, *_ = converted("tiny", tmp_path)
    others = [each._replace(integers=each.integers[:, ::-1]) for each in rounded]
    with pytest.raises(ModelError, match=r"^LiteRT's file has none of the rounded weights: its"):
        store_int8(in_float32, others)


@pytest.fixture(scope="module")
def trained(real_data, tmp_path_factory) -> Path:
    """A folder with two runs of the same options, float32/ and int8/, each with its run/ and its
    SavedModel/."""
    folder = tmp_path_factory.mktemp("quantized")
    for name, options in (("float32", []), ("int8", ["--quantize"])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "figures", lambda *_: {})
            finished = train_in_this_process(
                "--data", real_data, *OPTIONS, *options,
                "--run-dir", folder / name / "run", "--saved-model", folder / name / "SavedModel",
            )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        assert ("exports int8 weights" in finished.stdout) == bool(options)
    return folder


def weights_of(version: Path) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_a_run_exports_its_weights_rounded(trained):
    exact, rounded = (weights_of(trained / each / "SavedModel" / "1") for each in
                      ("float32", "int8"))  # fmt: skip
    assert exact.keys() == rounded.keys()
    for name, weights in exact.items():
        expected = quantize(weights).weights if weights.ndim > 1 else weights
        np.testing.assert_array_equal(rounded[name], expected)


def test_its_card_says_so_and_has_a_calibration_of_the_rounded_network(trained):
    exact, rounded = (versions.read_card(trained / each / "SavedModel" / "1") for each in
                      ("float32", "int8"))  # fmt: skip
    assert (exact.get("quantized"), rounded["quantized"]) == (None, "int8 weights")
    assert set(rounded) == {*exact, "quantized"}
    line = versions.describe(Path("1"), rounded, "in LiteRT")
    assert line.startswith("Model 1 in LiteRT: compact with int8 weights, trained on 1,200 digits")
    for card in (exact, rounded):
        assert card["calibration"]["fitted_to"] == "300 validation digits"
    assert exact["calibration"]["temperature"] != rounded["calibration"]["temperature"]
    assert exact["validation"]["loss"] != rounded["validation"]["loss"]


def test_tensorflow_and_litert_give_the_same_digits_and_statuses(trained, digits):
    version = trained / "int8" / "SavedModel" / "1"
    images = digits[1].images
    with Predictor(version) as one, Predictor(version, runtime="litert") as other:
        expected, found = one.predict(images), other.predict(images)
        least = one.threshold.probability
    np.testing.assert_array_equal(found.digits, expected.digits)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=0, atol=2e-5)
    sure = [answer.probabilities.max(1) >= least for answer in (found, expected)]
    np.testing.assert_array_equal(*sure)


def test_exported_anew_it_stays_quantized(trained, tmp_path):
    version = trained / "int8" / "SavedModel" / "1"
    again = renew(version, tmp_path)
    old, new = versions.read_card(version), versions.read_card(again)
    assert (new["quantized"], new["weights_sha256"]) == ("int8 weights", old["weights_sha256"])
    # Names in the graph may be some letters longer; float32 weights would have thousands of bytes.
    sizes = [(each / LITERT_FILE).stat().st_size for each in (version, again)]
    assert abs(sizes[0] - sizes[1]) < 100


def test_of_a_refit_both_runs_are_rounded(real_data, tmp_path, plotless):
    finished = train_in_this_process(
        "--data", real_data, "--network", "tiny", "--epochs", 3, "--quantize", "--refit",
        "--run-dir", tmp_path / "run", "--saved-model", tmp_path / "SavedModel",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    first = reopen(RunFolder(tmp_path / "run")).finish(quiet=True)
    card = versions.read_card(tmp_path / "SavedModel" / "1")
    fitted_to = "300 validation digits of a run on the other 1,200"
    assert card["calibration"] == {**first.calibration.describe(), "fitted_to": fitted_to}
    assert card["quantized"] == "int8 weights"
    weights = weights_of(tmp_path / "SavedModel" / "1")["dense_1/weights"]
    np.testing.assert_array_equal(quantize(weights).weights, weights)
    assert len(np.unique(weights[:, 0])) <= 255


def test_a_resumed_run_stays_quantized_and_its_checkpoints_are_not_rounded(
    trained, tmp_path, plotless
):
    run = reopen(RunFolder(trained / "int8" / "run"), tmp_path)
    assert run.is_quantized
    version = run.export(run.finish(quiet=True))
    expected = json.loads((trained / "int8" / "SavedModel" / "1" / "model_card.json").read_text())
    found = versions.read_card(version)
    for name in ("weights_sha256", "calibration", "test", "quantized"):
        assert found[name] == expected[name]
    checkpoint = tf.train.load_checkpoint(str(trained / "int8" / "run" / "checkpoints"))
    exact = weights_of(trained / "float32" / "SavedModel" / "1")["conv_2/kernel"]
    np.testing.assert_array_equal(checkpoint.get_tensor("conv_2/kernel"), exact)
