"""Picture files on canvases: formats, modes, orientation, transparency, sizes, refusals."""

import io
import os
import re
import struct
import sys
import threading
import time
import warnings
import zlib

import numpy as np
import pytest
from conftest import run_script
from PIL import Image

from nn.errors import PictureError
from nn.pictures import files, formats
from nn.pictures.files import batch_sources, read_canvas, read_canvases

# Gray [40, 30], every row different and every column different.
GRAY = (np.arange(40)[:, None] * 4 + np.arange(30)[None] * 3).astype(np.uint8)
STROKE = np.zeros((40, 30), bool)
STROKE[8:32, 12:18] = True
FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "bmp": "BMP", "gif": "GIF", "tif": "TIFF"}
LOSSLESS = {"webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}}


def save(image: Image.Image, path, **options):
    image.save(path, FORMATS[path.suffix[1:]], **options)
    return path


def encode(image: Image.Image, extension: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, FORMATS[extension], **options)
    return file.getvalue()


def on_canvas(gray: np.ndarray) -> np.ndarray:
    """A gray picture of at most 64×64 in the middle of a canvas."""
    height, width = gray.shape
    top, left = (64 - height) // 2, (64 - width) // 2
    return np.pad(gray, ((top, 64 - height - top), (left, 64 - width - left)))


def assert_shows(path, gray: np.ndarray, tolerance: int = 0):
    canvas = read_canvas(path)
    assert canvas.pixels.dtype == np.uint8
    assert canvas.size.dtype == np.int32
    assert canvas.size.tolist() == [*gray.shape, min(gray.shape)]
    np.testing.assert_allclose(canvas.pixels.astype(int), on_canvas(gray), atol=tolerance)


def message_of(path) -> str:
    with pytest.raises(PictureError) as caught:
        read_canvas(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("mode", "extension"),
    [(mode, extension) for mode in ("L", "RGB") for extension in FORMATS]
    + [(mode, "png") for mode in ("P", "LA", "RGBA")]
    + [("RGBA", "webp"), ("RGBA", "bmp"), ("P", "gif"), ("P", "bmp"), ("CMYK", "jpg")],
)
def test_formats_and_modes(tmp_path, mode, extension):
    image = Image.fromarray(GRAY).convert(mode)
    path = save(image, tmp_path / f"a.{extension}", **LOSSLESS.get(extension, {}))
    assert_shows(path, GRAY, tolerance=4 if extension == "jpg" else 0)


@pytest.mark.parametrize("extension", ["png", "bmp", "gif", "webp", "tif"])
def test_one_bit_pictures(tmp_path, extension):
    image = Image.fromarray(STROKE)
    assert image.mode == "1"
    path = save(image, tmp_path / f"a.{extension}", **LOSSLESS.get(extension, {}))
    assert_shows(path, np.where(STROKE, 255, 0))


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, extension):
    path = save(Image.fromarray(GRAY.astype(np.uint16) * 257), tmp_path / f"a.{extension}")
    with Image.open(path) as image:
        assert image.mode == "I;16"
    assert_shows(path, GRAY)


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [(1, np.float32), (1 / 255, np.float32), (1000, np.float32), (1, np.int32), (70_000, np.int32)],
)
def test_tiffs_on_no_agreed_scale_are_scaled_by_their_own_range(tmp_path, scale, dtype):
    full = GRAY.copy()
    full[0, 0], full[-1, -1] = 0, 255
    levels = (full.astype(np.float64) * scale - 3 * scale).astype(dtype)
    assert_shows(save(Image.fromarray(levels), tmp_path / "a.tif"), full)


@pytest.mark.parametrize("level", [np.nan, np.inf, -np.inf])
def test_levels_that_are_no_numbers_are_refused(tmp_path, level):
    levels = GRAY.astype(np.float32)
    levels[3, 3] = level
    path = save(Image.fromarray(levels), tmp_path / "a.tif")
    assert message_of(path) == "cannot be read (some of its pixels are not finite numbers)"


def test_heic_is_read_whatever_it_is_called(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    for name in ("a.heic", "a.jpg"):
        picture = heif.from_pillow(Image.fromarray(GRAY).convert("RGB"))
        picture.save(tmp_path / name, quality=-1, chroma=444)
        assert_shows(tmp_path / name, GRAY, tolerance=3)


def test_heic_without_its_library_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = tmp_path / "a.heic"
    path.write_bytes(bytes(4) + b"ftypheic" + bytes(50))
    assert message_of(path) == "a HEIC picture; pip install pillow-heif first"


def test_a_palette_is_looked_up(tmp_path):
    image = Image.fromarray(255 - GRAY, "L")
    image.putpalette([255 - level for level in range(256) for _ in range(3)])
    assert image.mode == "P"
    assert_shows(save(image, tmp_path / "a.png"), GRAY)


def test_colors_become_luma(tmp_path):
    colors = np.zeros((30, 30, 3), np.uint8)
    colors[:10, :, 0] = colors[10:20, :, 1] = colors[20:, :, 2] = 255
    luma = np.repeat([76, 150, 29], 10)[:, None] * np.ones((1, 30), int)
    assert_shows(save(Image.fromarray(colors), tmp_path / "a.png"), luma, tolerance=1)


def test_the_content_decides_not_the_extension(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.fromarray(GRAY), "bmp"))
    assert_shows(path, GRAY)


def test_the_first_frame_of_an_animation_is_read(tmp_path):
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    for name, options in (("a.gif", {}), ("a.png", {}), ("a.webp", {"lossless": True})):
        path = save(frames[0], tmp_path / name, save_all=True, append_images=frames[1:], **options)
        with Image.open(path) as image:
            assert image.n_frames == 2
        assert_shows(path, GRAY)


UPRIGHT = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
def test_the_exif_orientation_is_followed(tmp_path, extension, orientation):
    path = save(Image.fromarray(GRAY), tmp_path / f"a.{extension}", exif=exif(orientation))
    with Image.open(path) as image:
        stored = np.asarray(image.convert("L"))
    assert_shows(path, UPRIGHT[orientation](stored))


def test_the_exif_orientation_of_a_large_jpeg_is_followed(tmp_path):
    lying = Image.fromarray(GRAY).resize((1000, 500), Image.Resampling.BILINEAR)
    upright = read_canvas(save(lying.rotate(-90, expand=True), tmp_path / "upright.png"))
    rotated = read_canvas(save(lying, tmp_path / "rotated.jpg", exif=exif(6), quality=95))
    assert rotated.size.tolist() == upright.size.tolist() == [64, 32, 500]
    np.testing.assert_allclose(rotated.pixels.astype(int), upright.pixels, atol=4)


@pytest.mark.filterwarnings("error")
def test_damaged_exif_data_is_passed_over_in_silence(tmp_path):
    whole = encode(Image.fromarray(GRAY), "jpg", quality=100, exif=exif(1))
    start = whole.index(b"MM\0*\0\0\0\x08")
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[: start + 8] + b"\xff" + whole[start + 9 :])
    assert_shows(path, GRAY, tolerance=4)


def test_reading_in_several_threads_leaves_the_warning_filters_of_the_process_alone(
    tmp_path, monkeypatch
):
    started, may_end = ([threading.Event(), threading.Event()] for _ in range(2))
    paths = [save(Image.new("L", (1 + n, 1)), tmp_path / f"{n}.png") for n in range(2)]

    def to_gray(image, side):
        number = image.width - 1
        started[number].set()
        assert may_end[number].wait(60)
        return image

    monkeypatch.setattr(files, "to_gray", to_gray)
    before = list(warnings.filters)
    readers = [threading.Thread(target=read_canvas, args=[path]) for path in paths]
    for reader, event in zip(readers, started, strict=True):
        reader.start()
        assert event.wait(60)
    with warnings.catch_warnings(record=True) as seen:
        warnings.warn("of the caller", stacklevel=1)
        warnings.warn_explicit("of Pillow", UserWarning, "Image.py", 1, "PIL.Image")
    for reader, event in zip(readers, may_end, strict=True):  # the first that starts ends first
        event.set()
        reader.join()
    assert [str(warning.message) for warning in seen] == ["of the caller"]
    assert list(warnings.filters) == before


def transparent(mode: str, ink: int) -> tuple[Image.Image, dict]:
    """A stroke of ink on transparency, and the options to save it with."""
    alpha = np.where(STROKE, 255, 0).astype(np.uint8)
    gray = np.full_like(alpha, ink)
    if mode == "LA":
        return Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]), {}
    if mode == "RGBA":
        return Image.merge("RGBA", [Image.fromarray(band) for band in (gray,) * 3 + (alpha,)]), {}
    keyed = Image.fromarray(np.where(STROKE, ink, 100).astype(np.uint8))
    if mode == "RGB":
        return keyed.convert("RGB"), {"transparency": (100, 100, 100)}
    if mode == "L":
        return keyed, {"transparency": 100}
    palette = Image.fromarray(STROKE.astype(np.uint8), "L")
    palette.putpalette([ink] * 6)
    return palette, {"transparency": 0 if mode == "P" else b"\0\xff"}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ink", [0, 40, 215, 255])
@pytest.mark.parametrize(
    ("mode", "extension"),
    [("RGBA", "png"), ("LA", "png"), ("RGB", "png"), ("L", "png"), ("P", "png"),
     ("P, alpha by color", "png"), ("RGBA", "webp"), ("P", "gif")],
)  # fmt: skip
def test_dark_and_light_ink_stand_out_from_transparency(tmp_path, mode, extension, ink):
    image, options = transparent(mode, ink)
    options |= LOSSLESS.get(extension, {})
    path = save(image, tmp_path / f"a.{extension}", **options)
    with Image.open(path) as reopened:
        assert reopened.has_transparency_data
    paper = 255 if ink < 128 else 0
    assert_shows(path, np.where(STROKE, ink, paper))


def test_half_transparent_ink_is_mixed_with_the_paper(tmp_path):
    image, _ = transparent("LA", 0)
    image.putalpha(Image.fromarray(np.where(STROKE, 128, 0).astype(np.uint8)))
    assert_shows(save(image, tmp_path / "a.png"), np.where(STROKE, 127, 255))


def test_a_wholly_transparent_picture_shows_nothing(tmp_path):
    path = save(Image.new("RGBA", (40, 30), (90, 90, 90, 0)), tmp_path / "a.png")
    assert len(np.unique(read_canvas(path).pixels[17:47, 12:52])) == 1


@pytest.mark.parametrize("side", [1, 27, 28, 63, 64])
def test_small_pictures_keep_their_size_in_the_middle(tmp_path, side):
    gray = 1 + np.arange(side * side, dtype=np.uint32).reshape(side, side) % 255
    path = save(Image.fromarray(gray.astype(np.uint8)), tmp_path / "a.png")
    assert_shows(path, gray)


@pytest.mark.parametrize("extension", ["png", "jpg"])
@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (1000, 500, [32, 64, 500]),
        (500, 1000, [64, 32, 500]),
        (65, 65, [64, 64, 65]),
        (65, 20, [20, 64, 20]),
        (1001, 333, [21, 64, 333]),
        (3000, 1, [1, 64, 1]),
        (2, 700, [64, 1, 2]),
    ],
)
def test_large_pictures_fill_the_canvas_in_one_direction(tmp_path, width, height, size, extension):
    path = save(Image.new("L", (width, height), 255), tmp_path / f"a.{extension}")
    canvas = read_canvas(path)
    assert canvas.size.tolist() == size
    np.testing.assert_array_equal(canvas.pixels, on_canvas(np.full(size[:2], 255)))


def test_shrinking_weighs_pixels_by_a_triangle_as_wide_as_two_of_the_result(tmp_path):
    gray = np.random.default_rng(0).integers(0, 256, (192, 96), np.uint8)
    canvas = read_canvas(save(Image.fromarray(gray), tmp_path / "a.png"))
    triangle = np.array([1, 2, 3, 2, 1]) / 9
    for row, column in ((1, 1), (20, 7), (62, 30)):
        patch = gray[3 * row - 1 : 3 * row + 4, 3 * column - 1 : 3 * column + 4]
        found = canvas.pixels[row, 16 + column]
        assert abs(found - triangle @ patch @ triangle) <= 1.5


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_decoded_at_a_fraction_is_near_the_full_decode(tmp_path, mode):
    gray = np.full((1200, 900), 230, np.uint8)
    gray[300:900, 400:480] = gray[300:380, 250:480] = 30
    path = save(Image.fromarray(gray).convert(mode), tmp_path / "a.jpg", quality=95)
    with Image.open(path) as image:
        full = read_canvas(save(image.convert("L"), tmp_path / "a.png"))
    jpeg = read_canvas(path)
    assert jpeg.size.tolist() == full.size.tolist() == [64, 48, 900]
    difference = np.abs(jpeg.pixels.astype(int) - full.pixels)
    assert difference.max() <= 20  # a tenth of the contrast, at edges
    assert difference.mean() < 0.3


@pytest.mark.parametrize(
    "content",
    [b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"%PDF-1.7\n", bytes(5000)],
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert message_of(path)  # raised, and one line


def test_the_formats_that_can_be_read_are_listed(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    assert all(name in message_of(path) for name in FORMATS.values())


def test_other_formats_are_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(GRAY).save(path, "ICO")
    assert message_of(path).startswith("not a picture")


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(tmp_path, extension, share):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)
    whole = encode(Image.fromarray(noise), extension)
    path = tmp_path / f"a.{extension}"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert message_of(path)


@pytest.mark.parametrize(
    ("extension", "position", "byte"),
    [("png", 11, b"\0"), ("png", 36, b"\0"), ("bmp", 46, b"\xff")],
    ids=["length of IHDR", "length of IDAT", "size of the palette"],
)
def test_a_damaged_header_is_refused(tmp_path, extension, position, byte):
    whole = encode(Image.fromarray(GRAY), extension)
    path = tmp_path / f"a.{extension}"
    path.write_bytes(whole[:position] + byte + whole[position + 1 :])
    assert message_of(path).startswith("cannot be read (")


def test_an_empty_file_is_named(tmp_path):
    path = tmp_path / "a.png"
    path.touch()
    assert message_of(path) == "an empty file"


def test_a_missing_file_is_named(tmp_path):
    assert message_of(tmp_path / "a.png") == "no such file"


def test_a_folder_is_named(tmp_path):
    assert "directory" in message_of(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("locked", ["a.png", "."])
def test_an_unreadable_file_or_folder_is_named(tmp_path, locked):
    path = save(Image.fromarray(GRAY), tmp_path / "a.png")
    (tmp_path / locked).chmod(0)
    try:
        message = message_of(path)
    finally:
        tmp_path.chmod(0o700)
    assert message == "cannot be read (Permission denied)"


def test_the_limit_counts_pixels_not_sides(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MAX_PIXELS", 100)
    assert_shows(save(Image.new("L", (50, 2), 9), tmp_path / "a.png"), np.full((2, 50), 9))
    assert "101x1 pixels" in message_of(save(Image.new("L", (101, 1)), tmp_path / "b.png"))


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def declaring(extension: str, width: int, height: int) -> bytes:
    """A small file that declares a large picture."""
    if extension == "png":
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        rows = chunk(b"IDAT", zlib.compress(bytes((width // 8 + 2) * height)))
        return b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b"")
    small = encode(Image.new("1" if extension == "bmp" else "L", (8, 8)), extension)
    if extension == "bmp":
        return small[:18] + struct.pack("<ii", width, height) + small[26:]
    if extension == "gif":
        return small[:6] + struct.pack("<HH", width, height) + small[10:]
    frame = small.index(b"\xff\xc0") + 5
    return small[:frame] + struct.pack(">HH", height, width) + small[frame + 4 :]


MEMORY_CHECK = """
import resource, sys
from pathlib import Path
from nn.errors import PictureError
from nn.pictures.files import read_canvas

warm_up, *paths = map(Path, sys.argv[1:])
read_canvas(warm_up)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 50_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for path in paths:
    try:
        read_canvas(path)
    except PictureError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_over_100_megapixels_are_refused_within_50_megabytes(tmp_path):
    small = save(Image.fromarray(GRAY), tmp_path / "small.png")
    paths = []
    for extension in ("png", "bmp", "gif", "jpg"):
        for width, height in ((20_000, 10_000), (10_001, 10_000)):
            paths.append(tmp_path / f"{width}.{extension}")
            paths[-1].write_bytes(declaring(extension, width, height))
    finished = run_script("-c", MEMORY_CHECK, small, *paths)
    assert finished.stderr == ""
    for path, line in zip(paths, finished.stdout.splitlines(), strict=True):
        assert line.startswith(f"{path}: ")
        assert re.search(r"over (75|100) megapixels", line)


@pytest.mark.parametrize("large_file", [0, 50_000])
def test_several_are_read_at_once_and_come_in_order(tmp_path, monkeypatch, large_file):
    monkeypatch.setattr(files, "LARGE_FILE_BYTES", large_file)
    paths = [
        save(Image.new("L", (20 + number, 30), 10 * number), tmp_path / f"{number}.png")
        for number in range(20)
    ]
    paths[7] = tmp_path / "none.png"
    paths[9].write_text("no picture")
    found = read_canvases(paths)
    assert [str(one) for one in found if isinstance(one, PictureError)] == [
        f"{paths[7]}: no such file",
        f"{paths[9]}: not a picture (PNG, JPEG, WEBP, BMP, GIF, TIFF can be read) but text; "
        "the name of a file of pixels ends with .csv",
    ]
    for number in (0, 8, 19):
        assert np.array_equal(found[number].pixels, read_canvas(paths[number]).pixels)


@pytest.mark.parametrize(("large", "most"), [(0, 1), (10_000, 2)])
def test_large_pictures_are_decoded_one_at_a_time(tmp_path, monkeypatch, large, most):
    now, counts = set(), []

    def to_gray(image, side):
        now.add(threading.get_ident())
        time.sleep(0.05)
        counts.append(len(now))
        now.remove(threading.get_ident())
        return image

    monkeypatch.setattr(files, "to_gray", to_gray)
    monkeypatch.setattr(files, "LARGE_PICTURE_PIXELS", large)
    monkeypatch.setattr(files, "LARGE_FILE_BYTES", 0)
    monkeypatch.setattr(files, "DECODING_THREADS", 2)
    read_canvases([save(Image.fromarray(GRAY), tmp_path / f"{n}.png") for n in range(6)])
    assert max(counts) == most


def test_large_files_come_in_smaller_batches(tmp_path):
    large, small = tmp_path / "large", tmp_path / "small"
    large.write_bytes(bytes(6_000_000))
    small.write_bytes(bytes(100))
    paths = [small] * 5 + [large] * 3 + [small, tmp_path / "none"] * 3
    batches = list(batch_sources(paths, 4))
    assert [source.content for batch in batches for source in batch] == paths
    assert [len(batch) for batch in batches] == [4, 3, 4, 3]
    assert [len(batch) for batch in batch_sources([small] * 600)] == [256, 256, 88]
