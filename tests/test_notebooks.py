"""The companion notebooks: as committed, and executed on the bundled digits."""

import json
import shutil

import nbformat
import pytest
from conftest import ROOT, run_script

NAMES = ("train_neural_network.ipynb", "load_saved_model.ipynb")
PLOTS = {NAMES[0]: 7, NAMES[1]: 2}


def code_cells(path) -> list:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(cells: list, kind: str) -> list[str]:
    """What cells have shown: "text" that they printed, or "image/png"."""
    shown = [output for cell in cells for output in cell.outputs]
    if kind == "text":
        return [output.text for output in shown if output.output_type == "stream"]
    return [output.data[kind] for output in shown if kind in output.get("data", {})]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_committed_as_it_was_run_from_top_to_bottom(name):
    cells = code_cells(ROOT / name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert len(outputs(cells, "image/png")) == PLOTS[name]
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert "error" not in kinds
    streams = {output.name for cell in cells for output in cell.outputs if "name" in output}
    assert streams == {"stdout"}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_says_nothing_of_the_machine_it_was_run_on(name):
    text = (ROOT / name).read_text()
    assert not [word for word in ("/home/", "/root/", "/tmp/", "/Users/", "/work/") if word in text]
    assert (ROOT / name).stat().st_size < 1_500_000


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A folder in which both have been executed, the second on what the first has exported."""
    folder = tmp_path_factory.mktemp("notebooks")
    for name in NAMES:
        shutil.copy(ROOT / name, folder)
    for name in ("nn", "samples"):
        (folder / name).symlink_to(ROOT / name)
    refused = "http://127.0.0.1:9"  # no MNIST here, and none to be had
    finished = run_script(
        "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=90", *NAMES, cwd=folder,
        HTTPS_PROXY=refused, https_proxy=refused, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout
    return folder


def test_training_in_the_notebook_exports_a_model_that_it_scored(executed):
    card = json.loads((executed / "SavedModel/bundled/1/model_card.json").read_text())
    cells = code_cells(executed / NAMES[0])
    text = "".join(outputs(cells, "text"))
    assert f"Test accuracy {card['test']['accuracy']:.2%}" in text
    assert card["test"]["accuracy"] > 0.9
    assert "SavedModel/bundled/1/" in text
    assert len(outputs(cells, "image/png")) == PLOTS[NAMES[0]]


def test_the_loop_in_the_graph_learns_what_the_plain_way_learns(executed):
    text = "".join(outputs(code_cells(executed / NAMES[0]), "text"))
    found = [float(line.split()[-1][:-1]) for line in text.splitlines() if "validation acc" in line]
    first, *_, plain, looped, _network = found
    assert first < 30  # before the first step
    assert plain > 85
    assert abs(plain - looped) < 5


def test_the_loading_notebook_reads_the_samples_in_both_ways(executed):
    text = "".join(outputs(code_cells(executed / NAMES[1]), "text"))
    assert "Model SavedModel/bundled/1: dense" in text
    rows = [line for line in text.split("\n[")[1:] if line[0].isdigit()]
    assert len(rows) == 2  # a session's digits, and those of tf.saved_model.load
    assert rows[0].split("]")[0] == rows[1].split("]")[0]
    assert len(outputs(code_cells(executed / NAMES[1]), "image/png")) == PLOTS[NAMES[1]]
