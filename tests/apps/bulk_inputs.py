"""Pictures and CSV files to read in bulk: MNIST's digits, samples, and files that are broken."""

import gzip
import io
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from conftest import ROOT
from PIL import Image

from nn.data.csv_files import iter_images

SAMPLES = [path for path in sorted(ROOT.glob("samples/*.*")) if path.suffix not in (".py", ".csv")]
MNIST_ROWS = "digit_xtest.csv"
ROWS = 300  # of each CSV file
PIXELS = ",".join(f"pixel{place}" for place in range(784))


def compose(folder: Path, mnist: Path, pictures: int, broken: int) -> None:
    """Writes pictures/, some of them broken, and rows/, six CSV files. broken: how many."""
    (folder / "pictures").mkdir(parents=True)
    (folder / "rows").mkdir()
    for place, content in enumerate(islice(_pictures(mnist), pictures - broken)):
        (folder / "pictures" / f"{place:06d}.png").write_bytes(content)
    good = (folder / "pictures" / "000000.png").read_bytes()
    for place, (damage, ending) in enumerate(islice(cycle(DAMAGES), broken)):
        (folder / "pictures" / f"broken {place:03d}{ending}").write_bytes(damage(good))
    with open(mnist / MNIST_ROWS) as file:
        lines = list(islice(file, ROWS))
    for name, content in _csv_files(lines).items():
        (folder / "rows" / name).write_bytes(content)


def _pictures(mnist: Path) -> Iterator[bytes]:
    """The samples; then MNIST's test digits, upright, upside down, and so on, no two alike."""
    yield from (_png(Image.open(path)) for path in SAMPLES if path.suffix in (".png", ".webp"))
    for turn in range(4):
        for rows in iter_images(mnist / MNIST_ROWS):
            yield from (_png(Image.fromarray(np.rot90(each, 2 * turn))) for each in rows.images)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda png: b"", ".png"),
    (lambda png: png[:100], ".png"),
    (lambda png: png[:60] + b"\xff" * 20 + png[80:], ".PNG"),
    (lambda png: b"no picture\n", ".jpg"),
    (lambda png: b"GIF89a", ".gif"),
    (lambda png: bytes(range(256)), ".webp"),
]


def _csv_files(lines: list[str]) -> dict[str, bytes]:
    """Six files by their names: plain, with a bad row and a blank line, with header and labels,
    gzipped, written as 12.0, and empty."""
    bad = [*lines[:5], "1,2,3\n", "\n", *lines[5:]]
    labeled = [f"label,{PIXELS}\n", *(f"7,{line}" for line in lines)]
    floats = [",".join(f"{int(pixel)}.0" for pixel in line.split(",")) + "\n" for line in lines]
    plain = "".join(lines).encode()
    return {
        "plain.csv": plain,
        "bad row.csv": "".join(bad).encode(),
        "train.csv": "".join(labeled).encode(),
        "gzipped.csv.gz": gzip.compress(plain),
        "floats.csv": "".join(floats).encode(),
        "empty.csv": b"",
    }
