"""Tables and arrays that nobody thought of: Hypothesis makes them up.

However a table is written, it gives the same digits; and whatever stands in one cell, both readers
judge it alike, and no other row suffers.
"""

import gzip
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from nn.data.csv_files import Rows
from nn.data.data_files import iter_rows
from nn.data.data_sets import read_set
from nn.data.parts import parts_of
from nn.errors import DataError

MAX_ROWS = 4
# What ends a cell or a line, or begins a quoted cell.
STRUCTURE = ',;\t "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff'
WRITTEN = ("{}", "{}.0", "{}.", "{}.000", "{}e0", "+{}", "0{}", '"{}"')


@dataclass(frozen=True)
class Form:
    """How a table is written. header: the names of its pixels, "" without a header; label: where
    the label stands; number: how a number is written."""

    separator: str
    header: str
    label: str
    has_index: bool
    number: str
    line_end: str
    has_mark: bool
    is_packed: bool
    blank_lines_before: int
    blank_lines_behind: int
    ends_in_line_end: bool

    def write(self, path: Path, images: np.ndarray, labels: np.ndarray, cells=None) -> Path:
        """Writes images, uint8 [N, 28, 28], and their labels, [N]. cells: the texts of some of the
        pixels, by row and pixel, in place of their numbers."""
        lines = [self.separator.join(self._names())] if self.header else []
        for row, (image, label) in enumerate(zip(images.reshape(-1, 784), labels, strict=True)):
            pixels = [self.number.format(pixel) for pixel in image]
            for (changed, pixel), text in (cells or {}).items():
                if changed == row:
                    pixels[pixel] = text
            lines.append(self.separator.join(self._with_label(pixels, str(label), str(row))))
        text = self.line_end.join(lines) + self.line_end * self.ends_in_line_end
        text = self.line_end * self.blank_lines_before + text
        text += self.line_end * self.blank_lines_behind
        content = ("\ufeff" * self.has_mark + text).encode()
        path = path.with_suffix(".csv.gz" if self.is_packed else ".csv")
        path.write_bytes(gzip.compress(content, 1) if self.is_packed else content)
        return path

    def _names(self) -> list[str]:
        return self._with_label([self.header.format(n) for n in range(784)], "label", "id")

    def _with_label(self, pixels: list[str], label: str, index: str) -> list[str]:
        before = [index] * self.has_index + [label] * (self.label == "first")
        return [*before, *pixels, *[label] * (self.label == "last")]

    def line_of(self, row: int) -> int:
        """The number of a row's line."""
        return self.blank_lines_before + bool(self.header) + row + 1


@st.composite
def forms(draw) -> Form:
    """Every form that MNIST/README.md promises to read."""
    header = draw(st.sampled_from(["", "pixel{}", "{}", '"x{}"']))
    separator = draw(st.sampled_from([",", ";", "\t", " ", ", "]))
    number = draw(st.sampled_from(WRITTEN))
    assume(not ('"' in number + header and separator in " , "))  # not quoted, by RFC 4180
    label = draw(st.sampled_from(["none", "first", "last"] if header else ["none", "first"]))
    return Form(
        separator, header, label, bool(header) and draw(st.booleans()), number,
        draw(st.sampled_from(["\n", "\r\n"])), draw(st.booleans()), draw(st.booleans()),
        draw(st.integers(0, 2)), draw(st.integers(0, 2)), draw(st.booleans()),
    )  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """Digits that are none, but have strong ink, as pictures have. images: uint8 [N, 28, 28];
    labels: [N]; seed, count and paper, the share of pixels without ink, say which they are."""

    seed: int
    count: int
    paper: float

    @cached_property
    def images(self) -> np.ndarray:
        random = np.random.default_rng(self.seed)
        images = random.integers(0, 256, (self.count, 28, 28), np.uint8)
        images[random.random(images.shape) < self.paper] = 0
        images[:, 14, 14] = 255
        return images

    @property
    def labels(self) -> np.ndarray:
        return np.random.default_rng(self.seed).integers(0, 10, self.count)


drawn_digits = st.builds(
    Drawn, st.integers(0, 1000), st.integers(1, MAX_ROWS), st.sampled_from([0.0, 0.8])
)


# Examples are written to one folder, one after the other.
@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("tables") / "digits"


def rows_of(path: Path) -> tuple[list[int], np.ndarray, list, np.ndarray | None]:
    """What reading row by row finds: lines, images, errors, labels."""
    (part,) = parts_of(path)
    blocks: list[Rows] = list(part.rows())
    known = [rows.labels for rows in blocks if rows.labels is not None]
    return (
        [line for rows in blocks for line in rows.lines],
        np.concatenate([rows.images for rows in blocks]),
        [error for rows in blocks for error in rows.errors],
        np.concatenate(known) if known else None,
    )


@given(forms(), drawn_digits)
def test_however_a_table_is_written_it_gives_the_same_digits(path, form, written):
    images, labels = written.images, written.labels
    file = form.write(path, images, labels)
    (part,) = parts_of(file)
    found, own = part.read()
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, images)
    lines, row_images, errors, row_labels = rows_of(file)
    assert lines == [form.line_of(row) for row in range(len(images))]
    np.testing.assert_array_equal(row_images, images)
    assert errors == []
    assert part.count() == len(images)
    if form.label == "none":
        assert (own, row_labels) == (None, None)
    else:
        np.testing.assert_array_equal(own, labels)
        np.testing.assert_array_equal(row_labels, labels)


cell_texts = st.one_of(
    st.sampled_from(
        ["256", "-1", "1_0", "0x1f", "12e0", "1e300", "1e400", "nan", "inf", "", "٣", "1.5"]
    ),
    st.text(st.characters(exclude_characters=STRUCTURE, exclude_categories=["Cs"]), max_size=6),
    st.integers(-300, 300).map(str),
    st.floats(0, 255, width=32).map(str),
)


@given(forms(), drawn_digits, cell_texts, st.integers(0, 783), st.data())
def test_one_odd_cell_is_judged_alike_by_both_readers(path, form, written, cell, pixel, data):
    """A cell is read as the number that it is, or its row is refused, with its line; the other rows
    are read in either case."""
    images, labels = written.images, written.labels
    row = data.draw(st.integers(0, len(images) - 1))
    assume(form.separator != " " or cell)  # there, an empty cell is none
    file = form.write(path, images, labels, {(row, pixel): cell})
    lines, found, errors, _ = rows_of(file)
    line = form.line_of(row)
    assert [number for number, _ in errors] == [line] * (line not in lines)
    others = [each for each in range(len(images)) if each != row]
    assert [each for each in lines if each != line] == [form.line_of(each) for each in others]
    rest = found[[number != line for number in lines]]
    np.testing.assert_array_equal(rest, images[others])
    (part,) = parts_of(file)
    if errors:
        with pytest.raises(DataError, match=f"line {line}: ") as caught:
            part.read()
        assert len(str(caught.value).splitlines()) == 1
        return
    expected = images.reshape(-1, 784).copy()
    expected[row, pixel] = int(float(cell))
    np.testing.assert_array_equal(found.reshape(-1, 784), expected)
    whole, _ = part.read()
    np.testing.assert_array_equal(whole, found)


@given(
    arrays_of.arrays(
        dtype=st.one_of(
            arrays_of.integer_dtypes(), arrays_of.unsigned_integer_dtypes(),
            arrays_of.floating_dtypes(), arrays_of.boolean_dtypes(),
            arrays_of.complex_number_dtypes(), arrays_of.datetime64_dtypes(),
            arrays_of.unicode_string_dtypes(max_len=3),
        ),
        shape=st.one_of(
            st.sampled_from([(0, 28, 28), (1, 28, 28), (3, 784), (2, 28, 28, 1), (2, 1, 28, 28)]),
            st.lists(st.integers(0, 4), max_size=4).map(tuple),
        ),
    ),
    st.sampled_from(["x_train.npy", "y_train.npy", "digits.npy.gz"]),
)  # fmt: skip
def test_any_array_gives_images_or_one_line(path, array, name):
    content = io.BytesIO()
    np.save(content, array)
    file = path.with_name(name)
    file.write_bytes(
        gzip.compress(content.getvalue(), 1) if name.endswith(".gz") else content.getvalue()
    )
    try:
        for use in (iter_rows, read_set):
            try:
                found = list(use(file))
            except DataError as error:
                assert str(error).startswith(str(file.parent)), error
                assert len(str(error).splitlines()) == 1, error
                continue
            if use is iter_rows:
                assert sum(len(rows.lines) + len(rows.errors) for rows in found) == len(array)
                assert all(rows.images.dtype == np.uint8 for rows in found)
    finally:
        file.unlink()
