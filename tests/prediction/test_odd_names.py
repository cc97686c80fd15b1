"""Names of files that a terminal would obey, a spreadsheet run, or a locale not show."""

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, load

from nn.prediction.page_folder import UniqueFileNames
from nn.prediction.readings import NumberReading, Reading
from nn.runtime.printable import printable

TWO = ROOT / "samples" / "2_marker.png"
NAMES = [
    "é 数字.png", "\x1b[31mred\x1b[0m.png", "new\nline.png", "back\rto.png", "\u202egnp.exe.png",
    "\x9b2J.png", "\x07bell.png", os.fsdecode(b"\xff\xfe.png"), 'quote"back\\slash.png',
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a space and letters beyond ASCII in its name, and a picture of each name."""
    folder = tmp_path_factory.mktemp("mes chiffres été")
    for name in NAMES:
        shutil.copy(TWO, folder / name)
    return folder


@pytest.fixture(scope="module", params=["C"])
def finished(request, folder, model):
    """--json in a process of its own, in which standard output is no UTF-8."""
    environment = (
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        if request.param == "C"
        else {"PYTHONIOENCODING": "latin-1"}
    )
    return load(folder, "gone\udcff\x1b.png", "--model", model, "--json", **environment)


def test_json_is_valid_in_every_locale(finished, folder):
    assert finished.returncode == 1
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    *read, missing = [line["input"] for line in lines]
    # In the locale C, Python takes each byte beyond ASCII for a byte that is no text.
    found = sorted(os.fsencode(path) for path in read)
    assert found == sorted(os.fsencode(folder / name) for name in NAMES)
    assert [line["status"] for line in lines[-1:]] == ["error"]
    assert os.fsencode(missing) == b"gone\xff\x1b.png"
    assert finished.stdout.isascii()


def is_harmless(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def test_a_table_shows_such_names_escaped_one_a_line_and_aligned(script, folder):
    finished = script(folder, "--top", 1)
    assert is_harmless(finished.stdout)
    header, *rows = finished.stdout.splitlines()
    assert len(rows) == len(NAMES)
    assert {row.index("%") for row in rows} <= {len(header) - 1}
    assert f"{folder}/\\x1b[31mred\\x1b[0m.png " in finished.stdout
    assert f"{folder}/new\\nline.png " in finished.stdout
    assert f"{folder}/\\u202egnp.exe.png " in finished.stdout
    assert f"{folder}/é 数字.png " in finished.stdout


def test_messages_show_such_names_escaped(script, folder, tmp_path):
    bad = "gone\x1b[2J\n.png"
    row = script(folder / bad).stdout.splitlines()[1]
    assert row.startswith(f"{folder}/gone\\x1b[2J\\n.png")
    (tmp_path / "a\x1bb.csv").write_text("x\x1b[31my,1\n")
    finished = script(TWO, "--labels", tmp_path / "a\x1bb.csv", "--csv", TWO)
    assert finished.returncode == 2
    assert is_harmless(finished.stderr)
    finished = script(tmp_path / "a\x1bb.csv")
    assert is_harmless(finished.stdout)
    assert "what looks like a header row" not in finished.stdout or "\\x1b[31m" in finished.stdout


def test_a_training_shows_such_names_escaped(tmp_path, train_here):
    finished = train_here("--resume", tmp_path / "run\x1b\nx")
    assert finished.returncode == 2
    assert finished.stderr == (
        f"error: {tmp_path}/run\\x1b\\nx: no run to resume, it has no config.json\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("samples/3_pen.webp", "samples/3_pen.webp"),
        ("é 数字 – ×", "é 数字 – ×"),
        ("\x1b\x00\x7f\x9b\r\n\t", r"\x1b\x00\x7f\x9b\r\n\t"),
        ("\u202e\u2066\u2028\udcff", r"\u202e\u2066\u2028\udcff"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown


FORMULAS = ["=1+1.png", "+1.png", "-1.png", "@SUM(1).png", "\t=1.png", "\r=1.png"]


def test_a_csv_holds_no_formula_and_still_names_the_file(script, tmp_path, monkeypatch):
    for name in FORMULAS:
        shutil.copy(TWO, tmp_path / name)
    out = tmp_path / "out.csv"
    script(tmp_path, "--csv", out)  # absolute paths begin with a slash
    (tmp_path / "=1+1.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    model = ROOT / "SavedModel" / "1"
    from nn import Predictor
    from nn.prediction.output import CsvFile

    with Predictor(model) as predictor, CsvFile(Reading, out) as file:
        for reading in predictor.read([Path(name) for name in [*FORMULAS, "plain.png"]]):
            file.write(reading, None, False)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["input"] for row in rows] == [*(f"./{name}" for name in FORMULAS), "plain.png"]
    assert all(Path(row["input"]).is_file() for row in rows[:-1])
    for row in rows:
        assert not row["input"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not row["reason"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[0]["reason"].startswith("./=1+1.png: ")
    assert float(rows[1]["p2"]) > 0.5  # numbers stay numbers


def test_a_numbers_json_has_its_probability_and_an_error_has_none():
    from nn.prediction.readings import NumberDigit, NumberRow

    digits = [
        NumberDigit(1, 0.99999999, [0, 0, 1, 1], 0),
        NumberDigit(2, 0.1234567, [1, 0, 1, 1], 1),
    ]
    rows = [NumberRow("1", "ok", 0.99999999, None), NumberRow("2", "unsure", 0.1234567, "why")]
    fields = NumberReading("a.png", "unsure", "1\n2", digits, "why", rows).json_fields()
    assert list(fields) == ["input", "status", "number", "probability", "digits", "reason", "rows"]
    assert fields["probability"] == fields["digits"][1]["probability"] == 0.123457
    assert fields["rows"][1]["probability"] == 0.123457
    assert NumberReading.failed("a.png", "why").json_fields()["probability"] is None
    assert NumberReading("a.png", "unsure", None, [], "no ink").json_fields()["probability"] is None


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.png", "/etc/passwd", "..", "/", "a/../../b.png", "~/x", "..\x00/a.csv:3"],
)
def test_a_page_stays_in_its_folder(tmp_path, name):
    page = f"{UniqueFileNames([Path(name)]).take(name)}.png"
    assert os.path.normpath(tmp_path / page) == str(tmp_path / page)
    assert "/" not in page
