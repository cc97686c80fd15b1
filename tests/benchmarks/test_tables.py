"""The tables of docs/accuracy.md, docs/handwriting.md and README are those of the result files."""

import json

import pytest
from conftest import ROOT

from benchmarks import calibration, result_files, tables
from nn.networks.fixed_weights import load_weights, weights_file, weights_sha256
from nn.runs.outcomes import by_network, read_outcomes, spread

HINT = "not up to date; this prints its tables: python -m benchmarks.tables"


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> dict:
    return json.loads((ROOT / "SavedModel/1/model_card.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", [tables.all_digits, tables.compared])
def test_the_page_of_accuracy_shows_the_committed_tables(table):
    assert table() in page("docs/accuracy.md"), HINT


def test_the_page_of_accuracy_shows_the_committed_thresholds_and_figures(shipped):
    accuracy, found = page("docs/accuracy.md"), result_files.read(result_files.CALIBRATION)
    assert found["weights_sha256"] == shipped["weights_sha256"]
    rows = [row.replace("| 0.1% |", "| 0.1%, the default |") for row in tables.calibration()]
    assert len(rows) == 4
    assert "\n".join(rows) in accuracy, HINT
    digits, wrong = found["digits"], found["wrong"]
    assert f"It reads {digits - wrong:,} of the {digits:,} test digits right" in accuracy
    assert f"is {found['calibration_error']:.2%}" in accuracy
    assert f"would have {found['calibration_error_if_always_sure']:.2%}" in accuracy
    assert f"cross-entropy is {found['cross_entropy_nats']:.4f} nats" in accuracy
    (surest,) = (row for row in found["surest"] if row["answered"] == 9_930)
    assert f"its 9,930 surest answers {surest['wrong']} are wrong" in accuracy
    (usual,) = (row for row in found["thresholds"] if row["max_error"] == 0.001)
    assert f"sure of {usual['answered']:,} test digits, and {usual['wrong']} of" in page(
        "README.md"
    )


def test_the_page_of_own_digits_shows_the_committed_table():
    assert tables.own_hand() in page("docs/own_digits.md"), HINT


def test_the_page_of_handwriting_shows_the_committed_tables(shipped):
    handwriting = page("docs/handwriting.md")
    found = result_files.read(result_files.HANDWRITING)
    assert (found["weights_sha256"], found["split"]) == (shipped["weights_sha256"], "test")
    for table in tables.handwriting():
        assert table in handwriting, HINT


def test_the_page_of_handwriting_shows_the_committed_numbers(shipped):
    found = result_files.read(result_files.NUMBERS)
    assert (found["weights_sha256"], found["split"]) == (shipped["weights_sha256"], "test")
    assert tables.numbers() in page("docs/handwriting.md"), HINT


@pytest.mark.parametrize("network", ["finder", "rows"])
def test_the_page_of_handwriting_names_the_weights_in_the_repository(network, shipped):
    sha256 = weights_sha256(load_weights(weights_file(network)))
    assert f"`{sha256}`" in page("docs/handwriting.md")
    assert shipped[f"{network}_sha256"] == sha256


@pytest.mark.parametrize("name", ["flagship", "compact", "sprint"])
def test_readme_shows_the_committed_accuracies(name):
    rows = by_network(read_outcomes(result_files.ALL_DIGITS))[name]
    accuracy = spread([100 * row.accuracy for row in rows], 2)
    seconds = spread([row.seconds for row in rows], 0)
    (line,) = (line for line in page("README.md").splitlines() if line.startswith(f"| `{name}`, "))
    assert line.endswith(f"| {rows[0].parameters:,} | {accuracy} | {seconds} |")


def test_readme_shows_the_committed_handwriting():
    readme = " ".join(page("README.md").split())
    rows = result_files.read(result_files.HANDWRITING)["digits"].values()
    total = {name: sum(row[name] for row in rows) for name in next(iter(rows))}
    pictures = total["pictures"]
    assert f"| this project | {total['right'] / pictures:.1%} |" in readme
    assert f"only shrunk to 28×28 | {total['shrunk'] / pictures:.0%} |" in readme
    assert f"where the paper is light | {total['inverted'] / pictures:.0%} |" in readme
    sure = 1 - total["unsure"] / pictures
    wrong = total["sure_and_wrong"]
    assert f"sure of {sure:.1%} of its {pictures:,} answers, and {wrong} of these" in readme
    others = result_files.read(result_files.HANDWRITING)["no_digit"].values()
    answered = sum(row["answered"] for row in others) / sum(row["pictures"] for row in others)
    assert f"show no digit, it is sure of {answered:.1%}" in readme


def test_the_terminal_shows_the_figures_of_a_calibration():
    found = {
        "digits": 1_000, "wrong": 32, "cross_entropy_nats": 0.0114, "calibration_error": 0.0004,
        "calibration_error_if_always_sure": 0.032,
        "thresholds": [{"max_error": 0.001, "probability": 0.9953, "answered": 900, "wrong": 3}],
        "surest": [{"answered": 500, "wrong": 1}],
    }  # fmt: skip
    shown = list(calibration.lines(found))
    assert shown[1].split() == ["wrong", "32", "3.200%"]
    assert shown[5].split() == ["0.10%", "99.530%", "90.00%", "3", "of", "900"]
    assert shown[7].split() == ["50.0%", "1", "of", "500", "0.200%"]
