"""load_saved_model.py as users run it, and what the Predictor beneath it promises."""

import csv
import hashlib
import itertools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, RUN, change_json, load, load_in_this_process, run_script
from PIL import Image, ImageFilter

from nn.confidence.thresholds import percent_rounded_down
from nn.data import bundled
from nn.errors import DataError, UserError
from nn.pictures.formats import EXTENSIONS
from nn.prediction import inputs
from nn.prediction.labels import Labels
from nn.prediction.output import Table
from nn.prediction.predictor import Predictor
from nn.prediction.readings import Reading
from nn.runtime import sealed_json
from nn.training.evaluation import confusion_matrix
from nn.versions import find_version

FIELDS = ["input", "status", "digit", "probability", "probabilities", "reason"]
SAMPLES = ROOT / "samples"
SEVEN, THREE, TWO = (SAMPLES / name for name in ("7_pencil.jpg", "3_pen.webp", "2_marker.png"))


# What several tests share: processes that have ended, and the script within this process.


@pytest.fixture(scope="module")
def labelled(model, tmp_path_factory):
    """The samples with JSON, labels and a CSV file: (what the script said, the CSV file)."""
    table = tmp_path_factory.mktemp("labelled") / "results.csv"
    finished = load_in_this_process(
        "samples", "--model", model, "--json", "--labels", "samples/labels.csv", "--csv", table
    )
    return finished, table


@pytest.fixture(scope="module")
def ran(model):
    """The samples as a table with the three likeliest digits; the last line: what it imported."""
    finished = run_script("-c", RUN, "samples", "--model", model, "--top", 3)
    assert finished.returncode == 0, finished.stderr
    return finished


@pytest.fixture(scope="module")
def table(ran) -> list[str]:
    return ran.stdout.splitlines()[:-1]


@pytest.fixture(scope="module")
def pixels(digits, tmp_path_factory):
    """A CSV file of the 297 bundled test digits, and the file of their labels."""
    folder, test = tmp_path_factory.mktemp("pixels"), digits[1]
    np.savetxt(folder / "pixels.csv", test.images.reshape(len(test), -1), "%d", ",")
    np.savetxt(folder / "labels.csv", test.labels, "%d")
    return folder / "pixels.csv", folder / "labels.csv"


def json_lines(finished) -> list[dict]:
    return [json.loads(line) for line in finished.stdout.splitlines()]


def by_name(finished) -> dict[str, dict]:
    """JSON lines by the last part of their inputs' names."""
    return {line["input"].rsplit("/", 1)[-1]: line for line in json_lines(finished)}


def parse_score(text: str) -> tuple[str, int, int, int, np.ndarray]:
    """The last lines of a labelled run: accuracy, right, of how many, wrong, confusion matrix."""
    found = re.search(r"^Accuracy (\S+): ([\d,]+) of ([\d,]+) right, ([\d,]+) wrong", text, re.M)
    counts = [int(found[i].replace(",", "")) for i in (2, 3, 4)]
    rows = [line.replace("·", "0").split() for line in text.splitlines()[-10:]]
    assert [row[0] for row in rows] == list("0123456789")
    return found[1], *counts, np.array([row[1:] for row in rows], int)


def expected_score(labels, predictions) -> tuple[str, int, int, int, np.ndarray]:
    """The same, as NumPy computes it."""
    labels, predictions = np.array(labels), np.array(predictions)
    right, count = int((labels == predictions).sum()), len(labels)
    confusion = np.array(
        [[((labels == i) & (predictions == j)).sum() for j in range(10)] for i in range(10)]
    )
    return f"{right / count:.2%}", right, count, count - right, confusion


def assert_same_score(found, expected):
    assert found[:4] == expected[:4]
    np.testing.assert_array_equal(found[4], expected[4])


def only_error(finished) -> str:
    """The one line that a run which came to nothing says."""
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.startswith("error: ")
    assert finished.stderr.count("\n") == 1
    return finished.stderr.rstrip("\n")


def test_reads_the_samples(labelled):
    finished, _ = labelled
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(lines) == 52
    assert {line["status"] for line in lines} <= {"ok", "unsure"}
    labels = [int(line["input"].rsplit("/", 1)[1][0]) for line in lines]
    right = sum(line["digit"] == label for line, label in zip(lines, labels, strict=True))
    assert right >= 30  # trained on 1,200 small digits for seconds; chance would be 5


# JSON lines, the table, the CSV file.


def test_a_json_line_has_the_fields_and_types_of_the_design(labelled):
    lines = json_lines(labelled[0])
    assert len(lines) == 52
    for line in lines:
        assert list(line) == FIELDS
        types = [type(line[field]) for field in FIELDS]
        reason = type(None) if line["status"] == "ok" else str
        assert types == [str, str, int, float, list, reason]
        assert [type(p) for p in line["probabilities"]] == [float] * 10


def test_probabilities_sum_to_1_and_the_digit_is_the_likeliest(labelled):
    for line in json_lines(labelled[0]):
        assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert line["digit"] == np.argmax(line["probabilities"])
        assert line["probability"] == line["probabilities"][line["digit"]]


def test_a_folder_is_read_by_name(labelled):
    names = [path.name for path in SAMPLES.iterdir() if path.suffix in EXTENSIONS]
    assert [line["input"] for line in json_lines(labelled[0])] == [
        f"samples/{name}" for name in sorted(names)
    ]


def test_standard_error_says_which_model(ran, model):
    version = find_version(model)
    card = json.loads((version / "model_card.json").read_text())
    test, threshold = card["test"], card["calibration"]["thresholds"][0]
    assert ran.stderr == (
        f"Model {version} in a TensorFlow session: dense, trained on 1,200 digits (bundled), "
        f"test accuracy {test['accuracy']:.2%} ({test['errors']} of 297 wrong)\n"
        f"Marks answers below {percent_rounded_down(threshold['probability'])} as unsure; expects "
        f"at most {100 * threshold['max_error']:g}% errors, its lowest\n"
        "10 files were not read: 2 have an unknown extension (.py, .csv), 8 are in subfolders "
        "(--recursive reads them)\n"
    )


def test_the_table_of_the_samples_fits_80_columns(table):
    assert len(table) == 53
    # A reason comes last: where a weak model doubts, it may go on in the next line.
    assert max(len(row.partition(": ")[0]) for row in table) <= 80


def test_the_table_is_aligned(table):
    header, *rows = table
    digit, probability = header.index("digit") + len("digit"), len(header)
    for row in rows:
        assert row[digit - 2] == " "
        assert row[digit - 1].isdigit()
        assert row[probability - 1] == "%"
        assert row.rstrip() == row


def test_top_3_shows_the_three_likeliest(table, labelled, predictor):
    paths = [ROOT / line["input"] for line in json_lines(labelled[0])]
    for row, reading in zip(table[1:], predictor.read(paths), strict=True):
        shares = np.array(reading.probabilities)
        likeliest = np.argsort(-shares, kind="stable")[:3]
        expected = [(str(digit), f"{shares[digit]:.2%}") for digit in likeliest]
        assert re.findall(r"(\d) +([\d.]+%)", row[row.index(" ") :]) == expected


def test_labels_stand_below_each_other_with_and_without_a_digit():
    answered = Reading("a.png", "ok", 1, 0.5, [0.5, 0.5, *[0.0] * 8], None)
    rows = [
        Table(Reading, 8).row(answered, 3),
        Table(Reading, 8).row(Reading.without_digit("b.png", "no ink"), 3),
        Table(Reading, 8).row(Reading.failed("c.png", "c.png: no such file"), 3),
    ]
    assert len({row.index("label 3") for row in rows}) == 1
    assert rows[1].endswith("label 3  unsure: no ink")
    assert rows[2].endswith("label 3  error: no such file")  # the name is not repeated


def test_top_1_shows_one_digit_a_line(script):
    row = script(TWO).stdout.splitlines()[1]
    assert len(re.findall(r"\d +[\d.]+%", row.removeprefix(str(TWO)))) == 1


def test_csv_holds_what_json_says(labelled):
    finished, path = labelled
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [f"p{digit}" for digit in range(10)]
    assert list(rows[0]) == ["input", "status", "digit", "probability", *columns, "reason"]
    for row, line in zip(rows, json_lines(finished), strict=True):
        assert [row["input"], row["status"]] == [line["input"], line["status"]]
        assert [row["digit"], row["reason"]] == [str(line["digit"]), line["reason"] or ""]
        shares = [float(row[column]) for column in ("probability", *columns)]
        np.testing.assert_allclose(shares, [line["probability"], *line["probabilities"]], atol=6e-7)


def test_csv_has_empty_cells_where_there_is_no_answer(script, tmp_path):
    finished = script(tmp_path / "missing.png", "--csv", tmp_path / "out.csv")
    with open(tmp_path / "out.csv", newline="") as file:
        row = list(csv.reader(file))[1]
    name = str(tmp_path / "missing.png")
    assert row == [name, "error", *[""] * 12, f"{name}: no such file"]
    assert finished.returncode == 1


@pytest.mark.parametrize("error", [DataError("no"), KeyboardInterrupt()])
def test_a_failing_run_leaves_no_csv_and_keeps_the_old_one(script, tmp_path, monkeypatch, error):
    read_all = inputs.read_all

    def fail_after_one(*arguments):
        yield next(read_all(*arguments))
        raise error

    monkeypatch.setattr(inputs, "read_all", fail_after_one)
    (tmp_path / "old.csv").write_text("old")
    for name in ("new.csv", "old.csv"):
        finished = script(TWO, "--csv", tmp_path / name)
        assert finished.returncode == (2 if isinstance(error, DataError) else 130)
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "old"


@pytest.mark.parametrize("where", ["missing/out.csv", "."])
def test_a_csv_that_cannot_be_written_is_one_line_and_2(script, tmp_path, where):
    finished = script(TWO, "--csv", tmp_path / where)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith(f"error: {tmp_path}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", ["rows", "labels", "linked", "folder"])
def test_a_csv_never_replaces_an_input_by_any_name(script, tmp_path, monkeypatch, other):
    monkeypatch.chdir(tmp_path)
    rows, labels = Path("rows.csv"), Path("labels.csv")
    rows.write_text(",".join(["0"] * 784) + "\n")
    labels.write_text("5\n")
    Path("link.csv").symlink_to(rows)
    Path("pictures").mkdir()
    picture = shutil.copy(TWO, "pictures")
    output, found = {
        "rows": (tmp_path / rows, rows),
        "labels": (tmp_path / "pictures" / ".." / labels, labels),
        "linked": (Path("link.csv"), rows),
        "folder": (tmp_path / picture, picture),
    }[other]
    before = Path(found).read_bytes()
    finished = script(rows, "pictures", "--labels", labels, "--csv", output)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.splitlines()[-1] == (
        f"error: --csv {output} would overwrite the input {found}; name another file"
    )
    assert Path(found).read_bytes() == before
    assert Path("link.csv").is_symlink()


def test_a_csv_goes_to_the_target_of_a_link_and_replaces_no_device(script, tmp_path):
    link, null = tmp_path / "link.csv", tmp_path / "null"
    link.symlink_to(tmp_path / "target.csv")
    null.symlink_to("/dev/null")
    assert script(TWO, "--csv", link).returncode == 0
    assert link.is_symlink()
    assert (tmp_path / "target.csv").read_text().startswith("input,status,")
    finished = script(TWO, "--csv", null)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == (
        f"error: {null}: cannot be written (not a regular file)"
    )
    assert null.is_symlink()


# Labels.


def test_labels_of_pictures_give_the_score_that_numpy_computes(labelled):
    finished, _ = labelled
    assert finished.returncode == 0
    lines = json_lines(finished)
    labels = [int(line["input"].split("/")[1][0]) for line in lines]
    expected = expected_score(labels, [line["digit"] for line in lines])
    assert_same_score(parse_score(finished.stderr), expected)


def test_labels_of_a_csv_give_the_score_that_numpy_computes(script, pixels, digits):
    finished = script(pixels[0], "--labels", pixels[1], "--json")
    assert finished.returncode == 0, finished.stderr
    lines = json_lines(finished)
    assert [line["input"] for line in lines] == [f"{pixels[0]}:{i + 1}" for i in range(297)]
    expected = expected_score(digits[1].labels, [line["digit"] for line in lines])
    assert expected[3] > 0  # a matrix with something beside the diagonal
    assert_same_score(parse_score(finished.stderr), expected)


def test_with_labels_the_table_lists_only_what_is_wrong(script, pixels, predictor, digits):
    finished = script(pixels[0], "--labels", pixels[1])
    predicted = predictor.predict(digits[1].images).digits
    wrong = np.flatnonzero(predicted != digits[1].labels)
    rows = finished.stdout.split("\n\nAccuracy ")[0].splitlines()[1:]
    assert [row.split()[0] for row in rows] == [f"{pixels[0]}:{i + 1}" for i in wrong]
    labels = [int(re.search(r"label (\d)", row)[1]) for row in rows]
    assert labels == digits[1].labels[wrong].tolist()
    expected = expected_score(digits[1].labels, predicted)
    assert_same_score(parse_score(finished.stdout), expected)


def test_the_score_counts_what_has_no_answer_no_label_or_cannot_be_read(script, tmp_path):
    Image.new("L", (40, 40), 200).save(tmp_path / "blank.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    shutil.copy(SEVEN, tmp_path / "seven.jpg")
    shutil.copy(TWO, tmp_path / "two.png")
    (tmp_path / "labels.csv").write_text("blank.png,0\nbroken.png,1\nseven.jpg,7\n")
    finished = script(tmp_path, "--labels", tmp_path / "labels.csv", "--json")
    digit = by_name(finished)["seven.jpg"]["digit"]
    assert parse_score(finished.stderr)[:4] == (
        ("50.00%", 1, 2, 1) if digit == 7 else ("0.00%", 0, 2, 2)
    )
    assert "; 1 of them without an answer; 1 could not be read; 1 had no label\n" in finished.stderr


@pytest.mark.parametrize(("count", "found"), [(296, "296"), (298, "298")])
def test_a_wrong_count_of_labels_is_one_line_and_2(script, pixels, tmp_path, count, found):
    (tmp_path / "labels.csv").write_text("1\n" * count)
    table = tmp_path / "table.csv"
    finished = script(pixels[0], "--labels", tmp_path / "labels.csv", "--csv", table)
    assert f"expected 297 labels, one a row of {pixels[0]}, found {found}" in only_error(finished)
    assert not table.exists()


@pytest.mark.parametrize(
    "content", [b"1\nx\n", b"1\n10\n", b"1\n2,3\n", b"", b"\x89PNG\r\n\x1a\n\0\xff"]
)
def test_bad_labels_of_a_csv_are_one_line_and_2(script, pixels, tmp_path, content):
    (tmp_path / "labels.csv").write_bytes(content)
    finished = script(pixels[0], "--labels", tmp_path / "labels.csv")
    assert str(tmp_path / "labels.csv") in only_error(finished)


@pytest.mark.parametrize(
    "content",
    [b"file,label\nx.png,ten\n", b"x.png,1\nx.png\n", b"x.png,\n", b"\x89PNG\xff", b"a,1\0,\n"],
)
def test_bad_labels_of_pictures_are_one_line_and_2(script, tmp_path, content):
    (tmp_path / "labels.csv").write_bytes(content)
    finished = script(TWO, "--labels", tmp_path / "labels.csv")
    assert str(tmp_path / "labels.csv") in only_error(finished)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_labels_that_are_no_file_are_one_line_and_2(script, tmp_path, name):
    assert str(tmp_path) in only_error(script(TWO, "--labels", tmp_path / name))


# Inputs that are bad, among good ones.


@pytest.fixture(scope="module")
def bad_inputs(tmp_path_factory, digits):
    """A folder with every kind of bad input, and folders of good ones."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in ("good", "good/below", "empty"):
        (folder / name).mkdir()
    shutil.copy(SEVEN, folder / "good" / "B.JPG")
    shutil.copy(TWO, folder / "good" / "a.png")
    shutil.copy(TWO, folder / "good" / ".hidden.png")
    shutil.copy(THREE, folder / "good" / "below" / "c.webp")
    (folder / "good" / "notes.txt").write_text("no picture")
    (folder / "text.png").write_text("<html>not found</html>")
    for path in (TWO, SEVEN, THREE):
        content = path.read_bytes()
        (folder / f"truncated{path.suffix}").write_bytes(content[: len(content) // 2])
    (folder / "empty.png").touch()
    Image.new("L", (1, 1), 90).save(folder / "1x1.png")
    Image.new("RGB", (50, 40), (200, 10, 10)).save(folder / "one_color.png")
    Image.new("1", (20_000, 10_000)).save(folder / "huge.png")
    rows = [",".join(map(str, image.ravel())) for image in digits[1].images[:3]]
    rows[1] = rows[1].replace("255", "256")
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    (folder / "other.csv").write_text("name,age,city\nAnn,31,Oslo\nBob,28,Rome\n")
    return folder


BAD_PICTURES = {
    "text.png": "not a picture",
    "truncated.png": "cannot be read",
    "truncated.jpg": "cannot be read",
    "truncated.webp": "cannot be read",
    "empty.png": "an empty file",
    "missing.png": "no such file",
    "huge.png": "over 100 megapixels",
}
GOOD = ["a.png", "B.JPG"]
UNSURE = ["1x1.png", "one_color.png"]
INPUTS = ["good", "empty", *BAD_PICTURES, *UNSURE, "rows.csv", "other.csv"]


@pytest.fixture(scope="module")
def mixed(model, bad_inputs):
    """The script on all of them at once, in a process of its own."""
    paths = [bad_inputs / name for name in INPUTS]
    return load(*paths, TWO, "--model", model, "--json")


def test_bad_inputs_end_with_1_and_no_traceback(mixed):
    assert mixed.returncode == 1
    assert [line.split()[0] for line in mixed.stderr.splitlines()] == ["Model", "Marks", "2"]


def test_every_input_has_its_line_in_order(mixed):
    names = [line["input"].rsplit("/", 1)[1] for line in json_lines(mixed)]
    rows = [f"rows.csv:{i}" for i in (1, 2, 3)]
    others = [*BAD_PICTURES, *UNSURE, *rows, "other.csv", TWO.name]
    assert names == ["B.JPG", "a.png", "empty", *others]


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_is_an_error_of_one_line(mixed, name):
    line = by_name(mixed)[name]
    assert [line[field] for field in FIELDS[1:5]] == ["error", None, None, None]
    assert line["reason"].startswith(f"{line['input']}: ")
    assert BAD_PICTURES[name] in line["reason"]
    assert "\n" not in line["reason"]


@pytest.mark.parametrize("name", UNSURE)
def test_a_picture_without_ink_is_unsure_without_a_digit(mixed, name):
    line = by_name(mixed)[name]
    assert [line[field] for field in FIELDS[1:]] == ["unsure", None, None, None, "no ink"]


@pytest.mark.parametrize("name", [*GOOD, TWO.name])
def test_a_good_picture_is_read_among_bad_ones(mixed, predictor, name):
    expected = next(predictor.read([TWO if name != "B.JPG" else SEVEN]))
    line = by_name(mixed)[name]
    assert [line["status"], line["digit"]] == [expected.status, expected.digit]
    np.testing.assert_allclose(line["probabilities"], expected.probabilities, atol=1e-5)


def test_an_empty_folder_is_an_error_of_one_line(mixed):
    line = by_name(mixed)["empty"]
    assert line["status"] == "error"
    assert "no pictures to be read in this folder" in line["reason"]


def test_a_bad_row_is_an_error_and_the_others_are_read(mixed, predictor, digits):
    first, bad, last = (by_name(mixed)[f"rows.csv:{i}"] for i in (1, 2, 3))
    expected = predictor.predict(digits[1].images[[0, 2]])
    assert [first["digit"], last["digit"]] == expected.digits.tolist()
    found = [first["probabilities"], last["probabilities"]]
    np.testing.assert_allclose(found, expected.probabilities, atol=1e-5)
    assert bad["status"] == "error"
    assert "expected a whole number 0 to 255, found '256'" in bad["reason"]


def test_a_csv_of_something_else_is_one_error(mixed, bad_inputs):
    line = by_name(mixed)["other.csv"]
    assert line["input"] == str(bad_inputs / "other.csv")
    assert line["status"] == "error"
    assert "holds no row of pixels; line 1: expected 784 pixels" in line["reason"]


def test_the_table_says_what_is_bad_in_one_line_each(script, bad_inputs):
    finished = script(*(bad_inputs / name for name in INPUTS))
    rows = finished.stdout.splitlines()[1:]
    assert finished.returncode == 1
    assert len(rows) == len(INPUTS) + 3  # two pictures in good/, three rows in rows.csv
    assert sum(" error: " in row for row in rows) == len(BAD_PICTURES) + 3
    assert sum(" unsure: no ink" in row for row in rows) == len(UNSURE)


def test_only_unsure_ends_with_0(script, bad_inputs):
    finished = script(*(bad_inputs / name for name in UNSURE))
    assert finished.returncode == 0
    assert [row.split()[1] for row in finished.stdout.splitlines()[1:]] == ["–", "–"]


@pytest.mark.parametrize("name", ["empty", "other.csv", "rows.csv", "missing.csv", "text.png"])
def test_one_bad_input_alone_ends_with_1(script, bad_inputs, name):
    finished = script(bad_inputs / name, "--json")
    errors = [line for line in json_lines(finished) if line["status"] == "error"]
    assert finished.returncode == 1
    assert len(errors) == 1
    assert finished.stderr.count("\n") == 2  # the model, and when it is unsure


def test_recursive_reads_the_folders_below(script, bad_inputs):
    finished = script(bad_inputs / "good", "--recursive", "--json")
    assert finished.returncode == 0
    names = [line["input"].removeprefix(f"{bad_inputs}/good/") for line in json_lines(finished)]
    assert names == ["B.JPG", "a.png", "below/c.webp"]


def test_an_empty_tree_is_one_error(script, bad_inputs):
    (line,) = json_lines(script(bad_inputs / "empty", "--recursive", "--json"))
    assert [line["status"], line["digit"]] == ["error", None]


def test_a_thick_light_digit_on_dark_reads_as_its_negative(predictor, tmp_path):
    names = []
    for i, image in enumerate(bundled.bundled_digits()[0][:20]):
        large = Image.fromarray(np.pad(image, 1)).resize((100, 100), Image.Resampling.BICUBIC)
        light = large.point(lambda v: 255 * (v > 110)).filter(ImageFilter.MaxFilter(5))
        names += [tmp_path / f"{i}_light.png", tmp_path / f"{i}_dark.png"]
        light.save(names[-2])
        light.point(lambda v: 255 - v).save(names[-1])
    read = [reading.digit for reading in predictor.read(names)]
    same = sum(light == dark for light, dark in zip(read[::2], read[1::2], strict=True))
    assert same >= 19


# Models that are missing, damaged, or several.

MODELS = """
import sys, traceback
import load_saved_model
for model in sys.argv[1:]:
    try:
        status = load_saved_model.main(["samples", "--model", model])
    except Exception:
        status = traceback.print_exc()
    print(status)
    print("end", file=sys.stderr)
"""


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(card):
    """Makes another threshold of the card's."""
    text = card.read_text()
    assert '"probability": 0.9' in text
    card.write_text(text.replace('"probability": 0.9', '"probability": 0.1', 1))


def write_newer(card):
    fields = sealed_json.read(card, UserError, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_json, "FORMAT", sealed_json.FORMAT + 1)
        sealed_json.write(card, fields)


def cut_with_its_hash(path, version):
    """So that TensorFlow, not the card, finds out."""
    cut(path)
    card = json.loads((version / "model_card.json").read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card["files"][path.relative_to(version).as_posix()] = digest
    change_json(version / "model_card.json", files=card["files"])


GRAPH, CARD = "saved_model.pb", "model_card.json"
INDEX, DATA = "variables/variables.index", "variables/variables.data-00000-of-00001"
DAMAGE = {
    "missing": shutil.rmtree,
    "no_saved_model": lambda v: (shutil.rmtree(v), v.mkdir(), (v / "notes.txt").touch()),
    "graph_cut": lambda v: cut(v / GRAPH),
    "graph_cut_with_its_hash": lambda v: cut_with_its_hash(v / GRAPH, v),
    "graph_missing": lambda v: (v / GRAPH).unlink(),
    "data_cut": lambda v: cut(v / DATA),
    "data_cut_with_its_hash": lambda v: cut_with_its_hash(v / DATA, v),
    "index_cut_with_its_hash": lambda v: cut_with_its_hash(v / INDEX, v),
    "data_missing": lambda v: (v / DATA).unlink(),
    "variables_missing": lambda v: shutil.rmtree(v / "variables"),
    "card_missing": lambda v: (v / CARD).unlink(),
    "card_cut": lambda v: cut(v / CARD),
    "card_empty": lambda v: (v / CARD).write_text(""),
    "card_not_text": lambda v: (v / CARD).write_bytes(b"\xff\xfe\0"),
    "card_a_list": lambda v: (v / CARD).write_text("[]"),
    "card_of_many_brackets": lambda v: (v / CARD).write_text("[" * 100_000),
    "card_flipped": lambda v: flip(v / CARD),
    "card_without_files": lambda v: change_json(v / CARD, files={}),
    "card_without_scores": lambda v: sealed_json.write(v / CARD, {"files": {}}),
    "card_of_a_newer_project": lambda v: write_newer(v / CARD),
    "card_without_thresholds": lambda v: change_json(v / CARD, calibration=None),
    "card_of_a_bad_threshold": lambda v: change_json(v / CARD, calibration={"thresholds": [{}]}),
}


@pytest.fixture(scope="module")
def damaged(model, tmp_path_factory):
    """The script in one process on each damaged model: name → (exit status, standard error)."""
    folder = tmp_path_factory.mktemp("damaged")
    for name, damage in DAMAGE.items():
        shutil.copytree(find_version(model), folder / name)
        damage(folder / name)
    finished = run_script("-c", MODELS, *(folder / name for name in DAMAGE))
    errors = finished.stderr.split("end\n")[:-1]
    return dict(zip(DAMAGE, zip(finished.stdout.split(), errors, strict=True), strict=True))


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_model_is_one_line_and_2(damaged, name):
    status, error = damaged[name]
    assert status == "2", error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert f"/{name}" in error


def test_a_missing_model_says_how_to_train_one(model, tmp_path):
    finished = load_in_this_process(
        TWO, "--model", tmp_path / "nothing", "--csv", tmp_path / "out.csv"
    )
    expected = f"{tmp_path}/nothing: no such model; train one first: python train_neural_network.py"
    assert only_error(finished) == f"error: {expected}"
    assert list(tmp_path.iterdir()) == []


def folder_of(versions, folder):
    for version in versions:
        (folder / version).mkdir(parents=True)
    return folder


def test_the_highest_number_is_used_not_the_last_name(tmp_path):
    folder = folder_of(["9", "10", "2", "old", "11.backup", ".incomplete-x"], tmp_path)
    (folder / "12").write_text("a file")
    assert find_version(folder) == tmp_path / "10"


def test_bundled_is_used_only_where_there_is_nothing_better(tmp_path):
    folder = folder_of(["bundled/3", "bundled/12"], tmp_path)
    assert find_version(folder) == tmp_path / "bundled" / "12"
    folder_of(["1"], tmp_path)
    assert find_version(folder) == tmp_path / "1"


def test_a_version_named_outright_is_used(model, tmp_path):
    for number in ("9", "10"):
        shutil.copytree(find_version(model), tmp_path / number)
    with Predictor(tmp_path / "9") as predictor:
        assert predictor.version == tmp_path / "9"
    with Predictor(str(tmp_path)) as predictor:
        assert predictor.version == tmp_path / "10"


# The Predictor.


def test_predict_answers_each_image_alike_in_batches_of_any_size(predictor, digits):
    images = digits[0].images[:1000]
    whole = predictor.predict(images)
    assert whole.digits.dtype == np.int64
    assert whole.probabilities.dtype == np.float32
    assert whole.probabilities.shape == (1000, 10)
    for size in (1, 7):
        parts = [predictor.predict(images[i : i + size]) for i in range(0, 1000, size)]
        found = np.concatenate([part.probabilities for part in parts])
        np.testing.assert_allclose(found, whole.probabilities, atol=1e-5)
        np.testing.assert_array_equal(np.concatenate([p.digits for p in parts]), whole.digits)


def test_predict_takes_no_images_at_all(predictor):
    assert predictor.predict(np.zeros((0, 28, 28), np.uint8)).probabilities.shape == (0, 10)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((2, 28, 28), "float32"), ((2, 28, 28), "int64"), ((28, 28), "uint8"), ((2, 784), "uint8"),
     ((2, 28, 28, 1), "uint8"), ((2, 32, 32), "uint8"), ((), "uint8")],
)  # fmt: skip
def test_predict_says_what_it_expected_and_found(predictor, shape, dtype):
    expected = f"expected images of uint8 [N, 28, 28], found {dtype} {list(shape)}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        predictor.predict(np.zeros(shape, dtype))


def test_the_card_gives_the_accuracy_that_predict_has(predictor, digits):
    confusion = confusion_matrix(digits[1].labels, predictor.predict(digits[1].images).digits)
    assert 297 - np.trace(confusion) == predictor.card["test"]["errors"]


def test_read_yields_200_pictures_in_order(predictor):
    paths = sorted(SAMPLES.glob("*_pen.*"))
    expected = {str(path): next(predictor.read([path])) for path in paths}
    expected["missing.png"] = next(predictor.read(["missing.png"]))
    names = list(itertools.islice(itertools.cycle(expected), 200))
    readings = list(predictor.read(names))
    assert [reading.input for reading in readings] == names
    for reading in readings:
        alone = expected[reading.input]
        assert (reading.status, reading.digit) == (alone.status, alone.digit)
        if alone.status != "error":
            np.testing.assert_allclose(reading.probabilities, alone.probabilities, atol=1e-5)


@pytest.mark.parametrize("name", ["a\0.png", "\ud800.png"])
def test_a_name_that_no_file_can_have_is_an_error_of_its_own(predictor, name):
    good = SAMPLES / "8_small.png"
    readings = list(predictor.read([good, name, good]))
    assert [reading.status for reading in readings] == ["ok", "error", "ok"]


@pytest.mark.parametrize(("options", "batch"), [({}, 256), ({"batch_size": 16}, 16)])
def test_read_takes_paths_no_more_than_three_batches_ahead(predictor, options, batch):
    taken = []

    def paths():
        for number in range(700):
            taken.append(number)
            yield SAMPLES / "8_small.png"

    readings = predictor.read(paths(), **options)
    assert taken == []
    for count in range(1, 701):
        assert next(readings).digit == 8
        assert count <= len(taken) < count + 3 * batch
    assert next(readings, None) is None


def test_eager_mode_stays_on(model):
    with Predictor(model) as predictor:
        predictor.predict(np.zeros((1, 28, 28), np.uint8))
        assert tf.executing_eagerly()
    assert int(tf.constant(2) + 2) == 4


IMPORT = """
import sys
before = set(sys.modules)
import nn
print(*sorted(set(sys.modules) - before))
"""


def test_importing_nn_imports_nothing_else():
    assert run_script("-c", IMPORT).stdout.split() == ["nn"]


def test_the_script_imports_nothing_slow_that_it_does_not_need(ran):
    modules = set(ran.stdout.splitlines()[-1].split())
    assert {"tensorflow", "PIL", "numpy"} <= modules
    unneeded = {"pandas", "sklearn", "matplotlib", "keras"} & modules
    assert unneeded == set()


def test_labels_that_name_no_input_are_refused(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label\nelsewhere.png,3\n")
    with pytest.raises(DataError, match="names none of the inputs"):
        Labels(labels, [ROOT / "samples" / "3_pen.webp"])


def test_a_name_too_long_is_an_error_of_its_own(predictor):
    paths = inputs.expand([Path("a" * 300 + ".png")])
    (reading,) = inputs.read_all(predictor, paths)
    assert reading.status == "error"
