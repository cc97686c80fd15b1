"""The CSV files: what is accepted, what is refused and with which words, how they are split."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import write_csv_folder

from nn.data.csv_files import (
    CSV_NAMES,
    iter_images,
    read_digits,
    read_folder,
    read_images,
    read_labels,
)
from nn.data.digits import Digits, split
from nn.data.download import IDX_FILES
from nn.data.table_files import read_table
from nn.data.table_layout import Layout
from nn.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
ROWS = [",".join(map(str, image.ravel())) for image in IMAGES]
PLAIN = "\n".join(ROWS) + "\n"
BOM = "\ufeff"
SMILEY = "\U0001f642"

GOOD_PIXELS = {
    "plain": PLAIN,
    "windows line ends": PLAIN.replace("\n", "\r\n"),
    "all 12.0": PLAIN.replace(",", ".0,").replace("\n", ".0\n"),
    "one row 12.0": "\n".join([*ROWS[:4], ROWS[4].replace(",", ".0,")]) + "\n",
    "byte order mark": BOM + PLAIN,
    "byte order mark, windows line ends": BOM + PLAIN.replace("\n", "\r\n"),
    "blank last lines": PLAIN + "\n\n\n",
    "blank last lines, windows": (PLAIN + "\n\n\n").replace("\n", "\r\n"),
    "spaces in the last line": PLAIN + "   \n",
    "no final newline": PLAIN[:-1],
}
GOOD_LABELS = {
    "plain": "3\n0\n9\n",
    "windows line ends": "3\r\n0\r\n9\r\n",
    "3.0": "3.0\n0.0\n9.0\n",
    "byte order mark": BOM + "3\n0\n9\n",
    "blank last lines": "3\n0\n9\n\n\n",
    "no final newline": "3\n0\n9",
}
READERS = {
    "read_images": read_images,
    "iter_images": lambda path: list(iter_images(path)),
    "read_labels": read_labels,
}


def named(cases: dict):
    return [pytest.param(value, id=name) for name, value in cases.items()]


def write(path, text: str):
    path.write_bytes(text.encode())
    return path


def message_of(function, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def with_row(number: int, row: str) -> str:
    """PLAIN with another row in line `number`."""
    return "\n".join([*ROWS[: number - 1], row, *ROWS[number:]]) + "\n"


def with_cell(number: int, column: int, cell: str) -> str:
    """PLAIN with another cell, line and column counted from 1."""
    cells = ROWS[number - 1].split(",")
    cells[column - 1] = cell
    return with_row(number, ",".join(cells))


@pytest.mark.parametrize("text", named(GOOD_PIXELS))
def test_good_pixels_are_read(tmp_path, text):
    images = read_images(write(tmp_path / "x.csv", text))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize("block", [1, 2, 1024])
@pytest.mark.parametrize("text", named(GOOD_PIXELS))
def test_block_by_block_the_same_pixels_are_read(tmp_path, text, block):
    blocks = list(iter_images(write(tmp_path / "x.csv", text), block))
    assert [line for rows in blocks for line in rows.lines] == [1, 2, 3, 4, 5]
    assert not any(rows.errors for rows in blocks)
    images = np.concatenate([rows.images for rows in blocks])
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize("text", named(GOOD_LABELS))
def test_good_labels_are_read(tmp_path, text):
    labels = read_labels(write(tmp_path / "y.csv", text))
    assert labels.dtype == np.int64
    assert labels.tolist() == [3, 0, 9]


@pytest.mark.parametrize("reader", named(READERS))
def test_a_missing_file_is_named(tmp_path, reader):
    path = tmp_path / "x.csv"
    assert message_of(reader, path).startswith(f"{path}: no such file")


@pytest.mark.parametrize("reader", named(READERS))
def test_a_folder_is_not_a_file(tmp_path, reader):
    assert message_of(reader, tmp_path) == f"{tmp_path}: expected a CSV file, found a folder"


@pytest.mark.parametrize("text", ["", "\n\n", "\r\n  \r\n", BOM])
@pytest.mark.parametrize("reader", named(READERS))
def test_an_empty_file_says_what_was_expected(tmp_path, reader, text):
    path = write(tmp_path / "x.csv", text)
    message = message_of(reader, path)
    assert message.startswith(f"{path}: expected ")
    assert message.endswith("found an empty file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("locked", ["x.csv", "."])
@pytest.mark.parametrize("reader", named(READERS))
def test_an_unreadable_file_or_folder_is_named(tmp_path, reader, locked):
    path = write(tmp_path / "x.csv", PLAIN)
    (tmp_path / locked).chmod(0)
    try:
        message = message_of(reader, path)
    finally:
        tmp_path.chmod(0o700)
    assert message == f"{path}: cannot be read (Permission denied)"


@pytest.mark.parametrize("cell", ["256", "-1", "3.5", "abc", "", "nan", "inf", SMILEY])
@pytest.mark.parametrize(("line", "column"), [(1, 1), (3, 101), (5, 784)])
def test_a_bad_pixel_is_found(tmp_path, cell, line, column):
    path = write(tmp_path / "x.csv", with_cell(line, column, cell))
    assert message_of(read_images, path) == (
        f"{path}, line {line}: column {column}: expected a whole number 0 to 255, found {cell!r}"
    )


@pytest.mark.parametrize(("columns", "row"), [(783, "1" + ",1" * 782), (785, "1" + ",1" * 784)])
@pytest.mark.parametrize("line", [1, 3, 5])
def test_a_row_of_another_length_is_found(tmp_path, columns, row, line):
    path = write(tmp_path / "x.csv", with_row(line, row))
    start = f"{path}, line {line}: expected 784 comma-separated pixels, found {columns}"
    assert message_of(read_images, path).startswith(start)


def test_a_line_of_one_word_is_no_header(tmp_path):
    path = write(tmp_path / "x.csv", with_row(3, "hello"))
    start = f"{path}, line 3: expected 784 comma-separated pixels, found 1"
    assert message_of(read_images, path).startswith(start)


def test_labels_in_the_first_column_are_guessed_at(tmp_path):
    path = write(tmp_path / "x.csv", "".join(f"7,{row}\n" for row in ROWS))
    message = message_of(read_images, path)
    assert message == (
        f"{path}, line 1: expected 784 comma-separated pixels, found 785; "
        "is the label in the first column?"
    )


@pytest.mark.parametrize("first", [["label"], []])
def test_a_header_row_is_recognized(tmp_path, first):
    header = ",".join([*first, *(f"pixel{n}" for n in range(784))])
    path = write(tmp_path / "x.csv", f"{header}\n{PLAIN}")
    message = message_of(read_images, path)
    assert message.startswith(f"{path}, line 1: expected 784 pixels, found ")
    assert "header row" in message
    assert header[:12] in message
    assert len(message) < len(str(path)) + 150


def test_control_characters_of_a_file_leave_the_message_one_line(tmp_path):
    """Found by a drill: a damaged IDX file that was taken for a table."""
    path = tmp_path / "train-idx3-ubyte"
    path.write_bytes(b"]\0\x08\x01\0\0\0\x0c\0\x01\x02\x03,\x1f\x14\x07\x08 \0\x01")
    message = message_of(read_images, path)
    assert len(message.splitlines()) == 1
    assert r"(]\x00\x08" in message


@pytest.mark.parametrize("read", [read_images, lambda path: read_table(path, Layout(",", 784))])
def test_numpy_is_given_no_character_that_crashes_it(tmp_path, monkeypatch, read):
    """Found by Hypothesis: NumPy 2.4 may crash the process at a character beyond 16 bits."""

    def loadtxt(table, *arguments, **options):
        assert isinstance(table, Path) or all(map(str.isascii, table))
        return given(table, *arguments, **options)

    given = np.loadtxt
    monkeypatch.setattr(np, "loadtxt", loadtxt)
    path = write(tmp_path / "x.csv", with_cell(3, 101, SMILEY))
    assert message_of(read, path).startswith(f"{path}, line 3: column 101: ")


def test_a_quoted_pixel_is_judged_alike_by_both_readers(tmp_path):
    path = write(tmp_path / "x.csv", with_cell(3, 101, '"12"'))
    refused = [rows.errors for rows in iter_images(path) if rows.errors]
    if refused:
        assert message_of(read_images, path).startswith(f"{path}, line 3: column 101: ")
    else:
        assert len(read_images(path)) == 5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "errors"),
    [
        pytest.param(PLAIN + "\n\n\n", 0, id="a block of blank lines"),
        pytest.param(with_cell(3, 101, "nan"), 1, id="nan"),
        pytest.param(with_cell(3, 101, "inf"), 1, id="inf"),
    ],
)
def test_no_library_warns_on_standard_error(tmp_path, text, errors):
    path = write(tmp_path / "x.csv", text)
    assert sum(len(rows.errors) for rows in iter_images(path, block=1)) == errors
    if errors:
        message_of(read_images, path)
    else:
        read_images(path)


@pytest.mark.parametrize("cell", ["10", "-1", "3.5", "label", "nan", "seven"])
@pytest.mark.parametrize("line", [1, 3])
def test_a_bad_label_is_found(tmp_path, cell, line):
    lines = ["4", "5", "6"]
    lines[line - 1] = cell
    path = write(tmp_path / "y.csv", "\n".join(lines))
    start = f"{path}, line {line}: expected a digit 0 to 9, found {cell!r}"
    assert message_of(read_labels, path).startswith(start)


def test_a_label_header_is_guessed_at(tmp_path):
    path = write(tmp_path / "y.csv", "label\n4\n5\n")
    assert message_of(read_labels, path) == (
        f"{path}, line 1: expected a digit 0 to 9, found 'label'; delete the line if it is a header"
    )


def test_one_hot_labels_are_refused(tmp_path):
    path = write(tmp_path / "y.csv", "0,0,0,1,0,0,0,0,0,0\n1,0,0,0,0,0,0,0,0,0\n")
    assert message_of(read_labels, path) == (
        f"{path}, line 1: expected one digit 0 to 9 a line, found 10 values"
    )


@pytest.mark.parametrize("count", [4, 6])
def test_counts_that_differ_are_both_named(tmp_path, count):
    images = write(tmp_path / "x.csv", PLAIN)
    labels = write(tmp_path / "y.csv", "7\n" * count)
    assert message_of(read_digits, images, labels) == (
        f"{labels}: expected 5 labels, one for each row of x.csv, found {count}"
    )


@pytest.mark.parametrize("missing", CSV_NAMES)
def test_a_folder_without_one_of_its_files_names_it(tmp_path, missing):
    digits = Digits(IMAGES, np.arange(5))
    write_csv_folder(tmp_path, digits, digits)
    (tmp_path / missing).unlink()
    assert message_of(read_folder, tmp_path).startswith(f"{tmp_path / missing}: no such file")


def test_a_folder_gives_training_and_test_digits(tmp_path):
    digits = Digits(IMAGES, np.arange(5))
    training, test = read_folder(write_csv_folder(tmp_path, digits, digits[:2]))
    np.testing.assert_array_equal(training.images, IMAGES)
    np.testing.assert_array_equal(test.images, IMAGES[:2])
    assert training.labels.tolist() == [0, 1, 2, 3, 4]
    assert test.labels.tolist() == [0, 1]


@pytest.mark.parametrize("block", [1, 2, 3, 4, 1024])
def test_bad_rows_do_not_stop_the_others(tmp_path, block):
    lines = ["label,pixel0", ROWS[0], "1,2,3", ROWS[1].replace(",", ",x", 1), "", ROWS[2],
             ROWS[3], "", ROWS[4], "256" + ",0" * 783]  # fmt: skip
    blocks = list(iter_images(write(tmp_path / "x.csv", "\n".join(lines)), block))
    assert [line for rows in blocks for line in rows.lines] == [2, 6, 7, 9]
    np.testing.assert_array_equal(
        np.concatenate([rows.images for rows in blocks]), IMAGES[[0, 2, 3, 4]]
    )
    errors = [error for rows in blocks for error in rows.errors]
    assert [line for line, _ in errors] == [1, 3, 4, 10]
    expected = ["header row", "found 3", "column 2: ", "found '256'"]
    assert all(part in error for part, (_, error) in zip(expected, errors, strict=True))


@pytest.fixture(scope="module")
def hundred() -> Digits:
    """A hundred digits, each of which shows in image and label which one it is."""
    numbers = np.arange(100)
    return Digits(np.repeat(numbers.astype(np.uint8), 784).reshape(-1, 28, 28), numbers)


def test_split_gives_each_digit_to_one_side(hundred):
    training, validation = split(hundred, 0.2, seed=0)
    assert (len(training), len(validation)) == (80, 20)
    both = np.concatenate([training.labels, validation.labels])
    np.testing.assert_array_equal(np.sort(both), hundred.labels)
    for part in (training, validation):
        np.testing.assert_array_equal(part.images[:, 0, 0], part.labels)


def test_split_follows_the_seed(hundred):
    first, again, other = (split(hundred, 0.2, seed)[1].labels for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


def test_a_split_of_0_keeps_everything_for_training(hundred):
    training, validation = split(hundred, 0, seed=0)
    assert len(validation) == 0
    assert training.sha256() == hundred.sha256()


def test_a_split_that_leaves_nothing_raises(hundred):
    message = message_of(split, hundred, 0.999, 0)
    assert "0.999" in message
    assert "100" in message


def idx(magic: int, array: np.ndarray) -> bytes:
    """An IDX file: magic number, size of each dimension, bytes."""
    return np.array([magic, *array.shape], ">i4").tobytes() + array.astype(np.uint8).tobytes()


def test_mnist_is_read_as_its_idx_files_have_it(mnist_folder):
    training, test = read_folder(mnist_folder)
    arrays = (training.images, training.labels, test.images, test.labels)
    for file, array in zip(IDX_FILES, arrays, strict=True):
        assert hashlib.sha256(idx(file.magic, array)).hexdigest() == file.sha256, file.name
    blocks = [rows.images for rows in iter_images(mnist_folder / CSV_NAMES[2])]
    assert np.concatenate(blocks).tobytes() == test.images.tobytes()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("digit_xtest.csv", with_cell(5, 784, "256"), "line 5: column 784", id="pixel"),
        pytest.param("digit_ytrain.csv", "1\n2\n3\n4\n", "expected 5 labels", id="counts"),
    ],
)
def test_training_on_a_bad_file_says_one_line_and_leaves_nothing(
    tmp_path, monkeypatch, train_here, name, text, expected
):
    digits = Digits(IMAGES, np.arange(5))
    write(write_csv_folder(tmp_path / "data", digits, digits) / name, text)
    monkeypatch.chdir(tmp_path)
    finished = train_here("--data", "data", "--run-dir", "run")
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1, finished.stderr
    assert finished.stderr.startswith("error: ")
    assert name in finished.stderr
    assert expected in finished.stderr
    assert finished.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(CSV_NAMES)
