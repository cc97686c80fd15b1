"""Pictures of numbers that are read without --number: a hint names the option."""

from pathlib import Path

import pytest
from conftest import ROOT, load_in_this_process

from nn.prediction import number_hint
from nn.prediction.number_hint import NumberHint
from nn.prediction.readings import Reading

SAMPLES = ROOT / "samples"
NUMBERS = sorted(path for path in (SAMPLES / "numbers").iterdir() if path.suffix != ".csv")
MODEL = ["--model", ROOT / "SavedModel" / "1"]


def hints(finished) -> list[str]:
    return [line for line in finished.stderr.splitlines() if "--number" in line]


def test_every_number_among_the_samples_gets_the_hint_and_a_single_digit_none():
    finished = load_in_this_process(SAMPLES / "numbers", *MODEL, "--json")
    assert hints(finished) == ["7 pictures may hold several digits: --number reads them"]
    assert len(NUMBERS) == 8  # 5_alone.png is one digit
    assert "hint" not in finished.stdout
    one = load_in_this_process(SAMPLES / "numbers" / "007_marker.png", *MODEL)
    assert hints(one) == ["1 picture may hold several digits: --number reads them"]


def test_no_sample_of_a_digit_gets_the_hint():
    assert hints(load_in_this_process(SAMPLES, *MODEL)) == []


def test_with_number_there_is_no_hint():
    assert hints(load_in_this_process(SAMPLES / "numbers", *MODEL, "--number")) == []


def doubtful(path: Path) -> Reading:
    return Reading(str(path), "unsure", 8, 0.2, [0.1] * 10, "looks like no digit")


def hint_for(shipped, *readings: Reading) -> str | None:
    hint = NumberHint()
    for reading in readings:
        hint.add(reading)
    return hint.line(shipped)


def test_only_doubtful_pictures_are_read_again_and_not_more_than_some(shipped, monkeypatch):
    monkeypatch.setattr(number_hint, "MAX_PICTURES_READ_AGAIN", 2)
    pen = NUMBERS[1]
    assert hint_for(shipped, *[doubtful(pen)] * 3) == (
        "at least 2 pictures may hold several digits: --number reads them"
    )
    sure = Reading(str(pen), "ok", 8, 0.999, [0.1] * 10, None)
    failed = Reading.failed(str(pen), "gone")
    row = doubtful(Path(f"{pen}.csv:12"))
    assert hint_for(shipped, sure, failed, row, Reading.without_digit(str(pen), "no ink")) is None


@pytest.mark.parametrize("name", ["1_pen.png", "7_crossed.jpg"])
def test_a_doubtful_picture_of_one_digit_gets_none(shipped, name):
    assert hint_for(shipped, doubtful(SAMPLES / name)) is None
    assert hint_for(shipped, doubtful(SAMPLES / "gone.png")) is None
