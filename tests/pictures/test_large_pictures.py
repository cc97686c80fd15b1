"""Large pictures: read in little memory, and no other than they were. Files of pictures that would
take long for nothing: refused at once."""

import io
import struct
import sys
import time
import zlib

import numpy as np
import pytest
from conftest import ROOT, run_script
from PIL import Image

from nn.errors import PictureError
from nn.pictures import formats, gray
from nn.pictures.files import read_canvas, read_gray, read_thumbnail
from nn.pictures.sources import Source

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"]

# Prints the most memory that the process held while it read pictures, in bytes. VmHWM: ru_maxrss
# would count what the process that started this one held.
READ_ALL = """
import re, sys
from pathlib import Path

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

if sys.argv[1] == "all":
    import load_saved_model
    load_saved_model.main(sys.argv[2:])
    print(most())
else:
    from nn.pictures.files import read_canvas
    before = most()
    for name in sys.argv[2:]:
        assert read_canvas(Path(name)).pixels.any()
    print(most() - before)
"""


def levels(width: int, height: int) -> np.ndarray:
    """Smooth gray levels, uint8 [H, W], no two corners alike."""
    across, down = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    return (40 + 170 * across * down + 30 * np.sin(9 * across + 4 * down)).astype(np.uint8)


def picture(mode: str, width: int = 301, height: int = 203) -> Image.Image:
    """A picture of `levels`; transparent parts have the levels too."""
    shown = levels(width, height)
    if mode == "I;16":
        return Image.fromarray(shown.astype(np.uint16) * 257)
    if mode in ("I", "F"):
        return Image.fromarray(shown.astype({"I": np.int32, "F": np.float32}[mode]) * 1000)
    image = Image.fromarray(shown).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(levels(height, width).T.copy()))
    return image


@pytest.fixture
def saved(tmp_path):
    def save(mode: str, **options):
        picture(mode).save(tmp_path / "großes Bild.tif", **options)
        return tmp_path / "großes Bild.tif"

    return save


@pytest.mark.parametrize("band_pixels", [1, 1000])
@pytest.mark.parametrize("mode", MODES)
def test_bands_change_no_pixel(saved, monkeypatch, mode, band_pixels):
    path = saved(mode)
    monkeypatch.setattr(gray, "BAND_PIXELS", 10**9)
    at_once = read_canvas(path, 512).pixels, read_thumbnail(path, 150)[0]
    monkeypatch.setattr(gray, "BAND_PIXELS", band_pixels)
    np.testing.assert_array_equal(read_canvas(path, 512).pixels, at_once[0])
    np.testing.assert_array_equal(read_thumbnail(path, 150)[0], at_once[1])


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("mode", MODES)
def test_a_picture_that_is_shrunk_by_bands_looks_the_same(saved, monkeypatch, mode, orientation):
    path = saved(mode, tiffinfo={0x0112: orientation})
    expected = read_canvas(path, 64), read_gray(path, 64), read_thumbnail(path, 40)
    monkeypatch.setattr(gray, "BAND_PIXELS", 1000)
    monkeypatch.setattr(gray, "MAX_UNSHRUNK_PIXELS", 1000)
    monkeypatch.setattr(gray, "REDUCING_GAP", 1)  # averages blocks of 4, 4 and 7 pixels
    canvas, (found, size), (shown, shown_size) = (
        read_canvas(path, 64), read_gray(path, 64), read_thumbnail(path, 40),
    )  # fmt: skip
    np.testing.assert_array_equal(canvas.size, expected[0].size)
    upright = (301, 203) if orientation == 1 else (203, 301)
    assert size == shown_size == expected[1][1] == expected[2][1] == upright
    for one, other in ((canvas.pixels, expected[0].pixels), (found, expected[1][0]),
                       (shown, expected[2][0])):  # fmt: skip
        difference = np.abs(one.astype(int) - other)
        # One bit a pixel is dithered: a pixel of 40 has the mean of 56 such dots.
        assert difference.max() <= (60 if mode == "1" else 12)
        assert difference.mean() <= (8 if mode == "1" else 1.5)


def save_74_megapixels(path, mode: str, paper, ink, **options) -> None:
    """A 1 on a picture of nearly the most pixels of 4 bytes."""
    image = Image.new(mode, (7_400, 10_000), paper)
    image.paste(ink, (3_500, 2_000, 4_100, 8_000))
    image.save(path, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory from /proc")
def test_74_transparent_megapixels_are_read_in_less_than_a_gibibyte(tmp_path):
    colors = (255, 255, 255, 0), (0, 0, 0, 255)
    save_74_megapixels(tmp_path / "transparént.png", "RGBA", *colors, compress_level=1)
    finished = run_script(
        "-c", READ_ALL, "all", "transparént.png", "--model", ROOT / "SavedModel" / "1", cwd=tmp_path
    )
    *_, answer, most = finished.stdout.splitlines()
    assert answer.split()[:2] == ["transparént.png", "1"]
    assert int(most) < 2**30


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory from /proc")
def test_a_picture_of_fractions_is_held_once(tmp_path):
    save_74_megapixels(tmp_path / "F.tif", "F", 1.0, 0.0, compression="tiff_lzw")
    finished = run_script("-c", READ_ALL, "pictures", "F.tif", cwd=tmp_path)
    assert 290_000_000 < int(finished.stdout) < 340_000_000, finished.stderr


@pytest.mark.parametrize(("megabytes", "is_read"), [(4, True), (6, False)])
def test_a_file_in_memory_leaves_less_for_its_pixels(tmp_path, monkeypatch, megabytes, is_read):
    monkeypatch.setattr(formats, "MAX_DECODED_BYTES", 5_000_000)
    picture("L").save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes() + bytes(megabytes * 1_000_000)  # behind its end
    if is_read:
        assert read_canvas(Source("a", content)).pixels.any()
    else:
        with pytest.raises(PictureError, match="a: 301x203 pixels, over 0 megapixels, the most"):
            read_canvas(Source("a", content))


@pytest.mark.parametrize(
    ("name", "options", "megapixels", "most"),
    [
        ("a.webp", {}, 19, 18),
        ("a.jpg", {"progressive": True, "subsampling": 0}, 51, 50),
        ("a.jpg", {"progressive": True, "subsampling": 2}, 100, None),
        ("a.jpg", {"subsampling": 0}, 100, None),
        ("a.tif", {"compression": "tiff_lzw"}, 74, None),
        ("a.tif", {"compression": "tiff_lzw", "strip_size": 1 << 30}, 38, 37),
        ("a.tif", {"tiffinfo": {0x0112: 6}}, 38, 37),
        ("a.png", {}, 75, None),
        ("a.png", {}, 76, 75),
    ],
)
def test_files_that_take_more_memory_to_decode_may_have_fewer_pixels(
    tmp_path, name, options, megapixels, most
):
    path = tmp_path / name
    Image.new("RGB", (200, 10_000), "white").save(path, **options)
    with Image.open(path) as image:
        image._size = megapixels * 100, 10_000
        problem = None
        try:
            formats.check_size("x", image)
        except PictureError as error:
            problem = str(error)
    expected = (
        f"x: {megapixels * 100:,}x10,000 pixels, over {most} megapixels, the most that are decoded "
        f"of a {image.format} file like this; shrink it first"
    )
    assert problem == (most and expected)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of 8 gray bits with these chunks behind its header."""
    header = b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in (header, *chunks)
    )  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


TOO_MANY = "x: cannot be read (its parts are too many or too large for a picture)"
ENDLESS = {
    "a JPEG of zeros": b"\xff\xd8\xff" + bytes(5_000_000),
    "a JPEG of fill bytes": b"\xff\xd8" + b"\xff" * 5_000_000,
    "a JPEG of comments": b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000,
    "a PNG of notes": png(28, 28, *[(b"tEXt", b"a\0b")] * 100_000),
    "a GIF of one comment": b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"x" * 255) * 20_000,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_header_without_end_is_refused_soon(name):
    started = time.process_time()
    with pytest.raises(PictureError) as caught:
        read_canvas(Source("x", ENDLESS[name]))
    assert str(caught.value) == TOO_MANY
    assert time.process_time() - started < 3  # each took 8 to 30 s


@pytest.mark.parametrize(("width", "height"), [(1, 100_001), (100_001, 1)])
def test_a_picture_may_not_be_a_line_of_pixels(width, height):
    pixels = zlib.compress(bytes((width + 1) * height))
    with pytest.raises(PictureError, match="pixels, over 100,000 a side; cut it first"):
        read_canvas(Source("x", png(width, height, (b"IDAT", pixels), (b"IEND", b""))))


def test_the_frames_of_an_animation_are_not_counted():
    """Counting them would take a minute."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\x00"
    started = time.process_time()
    read_canvas(Source("x", b"GIF89a\1\0\1\0\0\0\0" + frame * 200_000 + b";"))
    assert time.process_time() - started < 1


def test_the_last_of_many_pages_is_read():
    file = io.BytesIO()
    pages = [picture("L", 20, 20) for _ in range(1500)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    assert read_canvas(Source("x", file.getvalue(), 1500)).pixels.any()
