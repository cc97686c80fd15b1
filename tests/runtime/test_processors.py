"""A batch that is split among the processors: nothing is lost, all work at the same time."""

import os
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, run_script

from nn.networks.inference import build_inference_graph
from nn.networks.registry import get_network
from nn.prediction.predictor import Predictor
from nn.prediction.tensorflow_session import multiply_adds
from nn.runtime import processors
from nn.runtime.processors import MAX_PART_ROWS, ProcessorPool
from nn.runtime.sessions import FLOAT32, training_session_config


@pytest.fixture
def with_processors(monkeypatch):
    """Makes a pool as on a machine with a given number of processors."""
    made = []

    def make(count: int) -> ProcessorPool:
        monkeypatch.setattr(processors, "available_processors", lambda: count)
        made.append(ProcessorPool())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("processors", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100, 2 * MAX_PART_ROWS + 1, 5000])
def test_each_gets_its_own_answer_in_order(with_processors, processors, count):
    sizes = []

    def run(numbers, sides):
        sizes.append(len(numbers))
        return numbers * 10 + sides, sides.astype(str)

    run_split = with_processors(processors).split_batches(run, min_part_rows=4)
    numbers, sides = np.arange(count), np.arange(count) % 3
    totals, names = run_split(numbers, sides)
    np.testing.assert_array_equal(totals, numbers * 10 + sides)
    np.testing.assert_array_equal(names, sides.astype(str))
    assert sum(sizes) == count and max(sizes) <= MAX_PART_ROWS
    assert len(sizes) == 1 or min(sizes) >= 4


def test_a_pool_of_one_leaves_the_other_processors_alone(with_processors):
    with_processors(8)
    sizes = []

    def run(numbers):
        sizes.append(len(numbers))
        return (numbers,)

    with closing(ProcessorPool(1)) as pool:
        pool.split_batches(run, min_part_rows=1)(np.arange(30))
    assert sizes == [30]


def test_parts_run_at_once_the_callers_too(with_processors):
    together = threading.Barrier(3)
    threads = set()

    def run(numbers):
        together.wait(timeout=60)  # fails where one waits for another to end
        threads.add(threading.get_ident())
        return (numbers,)

    with_processors(3).split_batches(run, min_part_rows=1)(np.arange(30))
    assert len(threads) == 3 and threading.get_ident() in threads


def test_what_goes_wrong_in_one_part_is_raised(with_processors):
    def run(numbers):
        if 29 in numbers:
            raise OSError("the last one")
        return (numbers,)

    with pytest.raises(OSError, match="the last one"):
        with_processors(2).split_batches(run, min_part_rows=1)(np.arange(30))


@pytest.mark.parametrize("min_part_rows", [1, 100])
def test_after_closing_the_caller_does_the_work(with_processors, min_part_rows):
    closed = with_processors(2)
    closed.close()
    run_split = closed.split_batches(lambda numbers: (numbers + 1,), min_part_rows)
    (answer,) = run_split(np.arange(30))
    np.testing.assert_array_equal(answer, np.arange(1, 31))


@pytest.mark.parametrize(
    ("quota", "count"), [("100000 100000", 1), ("1 100000", 1), ("max 100000", None), ("", None),
                         ("900000000 100000", None), (None, None)],
)  # fmt: skip
def test_a_container_uses_what_it_is_allowed(quota, count, tmp_path):
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota + "\n")
    unlimited = processors.available_processors(tmp_path / "none")
    assert processors.available_processors(file) == (count or unlimited)


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

    def split_batches(pool, run, *limits, original=ProcessorPool.split_batches):
        def counted(*arrays):
            sizes.append(len(arrays[0]))
            return run(*arrays)

        return original(pool, counted, *limits)

    monkeypatch.setattr(processors, "available_processors", lambda: 2)
    monkeypatch.setattr(ProcessorPool, "split_batches", split_batches)
    images = np.random.default_rng(0).integers(0, 256, (2 * enough, 28, 28), np.uint8)
    with Predictor(version) as predictor:
        alone = predictor.predict(images[:-1])
        assert sizes == [2 * enough - 1]
        shared = predictor.predict(images)
        assert sizes[1:] == [enough, enough]
    np.testing.assert_allclose(shared.probabilities[:-1], alone.probabilities, atol=1e-5)


# Prints how many threads another session, with three for each op, adds to those of a Predictor.
BESIDE = """
import os
from nn.runtime.startup import import_tensorflow
import_tensorflow()
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


def test_the_library_leaves_the_environment_alone(shipped, monkeypatch):
    monkeypatch.delenv("TF_OVERRIDE_GLOBAL_THREADPOOL", raising=False)
    before = dict(os.environ)
    with Predictor(shipped) as predictor:
        predictor.predict(np.zeros((1, 28, 28), np.uint8))
    training_session_config(FLOAT32, towers=2)
    assert dict(os.environ) == before
