"""nn/runtime/sealed_json.py and hashed_lines.py: damage is noticed, older files are still read."""

import json
import random

import pytest

from nn.errors import UserError
from nn.runtime import hashed_lines, sealed_json

ADVICE = "start a new run"
FIELDS = {"epochs": 3, "rate": 0.9973689847844383, "hidden": (12, 8), "name": "ä", "none": None}


@pytest.fixture
def file(tmp_path):
    sealed_json.write(tmp_path / "config.json", FIELDS)
    return tmp_path / "config.json"


def read(file, **options):
    return sealed_json.read(file, UserError, ADVICE, **options)


def test_what_was_written_is_read_without_the_checksum(file, caplog):
    assert read(file) == FIELDS | {"hidden": [12, 8]}
    assert [*json.loads(file.read_text())][-2:] == ["format", "sha256"]
    assert caplog.messages == []


def test_another_layout_of_the_same_values_is_no_damage(file):
    fields = json.loads(file.read_text())
    file.write_text(json.dumps(dict(reversed(fields.items())), indent=7, ensure_ascii=False))
    assert read(file) == FIELDS | {"hidden": [12, 8]}


def test_a_flipped_bit_is_refused_or_changes_no_value(file):
    whole, bits = file.read_bytes(), random.Random(1)
    refused = 0
    for _ in range(500):
        damaged, bit = bytearray(whole), bits.randrange(8 * len(whole))
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            assert read(file) == FIELDS | {"hidden": [12, 8]}
        except UserError as error:
            assert str(error).startswith(f"{file}: ")
            assert str(error).endswith(f"; {ADVICE}")
            assert "\n" not in str(error)
            refused += 1
    assert refused > 490


@pytest.mark.parametrize("name", ["format", "sha256", "epochs"])
def test_a_field_that_is_gone_is_refused(file, name):
    fields = json.loads(file.read_text())
    del fields[name]
    file.write_text(json.dumps(fields))
    with pytest.raises(UserError, match="its checksum does not fit the rest of it"):
        read(file)


@pytest.mark.parametrize("content", ["", "[]", "5", "{", '{"a": 1}}', "[" * 100_000])
def test_what_is_no_object_is_one_line(file, content):
    file.write_text(content)
    with pytest.raises(UserError, match=r"damaged \([^\n]+\); start a new run$"):
        read(file)


def test_an_older_file_is_read_and_one_warning_says_so(tmp_path, caplog):
    (tmp_path / "old.json").write_text('{"epochs": 3}')
    assert read(tmp_path / "old.json", warns=False) == {"epochs": 3}
    assert caplog.messages == []
    for _ in range(3):
        assert read(tmp_path / "old.json") == {"epochs": 3}
    (warning,) = caplog.messages
    assert warning.startswith(f"warning: {tmp_path / 'old.json'}: has no checksum (an older ")


def test_a_newer_file_says_what_it_needs(file, monkeypatch):
    monkeypatch.setattr(sealed_json, "FORMAT", 2)
    sealed_json.write(file, FIELDS)
    monkeypatch.setattr(sealed_json, "FORMAT", 1)
    with pytest.raises(UserError) as raised:
        read(file)
    assert str(raised.value) == (
        f"{file}: written by a newer version of this project, in format 2; this version reads up "
        "to 1; update the project"
    )


def test_each_line_has_its_hash(tmp_path, caplog):
    file = tmp_path / "history.csv"
    for text in ("a\n1\n", "a\n1\n2\n"):
        hashed_lines.write(file, text)
        hashed_lines.check(file, hashed_lines.lines_of(file.read_text()), ADVICE)
    hashed_lines.check(file, ["a", "2"], ADVICE)  # a row may be deleted
    for damaged in (["b", "1", "2"], ["a", "3", "2"], ["a", "1", "2\x0b"]):
        with pytest.raises(UserError, match=rf"history\.csv, line \d: damaged .*; {ADVICE}"):
            hashed_lines.check(file, damaged, ADVICE)
    (tmp_path / "history.sha256").unlink()
    hashed_lines.check(file, ["a", "3"], ADVICE)
    assert "has no checksum" in caplog.text
