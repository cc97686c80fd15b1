"""A batch shared out among the processors: nothing is lost, all work at once."""

import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, run_script

from nn.networks.inference import build_inference_graph
from nn.networks.registry import get_network
from nn.prediction.predictor import Predictor
from nn.prediction.session import multiply_adds
from nn.runtime import processors
from nn.runtime.processors import MOST, Workers


@pytest.fixture
def with_processors(monkeypatch):
    """Workers as on a machine with so many."""
    made = []

    def make(count: int) -> Workers:
        monkeypatch.setattr(processors, "processors", lambda: count)
        made.append(Workers())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("processors", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100, 2 * MOST + 1, 5000])
def test_each_gets_its_own_answer_in_order(with_processors, processors, count):
    sizes = []

    def run(numbers, sides):
        sizes.append(len(numbers))
        return numbers * 10 + sides, sides.astype(str)

    share = with_processors(processors).share(run, least=4)
    numbers, sides = np.arange(count), np.arange(count) % 3
    totals, names = share(numbers, sides)
    np.testing.assert_array_equal(totals, numbers * 10 + sides)
    np.testing.assert_array_equal(names, sides.astype(str))
    assert sum(sizes) == count and max(sizes) <= MOST
    assert len(sizes) == 1 or min(sizes) >= 4


def test_parts_run_at_once_the_callers_too(with_processors):
    together = threading.Barrier(3)
    threads = set()

    def run(numbers):
        together.wait(timeout=60)  # fails where one waits for another to end
        threads.add(threading.get_ident())
        return (numbers,)

    with_processors(3).share(run, least=1)(np.arange(30))
    assert len(threads) == 3 and threading.get_ident() in threads


def test_what_goes_wrong_in_one_part_is_raised(with_processors):
    def run(numbers):
        if 29 in numbers:
            raise OSError("the last one")
        return (numbers,)

    with pytest.raises(OSError, match="the last one"):
        with_processors(2).share(run, least=1)(np.arange(30))


@pytest.mark.parametrize("least", [1, 100])
def test_what_is_asked_after_the_end_is_answered_by_the_caller(with_processors, least):
    closed = with_processors(2)
    closed.close()
    (answer,) = closed.share(lambda numbers: (numbers + 1,), least)(np.arange(30))
    np.testing.assert_array_equal(answer, np.arange(1, 31))


@pytest.mark.parametrize(
    ("quota", "count"), [("100000 100000", 1), ("1 100000", 1), ("max 100000", None), ("", None),
                         ("900000000 100000", None), (None, None)],
)  # fmt: skip
def test_a_container_uses_what_it_is_allowed(quota, count, tmp_path):
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota + "\n")
    assert processors.processors(file) == (count or processors.processors(tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dense", 784 * 256 + 256 * 128 + 1280),
     # 3×3 from 1 to 32 at 26×26 places, from 32 to 64 at 11×11.
     ("basic_cnn", 26 * 26 * 288 + 11 * 11 * 18_432 + 1600 * 128 + 1280)],
)  # fmt: skip
def test_multiply_adds_are_those_of_one_image(name, expected):
    graph = build_inference_graph(get_network(name))
    outputs = [graph.get_tensor_by_name(each) for each in ("digits:0", "probabilities:0")]
    assert multiply_adds(outputs) == expected  # what both come from counts once


@pytest.fixture(scope="module")
def shipped() -> Path:
    return ROOT / "SavedModel" / "1"


# Half a millisecond of work takes `dense` 86 images, and `flagship`, at 7.6 million, 3.
@pytest.mark.parametrize(("which", "enough"), [("model", 86), ("shipped", 3)])
def test_a_batch_is_handed_over_where_its_parts_are_worth_it(which, enough, request, monkeypatch):
    version, sizes = request.getfixturevalue(which), []  # trained before anything is patched

    def run_in_turn(run, arrays, original=processors._run_in_turn):
        sizes.append(len(arrays[0]))
        return original(run, arrays)

    monkeypatch.setattr(processors, "processors", lambda: 2)
    monkeypatch.setattr(processors, "_run_in_turn", run_in_turn)
    images = np.random.default_rng(0).integers(0, 256, (2 * enough, 28, 28), np.uint8)
    with Predictor(version) as predictor:
        alone = predictor.predict(images[:-1])
        assert sizes == [2 * enough - 1]
        shared = predictor.predict(images)
        assert sizes[1:] == [enough, enough]
    np.testing.assert_allclose(shared.probabilities[:-1], alone.probabilities, atol=1e-5)


# Threads of this process before and after another session with three for each op.
BESIDE = """
import os
os.environ.pop("TF_OVERRIDE_GLOBAL_THREADPOOL", None)  # another test's
import numpy as np, tensorflow as tf
from nn import Predictor
with Predictor("SavedModel/1") as predictor:
    predictor.predict(np.zeros((64, 28, 28), np.uint8))
    before = len(os.listdir("/proc/self/task"))
    with tf.Graph().as_default():
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=3)
        with tf.compat.v1.Session(config=config) as session:
            session.run(tf.constant(1))
            print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
def test_a_training_beside_a_predictor_has_threads_of_its_own():
    finished = run_script("-c", BESIDE, cwd=ROOT)
    assert finished.stdout.split() == ["3"], finished.stderr
