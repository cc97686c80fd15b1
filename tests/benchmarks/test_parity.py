"""The comparison of runtimes: it notices what differs, and the page shows the committed results."""

import json

import numpy as np
import pytest
from conftest import ROOT

from apps.draw import browser, litert_js
from benchmarks import result_files, tables
from benchmarks.parity import __main__ as command
from benchmarks.parity import app_runtimes, inputs, needs
from benchmarks.parity.__main__ import measure, write_inputs
from benchmarks.parity.compare import MAX_DISTANCE, Answers, compare
from benchmarks.parity.runtimes import RUNTIMES, from_file, session
from nn.confidence.thresholds import choose, least_probability
from nn.data.digits import NO_DIGIT
from nn.errors import UserError
from nn.pictures.sources import as_source
from nn.versions import thresholds_of

LEAST = 0.99
NAMES = ["a", "b", "c", "d"]


def outputs(*sureness: float) -> dict[str, np.ndarray]:
    """Answers of 0, 1, 2 and so on, with these probabilities."""
    count = len(sureness)
    shares = np.repeat((1 - np.array(sureness, np.float32))[:, None] / 9, 10, 1)
    shares[np.arange(count), np.arange(count)] = sureness
    return {"digits": np.arange(count), "probabilities": shares}


REFERENCE = Answers.of(outputs(0.999, 0.98, 0.99005, 0.6))


def test_a_server_that_does_not_start_says_why():
    said = ["a warning\n", "error: SavedModel/9: no such version\n"]
    with pytest.raises(UserError, match=r"a warning\nerror: SavedModel/9: no such version$"):
        app_runtimes.address_of_server(said)
    started = [*said[:1], "Serving on http://127.0.0.1:40321\n", *said[1:]]
    assert app_runtimes.address_of_server(started) == "http://127.0.0.1:40321"


def test_equal_answers_agree():
    found = compare(NAMES, REFERENCE, REFERENCE, LEAST)
    assert (found.inputs, found.digits, found.statuses, found.largest) == (4, 0, 0, 0)
    assert found.agrees()


def test_a_wrong_digit_is_noticed_however_sure_it_is():
    other = outputs(0.999, 0.98, 0.99005, 0.6)
    other["digits"][3] = 7
    found = compare(NAMES, REFERENCE, Answers.of(other), LEAST)
    assert (found.digits, found.statuses, found.largest) == (1, 0, 0)
    (one,) = found.different
    assert (one.name, one.digits, one.statuses) == ("d", (3, 7), ("unsure", "unsure"))
    assert not found.agrees()


@pytest.mark.parametrize(
    ("sureness", "name", "agrees"),
    [
        ((0.999, 0.98, 0.98995, 0.6), "c", True),  # the reference is 0.00005 above the threshold
        ((0.9899, 0.98, 0.99005, 0.6), "a", False),
        ((0.999, 0.9901, 0.99005, 0.6), "b", False),
    ],
)
def test_another_status_is_permitted_only_close_to_the_threshold(sureness, name, agrees):
    found = compare(NAMES, REFERENCE, Answers.of(outputs(*sureness)), LEAST)
    assert (found.digits, found.statuses) == (0, 1)
    (one,) = found.different
    place = NAMES.index(name)
    assert one.name == name
    assert one.probabilities == pytest.approx((REFERENCE.sureness()[place], sureness[place]))
    assert one.distance == pytest.approx(abs(one.probabilities[0] - LEAST))
    assert (one.distance <= MAX_DISTANCE) == agrees
    assert found.agrees() == agrees


def test_the_largest_difference_of_all_ten_probabilities_is_found():
    other = outputs(0.999, 0.98, 0.99005, 0.6)
    other["probabilities"][1, 5] += 0.25
    found = compare(NAMES, REFERENCE, Answers.of(other), LEAST)
    assert found.largest == pytest.approx(0.25)
    assert (found.digits, found.statuses) == (0, 0)


def test_a_picture_without_ink_is_another_digit_and_is_unsure():
    without = outputs(0.999, 0.98, 0.99005, 0.6) | {"reason_codes": np.array([1, 0, 0, 0])}
    found = compare(NAMES, REFERENCE, Answers.of(without), LEAST)
    assert (found.digits, found.statuses) == (1, 1)
    (one,) = found.different
    assert (one.digits, one.probabilities[1]) == ((0, NO_DIGIT), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"probabilities": np.ones((4, 9))},
        {"probabilities": np.full((4, 10), np.nan)},
        {"reason_codes": np.zeros(3, int)},
    ],
)
def test_other_shapes_and_values_that_are_not_finite_are_refused(change):
    with pytest.raises(ValueError, match="expected"):
        Answers.of(outputs(0.999, 0.98, 0.99005, 0.6) | change)


def test_a_missing_answer_is_an_error():
    with pytest.raises(ValueError, match="expected 4 answers, found 4 and 3"):
        compare(NAMES, REFERENCE, Answers.of(outputs(0.999, 0.98, 0.99)), LEAST)


@pytest.fixture(scope="module")
def certified(shipped, digits):
    """The sets of a few inputs, the reference's answers, and the least probability of `ok`."""
    samples = [
        as_source(ROOT / "samples" / name) for name in ("3_pen.webp", "8_small.png", "9_far.jpg")
    ]
    with session(shipped.version) as reference:
        sets = [inputs.rows("digits", digits[1][:30]), *inputs.looks("samples", samples, reference)]
        expected = [Answers.of(each.run(reference)) for each in sets]
    return sets, expected, least_probability(choose(thresholds_of(shipped.card), None), None)


def test_litert_agrees_with_the_session_on_rows_canvases_and_pages(shipped, certified):
    sets, expected, least = certified
    assert [(each.name, each.signature) for each in sets] == [
        ("digits", "serving_default"), ("samples", "canvases"), ("samples_pages", "pages"),
    ]  # fmt: skip
    assert 0 < len(sets[2]) < len(sets[1]) == 3
    runtimes = {name: RUNTIMES[name] for name in ("session one by one", "Predictor in LiteRT")}
    rows = list(measure(shipped.version, sets, expected, runtimes, least))
    assert [(runtime, name) for runtime, name, _ in rows] == [
        (runtime, each.name) for runtime in runtimes for each in sets
    ]
    for (_, _, row), each in zip(rows, [*sets, *sets], strict=True):
        assert row.inputs == len(each)
        assert row.digits == 0
        assert row.agrees()
        assert row.largest < 1e-4


def test_what_is_missing_is_named_before_anything_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    monkeypatch.setattr(litert_js, "NODE_MODULES", tmp_path)
    monkeypatch.setattr(browser, "CHROMIUM", str(tmp_path / "chromium"))
    monkeypatch.setattr(command, "certify", None)
    monkeypatch.setattr("sys.argv", ["parity"])
    assert command.main() == 2
    output, errors = capsys.readouterr()
    found = dict(line.split(" is missing ") for line in errors.splitlines())
    of_litert = "(Predictor in LiteRT, page in Chromium, server): make install"
    assert found.pop("error: the package ai_edge_litert") == of_litert
    assert found.pop("error: the package tf2onnx") == "(ONNX Runtime): make install-apps"
    assert found.pop("error: the package uvicorn") == "(server): make install-serve"
    assert found.pop("error: LiteRT.js") == "(page in Chromium): make install-draw"
    assert len(found) == 6  # five more packages, and Chromium
    assert not output


def test_a_runtime_is_not_asked_for_what_others_need(monkeypatch):
    monkeypatch.setattr(needs, "find_spec", lambda name: name != "tf2onnx" or None)
    assert not [*needs.missing({"LiteRT": (needs.LITERT,)})]


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_answers_of_another_process_are_compared(shipped, certified, tmp_path, suffix):
    sets, expected, least = certified
    write_inputs(tmp_path / "pixels", sets)
    given = np.load(tmp_path / "pixels" / "digits.npz")
    assert str(given["signature"]) == "serving_default"
    np.testing.assert_array_equal(given["images"], sets[0].arrays["images"])
    with session(shipped.version) as run:
        found = run("serving_default", {"images": given["images"]})
    found["digits"][4] = (found["digits"][4] + 1) % 10
    file = tmp_path / f"answers{suffix}"
    if suffix == ".json":
        lists = {name: array.tolist() for name, array in found.items()}
        file.write_text(json.dumps({"digits": lists}))
    else:
        np.savez(file, **{f"digits/{name}": array for name, array in found.items()})
    rows = list(measure(shipped.version, sets, expected, {"file": from_file(file)}, least))
    ((_, name, row),) = rows  # the file has no pictures
    assert (name, row.inputs, row.digits) == ("digits", 30, 1)
    assert row.different[0].name == "digits:5"


def test_a_file_without_answers_to_any_set_is_an_error(shipped, certified, tmp_path):
    sets, expected, least = certified
    (tmp_path / "answers.json").write_text('{"digit": {}}')
    runtimes = {"mine": from_file(tmp_path / "answers.json")}
    with pytest.raises(UserError, match="mine: expected answers to one of digits, samples, sam"):
        list(measure(shipped.version, sets, expected, runtimes, least))


def test_the_page_shows_the_committed_table(shipped):
    found = result_files.read(result_files.PARITY)
    assert found["weights_sha256"] == shipped.card["weights_sha256"]
    page = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    hint = "not up to date; this prints its table: python -m benchmarks.tables"
    assert tables.parity() in page, hint
    assert all(row["digits"] == 0 and row["agrees"] for row in found["rows"])
