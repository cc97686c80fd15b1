"""bfloat16: where it is taken, that it is bfloat16, and that what predicts is float32."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf
from conftest import train_without_plots

import train_neural_network
from nn.data.digits import SIDE, Digits
from nn.errors import UserError
from nn.networks.registry import get_network
from nn.runtime.sessions import BFLOAT16, FLOAT32, precision_for_this_cpu, training_session_config
from nn.training.graph import build_training_graph
from nn.training.settings import Settings

tf1 = tf.compat.v1


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("fpu avx2 avx512f avx512_bf16 vaes", BFLOAT16),
        ("fpu amx_bf16 amx_tile", BFLOAT16),
        ("fpu avx2 avx512f avx512_vnni", FLOAT32),
        ("fpu sse2", FLOAT32),
    ],
)
def test_bfloat16_is_taken_where_the_cpu_has_it(flags, found, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: some CPU\nflags\t\t: {flags}\n")
    assert precision_for_this_cpu(BFLOAT16, cpuinfo) == found
    assert precision_for_this_cpu(FLOAT32, cpuinfo) == FLOAT32


def test_where_the_system_does_not_tell_it_is_float32(tmp_path):
    assert precision_for_this_cpu(BFLOAT16, tmp_path / "none") == FLOAT32


def test_without_onednn_there_is_no_bfloat16(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("flags : avx512_bf16\n")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert precision_for_this_cpu(BFLOAT16, tmp_path / "cpuinfo") == FLOAT32
    training_session_config(FLOAT32)
    with pytest.raises(UserError, match="TF_ENABLE_ONEDNN_OPTS=0 switches off; unset it, or"):
        training_session_config(BFLOAT16)


def test_a_network_has_the_precision_that_it_trains_fastest_in():
    assert Settings.of(get_network("flagship")).precision == precision_for_this_cpu(BFLOAT16)
    assert Settings.of(get_network("sprint")).precision == FLOAT32
    assert Settings.of(get_network("sprint"), precision=BFLOAT16).precision == BFLOAT16


def test_an_unknown_precision_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        train_neural_network.parse_arguments(["--precision", "float16"])
    assert "argument --precision" in capsys.readouterr().err
    with pytest.raises(ValueError, match="precision cannot be 'float16'"):
        Settings.of(get_network("dense"), precision="float16")


def losses(digits: Digits, precision: str) -> list[float]:
    """The loss after each of some steps of training."""
    network = get_network("basic_cnn")
    graph = build_training_graph(network, network.recipe, count=len(digits), seed=0)
    with tf1.Session(graph=graph.graph, config=training_session_config(precision)) as session:
        session.run(graph.initialize)
        session.run(
            graph.load, {graph.feed.images: digits.images, graph.feed.labels: digits.labels}
        )
        return [
            float(session.run(graph.train, {graph.feed.steps: 4}).loss / steps)
            for steps in range(4, 24, 4)
        ]


def test_bfloat16_rounds_otherwise_and_trains_as_well(digits):
    exact, rounded = (losses(digits[0], precision) for precision in (FLOAT32, BFLOAT16))
    assert exact != rounded  # or nothing was computed in bfloat16
    np.testing.assert_allclose(rounded, exact, rtol=0.02)  # bfloat16 has 8 bits
    assert rounded[-1] < 0.8 * rounded[0]


@pytest.fixture(scope="module")
def trained(small_data, tmp_path_factory):
    """A folder with two runs of the same settings, in bfloat16, and their exports."""
    folder = tmp_path_factory.mktemp("bfloat16")
    for name in ("a", "b"):
        finished = train_without_plots(
            "--data", small_data, "--network", "basic_cnn", "--epochs", 3, "--precision",
            "bfloat16", "--run-dir", folder / name, "--saved-model", folder / f"out-{name}",
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        assert "Training basic_cnn, 225,034 parameters, in bfloat16" in finished.stdout
    return folder


def card(folder, name: str) -> dict:
    return json.loads((folder / f"out-{name}" / "1" / "model_card.json").read_text())


def test_equal_seeds_give_equal_weights_in_bfloat16_too(trained):
    assert card(trained, "a")["precision"] == BFLOAT16
    assert card(trained, "a")["weights_sha256"] == card(trained, "b")["weights_sha256"]


def test_the_scores_are_those_of_the_export_which_computes_in_float32(trained, small_data):
    exported = tf1.Session(graph=tf.Graph())
    with exported.graph.as_default():
        loaded = tf1.saved_model.load(exported, ["serve"], str(trained / "out-a" / "1"))
    with open(small_data / "digit_xtest.csv") as file:
        rows = [[int(pixel) for pixel in row] for row in csv.reader(file)]
    labels = np.loadtxt(small_data / "digit_ytest.csv", dtype=int)
    images = np.array(rows, np.uint8).reshape(-1, SIDE, SIDE)
    signature = loaded.signature_def["serving_default"]
    probabilities = exported.run(
        signature.outputs["probabilities"].name, {signature.inputs["images"].name: images}
    )
    exported.close()
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    test = card(trained, "a")["test"]
    assert test["errors"] == (probabilities.argmax(1) != labels).sum()
    assert test["loss"] == pytest.approx(loss, rel=1e-5)  # in bfloat16 some 1e-3 off
