"""python -m nn.export: a version made anew from another version alone."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, change_json, leave_out_plots_and_litert, run_script

from nn import Predictor, versions
from nn.confidence.scaling import Scaling
from nn.export import write
from nn.export.__main__ import main
from nn.export.serving_graph import build_serving_graph
from nn.networks.registry import get_network

tf1 = tf.compat.v1

SHIPPED = ROOT / "SavedModel" / "1"
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.suffix != ".csv")


@pytest.fixture
def renew(monkeypatch, capfd):
    """A function that runs the command within this process: its exit status, output and errors."""
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")  # the command would leave it set

    def run(version: Path, folder: Path) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main(["--from", str(version), "--to", str(folder)])
        return status, *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def renewed(tmp_path_factory) -> Path:
    """The shipped version, copied away from everything else and exported anew in a process."""
    folder = tmp_path_factory.mktemp("again")
    copy = shutil.copytree(SHIPPED, folder / "alone" / "7")
    finished = run_script("-m", "nn.export", "--from", copy, "--to", folder / "new")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(f"Exported: {folder / 'new' / '1'}/ ")
    return folder / "new" / "1"


def test_it_has_the_weights_and_the_card_of_the_version_that_it_is_made_from(renewed):
    old, new = versions.read_card(SHIPPED), versions.read_card(renewed)
    kept = [name for name in old if name not in ("date", "versions", "files", "exported_from")]
    assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
    assert "weights_sha256" in kept and "calibration" in kept
    assert versions.thresholds_of(new) == versions.thresholds_of(old)
    assert new["date"] > old["date"]
    assert new["exported_from"] == {
        "version": "7",
        "date": old["date"],
        "versions": old["versions"],
        "saved_model_sha256": old["files"]["saved_model.pb"],
    }
    assert set(new) == {*old, "exported_from"}


def test_it_predicts_bit_for_bit_as_the_version_that_it_is_made_from(renewed):
    assert len(SAMPLES) > 40
    with Predictor(SHIPPED) as one, Predictor(renewed) as other:
        assert one.threshold == other.threshold
        found = 0
        for old, new in zip(one.read(SAMPLES), other.read(SAMPLES), strict=True):
            assert (new.input, new.status, new.digit) == (old.input, old.status, old.digit)
            np.testing.assert_array_equal(new.probabilities, old.probabilities)
            found += old.digit is not None
    assert found > 40


@pytest.fixture(scope="module")
def resized(tmp_path_factory) -> Path:
    """A version of `tiny` with hidden layers of 12 and 8 units, as it was initialized."""
    folder = tmp_path_factory.mktemp("resized")
    graph, signatures = build_serving_graph(get_network("tiny", (12, 8)), Scaling(1.5, 1.2))
    with tf1.Session(graph=graph) as session, graph.as_default():
        session.run(tf1.global_variables_initializer())
        checkpoint = tf1.train.Saver().save(session, str(folder / "model.ckpt"))
    card = versions.read_card(SHIPPED)
    del card["weights_sha256"]
    card["calibration"] |= {"temperature": 1.5, "power": 1.2}
    card |= {"network": "tiny", "hidden": [12, 8]}
    with pytest.MonkeyPatch.context() as patch:
        leave_out_plots_and_litert(patch)
        return write.export(graph, signatures, checkpoint, folder / "SavedModel", card)


def test_hidden_sizes_and_scaling_are_those_of_the_card(resized, digits, tmp_path, renew, plotless):
    status, output, _ = renew(resized, tmp_path)
    assert status == 0
    assert str(tmp_path / "1") in output
    variables = dict(tf.train.list_variables(str(tmp_path / "1" / "variables" / "variables")))
    assert variables["dense_2/weights"] == [12, 8]
    with Predictor(resized) as one, Predictor(tmp_path) as other:
        expected, found = (each.predict(digits[1].images) for each in (one, other))
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert len(np.unique(found.probabilities)) > 1000


def test_of_a_folder_it_takes_the_highest_version_and_writes_the_next(resized, renew, plotless):
    folder = resized.parent
    for number in ("2", "3"):
        assert renew(folder, folder)[0] == 0
        assert versions.read_card(folder / number)["exported_from"]["version"] == str(
            int(number) - 1
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "resnet"}, "its network is not one that this project has (no network is "
                                "called 'resnet'; choose one of tiny, "),
        ({"network": ["tiny"]}, "its network is not one that this project has"),
        ({"hidden": [12]}, "tiny has 2 hidden layers"),
        ({"hidden": [12, 9]}, "its variables do not fit the network tiny: dense_2/bias should be "
                              "of shape [9], but is of shape [8]"),
        ({"network": "dense_batchnorm", "hidden": [12, 8, 8]}, "batch_norm_1/beta should be of "
                                                               "shape [8], but is missing"),
        ({"network": "sprint", "hidden": []}, "its variables do not fit the network sprint"),
        ({"calibration": {"temperature": 0, "power": 1, "thresholds": []}},
         "its card has no valid calibration (temperature cannot be 0)"),
        ({"weights_sha256": "0" * 64}, "these are not the weights of the card"),
        ({"files": 5}, "model_card.json: damaged, or written by another version of this project"),
    ],
)  # fmt: skip
def test_a_version_that_does_not_fit_is_one_clear_line(resized, tmp_path, renew, change, message):
    copy = shutil.copytree(resized, tmp_path / "1")
    change_json(copy / "model_card.json", **change)
    status, output, errors = renew(copy, tmp_path / "out")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(f"error: {copy}")
    assert message in errors
    assert not list(tmp_path.glob("out/*"))


def test_a_version_or_a_target_that_is_not_there_is_one_clear_line(resized, tmp_path, renew):
    (tmp_path / "file").touch()
    for version, folder, message in (
        (tmp_path / "9", tmp_path, f"error: {tmp_path / '9'}: no such model"),
        (resized, tmp_path / "file", "expected a folder to export to, found a file"),
    ):
        status, output, errors = renew(version, folder)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert message in errors
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_its_help_says_what_it_keeps(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    for word in (
        "--from VERSION",
        "--to DIR",
        "thresholds",
        "--quantize",
        "exported_from",
        "exit status",
    ):
        assert word in text


def test_without_its_converter_onnx_is_one_clear_line(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "nn.export.onnx", raising=False)
    folder = tmp_path / "onnx"
    assert main(["--from", str(SHIPPED), "--to", str(folder), "--format", "onnx"]) == 2
    told = capfd.readouterr().err
    assert (
        told
        == "error: this needs onnx, which is not installed: pip install -r requirements/onnx.txt\n"
    )
    assert not list(tmp_path.iterdir())
