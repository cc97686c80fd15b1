"""Data sets in the formats that people have: each gives exactly the pixels and labels of the four
CSV files, or one line that says what is wrong."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import MNIST, run_script, write_csv_folder

from nn.data.array_files import read_arrays
from nn.data.csv_files import CSV_NAMES, read_folder, read_images
from nn.data.data_files import iter_rows
from nn.data.data_sets import read_set
from nn.data.digits import Digits, split
from nn.data.told import Told
from nn.errors import DataError

PIXEL_NAMES = [f"pixel{number}" for number in range(784)]


@pytest.fixture(scope="module")
def both(request) -> tuple[Digits, Digits]:
    """300 training and 75 test digits of MNIST, or of scikit-learn's where there is no MNIST."""
    if not (MNIST / CSV_NAMES[2]).exists():
        training, test = request.getfixturevalue("digits")
        return training[:300], test[:75]
    images = np.loadtxt(MNIST / CSV_NAMES[2], np.uint8, delimiter=",", max_rows=375)
    labels = np.loadtxt(MNIST / CSV_NAMES[3], np.float32, max_rows=375).astype(np.int64)
    digits = Digits(images.reshape(-1, 28, 28), labels)
    return digits[:300], digits[300:]


def flat(digits: Digits) -> np.ndarray:
    return digits.images.reshape(len(digits), -1)


def with_labels(digits: Digits, last: bool = False) -> np.ndarray:
    columns = [digits.labels[:, None], flat(digits)]
    return np.hstack(columns[::-1] if last else columns)


def table(path: Path, rows: np.ndarray, names=None, separator=",", fmt="%d") -> None:
    """A table, as np.savetxt writes it, with a header of these names."""
    header = separator.join(names) if names else ""
    np.savetxt(path, rows, fmt, separator, header=header, comments="", encoding="utf-8")


def idx(path: Path, array: np.ndarray) -> None:
    """An IDX file, gzipped if its name says so."""
    magic = 0x800 + array.ndim
    content = np.array([magic, *array.shape], ">i4").tobytes() + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def idx_files(folder: Path, training: Digits, test: Digits, name: str) -> Path:
    """Four IDX files; name has places for part, kind and number of axes."""
    for part, digits in (("train", training), ("t10k", test)):
        idx(folder / name.format(part, "images", 3), digits.images)
        idx(folder / name.format(part, "labels", 1), digits.labels)
    return folder


def tables(folder: Path, training: Digits, test: Digits, **options) -> Path:
    """Label-first tables of both parts, as mnist_train.csv and mnist_test.csv."""
    ending = options.pop("ending", ".csv")
    for name, digits in (("train", training), ("test", test)):
        table(folder / f"mnist_{name}{ending}", with_labels(digits), **options)
    return folder


def quoted(folder: Path, training: Digits, test: Digits) -> Path:
    """As R writes them: names in quotes, a column of row names."""
    for name, digits in (("train", training), ("test", test)):
        rows = with_labels(digits).tolist()
        header = ",".join(f'"{cell}"' for cell in ["", "label", *PIXEL_NAMES])
        lines = [f'"{number}",' + ",".join(map(str, row)) for number, row in enumerate(rows, 1)]
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")
    return folder


def label_last(folder: Path, training: Digits, test: Digits) -> Path:
    for name, digits in (("train", training), ("test", test)):
        rows = with_labels(digits, last=True)
        table(folder / f"openml_{name}.csv", rows, [*PIXEL_NAMES, "class"])
    return folder


def pandas_tables(folder: Path, training: Digits, test: Digits) -> Path:
    """As pandas writes a table without names: numbers as the header, and as the first column."""
    import pandas

    for name, digits in (("train", training), ("test", test)):
        pandas.DataFrame(flat(digits)).to_csv(folder / f"x_{name}.csv")
        pandas.Series(digits.labels, name="label").to_csv(folder / f"y_{name}.csv", index=False)
    return folder


def npz(folder: Path, training: Digits, test: Digits, scale=lambda images: images) -> Path:
    """As keras' mnist.npz."""
    np.savez_compressed(
        folder / "mnist.npz", x_train=scale(training.images), y_train=training.labels,
        x_test=scale(test.images), y_test=test.labels,
    )  # fmt: skip
    return folder / "mnist.npz"


def npz_of_other_names(folder: Path, training: Digits, test: Digits) -> Path:
    np.savez(
        folder / "digits.npz", train_images=flat(training), train_labels=training.labels[:, None],
        test_images=flat(test), test_labels=test.labels[:, None], val_images=flat(test)[:5],
        val_labels=test.labels[:5], note=np.array("two axes"),
    )  # fmt: skip
    return folder / "digits.npz"


def npy(folder: Path, training: Digits, test: Digits, order=np.asarray) -> Path:
    for name, digits in (("train", training), ("test", test)):
        np.save(folder / f"x_{name}.npy", order(digits.images[..., None]))
        np.save(folder / f"y_{name}.npy", digits.labels.astype(np.uint8))
    return folder


def emnist(folder: Path, training: Digits, test: Digits) -> Path:
    """Two of EMNIST's sets in one folder, on their side; one is named."""
    for name in ("emnist-digits", "emnist-mnist"):
        for part, digits in (("train", training), ("test", test)):
            images = digits.images.transpose(0, 2, 1)
            idx(folder / f"{name}-{part}-images-idx3-ubyte.gz", images)
            idx(folder / f"{name}-{part}-labels-idx1-ubyte.gz", digits.labels)
    return folder / "emnist-digits-train-images-idx3-ubyte.gz"


def gzipped(folder: Path, training: Digits, test: Digits) -> Path:
    """The four CSV files, gzipped."""
    write_csv_folder(folder, training, test)
    for name in CSV_NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    return folder


FORMATS: dict[str, Callable[..., Path]] = {
    "label first": tables,
    "label first, a header": lambda *a: tables(*a, names=["label", *PIXEL_NAMES]),
    "label first, pixels named by place": lambda *a: tables(
        *a, names=["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
    ),
    "label first, pixels numbered": lambda *a: tables(*a, names=["Label", *map(str, range(784))]),
    "label first, all numbered": lambda *a: tables(*a, names=[*map(str, range(785))]),
    "label last, as the header says": label_last,
    "gzip": lambda *a: tables(*a, ending=".csv.gz"),
    "semicolons": lambda *a: tables(*a, separator=";"),
    "tabs": lambda *a: tables(*a, separator="\t", ending=".tsv"),
    "spaces": lambda *a: tables(*a, separator=" "),
    "comma and space": lambda *a: tables(*a, separator=", "),
    "12.0": lambda *a: tables(*a, fmt="%.1f", names=["label", *PIXEL_NAMES]),
    "byte order mark": lambda *a: tables(*a, names=["\ufefflabel", *PIXEL_NAMES]),
    "row names in quotes": quoted,
    "pandas, images and labels apart": pandas_tables,
    "the four files, gzipped": gzipped,
    "npz": npz,
    "npz, 0 to 1": lambda *a: npz(*a, scale=lambda images: images / 255),
    "npz, 0 to 1, float16": lambda *a: npz(*a, scale=lambda images: (images / 255).astype("f2")),
    "npz, -1 to 1": lambda *a: npz(*a, scale=lambda images: images / 127.5 - 1),
    "npz, dark ink": lambda *a: npz(*a, scale=lambda images: 255 - images),
    "npz, other names": npz_of_other_names,
    "npy": npy,
    "npy, by columns": lambda *a: npy(*a, order=np.asfortranarray),
    "npz, flat, by columns": lambda *a: npz(  # as pandas keeps a table in memory
        *a, scale=lambda images: np.asfortranarray(images.reshape(len(images), -1))
    ),
    "idx": lambda *a: idx_files(*a, "{}-{}-idx{}-ubyte"),
    "idx, a dot in the name": lambda *a: idx_files(*a, "{}-{}.idx{}-ubyte"),
    "idx, gzip": lambda *a: idx_files(*a, "{}-{}-idx{}-ubyte.gz"),
    "emnist": emnist,
}


def assert_equal(found: tuple[Digits, Digits], expected: tuple[Digits, Digits]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.images.dtype == np.uint8
        assert one.labels.dtype == np.int64
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.sha256() == other.sha256()


def message_of(function: Callable, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        function(*arguments)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_gives_the_digits_of_the_four_files(tmp_path, both, name):
    (tmp_path / "four").mkdir()
    expected = read_folder(write_csv_folder(tmp_path / "four", *both))
    folder = tmp_path / "mein Ördner"
    folder.mkdir()
    assert_equal(read_set(FORMATS[name](folder, *both)), expected)


def test_a_table_of_0_to_1_is_scaled_and_the_log_says_so(tmp_path, both, caplog):
    rows = np.hstack([both[0].labels[:, None], flat(both[0]) / 255])
    table(tmp_path / "digits.csv", rows, fmt="%.4g")
    training, test = read_set(tmp_path / "digits.csv")
    assert_equal((training, test), split(both[0], 43 / 300, 0))
    assert [record.getMessage() for record in caplog.records if "255" in record.getMessage()] == [
        f"{tmp_path / 'digits.csv'}: pixels from 0 to 1, multiplied by 255"
    ]


def test_a_number_that_float32_cannot_hold_is_refused_without_a_warning(tmp_path):
    """pytest raises NumPy's warnings, which a user would see among a command's own lines."""
    path = tmp_path / "samples.csv"
    path.write_text("".join(f"{first}{',0.5' * 783}\n" for first in ("0.2", "1e300")))
    (rows,) = iter_rows(path)
    assert rows.lines == [1]
    assert rows.errors == [(2, "column 1: expected a number 0 to 1, found '1e300'")]


@pytest.mark.parametrize(
    "write",
    [write_csv_folder, npz, FORMATS["label first, all numbered"]],
    ids=["four files", "npz", "a header of numbers"],
)
def test_pixels_of_0_and_1_are_paper_and_full_ink(tmp_path, both, write, caplog):
    """The numbers of a header that counts the columns are no pixels."""
    black = [Digits((digits.images > 127).astype(np.uint8), digits.labels) for digits in both]
    path = write(tmp_path, *black)
    expected = [Digits(digits.images * np.uint8(255), digits.labels) for digits in black]
    assert_equal(read_set(path), expected)
    assert "every pixel is 0 or 1" in caplog.text


def test_four_files_of_images_on_their_side_are_turned(tmp_path, both, caplog):
    turned = [Digits(digits.images.transpose(0, 2, 1), digits.labels) for digits in both]
    folder = write_csv_folder(tmp_path, *turned)
    assert_equal(read_set(folder), both)
    assert "lie on their side" in caplog.text
    assert_equal(read_set(folder, Told(transposed=False)), turned)


def test_without_test_digits_the_same_seventh_is_split_off(tmp_path, both, caplog):
    caplog.set_level("INFO")
    table(tmp_path / "train.csv", with_labels(both[0]), ["label", *PIXEL_NAMES])
    table(tmp_path / "test.csv", flat(both[1]), PIXEL_NAMES)  # without labels: no test digits
    first, again = read_set(tmp_path), read_set(tmp_path / "train.csv")
    assert_equal(first, again)
    assert [len(digits) for digits in first] == [257, 43]
    order = np.lexsort(flat(first[0].joined(first[1])).T)
    both_parts = first[0].joined(first[1])[order]
    assert both_parts.sha256() == both[0][np.lexsort(flat(both[0]).T)].sha256()
    assert "43 of its 300 digits" in caplog.text


def bad_cell(rows: np.ndarray, line: int, column: int, cell: str) -> str:
    """A table with a header, and a bad cell; line and column counted from 1."""
    lines = [",".join(["label", *PIXEL_NAMES]), *(",".join(map(str, row)) for row in rows.tolist())]
    cells = lines[line - 1].split(",")
    cells[column - 1] = cell
    lines[line - 1] = ",".join(cells)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("line", "column", "cell", "problem"),
    [
        (2, 5, "", "column 5: expected a whole number 0 to 255, found ''"),
        (9, 785, "NA", "column 785: expected a whole number 0 to 255, found 'NA'"),
        (31, 2, "256", "column 2: expected a whole number 0 to 255, found '256'"),
        (31, 2, "0.5", "column 2: expected a whole number 0 to 255, found '0.5'"),
        (31, 2, "1e300", "column 2: expected a whole number 0 to 255, found '1e300'"),
        (7, 1, "10", "column 1: expected a label 0 to 9, found '10'"),
        (7, 1, "", "column 1: expected a label 0 to 9, found ''"),
        (12, 3, "1,2", "expected 785 columns, as above, found 786"),
    ],
)
def test_a_bad_cell_is_named_with_line_and_column(tmp_path, both, line, column, cell, problem):
    path = tmp_path / "train.csv"
    path.write_text(bad_cell(with_labels(both[0][:40]), line, column, cell))
    assert message_of(read_set, path) == f"{path}, line {line}: {problem}"


def test_a_pixel_out_of_scale_is_named(tmp_path, both):
    images = both[0].images / 255
    images[17, 0, 4] = 1.5
    np.savez(tmp_path / "x.npz", x=images, y=both[0].labels)
    message = message_of(read_set, tmp_path / "x.npz")
    assert message.endswith("array x, row 18: pixel 5: expected a number 0 to 1, found 1.5")


def test_standardized_pixels_are_refused(tmp_path, both):
    images = (both[0].images / 255 - 0.1307) / 0.3081
    np.savez(tmp_path / "x.npz", x=images, y=both[0].labels)
    message = message_of(read_set, tmp_path / "x.npz")
    assert "pixel 1: expected a whole number 0 to 255, found -0.42" in message


def write_bad(folder: Path, name: str, both: tuple[Digits, Digits]) -> Path:
    """A data set that cannot be read."""
    path = folder / name
    match name:
        case "pickled.npy":
            np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
        case "shape.npy":
            np.save(path, np.zeros((5, 32, 32), np.uint8))
        case "alone.npy":
            np.save(path, both[0].images)
        case "cut.npz":
            content = npz(folder, *both).read_bytes()
            path.write_bytes(content[: len(content) // 2])
            (folder / "mnist.npz").unlink()
        case "archive.zip":
            import zipfile

            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("train.csv", "label\n")
        case "cut.csv.gz":
            tables(folder, *both, ending=".csv.gz")
            path.write_bytes((folder / "mnist_train.csv.gz").read_bytes()[:5000])
        case "letters.csv":
            rows = with_labels(both[0])
            rows[3, 0] = 26
            table(path, rows)
        case "unnamed.csv":
            table(path, with_labels(both[0]), ["what", *PIXEL_NAMES])
        case "counts":
            path.mkdir()
            np.save(path / "x.npy", both[0].images)
            np.save(path / "y.npy", both[0].labels[:-1])
        case "several":
            path.mkdir()
            table(path / "train_a.csv", with_labels(both[0]))
            table(path / "train_b.csv", with_labels(both[0]))
        case "cut late.csv.gz":
            table(path, np.tile(with_labels(both[0]), (4, 1)))
            path.write_bytes(path.read_bytes()[:-500])  # behind the first block of lines
        case "odd.npz":
            import zipfile

            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("x.npy", b"no array")
        case "password.npz":
            import zipfile

            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("x.npy", b"no array")
            content = bytearray(path.read_bytes())
            content[6] |= 1  # the flag of encryption, in the member's header
            content[content.index(b"PK\1\2") + 8] |= 1  # and in the archive's list
            path.write_bytes(content)
        case "liar.npy.gz" | "liar.npy":
            header = {"descr": "|u1", "fortran_order": False, "shape": (2**40, 28, 28)}
            with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
        case "endless.csv":
            path.write_text(",".join(["0"] * 785) + "\n" + "1," * 500_000 + "\n")
        case "missing.csv":
            pass
    return path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("pickled.npy", "it holds Python objects; save arrays of numbers"),
        ("shape.npy", "expected images, [N, 28, 28] or [N, 784], or labels, [N]; found uint8 [5"),
        ("alone.npy", "expected images with their labels, in one file or in two; found no labels"),
        ("cut.npz", "cannot be read"),
        ("archive.zip", "a ZIP archive, not NumPy's .npz; unpack it and name a file of it"),
        ("cut.csv.gz", "cannot be read"),
        ("cut late.csv.gz", "cannot be read"),
        ("odd.npz", "cannot be read (x.npy is no array)"),
        ("password.npz", "cannot be read (File 'x.npy' is encrypted, password required"),
        ("liar.npy", "cannot be read (it ends before the 862,017,116,176,384 bytes that its"),
        ("liar.npy.gz", "cannot be read (it ends before the 862,017,116,176,384 bytes that its"),
        ("endless.csv", "line 2: expected 785 columns, as above, found 50001"),
        ("letters.csv", "line 4: column 1: expected a label 0 to 9, found '26'"),
        ("unnamed.csv", "line 1: expected 784 columns of pixels, and a column named label"),
        ("counts", "expected 300 labels, one for each image of x.npy, found 299"),
        ("several", "found several; name one of them: train_a.csv, train_b.csv"),
        ("missing.csv", "no such file"),
    ],
)
def test_a_bad_data_set_is_one_line(tmp_path, both, name, problem):
    path = write_bad(tmp_path, name, both)
    message = message_of(read_set, path)
    assert message.startswith(str(path))
    assert problem in message


def test_pixels_in_a_gzip_file_that_was_cut_off_are_one_line(tmp_path, both):
    path = tmp_path / "x.csv.gz"
    table(path, np.tile(flat(both[0]), (4, 1)))
    path.write_bytes(path.read_bytes()[:-500])
    assert message_of(read_images, path).startswith(f"{path}: cannot be read (")


def test_too_few_images_on_their_side_are_refused_with_the_flag(tmp_path, both):
    few = Digits(both[0].images[:10].transpose(0, 2, 1), both[0].labels[:10])
    np.savez(tmp_path / "few.npz", x=few.images, y=few.labels)
    assert "use --transposed" in message_of(read_set, tmp_path / "few.npz")
    found = read_set(tmp_path / "few.npz", Told(transposed=True))
    assert_equal(found, split(both[0][:10], 0.1, 0))


def test_the_module_converts_any_of_them(tmp_path, both):
    folder = tmp_path / "données d'Éva"
    folder.mkdir()
    npz(folder, *(Digits(255 - each.images.transpose(0, 2, 1), each.labels) for each in both))
    finished = run_script(
        "-m", "nn.mnist", "--from", folder / "mnist.npz", "--to", "out put", cwd=tmp_path
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("mnist.npz: ") == 2  # inverted, turned
    assert_equal(read_folder(tmp_path / "out put"), both)
    finished = run_script("-m", "nn.mnist", "--transposed", cwd=tmp_path)
    assert finished.returncode == 2
    assert "about the images of --from" in finished.stderr
    finished = run_script("-m", "nn.mnist", "--from", "out put", "--to", "out put", cwd=tmp_path)
    assert finished.returncode == 2
    assert "holds the files that --from reads" in finished.stderr


def test_a_packed_array_is_read_in_little_memory(tmp_path):
    """100 MB, packed into 0.1 MB."""
    path = tmp_path / "x.npy.gz"
    with gzip.open(path, "wb", 6) as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (200_000, 784)}
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(200):
            file.write(bytes(784_000))
    tracemalloc.start()
    assert sum(len(rows.images) for rows in iter_rows(path)) == 200_000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_sample_comes_from_all_over_an_array(tmp_path, order):
    """The scale is found from this sample. The first rows alone may show only thin strokes."""
    np.save(tmp_path / "x.npy", np.asarray(np.arange(300 * 784).reshape(300, 784), order=order))
    arrays = read_arrays(tmp_path / "x.npy")
    np.testing.assert_array_equal(arrays[""].sample(10)[:, 0], 784 * np.arange(0, 300, 30))
