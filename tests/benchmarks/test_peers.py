"""benchmarks/peers: contenders run in turn, in processes of their own, and are compared fairly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from benchmarks.peers import markdown, results, scaling
from benchmarks.peers.__main__ import why_not
from benchmarks.peers.ours import multiply_adds
from benchmarks.peers.race import OURS, Contender, Measured, Row, race, ratios
from benchmarks.peers.rows import CSV, rows
from benchmarks.peers.shop import latency
from nn.errors import UserError
from nn.figures import drawing


def process(name: str, code: str, setting: str = "", needs: str | None = None) -> Contender:
    """A Python process as a contender."""
    options = {"arguments": ["-c", code]}
    return Contender(name, ("benchmarks.peers.tools", "process"), options, setting, needs)


def measured(name: str, seconds: list[float], setting: str = "", **more: float) -> Measured:
    runs = [{"seconds": each, "work": 12, "peak_megabytes": 100.0, **more} for each in seconds]
    return Measured(process(name, "", setting), runs)


def test_contenders_run_in_turn_after_a_warm_up(tmp_path):
    log = tmp_path / "log"
    code = "open({!r}, 'a').write({!r})"
    row = Row(
        "processes", "processes/s",
        [process(OURS, code.format(str(log), "a")), process("slow", code.format(str(log), "b")),
         process("absent", "", needs="no_such_package")],
        {"slow": 1},
    )  # fmt: skip
    found = race(row, 3)
    assert log.read_text() == "abababab"
    assert [each.contender.name for each in found] == [OURS, "slow"]
    assert [len(each.runs) for each in found] == [3, 3]
    for each in found:
        assert all(run["seconds"] > 0 and run["peak_megabytes"] > 1 for run in each.runs)


def test_a_setting_much_slower_in_two_repeats_is_given_up_and_one_slow_only_once_is_not(tmp_path):
    once = tmp_path / "once"
    once.touch()
    count = f"import time; f = open({str(once)!r}, 'a'); n = f.tell(); f.write('.'); f.close(); "
    row = Row(
        "processes", "processes/s",
        [process(OURS, "pass"), process("peer", "import time; time.sleep(0.3)", "fast"),
         # In the first of the repeats that count.
         process("peer", f"{count}time.sleep(0.3 + 0.7 * (n == 1))", "slow once"),
         process("peer", "import time; time.sleep(1)", "slow")],
        {"peer": 2},
    )  # fmt: skip
    found = race(row, 4)
    assert [len(each.runs) for each in found] == [4, 4, 4, 2]
    (ratio,) = ratios(row, found)
    assert ratio.peer.contender.setting in ("fast", "slow once")
    assert len(ratio.values) == 4
    shown = results.lines(row, found, [ratio])
    assert [line[1] for line in shown[1:5]].count("*") == 1
    assert shown[4].startswith(" - peer slow")


def test_this_project_runs_to_the_end_in_whatever_it_is_set_to():
    slow = process(OURS, "import time; time.sleep(0.5)", "one processor")
    found = race(Row("processes", "processes/s", [process(OURS, "pass"), slow], {}), 3)
    assert [len(each.runs) for each in found] == [3, 3]


def test_the_best_setting_of_this_project_is_compared():
    found = [measured(OURS, [4.0] * 3, "tensorflow"), measured(OURS, [1.0] * 3, "litert"),
             measured("other", [2.0] * 3)]  # fmt: skip
    (ratio,) = ratios(Row("row", "images/s", [], {}), found)
    assert ratio.values == [2.0] * 3


def test_a_setting_that_was_given_up_is_not_the_best():
    found = [measured(OURS, [1.0] * 3), measured("other", [5.0, 5.0, 5.0], "kept"),
             measured("other", [2.0, 2.0], "given up")]  # fmt: skip
    (ratio,) = ratios(Row("row", "images/s", [], {}), found)
    assert ratio.peer.contender.setting == "kept"


def test_bfloat16_is_measured_where_the_cpu_has_it_or_where_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")  # then no CPU has it
    reason = why_not("cnn-bfloat16", asked_for=False)
    assert "emulate" in reason
    assert why_not("cnn-bfloat16", asked_for=True) is None
    assert why_not("cnn-float32", asked_for=False) is None
    row = rows("", {}, CSV)["cnn-bfloat16"]
    left_out = results.not_measured(row, reason)
    results.draw([left_out], tmp_path / "chart.png")  # without it
    assert (tmp_path / "chart.png").exists()


def test_the_slower_one_is_found_out():
    sleep = process("slow", "import time; time.sleep(0.5)")
    row = Row("processes", "processes/s", [process(OURS, "pass"), sleep], {"slow": 3}, repeats=2)
    (ratio,) = ratios(row, race(row, 99))
    assert len(ratio.values) == 2
    assert min(ratio.values) > 2


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (("benchmarks.peers.tools", "csv"), "No such file or directory"),
        (("benchmarks.peers.tools", "none"), "has no attribute 'none'"),
    ],
)
def test_a_contender_that_fails_is_named(target, said, tmp_path):
    missing = tmp_path / "none.csv"
    options = {"path": str(missing), "library": "numpy"} if target[1] == "csv" else {}
    row = Row("row", "MB/s", [Contender("loser", target, options, "its best")], {})
    with pytest.raises(UserError, match=r"loser \(its best\): ended too early") as raised:
        race(row, 1)
    assert said in str(raised.value)


def test_a_ratio_is_of_one_repeat_and_of_the_best_setting():
    row = Row("row", "images/s", [], {"other": 2})
    found = [
        measured(OURS, [1.0, 2.0, 4.0]),
        measured("other", [9.0, 9.0, 9.0], "slow"),
        measured("other", [2.0, 6.0, 4.0], "fast"),
    ]
    (ratio,) = ratios(row, found)
    assert ratio.peer.contender.setting == "fast"
    assert ratio.values == [2.0, 3.0, 1.0]
    assert ratio.median == 2.0
    assert ratio.reached


def test_a_row_is_shown_within_80_columns_and_says_what_was_missed(tmp_path):
    row = Row("training something, batch 64", "images/s", [], {"other": 2})
    found = [
        measured(OURS, [1e-3] * 2, accuracy=0.99123),
        measured("other", [1e-3] * 2, "with a long name of its best of all settings"),
    ]
    compared = ratios(row, found)
    shown = results.lines(row, found, compared)
    assert max(map(len, shown)) <= 80
    assert "99.12%" in shown[1]
    assert shown[-1].endswith("goal 2: MISSED")
    kept = {"rows": [results.as_json(row, found, compared)], "machine": results.machine()}
    results.write(tmp_path / "results.json", kept)
    assert json.loads((tmp_path / "results.json").read_text())["rows"][0]["ratios"] == [
        {
            "peer": "other",
            "setting": "with a long name of its best of all settings",
            "median": 1.0,
            "values": [1.0, 1.0],
            "goal": 2,
            "reached": False,
        }
    ]
    results.draw(kept["rows"], tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5_000


def test_the_chart_has_a_panel_for_each_job_and_a_bar_for_each_peer(committed_rows, monkeypatch):
    figures = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: figures.append(figure))
    results.draw(committed_rows, Path("chart.png"))
    panels = {axes.get_title(loc="left"): axes for axes in figures[0].axes}
    axes = panels["one image, warm, dense"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Keras", "PyTorch", "ONNX Runtime"
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == ["68.2×", "2.04×", "0.60×"]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    assert ends == pytest.approx([68.224, 2.041, 0.604])
    assert not any("of the peak" in title for title in panels)  # a product is no peer


@pytest.fixture
def committed_rows() -> list[dict]:
    """The rows of benchmarks/results.json, if it is as it was committed."""
    git = ["git", "diff", "--quiet", "HEAD", "--", "benchmarks/results.json"]
    if not shutil.which("git") or subprocess.run(git, cwd=ROOT, capture_output=True).returncode:
        pytest.skip("benchmarks/results.json has changed since it was committed, or git is missing")
    return json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))["rows"]


def test_the_table_in_docs_shows_the_committed_results(committed_rows):
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "\n".join(markdown.table(committed_rows)) in page, (
        "the table of docs/benchmarks.md is not up to date; this prints it: "
        "python -m benchmarks.peers.markdown benchmarks/results.json"
    )


# README's name of a job → its name in the results.
JOBS = {
    "training `dense`, batch 64": "training dense, batch 64",
    "training `basic_cnn`, batch 128": "training basic_cnn, batch 128, float32",
    "training until 99.0% of the test digits are right": "training to 99.0% of the test digits",
    "predicting one image, `dense`": "one image, warm, dense",
    "predicting 1,024 images, `dense`": "predicting dense, batch 1024",
}


@pytest.mark.parametrize("job", JOBS)
def test_readme_shows_the_committed_results(job, committed_rows):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = (line for line in readme.splitlines() if line.startswith(f"| {job} |"))
    shown = [cell.strip() for cell in line.strip("|").split("|")][1:]
    (row,) = (row for row in committed_rows if row["name"] == JOBS[job])
    medians = {ratio["peer"]: markdown.number(ratio["median"]) for ratio in row["ratios"]}
    assert shown == [medians.get(peer, "") for peer in ("Keras", "PyTorch", "ONNX Runtime")]


@pytest.mark.parametrize("arguments", [[], [str(ROOT / "benchmarks" / "results.json")]])
def test_the_command_prints_the_table_of_the_results_that_come_along(arguments, capsys):
    assert markdown.main(arguments) == 0
    rows = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))["rows"]
    assert capsys.readouterr().out == "\n".join(markdown.table(rows)) + "\n"


@pytest.mark.parametrize("content", [None, "no JSON", "[]", "{}"])
def test_the_command_refuses_what_is_no_file_of_results(content, tmp_path, capsys):
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match="2"):
        markdown.main([str(path)])
    assert f"{path}: no file of results" in capsys.readouterr().err


def test_the_readme_s_table_names_a_row_once_and_says_what_was_missed():
    row = Row("training", "images/s", [], {"other": 20, "another": 0.5})
    found = [measured(OURS, [1.0, 1.0]), measured("other", [12.0, 13.0], "its best"),
             measured("another", [1.0, 0.5])]  # fmt: skip
    kept = results.as_json(row, found, ratios(row, found))
    left_out = results.not_measured(Row("pictures", "files/s", [], {}), "no camera")
    assert list(markdown.table([kept, left_out]))[2:] == [
        "| training | other, its best | 12.5 (12.0 to 13.0) | 20: missed |",
        "|  | another | 0.75 (0.50 to 1.00) | 0.5 |",
        "| pictures | not measured: no camera | | |",
    ]


def test_every_row_has_this_project_in_it_and_its_goals_are_of_those_who_are():
    for row in rows("shop", {(OURS, "litert"): [], ("PyTorch", ""): []}, CSV).values():
        names = {contender.name for contender in row.contenders}
        assert OURS in names
        assert set(row.goals) <= names | {"import tensorflow"}


def test_the_quick_version_leaves_no_peer_out():
    for row in rows("shop", {(OURS, "litert"): [], ("Keras", ""): []}, CSV).values():
        quick = {contender.name for contender in row.contenders if contender.quick}
        assert quick == {contender.name for contender in row.contenders}


def test_how_training_grows_is_shown_within_80_columns(tmp_path):
    values = {"digits": scaling.COUNTS, "batch": scaling.SIZES, "processors": scaling.CPUS}
    parts = {
        what: [{"value": value, "images": 60_032, "seconds": [60.0] * 5} for value in each]
        for what, each in values.items()
    }
    found = dict.fromkeys(scaling.NETWORKS, parts)
    shown = scaling.lines(found)
    assert max(map(len, shown)) <= 80
    assert " digits     7,500: 60.00 15,000: 60.00" in shown[1]
    scaling.draw(found, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5_000


def test_the_ticks_of_the_scaling_chart_are_the_measured_values(tmp_path, monkeypatch):
    points = {
        what: [{"value": value, "images": 6_016, "seconds": [6.0]} for value in values]
        for what, values in {"digits": (500, 2_000), "batch": (48,), "processors": (3, 6)}.items()
    }
    drawn = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: drawn.append(figure))
    scaling.draw(dict.fromkeys(scaling.NETWORKS, points), tmp_path / "chart.png")
    ticks = [[label.get_text() for label in axes.get_xticklabels()] for axes in drawn[0].axes]
    assert ticks == [["500", "2,000"], ["48"], ["3", "6"]]
    assert drawn[0].axes[2].get_yscale() == "log"


def test_how_training_grows_is_shown_where_processors_cannot_be_kept_out(tmp_path):
    points = [{"value": value, "images": 60_032, "seconds": [6.0]} for value in (64, 128)]
    parts = {"digits": points, "batch": points, "processors": []}
    found = dict.fromkeys(scaling.NETWORKS, parts)
    assert "not measured" in scaling.lines(found)[3]
    scaling.draw(found, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5_000


def test_a_latency_is_of_as_many_answers_as_it_takes_whatever_there_are_images():
    asked = []
    found = latency(lambda image: asked.append(image.shape), np.zeros((20, 28, 28), np.uint8))
    assert len(asked) == 1010
    assert set(asked) == {(1, 28, 28)}
    assert 0 < found["seconds"] <= found["percentile_99"]


def test_multiply_adds_are_three_times_forward_but_for_the_first_layer_s_input():
    weights = 784 * 256 + 256 * 128 + 128 * 10
    assert multiply_adds("dense") == 3 * weights - 784 * 256
    # conv_2 has 18,432 weights at each of 11 × 11 places, conv_1 288 at each of 26 × 26.
    forward = 26 * 26 * 288 + 11 * 11 * 18_432 + 1600 * 128 + 1280
    assert multiply_adds("basic_cnn") == 3 * forward - 26 * 26 * 288


def test_a_folder_that_results_cannot_go_to_is_named_at_once(tmp_path):
    command = [sys.executable, "-m", "benchmarks.peers", "--results", tmp_path / "gone" / "r.json"]
    root = ROOT
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert ended.returncode == 2
    assert f"{tmp_path / 'gone'} is no folder; create it first" in ended.stderr
