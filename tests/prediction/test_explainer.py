"""load_saved_model.py --explain: a page on each reading, and all else as without it."""

import errno
import json
import os
import shutil
import warnings
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT, load_in_this_process
from PIL import Image, ImageDraw

from nn.errors import DataError, ModelError, PictureError
from nn.figures import explanation_pages
from nn.pictures import files
from nn.pictures.files import read_thumbnail
from nn.prediction.explainer import Explainer, number_page_of, page_of
from nn.prediction.page_folder import PageFolder, UniqueFileNames
from nn.prediction.readings import Evidence, NumberDigit, NumberReading, Reading

SAMPLES = ROOT / "samples"
THREE, SEVEN, NIGHT = (SAMPLES / f for f in ("3_pen.webp", "7_pencil.jpg", "5_night_mode.png"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, digits) -> Path:
    """A folder of all that is read: pictures of equal names, a blank one, a bad one, rows."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in ("a", "b"):
        (folder / name).mkdir()
    shutil.copy(THREE, folder / "a" / "same.webp")
    shutil.copy(NIGHT, folder / "b" / "same.webp")
    shutil.copy(SEVEN, folder / f"{'long' * 40} $x^2$ 數 \n.jpg")
    Image.new("L", (60, 40), 200).save(folder / "blank.png")
    (folder / "bad.png").write_text("no picture")
    rows = digits[1].images[:2].reshape(2, -1)
    (folder / "rows.csv").write_text("1,2\n" + "\n".join(",".join(map(str, r)) for r in rows))
    return folder


@pytest.fixture(scope="module")
def explained(model, inputs, tmp_path_factory):
    """The script on all of these: what it ended with, and the folder of its pages."""
    pages = tmp_path_factory.mktemp("explained") / "new" / "pages"
    finished = load_in_this_process(
        inputs, inputs / "rows.csv", "--recursive", "--model", model, "--json", "--explain", pages
    )
    return finished, pages


def texts(page: explanation_pages.Page) -> list[str]:
    """All that a page says."""
    axes = explanation_pages.draw(page).axes[0]
    return [text.get_text() for text in axes.texts]


def page(**changes) -> explanation_pages.Page:
    reading = Reading("x.png", "ok", 3, 0.91, [0.01] * 3 + [0.91] + [0.01] * 6, None)
    evidence = Evidence(np.zeros((28, 28), np.uint8), drawn_ink(30, 3), False, 0)
    return page_of(reading, evidence, np.zeros((9, 9), np.uint8))._replace(**changes)


def drawn_ink(size: int, width: int) -> np.ndarray:
    """A ring."""
    image = Image.new("L", (64, 64))
    edge = 32 - size / 2
    ImageDraw.Draw(image).ellipse((edge, edge, edge + size, edge + size), outline=255, width=width)
    return np.asarray(image)


def test_each_reading_has_its_page_and_an_error_has_none(explained, inputs):
    _, pages = explained
    long = f"{'long' * 40} $x^2$ 數 \n.jpg.png"
    assert {path.name for path in pages.iterdir()} == {
        "a_same.webp.png", "b_same.webp.png", "blank.png.png", long,
        "rows.csv_2.png", "rows.csv_3.png", "index.html",
    }  # fmt: skip


def test_the_pages_are_whole_and_differ(explained):
    shown = []
    for path in explained[1].glob("*.png"):
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            shown.append(np.asarray(picture.convert("RGB")))
    assert {array.shape for array in shown} == {(510, 1320, 3)}
    assert len({array.tobytes() for array in shown}) == len(shown)


def test_results_are_those_without_explaining(explained, script, inputs):
    finished, pages = explained
    plain = script(inputs, inputs / "rows.csv", "--recursive", "--json")
    assert finished.returncode == plain.returncode == 1
    found, expected = (
        [json.loads(line) for line in run.stdout.splitlines()] for run in (finished, plain)
    )
    keys = ("input", "status", "digit", "reason")
    assert [[line[k] for k in keys] for line in found] == [
        [line[k] for k in keys] for line in expected
    ]
    for line, other in zip(found, expected, strict=True):
        if other["probability"]:
            np.testing.assert_allclose(line["probabilities"], other["probabilities"], atol=1e-5)
    assert finished.stderr == plain.stderr + f"6 pages drawn: {pages}/index.html\n"


def test_an_explanation_holds_what_the_picture_was_read_from(predictor):
    (reading, evidence), (night, on_dark) = predictor.explain([THREE, NIGHT])
    plain = next(predictor.read([THREE]))
    assert (reading.input, reading.digit, reading.status) == (str(THREE), plain.digit, plain.status)
    assert evidence.light_on_dark is False
    assert on_dark.light_on_dark is True
    for found, at in ((reading, evidence), (night, on_dark)):
        again = predictor.predict(at.digit[None])
        np.testing.assert_allclose(again.probabilities[0], found.probabilities, atol=1e-5)
        assert at.ink.shape == (64, 64)


def test_ink_is_cut_to_the_picture(predictor, tmp_path):
    wide = tmp_path / "wide.png"
    with Image.open(THREE) as picture:
        picture.convert("L").resize((400, 100)).save(wide)
    (_, evidence), (_, none) = predictor.explain([wide, tmp_path / "missing.png"])
    assert evidence.ink.shape == (16, 64)
    assert evidence.ink.max() > 200
    assert none is None


def test_an_explained_row_is_what_the_file_says(predictor, inputs, digits):
    bad, *good = predictor.explain_csv(inputs / "rows.csv")
    assert bad[1] is None
    assert bad[0].status == "error"
    for (reading, evidence), image in zip(good, digits[1].images, strict=False):
        np.testing.assert_array_equal(evidence.digit, image)
        assert evidence.ink is None
        assert reading.probabilities


def test_a_page_says_in_words_what_was_read():
    name, answer, notes, *captions = texts(page())[:7]
    assert (name, answer, notes) == ("x.png", "Read as 3, 91.00% probable", "dark digit on light")
    assert captions[:4] == [
        "picture",
        "ink that was found",
        "what the network saw",
        "probabilities",
    ]
    assert {"91.00%", "1.00%"} <= set(texts(page()))


def test_a_page_says_why_it_is_unsure():
    reading = Reading(
        "x.png", "unsure", 3, 0.5, [0.5 / 9] * 3 + [0.5] + [0.5 / 9] * 6, "too little"
    )
    evidence = Evidence(np.zeros((28, 28), np.uint8), drawn_ink(40, 12), True)
    _, answer, notes = texts(page_of(reading, evidence, evidence.digit))[:3]
    assert answer == "Perhaps 3, 50.00%: unsure"
    thick, ratio = notes.split("  ·  ")[2].split(", ")
    assert (thick, ratio.endswith("% of the digit's longer side")) == ("thick strokes", True)
    assert notes.split("  ·  ")[:2] == ["too little", "light digit on dark"]


def test_a_page_says_that_it_is_of_a_part_of_the_picture():
    reading = Reading("x.png", "ok", 3, 0.91, [0.01] * 3 + [0.91] + [0.01] * 6, None)
    evidence = Evidence(np.zeros((28, 28), np.uint8), drawn_ink(64, 4), False, True)
    notes = texts(page_of(reading, evidence, evidence.digit))[2].split("  ·  ")
    assert notes[:2] == ["dark digit on light", "small in the picture: enlarged and read again"]


def test_a_page_without_ink_says_so():
    reading = Reading("x.png", "unsure", None, None, None, "no ink")
    nothing = np.zeros((28, 28), np.uint8)
    _, answer, notes = texts(page_of(reading, Evidence(nothing, nothing, False, 0), nothing))[:3]
    assert (answer, notes) == ("No digit: no ink", "")


@pytest.mark.parametrize("name", ["x" * 500, "$x_{$", "a\nb", "\ud800.png", "數字.png", "\\frac{"])
def test_any_name_fits_into_a_page(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font has not
        figure = explanation_pages.draw(page(name=name))
        figure.savefig(tmp_path / "page.png")
        right = max(text.get_window_extent().x1 for text in figure.axes[0].texts)
    assert right < figure.bbox.x1
    assert "\n" not in figure.axes[0].texts[0].get_text()


def test_a_name_that_the_font_cannot_draw_warns_nobody(tmp_path):
    reading = Reading("數字.png", "ok", 3, 0.91, [0.01] * 3 + [0.91] + [0.01] * 6, None)
    evidence = Evidence(np.zeros((28, 28), np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = page_of(reading, evidence, evidence.digit)
        explanation_pages.draw(drawn).savefig(tmp_path / "page.png")
    assert drawn.name == "□□.png"


@pytest.mark.parametrize("size", [24, 40, 60])
@pytest.mark.parametrize("width", [2, 4, 6, 10])
def test_the_width_of_a_ring_is_measured(size, width):
    found = explanation_pages.stroke_width(drawn_ink(size, width)) * size
    assert found == pytest.approx(width, rel=0.2, abs=0.5)


def test_no_ink_has_no_width():
    assert explanation_pages.stroke_width(np.zeros((64, 64), np.uint8)) == 0


def test_a_single_page_is_no_pages(script, tmp_path):
    finished = script(THREE, "--explain", tmp_path / "pages")
    assert finished.stderr.endswith(f"1 page drawn: {tmp_path / 'pages'}/\n")


# Pages on numbers.


def test_each_number_has_its_page(script, tmp_path):
    paths = [SAMPLES / "numbers" / name for name in ("02134_pen.png", "271828_chalk.jpg")]
    Image.new("L", (60, 40), 200).save(tmp_path / "blank.png")
    finished = script(
        *paths, tmp_path / "blank.png", tmp_path / "missing.png", "--number", "--explain",
        tmp_path / "pages",
    )  # fmt: skip
    assert finished.returncode == 1
    assert finished.stderr.endswith(f"3 pages drawn: {tmp_path / 'pages'}/index.html\n")
    pages = sorted((tmp_path / "pages").glob("*.png"))
    assert [path.name for path in pages] == [
        "02134_pen.png.png", "271828_chalk.jpg.png", "blank.png.png",
    ]  # fmt: skip
    for path in pages:
        with Image.open(path) as picture:
            assert picture.width == 1320


def number_page(
    number: str, size: tuple[int, int] = (400, 100), **fields
) -> explanation_pages.NumberPage:
    """A number whose digits are 20 wide, 40 high and 50 apart, on a picture shrunk to a half."""
    digits = [NumberDigit(int(n), 0.99, [50 * i, 30, 20, 40], 0) for i, n in enumerate(number)]
    fields = {"status": "ok", "reason": None, **fields}
    reading = NumberReading("x.png", number=number or None, digits=digits, **fields)
    return number_page_of(reading, np.zeros((size[1] // 2, size[0] // 2), np.uint8), size)


def drawn_texts(page: explanation_pages.NumberPage) -> list[str]:
    return [text.get_text() for text in explanation_pages.draw_number(page).axes[0].texts]


def test_a_page_shows_each_digit_of_a_number():
    page = number_page("0213")
    np.testing.assert_array_equal(page.boxes[1], [25, 15, 10, 20])
    texts = drawn_texts(page)
    assert texts[:3] == ["x.png", "Read as 0213", "each digit at least 99.00% probable"]
    assert texts[4::2] == ["0", "2", "1", "3"]
    assert texts[5::2] == ["99.00%"] * 4


def test_a_page_says_why_a_number_is_unsure():
    reason = "2nd digit less probable than 99.9%"
    texts = drawn_texts(number_page("02", status="unsure", reason=reason))
    assert texts[1] == "Perhaps 02: unsure"
    assert texts[2].startswith(reason)
    texts = drawn_texts(number_page("", status="unsure", reason="no ink"))
    assert texts == ["x.png", "No number: no ink", "", "picture"]


@pytest.mark.parametrize("size", [(1400, 90), (1400, 1400), (1400, 2800), (1400, 71)])
@pytest.mark.parametrize("number", ["5", "12", "0" * 28])
def test_all_of_a_page_on_a_number_stays_on_it(number, size):
    figure = explanation_pages.draw_number(number_page(number, size))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    head, shown = boxes[:4], [b for b, t in zip(boxes, axes.texts, strict=True) if t.get_text()][4:]
    assert max(box.y1 for box in shown) <= min(box.y0 for box in head[3:]) + 4


# Names of pages.


def names_of(*inputs: str) -> list[str]:
    names = UniqueFileNames([Path(name) for name in inputs])
    return [names.take(name) for name in inputs]


def test_a_page_has_the_name_of_its_input():
    assert names_of("scans/3.png", "/tmp/3.jpg") == ["3.png", "3.jpg"]


def test_equal_names_have_their_folders_before_them():
    assert names_of("a/3.png", "/b/3.PNG", "x/b/3.png", "4.png") == [
        "a_3.png", "b_3.PNG", "x_b_3.png", "4.png",
    ]  # fmt: skip


def test_where_folders_do_not_do_numbers_follow():
    assert names_of("3.png", "3.png", "../3.png") == ["3.png", "3.png_2", "3.png_3"]
    assert names_of("a/3", "b/3", "a_3") == ["a_3", "b_3", "a_3_2"]


@pytest.mark.parametrize("x", ["x.csv", "x.npy", "x.csv.gz", "x-images-idx3-ubyte"])
def test_rows_are_told_apart(x):
    names = UniqueFileNames([Path(f"a/{x}"), Path(f"b/{x}"), Path("y.csv")])
    rows = [f"a/{x}:1", f"a/{x}:2", f"b/{x}:1", "y.csv:1"]
    assert [names.take(row) for row in rows] == [f"a_{x}_1", f"a_{x}_2", f"b_{x}_1", "y.csv_1"]


def test_no_name_is_too_long_for_a_file_system():
    found = names_of(*(f"{'a' * 150}/{'字' * 70}{i}/x.png" for i in range(3)), "字" * 84)
    assert len(set(found)) == 4
    assert max(len(name.encode()) for name in found) <= 200


# The index.


def test_several_pages_have_an_index_that_shows_each_and_links_the_unsure(script, tmp_path):
    odd = tmp_path / "in" / "a <b> & 100% #1.webp"
    odd.parent.mkdir()
    shutil.copy(THREE, odd)
    blank = tmp_path / "in" / "blank.png"
    Image.new("L", (40, 40), 255).save(blank)
    pages = tmp_path / "pages"
    assert script(odd, blank, "--explain", pages).returncode == 0
    index = ElementTree.parse(pages / "index.html")
    assert index.find(".//h1").text == "2 pages, 1 unsure"
    shown = [(unquote(image.get("src")), image.get("alt")) for image in index.iter("img")]
    assert [file for file, _ in shown] == [f"{odd.name}.png", "blank.png.png"]
    assert all((pages / file).is_file() for file, _ in shown)
    assert shown[0][1].startswith(f"{odd}: Read as 3, ")
    assert shown[1][1] == f"{blank}: No digit: no ink"
    (link,) = index.findall(".//nav/a")
    assert link.text == str(blank)
    assert index.find(f".//figure[@id='{link.get('href')[1:]}']/figcaption").text == shown[1][1]
    # Another run replaces it.
    assert script(odd, THREE, "--explain", pages).returncode == 0
    assert "<h1>2 pages, 0 unsure</h1>" in (pages / "index.html").read_text(encoding="utf-8")


EVIDENCE = Evidence(np.zeros((28, 28), np.uint8), np.zeros((64, 64), np.uint8), False, 0)


def test_an_index_shows_a_name_that_is_no_text(tmp_path):
    name = os.fsdecode(b"\xff.png")
    with PageFolder(tmp_path, []) as pages:
        for reading in (Reading.without_digit(name, "no ink"), Reading.failed(name, "why")):
            page = page_of(reading, EVIDENCE, EVIDENCE.digit)
            pages.save(pages.name_for(reading), reading, page, explanation_pages.draw(page))
    index = ElementTree.parse(tmp_path / "index.html")
    files = [unquote_to_bytes(image.get("src")) for image in index.iter("img")]
    assert files == [b"\xff.png.png", b"\xff.png_2.png"]
    assert next(image.get("alt") for image in index.iter("img")) == "?.png: No digit: no ink"


def test_an_index_that_is_the_user_s_own_is_not_replaced(script, tmp_path):
    (tmp_path / "index.html").write_text("<h1>my site</h1>")
    finished = script(THREE, "--explain", tmp_path)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.splitlines()[-1] == (
        f"error: --explain {tmp_path}: has an index.html that --explain did not write; "
        "name another folder"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


# What cannot be explained.


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_one_line_and_2(script, tmp_path, folder):
    (tmp_path / "file").touch()
    finished = script(THREE, "--explain", tmp_path / folder)
    assert finished.returncode == 2
    assert finished.stdout == ""
    error = finished.stderr.splitlines()[-1]
    assert error.startswith(f"error: --explain {tmp_path / folder}: cannot be written to (")


def test_pages_do_not_go_among_the_inputs(script, tmp_path):
    shutil.copy(THREE, tmp_path)
    finished = script(tmp_path, "--explain", tmp_path)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith(
        f"error: --explain {tmp_path}: holds an input"
    )
    assert [path.name for path in tmp_path.iterdir()] == [THREE.name]


def test_a_full_disk_leaves_no_part_of_a_page(script, tmp_path, monkeypatch):
    def fill(_, path, **__):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fill)
    finished = script(THREE, "--explain", tmp_path)
    page = tmp_path / f"{THREE.name}.png"
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == (
        f"error: {page}: cannot be written (No space left on device)"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_tell_what_it_found_is_one_error(untelling):
    without = "without the output light_on_dark of the signature canvases; to write it anew"
    with pytest.raises(ModelError, match=without):
        next(untelling.explain([THREE]))


def test_errors_alone_have_no_pages(predictor, tmp_path):
    pages = PageFolder(tmp_path / "pages", [])
    missing = tmp_path / "missing.png"
    assert [reading.status for reading in Explainer(predictor, pages).read([missing])] == ["error"]
    assert pages.count == 0
    assert list((tmp_path / "pages").iterdir()) == []


# The picture as it looks.


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_thumbnail_is_upright_and_in_color(tmp_path, orientation):
    colors = np.zeros((200, 400, 3), np.uint8)
    colors[:100, :200] = (250, 10, 10)
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(colors, turns)))
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    found, size = files.read_thumbnail(tmp_path / "turned.jpg", 100)
    assert size == (400, 200)
    assert found.shape == (50, 100, 3)
    assert found[10, 10, 0] > 200
    assert found[10, 10, 1] < 60
    assert found[40, 90].max() < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_a_thumbnail_can_be_shown_whatever_the_mode(tmp_path, mode):
    Image.new("L", (300, 20), 77).convert(mode).save(tmp_path / "picture.tif")
    found, _ = files.read_thumbnail(tmp_path / "picture.tif", 100)
    assert found.dtype == np.uint8
    assert found.shape[:2] == (7, 100)


def test_what_is_no_picture_has_no_thumbnail(tmp_path):
    (tmp_path / "x.png").write_text("text")
    with pytest.raises(PictureError, match="not a picture"):
        files.read_thumbnail(tmp_path / "x.png", 100)


def test_a_small_picture_is_not_enlarged():
    assert files.read_thumbnail(SAMPLES / "2_mnist_size.png", 100)[0].shape[:2] == (28, 28)


def test_the_folder_may_exist_and_hold_something_else(predictor, tmp_path):
    (tmp_path / "notes.txt").touch()
    list(Explainer(predictor, PageFolder(tmp_path, [THREE])).read([THREE]))
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "3_pen.webp.png"}
    with pytest.raises(DataError, match="holds an input"):
        PageFolder(SAMPLES, [THREE])


def test_the_page_of_a_number_on_a_very_narrow_strip_has_its_box_on_it():
    """Such a strip is shrunk to a width of a pixel at least: less than its height is."""
    reading = NumberReading("a.png", "ok", "1", [NumberDigit(1, 1.0, [0, 5000, 3, 60], 0)], None)
    original = np.full((1600, 1, 3), 230, np.uint8)
    page = number_page_of(reading, original, (3, 6000))
    np.testing.assert_allclose(page.boxes, [[0, 5000 / 3.75, 1, 16]])
    assert explanation_pages.draw_number(page).get_axes()


def test_links_in_a_circle_and_links_into_the_folder_are_told_apart(tmp_path):
    circle = tmp_path / "circle.png"
    circle.symlink_to(circle)
    PageFolder(tmp_path / "pages", [circle])  # reading it says what is wrong
    inside = tmp_path / "pages" / "link.png"
    inside.symlink_to(THREE)
    with pytest.raises(DataError, match="holds an input"):
        PageFolder(tmp_path / "pages", [inside])


@pytest.mark.parametrize("options", [[], ["--number"]])
def test_a_picture_that_goes_once_it_is_read_has_no_page(
    script, tmp_path, monkeypatch, caplog, options
):
    for name in ("gone.png", "here.png"):
        shutil.copy(ROOT / "samples" / "3_pen.webp", tmp_path / name)

    def gone(source, side):
        if source.content.name == "gone.png":
            source.content.unlink()
        return read_thumbnail(source, side)

    monkeypatch.setattr("nn.prediction.explainer.read_thumbnail", gone)
    paths = [tmp_path / "gone.png", tmp_path / "here.png"]
    finished = script(*paths, "--explain", tmp_path / "pages", *options)
    assert finished.returncode == 0
    assert (
        "gone.png: no such file; it was read, but no page is drawn for it" in caplog.text
    )  # without pytest, standard error
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["here.png.png"]
