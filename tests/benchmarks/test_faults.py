"""The drills that provoke faults: what their frame prints, and that the page shows its results."""

import pytest
from conftest import ROOT

from benchmarks import result_files, tables
from benchmarks.distributed.kills import ends_well
from benchmarks.faults import __main__ as faults
from benchmarks.faults.drill import Row
from benchmarks.mutation.areas import AREAS


def drill(*rows: Row):
    """A drill with these rows."""

    def run(scale, folder):
        assert folder.is_dir()
        assert not any(folder.iterdir())
        (folder / "left over").touch()
        yield from (row._replace(tried=round(scale * row.tried)) for row in rows)

    return run


@pytest.mark.parametrize(("survived", "status"), [(4, 0), (3, 1)])
def test_a_fault_that_is_not_survived_each_time_ends_it_with_status_1(
    survived, status, monkeypatch, tmp_path, capfd
):
    rows = Row("a file is cut", 8, survived, "one line " * 20), Row("a disk", 2, 1, "one line")
    monkeypatch.setattr(faults, "load", lambda name: drill(*rows))
    results = tmp_path / "found.json"
    arguments = ["--scale", "0.5", "--only", "kills", "--results", str(results)]
    assert faults.main(arguments) == status
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].split() == ["a", "file", "is", "cut", "4", str(survived)]
    assert max(map(len, lines)) <= 80
    found = result_files.read(results)["drills"]
    assert [row["survived"] for row in found["kills"]["rows"]] == [survived, 1]


def test_the_results_of_other_drills_are_kept(monkeypatch, tmp_path):
    results = tmp_path / "found.json"
    monkeypatch.setattr(faults, "load", lambda name: drill(Row(name, 1, 1, "nothing")))
    for name in ("full_disk", "kills"):
        faults.main(["--only", name, "--results", str(results)])
    assert list(result_files.read(results)["drills"]) == ["kills", "full_disk"]


def test_two_drills_beside_each_other_both_write_their_results(monkeypatch, tmp_path, capfd):
    """Each has a process of its own, and replaces the file row after row."""
    rows = [Row(f"fault {number}", 1, 1, "nothing") for number in range(50)]
    monkeypatch.setattr(faults, "load", lambda name: drill(*rows))
    results = tmp_path / "found.json"
    assert faults.main(["--only", "kills", "full_disk", "--results", str(results)]) == 0
    found = result_files.read(results)["drills"]
    assert [len(found[name]["rows"]) for name in ("kills", "full_disk")] == [50, 50]
    assert len(capfd.readouterr().out.splitlines()) == 1 + 2 * 2 * 50
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]


@pytest.mark.parametrize("name", faults.DRILLS)
def test_each_name_is_a_drills(name):
    assert callable(faults.load(name))


def test_the_page_of_reliability_shows_the_committed_table():
    rows = tables.faults()
    assert rows in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), (
        "not up to date; this prints its table: python -m benchmarks.tables"
    )
    for drill in result_files.read(result_files.FAULTS)["drills"].values():
        assert all(row["survived"] == row["tried"] for row in drill["rows"])


def test_the_page_of_reliability_shows_the_committed_changes():
    """And every change that no test noticed still names a file of the project."""
    assert tables.mutation() in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), (
        "not up to date; this prints its table: python -m benchmarks.tables"
    )
    for area, row in result_files.read(result_files.MUTATION)["areas"].items():
        assert row["noticed"] + len(row["unnoticed"]) == row["changes"]
        files = {file for pattern in AREAS[area] for file in ROOT.glob(pattern)}
        assert all(ROOT / file in files for file, _, _ in row["unnoticed"])


NAMED = "error: worker 0 (localhost:2222) no longer answers; to go on, start all workers again"


@pytest.mark.parametrize(
    ("is_trained", "status", "lines", "expected"),
    [
        (False, 2, [NAMED], True),
        (True, 2, [NAMED], True),  # lost when the chief closed its record
        (True, 0, [], True),  # the chief was killed while it scored the network
        (False, 0, [], False),
        (True, 0, [NAMED], False),
        (False, 2, [], False),
        (False, 2, [NAMED.replace("0", "1", 1)], False),
        (False, 2, [NAMED, NAMED], False),
        (False, -9, [NAMED], False),
    ],
)
def test_a_worker_ends_well_if_it_names_the_one_that_was_killed_or_needed_it_no_more(
    is_trained, status, lines, expected
):
    assert ends_well(0, is_trained, status, lines) is expected
