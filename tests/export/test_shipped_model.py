"""The model that the repository holds, SavedModel/1: whole, light, and as good as its card says."""

import csv
import json
import re

import numpy as np
import pytest
from conftest import ROOT, load_in_this_process
from PIL import Image, ImageDraw

from nn.composition.strokes import STROKES
from nn.confidence.thresholds import percent_rounded_down
from nn.networks.finder_weights import FINDER_FILE
from nn.networks.fixed_weights import load_weights, weights_sha256
from nn.training import datasets
from nn.versions import thresholds_of

SHIPPED = ROOT / "SavedModel" / "1"


def test_it_was_trained_on_everything_and_calibrated_before(shipped):
    card = shipped.card
    assert (card["network"], card["trained_on"], card["validation"]) == ("flagship", 60_000, None)
    fitted_to = r"12,000 validation digits, and [67],\d{3} composed pictures of a run on .* 48,000"
    assert re.fullmatch(fitted_to, card["calibration"]["fitted_to"])
    assert card["calibration"]["certainty_power"] > 0
    assert card["finder_sha256"] == weights_sha256(load_weights(FINDER_FILE))
    assert shipped.threshold.max_error == 0.001
    assert card["test"]["images"] == 10_000


FILES = [path for path in SHIPPED.rglob("*") if path.is_file()]


def test_it_is_light():
    assert 500_000 < sum(path.stat().st_size for path in FILES) < 8_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_tells_nothing_of_the_machine_that_it_was_made_on(path):
    for root in (b"/home/", b"/root/", b"/tmp/", b"/Users/", b"/work/", b"/venv"):
        assert root not in path.read_bytes()


def test_it_reads_every_sample_right_and_doubts_one():
    finished = load_in_this_process("samples", "--model", SHIPPED, "--json")
    assert finished.returncode == 0, finished.stderr
    with open(ROOT / "samples" / "labels.csv", newline="") as file:
        labels = {row["file"]: int(row["label"]) for row in csv.DictReader(file)}
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    answers = {line["input"].removeprefix("samples/"): line for line in lines}
    assert {name: line["digit"] for name, line in answers.items()} == labels
    # Its foot is two pixels high and lies along the border.
    unsure = [name for name, line in answers.items() if line["status"] != "ok"]
    assert unsure == ["2_runs_off.png"]


@pytest.mark.parametrize("page", ["docs/serving.md", "docs/bulk.md"])
def test_the_pages_show_its_own_answers(page, shipped):
    text = (ROOT / page).read_text(encoding="utf-8")
    (stated,) = re.findall(r"Marks answers below (\S+%) as unsure", text)
    assert stated == percent_rounded_down(shipped.threshold.probability)
    (probability,) = re.findall(r'3_pen.webp", .*"probability": (\S+),', text)
    (reading,) = shipped.read([ROOT / "samples" / "3_pen.webp"])
    assert float(probability) == pytest.approx(reading.probability, abs=5e-6)


def test_it_answers_to_no_image_with_nothing(shipped):
    digits, probabilities = shipped.predict(np.zeros((0, 28, 28), np.uint8))
    assert (digits.shape, digits.dtype) == ((0,), np.int64)
    assert (probabilities.shape, probabilities.dtype) == ((0, 10), np.float32)


@pytest.mark.parametrize("number", ["2443", "7252", "570", "1234"])
def test_it_reads_numbers_that_are_cropped_tightly(shipped, number, tmp_path):
    picture = Image.new("L", (80 * len(number), 100), 225)
    pen = ImageDraw.Draw(picture)
    for place, digit in enumerate(number):
        for stroke in STROKES[int(digit)]:
            pen.line([(80 * place + 5 + 60 * x, 4 + 92 * y) for x, y in stroke], 40, 8, "curve")
    picture = picture.crop(picture.point(lambda level: 255 * (level < 100)).getbbox())
    picture.save(tmp_path / "number.png")
    (reading,) = shipped.read_numbers([tmp_path / "number.png"])
    assert reading.number == number


def test_its_card_says_what_it_scores(shipped, mnist_folder):
    digits = datasets.load(str(mnist_folder)).test
    assert shipped.card["data"]["test_sha256"] == digits.sha256()
    batches = [shipped.predict(batch) for batch in np.array_split(digits.images, 10)]
    found = np.concatenate([batch.digits for batch in batches])
    confidences = np.concatenate([batch.probabilities.max(1) for batch in batches])
    wrong = found != digits.labels
    stated = shipped.card["test"]
    # Probabilities are rounded to float32, and by other processors otherwise.
    assert wrong.sum() == pytest.approx(stated["errors"], abs=1)
    for row, threshold in zip(stated["answered"], thresholds_of(shipped.card), strict=True):
        sure = confidences >= threshold.probability
        assert sure.sum() == pytest.approx(row["answered"], abs=3)
        assert (sure & wrong).sum() == pytest.approx(row["wrong"], abs=1)
