"""A Predictor in a program: what it prints and sets; closed, pickled, in forked processes."""

import copy
import json
import os
import pickle

import numpy as np
import pytest
from conftest import ROOT, run_script

MODEL, THREE = ROOT / "SavedModel" / "1", ROOT / "samples" / "3_pen.webp"

# What the scripts set in the environment for their process.
SETTINGS = (
    "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TF_OVERRIDE_GLOBAL_THREADPOOL",
    "TF_USE_LEGACY_KERAS",
)  # fmt: skip

# What a program might do. Each child that does not answer within 60 s is reported as hanging.
PROGRAM = """
import json, multiprocessing, os, sys
said = {}
from nn import Predictor

def digits(predictor):
    return [reading.digit for reading in predictor.read(sys.argv[2])]

def new():
    with Predictor(sys.argv[1]) as predictor:
        return digits(predictor)

def attempt(name, use):
    try:
        said[name] = use()
    except Exception as error:
        said[name] = f"{type(error).__name__}: {error}"

def in_child(name, use):
    reading, writing = os.pipe()
    def run():
        attempt(name, use)
        os.write(writing, json.dumps(said).encode())
    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    if child.is_alive():
        child.kill()
        said[name] = "hangs"
    else:
        said.update(json.loads(os.read(reading, 10_000)))

in_child("forked before any session", new)
with Predictor(sys.argv[1]) as predictor:
    said["parent"] = digits(predictor)
    in_child("old in a fork", lambda: digits(predictor))
    in_child("old closed in a fork", predictor.close)
    in_child("new in a fork", new)
    said["parent afterwards"] = digits(predictor)
import tensorflow as tf
said["set"] = [name for name in sys.argv[3:] if name in os.environ]
said["verbosity"] = tf.compat.v1.logging.get_verbosity() < tf.compat.v1.logging.ERROR
print(json.dumps(said))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
def test_a_program_sees_no_notices_and_a_forked_process_is_told_to_spawn(tmp_path, monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)  # as in a user's shell
    folder = tmp_path / "Ziffern mit Ümläuten 数字"
    folder.mkdir()
    finished = run_script(
        "-c", PROGRAM, MODEL, THREE, *SETTINGS, cwd=folder, PYTHONWARNINGS="ignore"
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    spawn = (
        "RuntimeError: this process was forked from one that uses TensorFlow, whose threads a fork "
        "does not copy: it would hang; start the process with "
        "multiprocessing.get_context('spawn') instead, and make a Predictor there"
    )
    assert json.loads(finished.stdout) == {
        "forked before any session": [3],
        "parent": [3],
        "old in a fork": spawn,
        "old closed in a fork": None,
        "new in a fork": spawn,
        "parent afterwards": [3],
        "set": [],
        "verbosity": True,
    }


@pytest.fixture
def closed(shipped, monkeypatch):
    """A Predictor that is closed, as far as it knows; the one that tests share stays open."""
    monkeypatch.setattr(shipped._restored, "_is_closed", True)
    return shipped


@pytest.mark.parametrize(
    "use",
    [
        lambda predictor: predictor.read(THREE),
        lambda predictor: predictor.read_bytes([]),
        lambda predictor: predictor.read_numbers([]),
        lambda predictor: predictor.explain([]),
        lambda predictor: predictor.predict(np.zeros((1, 28, 28), np.uint8)),
        lambda predictor: next(predictor.read_csv(rows_of_pixels())),
    ],
)
def test_a_closed_predictor_says_what_to_do(closed, tmp_path, monkeypatch, use):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError) as caught:
        use(closed)
    assert str(caught.value) == (
        "the Predictor is closed; take all readings inside its `with` block, or make a new one"
    )


def rows_of_pixels() -> str:
    with open("rows.csv", "w") as file:
        file.write(",".join(["0"] * 784) + "\n")
    return "rows.csv"


def test_readings_that_are_taken_after_the_block_say_so():
    """As users forget that read is lazy."""
    from nn import Predictor

    with Predictor(MODEL) as predictor:
        readings = predictor.read([THREE])
    with pytest.raises(RuntimeError, match="take all readings inside its `with` block"):
        next(readings)
    predictor.close()  # twice does no harm


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_pickled_predictor_says_what_to_do(shipped, use):
    with pytest.raises(TypeError) as caught:
        use(shipped)
    assert str(caught.value) == (
        "a Predictor cannot be pickled: its model belongs to one process; make one in each: "
        f"Predictor({str(MODEL)!r})"
    )
