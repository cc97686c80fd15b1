"""What Spark reads is what load_saved_model.py reads, whoever is killed meanwhile.

`make test-bulk` runs this with 20,000 pictures; 50 of them are broken.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bulk_inputs import compose
from conftest import ROOT, load
from spark_cluster import ENVIRONMENT, MAX_SECONDS, running_cluster, wait_until

PICTURES = int(os.environ.get("BULK_PICTURES", "300"))
BROKEN = max(6, PICTURES // 400)
INPUTS = ["pictures", "rows/*.csv*"]
# Some ten tasks, so that some are done and some are not when one is killed: a picture counts as the
# 128 KiB of apps/bulk/session.py and its own.
TASKS = ["--conf", f"spark.sql.files.maxPartitionBytes={PICTURES // 10 * 132_000}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, mnist_folder) -> Path:
    """A folder with the inputs."""
    folder = tmp_path_factory.mktemp("bulk")
    compose(folder, mnist_folder, PICTURES, BROKEN)
    return folder


@pytest.fixture(scope="module")
def expected(folder) -> list[str]:
    """The lines of load_saved_model.py --json, sorted."""
    rows = sorted((folder / "rows").iterdir())
    finished = load(
        "pictures", *(path.relative_to(folder) for path in rows), "--json", "--runtime", "litert",
        cwd=folder, timeout=MAX_SECONDS + PICTURES,
    )  # fmt: skip
    assert finished.returncode == 1, finished.stderr
    lines = sorted(finished.stdout.splitlines())
    assert sum('"error"' in line for line in lines) == BROKEN + 2  # a bad row, an empty file
    assert len(lines) == PICTURES + 5 * 300 + 2
    return lines


def start(folder: Path, output: Path, *options: str) -> subprocess.Popen:
    """Starts python -m apps.bulk in a session of its own; its standard error is a log."""
    with open(folder / "log", "w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "apps.bulk", *INPUTS, str(output), *options],
            cwd=folder, env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def wait_for_a_finished_task(folder: Path, output: Path) -> None:
    wait_until(lambda: any(output.glob("_temporary/0/task_*/part-*")), folder / "log")


def lines_of(output: Path) -> list[str]:
    """All lines of a finished run, sorted."""
    assert (output / "_SUCCESS").exists()
    return sorted(line for path in output.glob("part-*") for line in path.read_text().splitlines())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.mark.parametrize("kill", [False, True] if PICTURES > 1000 else [True])
def test_a_cluster_reads_what_the_script_reads(cluster, folder, expected, kill, tmp_path):
    output = tmp_path / "readings"
    process = start(folder, output, "--master", cluster.master, *TASKS)
    wait_for_a_finished_task(folder, output)
    if kill:
        cluster.kill_executor()
    assert process.wait(MAX_SECONDS + PICTURES) == 1, (folder / "log").read_text()
    said = (folder / "log").read_text()
    assert ("Lost executor" in said) == kill
    assert lines_of(output) == expected
    counts = [sum(f'"status": "{each}"' in line for line in expected) for each in ("ok", "unsure")]
    assert said.endswith(
        f"{len(expected):,} readings in {output}: {counts[0]:,} ok, {counts[1]:,} unsure, "
        f"{BROKEN + 2:,} could not be read\n"
    )


def test_what_a_killed_program_leaves_is_no_success_and_a_rerun_is_complete(
    folder, expected, tmp_path
):
    import pyarrow.parquet as parquet

    output = tmp_path / "readings"
    options = ["--master", "local[2]", "--format", "parquet", *TASKS]
    process = start(folder, output, *options)
    wait_for_a_finished_task(folder, output)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (output / "_SUCCESS").exists()
    assert (output / "_temporary").exists()
    again = start(folder, output, *options)
    assert again.wait(MAX_SECONDS + PICTURES) == 1, (folder / "log").read_text()
    assert (output / "_SUCCESS").exists()
    found = [json.dumps(row) for row in parquet.read_table(output).to_pylist()]
    assert sorted(found) == expected
