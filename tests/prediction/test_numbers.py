"""load_saved_model.py --number: digits found in a picture without a model, and numbers read with
one, as users see it."""

import csv
import json

import numpy as np
import pytest
from conftest import ROOT, RUN, load_in_this_process, run_script
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from load_saved_model import parse_arguments
from nn import Predictor
from nn.data.texts import CHARACTERS
from nn.errors import DataError
from nn.pictures import files
from nn.prediction import inputs
from nn.prediction.connected_components import Component, find_components, label_components
from nn.prediction.labels import Labels
from nn.prediction.number_digits import Digit, cut_out_digits
from nn.prediction.number_ink import (
    FIRST_SHORTER_SIDE_PIXELS,
    MAX_SCALES_TRIED,
    digit_height,
    find_ink_at_digit_scale,
    resize,
)
from nn.prediction.number_reader import NumberReader, ordinal
from nn.prediction.number_rows import find_rows, group_by_digit
from nn.prediction.number_strips import find_strips
from nn.prediction.readings import NumberReading
from nn.prediction.runtimes import LITERT
from samples.draw_samples import Sample, draw

SAMPLES = ROOT / "samples" / "numbers"
SHIPPED = ROOT / "SavedModel" / "1"
PEN, PHONE, ALONE = (SAMPLES / f for f in ("02134_pen.png", "90210_phone.jpg", "5_alone.png"))


def box(left: int, right: int, top: int = 0, bottom: int = 40) -> Component:
    """A component of this bounding box."""
    return Component(0, top, bottom, left, right)


def whole_box(component: Component, top: int, bottom: int) -> Component:
    """A BoxBetween that knows no more of a component than its box."""
    return component


def dark_ink(gray: np.ndarray) -> np.ndarray:
    """A find_ink for clean pictures, dark on white."""
    return 255 - gray


def find_digits(gray: np.ndarray, find_ink) -> list[Digit]:
    """The digits of the only row."""
    page = find_strips(gray, find_ink)
    (row,) = page.rows
    return cut_out_digits(page, row)


def count_digits(gray: np.ndarray, find_ink) -> list[int]:
    """How many digits each row has."""
    return [len(row.digits) for row in find_strips(gray, find_ink).rows]


def bars(height: int, *lefts: int, size: tuple[int, int] = (100, 300)) -> np.ndarray:
    """White paper with black bars, a fourth as wide as high, in its middle."""
    gray = np.full(size, 255, np.uint8)
    top = (size[0] - height) // 2
    for left in lefts:
        gray[top : top + height, left : left + height // 4] = 0
    return gray


# Components and digits, without a model.


def test_digits_beside_each_other_are_read_from_left_to_right():
    parts = [box(70, 90), box(0, 20), box(35, 55)]
    assert group_by_digit(parts, 40, whole_box) == [[box(0, 20)], [box(35, 55)], [box(70, 90)]]


def test_slanted_digits_whose_boxes_overlap_stay_two():
    seven, one = box(0, 30), box(18, 34)
    assert group_by_digit([seven, one], 40, whole_box) == [[seven], [one]]


@pytest.mark.parametrize(
    "stroke",
    [box(12, 32, 0, 5), box(20, 40, -6, 2), box(0, 30, 20, 28)],
    ids=["top of a five", "one that reaches beyond", "bar"],
)
def test_a_stroke_over_a_digit_is_of_it(stroke):
    five, zero = box(5, 30), box(60, 85)
    assert group_by_digit([stroke, zero, five], 40, whole_box) == [[five, stroke], [zero]]


def test_the_two_strokes_of_an_open_four_are_one_digit():
    left, right = box(0, 26, 0, 26), box(18, 22, 12, 40)
    seven = box(50, 75)
    assert group_by_digit([right, left, seven], 40, whole_box) == [[right, left], [seven]]


def test_commas_and_specks_beside_digits_are_no_digits():
    comma, speck = box(30, 35, 34, 46), box(80, 84, 10, 14)
    digits = [box(0, 25), box(40, 65)]
    assert group_by_digit([*digits, comma, speck], 40, whole_box) == [[digits[0]], [digits[1]]]


def test_a_small_digit_is_one_too():
    assert len(group_by_digit([box(0, 25), box(40, 55, 20, 40), box(70, 95)], 40, whole_box)) == 3


def test_no_parts_are_no_digits():
    assert group_by_digit([], 0, whole_box) == []
    assert digit_height([]) == 0


def test_specks_and_lines_do_not_change_the_height_of_digits():
    digits = [box(0, 25), box(30, 50), box(60, 85, 0, 38)]
    specks = [box(i, i + 3, 0, 3) for i in range(100, 112, 4)]
    line = box(0, 200, 60, 64)
    assert digit_height([*digits, *specks, line]) == 40


def test_rows_are_found_though_they_lean():
    upper = [box(x, x + 25, y, y + 40) for x, y in ((0, 0), (40, 6), (80, 12), (120, 18))]
    lower = [box(x, x + 25, y, y + 40) for x, y in ((5, 60), (45, 66), (130, 80))]
    comma, speck = box(70, 75, 96, 106), box(400, 404, 300, 304)
    rows = find_rows([*lower, *upper, comma, speck], 40, whole_box)
    assert [[digit for (digit,) in row.digits] for row in rows] == [upper, lower]
    assert [row.components for row in rows] == [upper, [*lower, comma]]


@pytest.mark.parametrize("scale", [0.5, 1, 4, 12])
def test_digits_are_found_at_any_scale(scale):
    small = Image.fromarray(bars(40, 40, 90, 200))
    size = round(small.width * scale), round(small.height * scale)
    gray = np.asarray(small.resize(size, Image.Resampling.BOX))
    found = find_digits(gray, dark_ink)
    boxes = np.array([digit.box for digit in found]) * (300, 100, 300, 100)
    expected = [(left, 30, 10, 40) for left in (40, 90, 200)]
    np.testing.assert_allclose(boxes, expected, atol=1.6)
    for digit in found:
        assert digit.canvas.shape == (64, 64)
        rows, columns = (np.flatnonzero((digit.canvas > 127).any(axis)) for axis in (1, 0))
        assert 18 <= len(rows) <= 55
        assert abs(rows.mean() - 31.5) < 2  # in the middle
        assert abs(columns.mean() - 31.5) < 2


def test_digits_that_run_together_when_shrunk_come_apart_at_a_larger_scale():
    """Three rows of eight digits: shrunk to a shorter side of 64 pixels, a row is one component."""
    gray = np.full((400, 900), 255, np.uint8)
    for top in (40, 160, 280):
        for left in range(60, 380, 40):
            gray[top : top + 60, left : left + 26] = 0

    def find_ink(shrunk: np.ndarray) -> np.ndarray:
        return ndimage.maximum_filter(255 - shrunk, 3)

    joined = find_components(label_components(find_ink(resize(gray, 64 / 400)) > 64))
    assert len(joined) == 3
    assert count_digits(gray, find_ink) == [8, 8, 8]


def test_the_search_for_a_scale_ends_where_two_scales_lead_to_each_other():
    """One wide component, which is lower than it should be at twice the scale."""
    sides = []

    def find_ink(shrunk: np.ndarray) -> np.ndarray:
        sides.append(shrunk.shape[0])
        assert len(sides) < 20
        ink = np.zeros(shrunk.shape, np.uint8)
        height = 28 if shrunk.shape[0] <= 100 else 40
        ink[10 : 10 + height, 10:100] = 255
        return ink

    assert find_ink_at_digit_scale(np.full((400, 900), 255, np.uint8), find_ink).height
    assert max(sides) > 100


def test_digits_that_run_together_into_a_square_come_apart_too():
    """Four rows of four: the first component is as high as a digit should be, and as wide."""
    gray = np.full((400, 420), 255, np.uint8)
    for top in (100, 155, 210, 265):
        for left in (120, 165, 210, 255):
            gray[top : top + 42, left : left + 30] = 0

    def find_ink(shrunk: np.ndarray) -> np.ndarray:
        return ndimage.maximum_filter(255 - shrunk, 3)

    joined = find_components(label_components(find_ink(resize(gray, 64 / 400)) > 64))
    assert len(joined) == 1
    assert count_digits(gray, find_ink) == [4, 4, 4, 4]


def test_tiny_digits_in_a_large_picture_are_looked_at_closer():
    seen = []

    def find_ink(gray):
        seen.append(gray.shape)
        return dark_ink(gray)

    found = find_digits(bars(24, 400, 440, 480, size=(600, 900)), find_ink)
    assert len(found) == 3
    assert seen[0][0] == FIRST_SHORTER_SIDE_PIXELS
    assert seen[-1] == (600, 900)
    assert len(seen) <= MAX_SCALES_TRIED


def test_a_digits_canvas_holds_its_own_ink_alone():
    gray = np.full((64, 100), 255, np.uint8)
    picture = Image.fromarray(gray)
    pen = ImageDraw.Draw(picture)
    pen.line([(10, 10), (50, 10), (30, 54)], fill=0, width=4)  # a seven
    pen.line([(58, 16), (44, 54)], fill=0, width=4)  # a one under its end
    page = find_strips(np.asarray(picture), dark_ink)
    seven, one = cut_out_digits(page, page.rows[0])
    ink = page.ink.astype(int).sum()
    assert seven.ink.astype(int).sum() + one.ink.astype(int).sum() == pytest.approx(ink, 0.02)
    assert one.box[2] * 100 == pytest.approx(18, abs=3)


def test_paper_without_ink_has_no_digits():
    page = find_strips(np.full((50, 90), 255, np.uint8), dark_ink)
    assert (page.rows, page.strips) == ([], [])


def test_ordinals():
    found = " ".join(ordinal(n) for n in (1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111))
    assert found == "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("size", [(400, 300), (3000, 4000)])
def test_a_gray_picture_is_upright_and_knows_its_size(tmp_path, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size, (9, 200, 30)).save(tmp_path / "x.jpg", exif=exif)
    gray, found = files.read_gray(tmp_path / "x.jpg", 1024)
    upright = size if orientation < 5 else size[::-1]
    assert found == upright
    assert gray.dtype == np.uint8
    assert gray.shape[::-1] == (upright if max(size) < 1024 else tuple(np.multiply(upright, 0.256)))


# Numbers, read with a model.


@pytest.fixture(scope="module")
def shipped():
    """The table of the samples with the model of the repository; what that imported."""
    finished = run_script("-c", RUN, SAMPLES, "--number", "--model", SHIPPED)
    assert finished.returncode == 0, finished.stderr
    *table, modules = finished.stdout.splitlines()
    return table, set(modules.split())


@pytest.fixture(scope="module")
def mixed(model, tmp_path_factory):
    """Good and bad inputs as JSON, with labels: how the script ended, its lines, its CSV file."""
    folder = tmp_path_factory.mktemp("numbers")
    (folder / "empty").mkdir()
    (folder / "bad.png").write_text("no picture")
    Image.new("L", (90, 40), 200).save(folder / "blank.png")
    touching = Sample("000", "touching.png", 300, 160, box=(0.3, 0.2, 0.6), pitch=0.53)
    draw(touching, np.random.default_rng(0)).save(folder / touching.file)
    labels = folder / "labels.csv"
    names = [(SAMPLES / "5_alone.png", "5"), ("blank.png", "0"), ("bad.png", "1"), (PEN, "2134")]
    labels.write_text("".join(f"{name},{label}\n" for name, label in names))
    table = folder / "results.csv"
    paths = [*(folder / f"{name}.png" for name in ("bad", "blank", "touching", "missing"))]
    finished = load_in_this_process(
        PEN, *paths, folder / "empty", ALONE, PHONE, "--number", "--json", "--model", model,
        "--labels", labels, "--csv", table,
    )  # fmt: skip
    return finished, [json.loads(line) for line in finished.stdout.splitlines()], table


def test_the_shipped_model_reads_every_number(shipped):
    with open(SAMPLES / "labels.csv", newline="") as file:
        labels = {row["file"]: row["label"] for row in csv.DictReader(file)}
    rows = [row.split() for row in shipped[0][1:]]
    assert {row[0].rsplit("/", 1)[1]: row[1] for row in rows} == labels
    assert sum(len(row) == 3 for row in rows) >= 5  # sure of these


def test_the_table_is_aligned(shipped):
    header, *rows = shipped[0]
    assert header.split() == ["input", "number", "probability"]
    for row in rows:
        assert row[header.index("number") + len("number") - 1].isdigit()
        assert row[len(header) - 1] == "%"


def test_reading_numbers_imports_nothing_slow_that_it_does_not_need(shipped):
    assert {"pandas", "sklearn", "matplotlib", "keras"} & shipped[1] == set()


def test_every_input_has_its_line_in_order(mixed):
    finished, lines, _ = mixed
    assert finished.returncode == 1
    assert [line["input"].rsplit("/", 1)[1] for line in lines] == [
        PEN.name, "bad.png", "blank.png", "touching.png", "missing.png", "empty", ALONE.name,
        PHONE.name,
    ]  # fmt: skip


def test_a_line_has_the_fields_and_types_of_the_design(mixed):
    for line in mixed[1]:
        assert list(line) == [
            "input", "status", "number", "probability", "digits", "reason", "rows",
        ]  # fmt: skip
        lowest = min((row["probability"] for row in line["rows"] or ()), default=None)
        assert line["probability"] == lowest
        for digit in line["digits"] or ():
            assert digit["probability"] >= lowest
        assert (line["reason"] is None) == (line["status"] == "ok")
        for digit in line["digits"] or []:
            assert list(digit) == ["digit", "probability", "box", "row"]
            assert [type(digit[key]) for key in digit] == [int, float, list, int]
            assert [type(side) for side in digit["box"]] == [int] * 4
        if line["number"]:
            assert line["number"] == "".join(str(digit["digit"]) for digit in line["digits"])


def test_what_cannot_be_read_is_an_error_of_one_line(mixed):
    for place, reason in ((1, "not a picture"), (4, "no such file"), (5, "no pictures to be read")):
        line = mixed[1][place]
        assert [line["status"], line["number"], line["digits"]] == ["error", None, None]
        assert reason in line["reason"]
        assert "\n" not in line["reason"]


def test_no_ink_is_unsure_without_a_number(mixed):
    line = mixed[1][2]
    assert [line[key] for key in ("status", "number", "digits")] == ["unsure", None, []]
    assert line["reason"] == "no ink"


def test_touching_digits_are_read_or_unsure(mixed):
    line = mixed[1][3]
    assert line["status"] == "unsure" or line["number"] == "000", line


@pytest.mark.parametrize(("place", "count"), [(0, 5), (6, 1), (7, 5)])
def test_all_digits_are_found_left_to_right(mixed, place, count):
    lefts = [digit["box"][0] for digit in mixed[1][place]["digits"]]
    assert len(lefts) == count
    assert lefts == sorted(lefts)


def test_boxes_are_in_pixels_of_the_picture(mixed):
    for place, path in ((0, PEN), (6, ALONE)):
        ink = np.asarray(Image.open(path).convert("L")) < 128
        inside = np.zeros_like(ink)
        for digit in mixed[1][place]["digits"]:
            left, top, width, height = digit["box"]
            own = ink[top : top + height, left : left + width]
            rows, columns = (np.flatnonzero(own.any(axis)) for axis in (1, 0))
            assert len(rows) >= height - 6  # it is found on a picture of a fifth of the size
            assert len(columns) >= width - 6
            inside[top : top + height, left : left + width] = True
        assert ink[inside].sum() >= 0.97 * ink.sum()


def test_a_phones_picture_has_its_boxes_where_it_is_upright(predictor, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(PHONE) as picture:
        picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    plain, turned = predictor.read_numbers([PHONE, tmp_path / "turned.jpg"])
    np.testing.assert_allclose(
        [digit.box for digit in turned.digits], [digit.box for digit in plain.digits], atol=6
    )
    assert turned.number == plain.number


def test_the_reason_says_what_else_the_number_may_be(tmp_path):
    blurred = [tmp_path / f"{radius}.png" for radius in (8, 10, 12, 14)]
    with Image.open(PEN) as picture:
        for path in blurred:
            picture.convert("L").filter(ImageFilter.GaussianBlur(int(path.stem))).save(path)
    with Predictor(SHIPPED, runtime=LITERT) as predictor:
        readings = list(predictor.read_numbers([PEN, *blurred]))
        least = predictor.threshold.probability
    assert [r.status == "unsure" for r in readings] == [r.probability < least for r in readings]
    unsure = [reading for reading in readings if reading.status == "unsure"]
    for reading in unsure:
        rival = reading.reason.removeprefix("may also be ")
        assert rival != reading.number
        assert set(rival) <= set(CHARACTERS)
    assert 0 < len(unsure) < len(readings)


def test_csv_holds_what_json_says(mixed):
    with open(mixed[2], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["input", "status", "number", "probability", "reason"]
    for row, line in zip(rows, mixed[1], strict=True):
        for key in ("input", "status", "number", "reason"):
            assert row[key] == (line[key] or "")
        if line["digits"]:
            assert float(row["probability"]) == pytest.approx(line["probability"], abs=1e-6)
        else:
            assert row["probability"] == ""


def test_labels_give_the_share_of_numbers_read_right(mixed):
    finished, lines, _ = mixed
    right = int(lines[6]["number"] == "5")  # 02134 is not 2134
    assert finished.stderr.splitlines()[-2:] == [
        f"Accuracy {right / 3:.2%}: {right} of 3 right, {3 - right} wrong; "
        "1 of them without an answer; 1 could not be read; 4 had no label",
        f"Sure of {sum(lines[i]['status'] == 'ok' for i in (0, 6))}: "
        f"{sum(lines[i]['status'] == 'ok' for i in (0,))} of these wrong",
    ]


def test_labels_of_numbers_keep_their_zeros(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text(f"file,label\n{PEN},02134\n")
    reading = NumberReading(str(PEN), "ok", "2134", [], None)
    assert Labels(labels, [PEN], numbers=True).find(reading) == "02134"
    for label in ("3.75", "31/12/26", "10:45", "12\n345"):
        labels.write_text(f'file,label\n{PEN},"{label}"\n')
        assert Labels(labels, [PEN], numbers=True).find(reading) == label


@pytest.mark.parametrize(
    "row", ["x.png,1 2", "x.png,-1", "x.png,1.", "x.png,", "x.png", "x.png,٣", "a,1,2"]
)
def test_labels_that_are_no_numbers_are_refused(tmp_path, row):
    (tmp_path / "labels.csv").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(
        DataError, match="line 1: expected file,label with a label of digits, with the"
    ):
        Labels(tmp_path / "labels.csv", [PEN], numbers=True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["samples", "--top", "1"], "--top"), (["x.png", "digits.csv"], "digits.csv hold one digit")],
)
def test_wrong_usage_is_2_and_says_why(arguments, reason, capsys):
    with pytest.raises(SystemExit) as end:
        parse_arguments([*arguments, "--number"])
    assert end.value.code == 2
    assert reason in capsys.readouterr().err.splitlines()[-1]


def test_rows_of_pixels_among_pictures_of_numbers_are_one_error(predictor, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text(",".join(["0"] * 784) + "\n")
    read = list(inputs.read_all(NumberReader(predictor), [ALONE, rows, ALONE]))
    assert [reading.status == "error" for reading in read] == [False, True, False]
    assert read[1] == NumberReading.failed(
        str(rows), f"{rows}: numbers are read from pictures; its rows hold a digit each"
    )


def test_a_folder_may_be_called_as_a_csv(tmp_path):
    (tmp_path / "numbers.csv").mkdir()
    assert parse_arguments([str(tmp_path / "numbers.csv"), "--number"]).number


def test_samples_without_number_leaves_the_numbers_alone():
    assert not any("numbers" in path.parts for path in inputs.expand([ROOT / "samples"]))


def test_numbers_are_read_as_they_come(predictor):
    taken = []

    def paths():
        for path in (ALONE, PEN, ALONE):
            taken.append(path)
            yield path

    readings = predictor.read_numbers(paths())
    assert taken == []
    for count in (1, 2, 3):
        assert next(readings).status in ("ok", "unsure")
        assert len(taken) == count
