"""--compare: one protocol for several networks, its table, its folder; stopped and resumed."""

import csv
import json
import math
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import change_json, train_in_this_process
from PIL import Image

from nn.errors import UserError
from nn.figures import comparison_charts
from nn.networks.registry import get_network
from nn.runs.comparison import Comparison
from nn.runs.outcomes import Outcome, table
from nn.runtime.signals import Interrupted
from nn.training.datasets import Source
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings

OPTIONS = ["--compare", "tiny", "simple_dnn", "--seeds", 2, "--epochs", 3, "--seed", 5]


@pytest.fixture(scope="module")
def compared(small_data, tmp_path_factory):
    """(the finished process, the comparison's folder)"""
    folder = tmp_path_factory.mktemp("compared")
    finished = train_in_this_process(
        *OPTIONS,
        "--data",
        small_data,
        "--run-dir",
        folder / "runs",
        "--saved-model",
        folder / "out",
    )
    assert finished.returncode == 0, finished.stderr
    return finished, folder / "runs"


def rows_of(folder: Path) -> list[dict]:
    with open(folder / "comparison.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_every_network_is_trained_with_every_seed_on_the_same_digits(compared):
    _, folder = compared
    rows = rows_of(folder)
    runs = [(row["network"], row["seed"]) for row in rows]
    assert runs == [("tiny", "5"), ("simple_dnn", "5"), ("tiny", "6"), ("simple_dnn", "6")]
    configs = [json.loads(p.read_text()) for p in folder.glob("*/config.json")]
    assert len(configs) == 4
    assert {config["settings"]["epochs"] for config in configs} == {3}
    assert len({config["data"]["training_sha256"] for config in configs}) == 1
    assert all(int(row["images"]) == 97 for row in rows)
    assert len({row["loss"] for row in rows}) == 4


def test_it_prints_a_markdown_table_of_mean_and_spread_within_80_columns(compared):
    finished, folder = compared
    lines = finished.stdout.splitlines()
    assert max(map(len, lines)) <= 80 + len(str(folder))
    (row,) = [line for line in lines if re.match(r"tiny +\|", line)]
    accuracies = [100 * float(r["accuracy"]) for r in rows_of(folder) if r["network"] == "tiny"]
    mean, deviation = sum(accuracies) / 2, abs(accuracies[0] - accuracies[1]) / 2**0.5
    assert row.split("|")[2].strip() == f"{mean:.2f} ± {deviation:.2f}"
    assert "8,070" in row
    assert re.match(r"-+ \| -+:", lines[lines.index(row) - 1])


def test_charts_are_drawn_and_nothing_is_exported(compared):
    _, folder = compared
    for name in ("comparison.png", "accuracy_time.png"):
        with Image.open(folder / name) as picture:
            assert picture.size[0] > 1000
            assert np.asarray(picture.convert("L")).std() > 10
    assert not (folder.parent / "out").exists()


def test_a_stopped_comparison_resumes_to_the_same_figures(compared, tmp_path, train_here):
    _, whole = compared
    copy = shutil.copytree(whole, tmp_path / "copy")
    for name in ("comparison.png", "tiny-6/history.csv"):
        (copy / name).unlink()
    rows = (copy / "comparison.csv").read_text().splitlines(keepends=True)
    (copy / "comparison.csv").write_text("".join(rows[:3]))
    scored = (copy / "tiny-5" / "first_layer.png").stat().st_mtime_ns
    shutil.rmtree(copy / "tiny-6" / "checkpoints")
    shutil.rmtree(copy / "simple_dnn-6" / "checkpoints")
    comparison = Comparison.reopen(copy, None)
    asked = iter([None])
    with pytest.raises(Interrupted):  # within the third run, the first to train again
        comparison.finish(stop=lambda: next(asked, signal.SIGINT), quiet=True)
    assert rows_of(copy) == rows_of(whole)[:2]
    finished = train_here("--resume", copy)
    assert finished.returncode == 0, finished.stderr
    without_time = [
        [{**row, "seconds": None} for row in rows_of(folder)] for folder in (copy, whole)
    ]
    assert without_time[0] == without_time[1]
    # What had its row was left alone.
    assert (copy / "tiny-5" / "first_layer.png").stat().st_mtime_ns == scored


def test_a_run_of_a_comparison_can_be_exported(compared, tmp_path, train_here, plotless):
    _, folder = compared
    finished = train_here("--resume", folder / "tiny-5", "--saved-model", tmp_path / "out")
    assert finished.returncode == 0, finished.stderr
    card = json.loads((tmp_path / "out" / "1" / "model_card.json").read_text())
    assert (card["network"], card["seed"], card["hidden"]) == ("tiny", 5, [10, 10])


def test_one_seed_has_no_spread():
    outcome = Outcome("tiny", 0, 8070, 100, 7, 0.93, 0.25, 4.0)
    assert (
        table([outcome]).splitlines()[2]
        == "tiny    |  8,070 |       93.00 |     7 |           0.250 |       4"
    )


def test_a_table_without_calibrated_losses_leaves_the_column_out():
    outcome = Outcome("tiny", 0, 8070, 100, 7, 0.93, math.nan, 4.0)
    assert table([outcome]).splitlines()[2] == "tiny    |  8,070 |       93.00 |     7 |       4"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "tiny", "resnet"], "no network is called 'resnet'; choose one of tiny"),
        (["--compare", "tiny", "--network", "dense"], "drop --network"),
        (["--compare", "all", "--hidden", "5"], "name these after --compare, in place of all"),
        (["--compare", "all", "tiny"], "--compare all is every network there is"),
        (["--seeds", "3"], "--seeds is for --compare"),
        (
            ["--compare", "all", "--seeds", "2", "--seed", "2147483647"],
            "the highest seed is 2147",
        ),
    ],
)
def test_a_wrong_comparison_is_one_clear_line(arguments, message, tmp_path, monkeypatch, capsys):
    import train_neural_network as script

    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")  # the script would leave it set
    monkeypatch.chdir(tmp_path)
    try:
        assert script.main(arguments) == 2
    except SystemExit as end:
        assert end.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_comparisons_folder_is_not_overwritten_and_a_damaged_one_not_resumed(compared, tmp_path):
    _, folder = compared
    with pytest.raises(UserError, match="holds a comparison already; continue it with --resume"):
        Comparison.create(folder, [], None, tmp_path)
    with pytest.raises(UserError, match="holds a comparison; choose another --run-dir"):
        RunFolder(folder).create({})
    with pytest.raises(UserError, match="exists and is not empty"):
        Comparison.create(folder / "tiny-5", [], None, tmp_path)
    for content, message in (
        ("{", "cannot be read, or damaged"),
        ('{"runs": ["tiny-5"], "format": 1}', "its checksum does not fit the rest"),
        ('{"runs": []}', "not the plan of a comparison"),
        ('{"runs": 5}', "not the plan of a comparison"),
    ):
        (tmp_path / "comparison.json").write_text(content)
        with pytest.raises(UserError, match=rf"comparison\.json: .*{message}"):
            Comparison.reopen(tmp_path, None)


def test_a_comparison_that_cannot_be_trained_is_refused_before_anything_is_written(
    tmp_path, digits
):
    few = Source("few", "few", digits[0][:150], digits[1])
    settings = [Settings.of(get_network(name)) for name in ("tiny", "optimized_cnn")]
    with pytest.raises(UserError, match="optimized_cnn cannot train with batches of 128"):
        Comparison.create(tmp_path / "runs" / "all", settings, few, tmp_path / "out")
    assert not list((tmp_path / "runs").iterdir())


def test_a_run_that_diverges_is_named_and_left_out(tmp_path, digits, caplog, plotless):
    few = Source("few $^$", "few", digits[0][:150], digits[1])
    rates = {"tiny": 1e38, "simple_dnn": 1e-3}
    settings = [Settings.of(get_network(n), learning_rate=r, epochs=2) for n, r in rates.items()]
    comparison = Comparison.create(tmp_path / "all", settings, few, tmp_path / "out")
    for _ in range(2):  # the second time nothing is left to train but what diverges again
        assert [row.network for row in comparison.finish(quiet=True)] == ["simple_dnn"]
        assert [row["network"] for row in rows_of(tmp_path / "all")] == ["simple_dnn"]
        (warning,) = [r.message for r in caplog.records if r.levelname == "WARNING"]
        assert "all/tiny-0: the loss is no longer a finite number at step" in warning
        caplog.clear()
    finished = comparison.runs[1]
    diverging = replace(
        finished,
        settings=replace(settings[1], seed=1, learning_rate=1e38),
        folder=RunFolder(tmp_path / "all" / "simple_dnn-1"),
    )
    diverging.create()
    (row,) = Comparison(tmp_path / "all", [finished, diverging]).finish(quiet=True)
    assert row.network == "simple_dnn (1 of 2)"
    with pytest.raises(UserError, match="nothing to compare"):
        Comparison(
            tmp_path, [run for run in comparison.runs if run.network.name == "tiny"]
        ).finish()


def test_a_comparison_with_a_run_that_diverged_does_not_end_as_if_all_were_well(
    compared, tmp_path, train_here
):
    folder = shutil.copytree(compared[1], tmp_path / "all")
    config = folder / "tiny-5" / "config.json"
    settings = json.loads(config.read_text())["settings"]
    change_json(config, settings=settings | {"learning_rate": 1e38})
    shutil.rmtree(folder / "tiny-5" / "checkpoints")
    rows = (folder / "comparison.csv").read_text().splitlines(keepends=True)
    (folder / "comparison.csv").write_text("".join(rows[:1] + rows[2:]))
    finished = train_here("--resume", folder)
    assert finished.returncode == 2
    assert "simple_dnn    |" in finished.stdout
    assert "tiny (1 of 2) |" in finished.stdout
    assert "tiny-5: the loss is no longer" in finished.stderr
    assert finished.stderr.splitlines()[-1] == "error: 1 of 4 runs did not finish; see above"


def test_bars_are_as_long_as_the_means_they_stand_for():
    rows = [Outcome(name, seed, size, 100, 7, accuracy, loss, 4.0)
            for name, size, accuracy, loss in (("tiny", 10, 0.92, 0.3), ("dense", 40, 0.98, 0.1))
            for seed in (0, 1)]  # fmt: skip
    accuracy, loss, _, parameters = comparison_charts.comparison_bars(rows, "a $^$ title").axes
    assert [bar.get_x() + bar.get_width() for bar in accuracy.patches] == pytest.approx(
        [0.92, 0.98]
    )
    assert [bar.get_width() for bar in loss.patches] == pytest.approx([0.3, 0.1])
    assert [bar.get_width() for bar in parameters.patches] == [10, 40]
    assert [text.get_text() for text in accuracy.texts] == ["92.00%", "98.00%"]


def test_accuracy_against_time_has_room_for_what_has_no_logarithm():
    outcomes = [
        Outcome("right", 0, 10, 100, 0, 1.0, 0.0, 0.0),
        Outcome("fast", 0, 10, 100, 5, 0.95, 0.2, 0.0),
        Outcome("slow", 0, 10, 100, 5, 0.95, 0.2, 30.0),
    ]
    for some in (outcomes, outcomes[:1]):
        figure = comparison_charts.accuracy_by_time(some, "all kinds")
        (axes,) = figure.axes
        names = [text.get_text() for text in axes.texts]
        assert names == [outcome.network for outcome in some]
        for text in axes.texts:
            x, y = text.xy
            assert axes.get_xlim()[0] < x < axes.get_xlim()[1]
            assert min(axes.get_ylim()) < y < max(axes.get_ylim())
