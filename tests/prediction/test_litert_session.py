"""LiteRT reads what TensorFlow reads, to a probability's last digit, and without TensorFlow."""

import json
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, RUN, change_json, load_in_this_process, run_script

from nn import Predictor
from nn.errors import ModelError
from nn.prediction.runtimes import AUTO, LITERT, TENSORFLOW
from nn.versions import CARD, LITERT_FILE, file_sha256

SHIPPED = ROOT / "SavedModel" / "1"
SAMPLES = [path for path in sorted(ROOT.glob("samples/*.*")) if path.suffix not in (".py", ".csv")]
# A probability in JSON; one below 0.0001 has an exponent.
SIX_DECIMALS = re.compile(r"\b[01]\.\d{5,6}\b|\b\d(?:\.\d)?e-0[56]\b")
# Stands for a machine without a package: then neither find_spec nor import finds it.
WITHOUT = "import sys\nsys.modules[{!r}] = None\n"


@pytest.fixture(scope="module")
def litert():
    with Predictor(SHIPPED, runtime=LITERT) as predictor:
        yield predictor


@pytest.mark.parametrize(
    "options",
    [["samples/"], ["samples/", "--json"], ["samples/numbers/", "--number", "--json"],
     ["samples/", "--labels", "samples/labels.csv", "--max-error", "0.2%", "--top", "3"]],
    ids=["table", "json", "numbers", "labels"],
)  # fmt: skip
def test_both_runtimes_print_the_same(options):
    # The readings of a sample differ by 2e-7 at most: now and then that rounds a probability's last
    # digit the other way.
    one, other = (
        load_in_this_process(*options, "--runtime", each) for each in (LITERT, TENSORFLOW)
    )
    assert one.returncode == other.returncode == 0
    probabilities = [np.array(SIX_DECIMALS.findall(each.stdout), float) for each in (one, other)]
    np.testing.assert_allclose(*probabilities, rtol=0, atol=1.01e-6)
    assert SIX_DECIMALS.sub("", one.stdout) == SIX_DECIMALS.sub("", other.stdout)
    assert one.stderr.replace("in LiteRT", "in a TensorFlow session") == other.stderr


def test_both_runtimes_draw_the_same_pages(tmp_path):
    for runtime in (LITERT, TENSORFLOW):
        finished = load_in_this_process(
            "samples/5_form.jpg", "samples/9_far.jpg", "--explain", tmp_path / runtime,
            "--runtime", runtime,
        )  # fmt: skip
        assert finished.returncode == 0
    pages = sorted(path.name for path in (tmp_path / LITERT).iterdir())
    assert len(pages) == 3
    for name in pages:
        assert (tmp_path / LITERT / name).read_bytes() == (
            tmp_path / TENSORFLOW / name
        ).read_bytes()


def test_a_process_reads_without_tensorflow_and_without_a_word_of_litert():
    finished = run_script("-c", RUN, "samples/3_pen.webp", "--json", "--runtime", LITERT)
    line, imported = finished.stdout.splitlines()
    assert json.loads(line)["digit"] == 3
    assert "ai_edge_litert" in imported.split()
    assert not {"tensorflow", "scipy", "matplotlib", "tqdm"} & set(imported.split())
    first, *others = finished.stderr.splitlines()
    assert first.startswith("Model SavedModel/1 in LiteRT: flagship, ")
    assert len(others) == 1  # of the threshold: what LiteRT says of its kernels is left out


def test_where_tensorflow_is_not_installed_the_script_says_so_and_reads():
    finished = run_script("-c", WITHOUT.format("tensorflow") + RUN, "samples/3_pen.webp", "--json")
    assert json.loads(finished.stdout.splitlines()[0])["digit"] == 3
    first, second, _ = finished.stderr.splitlines()
    assert first == "TensorFlow is not installed: LiteRT reads instead"
    assert second.startswith("Model SavedModel/1 in LiteRT: ")


def test_a_runtime_that_is_not_installed_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(ModelError, match=r"^the runtime litert is not installed; install it: pip "):
        Predictor(SHIPPED, runtime=LITERT)
    finished = load_in_this_process("samples/3_pen.webp", "--runtime", LITERT)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: the runtime litert is not installed; ")


def test_auto_takes_litert_where_it_can(monkeypatch, copied_version):
    with Predictor(SHIPPED, runtime=AUTO) as predictor:
        assert predictor.runtime == LITERT
    finished = load_in_this_process("samples/3_pen.webp", "--runtime", AUTO)
    assert finished.stderr.startswith("Model SavedModel/1 in LiteRT: ")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ai_edge_litert", None)
        finished = load_in_this_process("samples/3_pen.webp", "--runtime", AUTO)
    assert finished.stderr.startswith("Model SavedModel/1 in a TensorFlow session: ")
    change_card(copied_version, lambda files: files.pop(LITERT_FILE))
    (copied_version / LITERT_FILE).unlink()
    with Predictor(copied_version, runtime=AUTO) as predictor:
        assert predictor.runtime == TENSORFLOW


def test_auto_takes_tensorflow_for_so_many_pictures_that_it_makes_up_for_its_start(monkeypatch):
    monkeypatch.setattr("nn.prediction.runtimes.MAX_PICTURES_OF_LITERT", 1)
    pictures = ["samples/3_pen.webp", "samples/7_pencil.jpg"]
    for count, place in ((1, "in LiteRT"), (2, "in a TensorFlow session")):
        finished = load_in_this_process(*pictures[:count], "--runtime", AUTO)
        assert finished.stderr.startswith(f"Model SavedModel/1 {place}: ")


def test_there_are_no_other_runtimes():
    with pytest.raises(
        ValueError, match="expected a runtime of tensorflow, litert, auto, found 'x'"
    ):
        Predictor(SHIPPED, runtime="x")


@pytest.fixture
def copied_version(tmp_path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "1"))


def change_card(version: Path, change) -> None:
    """Changes the files that the card of a version lists."""
    files = json.loads((version / CARD).read_text())["files"]
    change(files)
    change_json(version / CARD, files=files)


def test_an_older_version_says_how_to_write_it_anew(copied_version):
    change_card(copied_version, lambda files: files.pop(LITERT_FILE))
    (copied_version / LITERT_FILE).unlink()
    message = r"1: an older model without digits\.tflite; to write it anew: python -m nn\.export "
    with pytest.raises(ModelError, match=message):
        Predictor(copied_version, runtime=LITERT)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:999] + b"x" + b[1000:]])
def test_a_damaged_file_is_not_read(copied_version, damage):
    file = copied_version / LITERT_FILE
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ModelError, match=r"digits\.tflite: damaged \(its SHA-256 differs from the"):
        Predictor(copied_version, runtime=LITERT)


def test_a_file_that_is_no_model_cannot_be_restored(copied_version):
    file = copied_version / LITERT_FILE
    file.write_bytes(b"no model")
    change_card(copied_version, lambda files: files.update({LITERT_FILE: file_sha256(file)}))
    with pytest.raises(ModelError, match=r"1/digits\.tflite: cannot be restored \("):
        Predictor(copied_version, runtime=LITERT)


def test_threads_read_side_by_side(litert):
    expected = [(each.digit, each.probability) for each in litert.read(SAMPLES)]

    def read(_: int) -> list[tuple]:
        return [(each.digit, each.probability) for each in litert.read(SAMPLES, batch_size=5)]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(read, range(8)):
            assert [digit for digit, _ in found] == [digit for digit, _ in expected]
            assert [p for _, p in found] == pytest.approx([p for _, p in expected], abs=1e-5)


def test_large_batches_of_rows_are_predicted_as_in_tensorflow(litert, shipped, digits):
    images = digits[0].images
    one, other = litert.predict(images), shipped.predict(images)
    assert (one.digits == other.digits).all()
    assert abs(one.probabilities - other.probabilities).max() < 1e-5


FORKS = """
import multiprocessing, sys
from nn import Predictor
from nn.prediction.runtimes import LITERT

def answer(make, answers):
    try:
        answers.put([reading.digit for reading in make().read(["samples/3_pen.webp"])])
    except RuntimeError as error:
        answers.put(str(error))

old = Predictor(runtime=LITERT)
fork = multiprocessing.get_context("fork")
for make in (lambda: old, lambda: Predictor(runtime=LITERT)):
    answers = fork.SimpleQueue()
    process = fork.Process(target=answer, args=(make, answers))
    process.start()
    process.join(60)
    print(answers.get())
print([reading.digit for reading in old.read(["samples/3_pen.webp"])])
"""


def test_in_a_forked_process_a_new_predictor_reads_and_an_old_one_says_why_not():
    finished = run_script("-c", FORKS)
    assert (finished.returncode, finished.stderr) == (0, "")
    old, new, parent = finished.stdout.splitlines()
    assert old.startswith("this process was forked after the Predictor was made, and a fork does ")
    assert old.endswith("make a Predictor in each process")
    assert new == parent == "[3]"


def test_a_closed_predictor_reads_no_more():
    with Predictor(SHIPPED, runtime=LITERT) as predictor:
        pass
    with pytest.raises(RuntimeError, match="the Predictor is closed"):
        predictor.read(SAMPLES)
