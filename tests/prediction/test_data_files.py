"""Data files as inputs of load_saved_model.py: each format gives the readings of the plain CSV."""

import gzip
import json
import re

import numpy as np
import pytest

PIXEL_NAMES = ",".join(f"pixel{number}" for number in range(784))
COUNT = 40


@pytest.fixture(scope="module")
def some(digits):
    """The first 40 of the bundled test digits."""
    return digits[1][:COUNT]


@pytest.fixture(scope="module")
def expected(predictor, some) -> list[list]:
    """What the model answers to them."""
    found = predictor.predict(some.images)
    return [[digit, row] for digit, row in zip(*map(np.ndarray.tolist, found), strict=True)]


def savetxt(path, rows, header="", separator=",", fmt="%d"):
    np.savetxt(path, rows, fmt, separator, header=header, comments="")


def write(folder, name, digits):
    """A file of that name, with the digits in the format that the name tells."""
    path, rows = folder / name, digits.images.reshape(len(digits), -1)
    labelled = np.hstack([digits.labels[:, None], rows])
    sideways = digits.images.transpose(0, 2, 1)
    match name:
        case "plain.csv":
            savetxt(path, rows)
        case "test.csv":
            savetxt(path, rows, PIXEL_NAMES)
        case "train.csv":
            savetxt(path, labelled, f"label,{PIXEL_NAMES}")
        case "label first.csv.gz":
            savetxt(path, labelled)
        case "semicolons.csv":
            savetxt(path, rows, separator=";")
        case "tabs.tsv":
            savetxt(path, rows, separator="\t")
        case "0 to 1.csv":
            savetxt(path, rows / 255, fmt="%.5f")
        case "sideways.csv":
            savetxt(path, sideways.reshape(len(digits), -1))
        case "dark ink.csv":
            savetxt(path, 255 - rows)
        case "x.npy":
            np.save(path, digits.images)
        case "flat.npy.gz":
            with gzip.open(path, "wb") as file:
                np.save(file, rows.astype(np.float32) / 255)
        case "mnist.npz":
            np.savez(path, x_train=digits.images[:3], y_train=digits.labels[:3],
                     x_test=digits.images, y_test=digits.labels)  # fmt: skip
        case "t10k-images.idx3-ubyte" | "emnist-digits-test-images-idx3-ubyte.gz":
            images = sideways if name.startswith("emnist") else digits.images
            content = np.array([0x803, *images.shape], ">i4").tobytes() + images.tobytes()
            path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


# Name → (the number of the first row, whether the file holds labels, what is said of it).
FILES = {
    "plain.csv": (1, False, ""),
    "test.csv": (2, False, ""),
    "train.csv": (2, True, ""),
    "label first.csv.gz": (1, True, ""),
    "semicolons.csv": (1, False, ""),
    "tabs.tsv": (1, False, ""),
    "0 to 1.csv": (1, False, "multiplied by 255"),
    "sideways.csv": (1, False, "rows and columns are exchanged"),
    "dark ink.csv": (1, False, "the pixels are inverted"),
    "x.npy": (1, False, ""),
    "flat.npy.gz": (1, False, "multiplied by 255"),
    "mnist.npz": (1, True, "reading its test images"),
    "t10k-images.idx3-ubyte": (1, False, ""),
    "emnist-digits-test-images-idx3-ubyte.gz": (1, False, "rows and columns are exchanged"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_read_as_the_plain_csv(script, tmp_path, some, expected, name):
    first, has_labels, note = FILES[name]
    path = write(tmp_path, name, some)
    finished = script(path, "--json")
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["input"] for line in lines] == [f"{path}:{first + n}" for n in range(COUNT)]
    assert [line["digit"] for line in lines] == [digit for digit, _ in expected]
    rows = [row for _, row in expected]
    np.testing.assert_allclose([line["probabilities"] for line in lines], rows, atol=1e-5)
    assert all("label" not in line for line in lines)
    notes = [line for line in finished.stderr.splitlines() if line.startswith(str(path))]
    assert len(notes) == bool(note)
    assert note in "".join(notes)
    right = sum(digit == label for (digit, _), label in zip(expected, some.labels, strict=True))
    score = re.search(r"(\d+) of (\d+) right", finished.stderr)
    assert (score is not None) == has_labels
    if score:
        assert [int(number) for number in score.groups()] == [right, COUNT]
        assert "Compared with the labels in the data files themselves" in finished.stderr


def test_fewer_labels_than_images_in_a_file_are_refused(script, tmp_path, some):
    path = tmp_path / "mnist.npz"
    np.savez(path, x_test=some.images, y_test=some.labels[:-1])
    finished = script(path)
    assert finished.returncode == 1
    assert "array y_test: expected 40 labels, one for each image, found 39" in finished.stdout


def test_labels_of_another_file_come_first(script, tmp_path, some):
    path = write(tmp_path, "train.csv", some)
    np.save(tmp_path / "y.npy", np.full(COUNT, 9))
    finished = script(path, "--json", "--labels", tmp_path / "y.npy")
    assert "Compared with the labels in" not in finished.stderr
    counts = [int(n) for n in re.findall(r"^ +(\d)  +(.*)$", finished.stderr, re.M)[-1][0]]
    assert counts == [9]
    row_of_8 = next(line for line in finished.stderr.splitlines() if line.startswith("    8 "))
    assert set(row_of_8.split()[1:]) == {"·"}


def test_a_bad_row_below_a_header_is_named_by_its_line(script, tmp_path, some):
    path = write(tmp_path, "train.csv", some)
    lines = path.read_text().splitlines()
    lines[4] = "x" + lines[4]
    lines.insert(3, "")
    path.write_text("\n".join(lines))
    finished = script(path, "--json")
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert finished.returncode == 1
    assert [line["input"] for line in found if line["status"] == "error"] == [f"{path}:6"]
    assert [line["input"].rsplit(":")[-1] for line in found[:3]] == ["2", "3", "5"]
    assert f"{COUNT - 1} right" in finished.stderr or f"of {COUNT - 1} " in finished.stderr


def test_sideways_rows_that_are_too_few_are_refused_with_the_flag(script, tmp_path, digits):
    fours = digits[1][digits[1].labels == 4][:5]
    path = write(tmp_path, "sideways.csv", fours)
    (line,) = [json.loads(line) for line in script(path, "--json").stdout.splitlines()]
    assert line["status"] == "error"
    assert "use --transposed" in line["reason"]
    told = [json.loads(line) for line in script(path, "--json", "--transposed").stdout.splitlines()]
    plain = write(tmp_path, "plain.csv", fours)
    upright = [json.loads(line) for line in script(plain, "--json").stdout.splitlines()]
    assert [line["digit"] for line in told] == [line["digit"] for line in upright]


def test_sideways_rows_after_zeros_are_not_read_as_garbage(script, tmp_path, digits):
    both = digits[0].joined(digits[1])
    order = np.argsort(both.labels, kind="stable")
    zeros, others = both.images[order][:128], both.images[order][178:400].transpose(0, 2, 1)
    # Half of the zeros one way, half the other way: they do not show how the others lie.
    undecided = [zeros, zeros.transpose(0, 2, 1)] * 4
    rows = np.concatenate([*undecided, others]).reshape(1024 + 222, -1)
    savetxt(tmp_path / "sorted.csv", rows)
    finished = script(tmp_path / "sorted.csv", "--json")
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["status"] == "error" for line in lines] == [False] * 1024 + [True]
    assert "from line 1025 on the images lie on their side" in lines[-1]["reason"]
    assert "use --transposed" in lines[-1]["reason"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["x.png", "--kaggle", "out.csv"], "--kaggle takes one input, a data file"),
        (["a.csv", "b.csv", "--kaggle", "out.csv"], "--kaggle takes one input, a data file"),
        (["a.csv", "--csv", "o.csv", "--kaggle", "./o.csv"], "--csv and --kaggle name one file"),
        (["x.png", "--no-inverted"], "--transposed and --inverted are about data files, and there"),
        (["x.npy", "--number"], "--number reads pictures: the rows of x.npy hold one digit each"),
    ],
)
def test_wrong_usage(script, arguments, problem, capfd):
    with pytest.raises(SystemExit) as end:
        script(*arguments)
    assert end.value.code == 2
    assert problem in capfd.readouterr().err


def test_a_submission_never_replaces_its_input(script, tmp_path, some):
    path = write(tmp_path, "test.csv", some)
    before = path.read_bytes()
    finished = script(path, "--kaggle", path)
    assert finished.returncode == 2
    assert f"--kaggle {path} would overwrite the input" in finished.stderr
    assert path.read_bytes() == before


def test_pages_are_drawn_for_rows_of_an_array(script, tmp_path, some):
    path = write(tmp_path, "x.npy", some[:2])
    finished = script(path, "--json", "--explain", tmp_path / "pages")
    assert finished.returncode == 0, finished.stderr
    names = sorted(page.name for page in (tmp_path / "pages").glob("*.png"))
    assert names == ["x.npy_1.png", "x.npy_2.png"]
