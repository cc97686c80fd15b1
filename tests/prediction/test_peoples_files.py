"""Files like those that people bring, in a folder with a name such as people choose."""

import csv
import json
from pathlib import Path

import pytest
from conftest import MNIST, ROOT, load, run_script

MAKER = ROOT.parent / "shared" / "reports" / "make_inputs.py"


@pytest.fixture(scope="module")
def files(tmp_path_factory, mnist_folder) -> Path:
    """The files, made from MNIST's test digits."""
    if not MAKER.exists():
        pytest.skip("the maker of these files is not here")
    folder = tmp_path_factory.mktemp("Eingaben von Zoë") / "neue Bilder"
    finished = run_script(MAKER, folder, cwd=MNIST.parent)
    assert finished.returncode == 0, finished.stderr
    return folder


def test_each_is_read_or_doubted_from_another_folder(files):
    # The one process reads them all, as a user's first command does; a second page too.
    second = files / "two_pages.tiff#2"
    finished = load(files, second, "--json", "--model", ROOT / "SavedModel" / "1", cwd=files.parent)
    assert finished.returncode == 0, finished.stderr
    found = {Path(row["input"]).name: row for row in map(json.loads, finished.stdout.splitlines())}
    with open(files / "truth.csv", newline="") as file:
        holds = {row["file"]: row["holds"] for row in csv.DictReader(file)}
    assert found.keys() == holds.keys() | {second.name}
    # A hand that the model does not know is right, or not sure.
    for name in holds:
        if name.startswith("style_"):
            assert found[name]["status"] == "unsure" or str(found[name]["digit"]) == holds[name]
    # Several digits are never a sure answer, and a line says how to read them.
    several = [name for name in holds if name.startswith(("rows_", "number_", "mark_"))]
    assert all(found[name]["status"] == "unsure" for name in several)
    assert "pictures may hold several digits: --number reads them" in finished.stderr
    assert f"{files / 'two_pages.tiff'}: holds 2 pages; the first is read" in finished.stderr
    assert found["two_pages.tiff#2"]["digit"] == found["cell_digit.png"]["digit"]
    assert "1 file was not read: 1 has an unknown extension (.csv)" in finished.stderr


def test_numbers_on_forms_pages_and_in_dates_are_read(files):
    names = [*files.glob("number_*"), *files.glob("rows_*"), *files.glob("mark_*")]
    finished = load(*names, "--number", "--json", "--model", ROOT / "SavedModel" / "1")
    assert finished.returncode == 0, finished.stderr
    found = {Path(row["input"]).name: row for row in map(json.loads, finished.stdout.splitlines())}
    with open(files / "truth.csv", newline="") as file:
        holds = {row["file"]: row["holds"] for row in csv.DictReader(file)}
    for name, row in found.items():
        text = holds[name].replace("/", "\n") if name.startswith("rows_") else holds[name]
        if name == "rows_two.png":  # a four of two strokes far apart is read as two digits
            assert row["number"].startswith("0123456789\n01"), row
        elif name == "number_comb_empty.png":  # the wall beside the first digit is read as a slash
            assert (row["status"], row["reason"]) == ("unsure", f"may also be {text}"), row
        else:
            assert row["number"] == text, row
        assert row["status"] == "unsure" or row["number"] == text, row
    # A sign before the first digit is unsure, although it is read.
    assert found["mark_minus.png"]["status"] == "unsure"
    sure = [name for name, row in found.items() if row["status"] == "ok"]
    assert {"number_nobox.png", "mark_dashes.png"} <= {*sure}
