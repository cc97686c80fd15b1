"""What python -m apps.bulk takes and refuses: names, patterns, Parquet, and where it may write."""

import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from bulk_inputs import SAMPLES
from conftest import ROOT, load, run_script
from spark_cluster import MAX_SECONDS

from apps.bulk.command_line import parse_arguments
from apps.bulk.inputs import find_inputs, records_of
from apps.bulk.results import check_output
from apps.bulk.session import require_java, spark_session
from apps.bulk.storage import Storage
from nn.errors import DataError, UserError

VERSION = ROOT / "SavedModel" / "1"


def bulk(*arguments: str, cwd: Path, **environment: str):
    return run_script(
        "-m", "apps.bulk", *arguments, cwd=cwd, timeout=MAX_SECONDS, **environment
    )  # fmt: skip


def test_names_patterns_subfolders_and_parquet_are_read_as_the_script_reads_them(tmp_path):
    names = {
        "scans [1]/a:b.png": SAMPLES[0], "scans [1]/_ü 100%.PNG": SAMPLES[1],
        "scans [1]/sub/x#2.webp": SAMPLES[2], "more/one.jpg": SAMPLES[3],
        "more/two.jpg": SAMPLES[4], "stored/7.png": SAMPLES[5], "stored/empty.png": os.devnull,
    }  # fmt: skip
    for name, source in names.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copyfile(source, tmp_path / name)
    for ignored in (".hidden.png", "notes.txt"):
        (tmp_path / "scans [1]" / ignored).write_text("no picture")
    stored = [name for name in names if name.startswith("stored")]
    contents = [(tmp_path / name).read_bytes() for name in stored]
    parquet.write_table(
        pa.table({"path": stored, "content": contents}), tmp_path / "stored.parquet"
    )
    finished = bulk(
        "scans [1]/", "./more/*.jpg", "stored.parquet", "out", "--recursive",
        "--master", "local[2]", cwd=tmp_path,
    )  # fmt: skip
    assert finished.returncode == 1, finished.stderr  # an empty file
    expected = load(
        "scans [1]", "more/one.jpg", "more/two.jpg", *stored, "--recursive",
        "--json", "--runtime", "litert", cwd=tmp_path,
    )  # fmt: skip
    lines = [line for path in tmp_path.glob("out/part-*") for line in path.read_text().splitlines()]
    assert len(lines) == len(names)
    assert sorted(lines) == sorted(expected.stdout.splitlines())


@pytest.fixture(scope="module")
def spark():
    with spark_session("local[1]", [], VERSION) as spark:
        yield spark


@pytest.fixture
def storage(spark, tmp_path, monkeypatch) -> Storage:
    """What Spark sees from a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Storage(spark)


@pytest.mark.parametrize(
    ("name", "address", "prefix"),
    [
        (".", "/", ""), ("./scans//", "/scans/", "scans/"), ("*.png", "/", ""),
        ("../*/scans/*.png", "/../", "../"), ("/*", None, "/"),
        ("scans/7.png", "/scans/7.png", "scans/7.png"),
    ],
)  # fmt: skip
def test_a_file_is_named_as_the_script_names_it(storage, tmp_path, name, address, prefix):
    Path("scans").mkdir()
    Path("7.png").touch()
    Path("scans/7.png").touch()
    expected = "file:/" if address is None else f"file:{os.path.normpath(f'{tmp_path}{address}')}"
    found = find_inputs(storage, [name]).names
    assert {key.rstrip("/"): value for key, value in found.items()} == {
        expected.rstrip("/"): prefix
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["_SUCCESS", "part-1"], "out: holds the readings of another run; name a new folder"),
        (["letter.txt"], "out: holds other files; name a new folder for the readings"),
        (["part-1"], "out: holds other files; name a new folder for the readings"),
        (["_temporary", "letter.txt"], "out: holds other files; name a new folder for the rea"),
    ],
)
def test_it_writes_into_no_folder_that_holds_anything(storage, names, message):
    Path("out").mkdir()
    for name in names:
        Path("out", name).touch()
    with pytest.raises(DataError, match=message):
        check_output(storage, "out")
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(names)


def test_it_writes_over_no_file(storage):
    Path("out").touch()
    with pytest.raises(DataError, match="out: a file; name a new folder for the readings"):
        check_output(storage, "out")


def test_what_a_run_left_that_was_killed_makes_room(storage):
    Path("out/_temporary/0").mkdir(parents=True)
    Path("out/part-1").touch()
    check_output(storage, "out")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "none: no such file or folder"),
        ("no*.png", r"no\*.png: nothing has such a name"),
        ("empty", "empty/: no pictures to be read in this folder "),
        ("x.parquet", "expected the columns path string, content binary; found path string, n bi"),
        ("s3a://bucket/x", "Spark stopped: java.lang.ClassNotFoundException: Class org.apache.had"),
    ],
)
def test_an_input_that_is_none_is_named(spark, storage, name, message):
    from apps.bulk.errors import spark_errors_told

    Path("empty").mkdir()
    parquet.write_table(pa.table({"path": ["a"], "n": [1]}), "x.parquet")
    with pytest.raises(UserError, match=message), spark_errors_told():
        records_of(spark, find_inputs(storage, [name]), False)


def test_without_java_it_names_the_command_that_installs_it(tmp_path):
    finished = bulk("in", "out", cwd=tmp_path, PATH=str(tmp_path), JAVA_HOME="")
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == (
        "error: Spark needs Java 17 or newer, and there is none here; install it, on Debian and "
        "Ubuntu by: apt-get install default-jre-headless"
    )


def test_the_java_that_is_named_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UserError, match=f"there is none in JAVA_HOME, {tmp_path}; install it"):
        require_java()


@pytest.mark.parametrize(("version", "is_old"), [("1.8.0_412", True), ("11.0.22", True),
                                                 ("17.0.15", False), ("25", False)])  # fmt: skip
def test_an_old_java_is_named_with_the_version_that_is_needed(
    monkeypatch, tmp_path, version, is_old
):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    expected = f"^Spark needs Java 17 or newer, and the one in JAVA_HOME, {tmp_path} is {version};"
    with pytest.raises(UserError, match=expected) if is_old else nullcontext():
        require_java()


def test_a_setting_of_sparks_has_a_name_and_a_value(capsys):
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(["in", "out", "--conf", "memory=4g"])
    assert "expected a setting such as spark.executor.memory=4g, found memory=4g" in (
        capsys.readouterr().err
    )
