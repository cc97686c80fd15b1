"""Files that are no picture, each with what to do; and files of several pages."""

import csv
import gzip
import io
import zipfile

import numpy as np
import pytest
from conftest import ROOT, load_in_this_process
from PIL import Image

from nn.errors import DataError, PictureError
from nn.pictures.files import read_canvas, read_gray, read_thumbnail
from nn.prediction import inputs

FORMATS = "PNG, JPEG, WEBP, BMP, GIF, TIFF can be read"
UNPACK = "an archive; unpack it, and give the pictures in it"
SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>\n'


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF file; save its pages as PNG files first"),
        (b"%!PS-Adobe-3.0", "a PostScript file; save its pages as PNG files first"),
        (zipped("seven.png"), UNPACK),
        (zipped(), UNPACK),
        (gzip.compress(b"seven", mtime=0), UNPACK),
        (
            zipped("[Content_Types].xml", "word/document.xml"),
            "an office document; save the picture in it as a PNG file first",
        ),
        (zipped("mimetype"), "an office document; save the picture in it as a PNG file first"),
        (SVG.encode(), "an SVG drawing; save it as a PNG file first"),
        (
            b"\xef\xbb\xbf\n<!DOCTYPE HTML>\n<p>gone</p>",
            "a web page, not a picture; save the picture that it shows, and give that file",
        ),
        (
            "Zwölf 数字\n".encode() * 300,
            f"not a picture ({FORMATS}) but text; the name of a file of pixels ends with .csv",
        ),
        (b"\x00\x01\x02\x03" * 20, f"not a picture ({FORMATS})"),
        (b"\xff\xfe\xfd", f"not a picture ({FORMATS})"),
    ],
)
def test_what_is_no_picture_is_named_by_its_content(tmp_path, content, reason):
    path = tmp_path / "drei é 3.png"
    path.write_bytes(content)
    with pytest.raises(PictureError) as caught:
        read_canvas(path)
    assert str(caught.value) == f"{path}: {reason}"


@pytest.fixture
def pages(tmp_path):
    """A TIFF of two pages, a 3 and a 7, in a folder that is not the working directory."""
    folder = tmp_path / "Zwei Seiten é"
    folder.mkdir()
    three, seven = (
        Image.open(ROOT / "samples" / name).convert("L") for name in ("3_pen.webp", "7_pencil.jpg")
    )
    three.save(folder / "zwei.tiff", save_all=True, append_images=[seven])
    return folder / "zwei.tiff"


def test_each_page_is_an_input_and_a_notice_says_so(pages, tmp_path, caplog):
    results = tmp_path / "out.csv"
    finished = load_in_this_process(
        pages, f"{pages}#2", f"{pages}#3", "https://example.org/7.csv", "--csv", results,
        "--explain", tmp_path / "pages", "--model", ROOT / "SavedModel" / "1",
    )  # fmt: skip
    assert finished.returncode == 1
    with open(results, encoding="utf-8", newline="") as file:
        found = {row["input"]: (row["digit"], row["reason"]) for row in csv.DictReader(file)}
    web = "https://example.org/7.csv"
    assert found == {
        str(pages): ("3", ""),
        f"{pages}#2": ("7", ""),
        f"{pages}#3": ("", f"{pages}#3: {pages} holds 2 pages, counted from 1"),
        web: ("", f"{web}: a web address; download it first, and give the file"),
    }
    assert [record.getMessage() for record in caplog.records] == [
        f"{pages}: holds 2 pages; the first is read, {pages}#2 reads the second"
    ]
    shown = {path.name for path in (tmp_path / "pages").iterdir()}
    assert shown == {"zwei.tiff.png", "zwei.tiff#2.png", "index.html"}


def test_a_number_and_a_thumbnail_are_of_the_page_too(pages, caplog):
    for name, page in (("zwei.tiff", "3_pen.webp"), ("zwei.tiff#2", "7_pencil.jpg")):
        with Image.open(ROOT / "samples" / page) as image:
            size = image.size
        assert read_gray(pages.with_name(name), 64)[1] == size
        assert read_thumbnail(pages.with_name(name), 64)[1] == size
    assert len(caplog.records) == 1  # of the number of the first page


@pytest.mark.parametrize(
    ("page", "count", "reason"),
    [
        (0, 3, "holds 3 pages, counted from 1"),
        (4, 3, "holds 3 pages, counted from 1"),
        (2, 1, "holds 1 page, counted from 1"),
    ],
)
def test_a_page_that_is_not_there_is_one_line(tmp_path, page, count, reason):
    path = tmp_path / "a.tiff"
    image = Image.new("L", (9, 9))
    image.save(path, save_all=True, append_images=[image] * (count - 1))
    with pytest.raises(PictureError) as caught:
        read_canvas(tmp_path / f"a.tiff#{page}")
    assert str(caught.value) == f"{path}#{page}: {path} {reason}"


def test_more_than_two_pages_are_all_named(tmp_path, caplog):
    path = tmp_path / "a.tiff"
    image = Image.new("L", (9, 9))
    image.save(path, save_all=True, append_images=[image] * 11)
    read_canvas(path)
    assert caplog.messages == [
        f"{path}: holds 12 pages; the first is read, {path}#2 to {path}#12 read the others"
    ]


def test_a_file_whose_name_looks_like_a_page_is_that_file(tmp_path):
    for name, level in (("a.png", 90), ("a.png#2", 200)):
        Image.new("L", (64, 64), level).save(tmp_path / name, "PNG")
    assert np.unique(read_canvas(tmp_path / "a.png#2").pixels) == [200]
    with pytest.raises(PictureError, match=r"b\.png#2: no such file$"):
        read_canvas(tmp_path / "b.png#2")


def test_the_file_of_a_page_is_not_overwritten(pages):
    with pytest.raises(DataError, match="would overwrite the input"):
        inputs.refuse_to_overwrite(pages, [pages.with_name("zwei.tiff#2")])
