"""The companion notebooks: as committed, and each executed alone in a fresh copy of the project."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, run_script
from PIL import Image

NAMES = ("train_neural_network.ipynb", "load_saved_model.ipynb")
EXPORT = "SavedModel/notebook/1"  # where the script's exports stay as they are
PLOTS = {NAMES[0]: 8, NAMES[1]: 2}
COLUMNS = 80  # a longer line of output would scroll sideways on the page


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
    pictures = [o for cell in cells for o in cell.outputs if "image/png" in o.get("data", {})]
    assert all(len(picture.metadata["image/png"]["alt"]) > 20 for picture in pictures)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_output_is_wider_than_the_page(name):
    lines = "".join(outputs(code_cells(ROOT / name), "text")).splitlines()
    assert len(lines) > 20
    assert not [line for line in lines if len(line) > COLUMNS]


def test_the_notebook_lists_the_nodes_that_the_readmes_drawing_shows():
    path = ROOT / "docs" / "draw_small_graph.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    nodes = module.notebook_nodes()
    assert {"images", "weights", "logits", "accuracy", "gradients", "train"} <= {
        node.name for node in nodes
    }
    text = "".join(outputs(code_cells(ROOT / NAMES[0]), "text"))
    assert not [node for node in nodes if f"\n{node.name}: {node.type}" not in text]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_says_nothing_of_the_machine_it_was_run_on(name):
    text = (ROOT / name).read_text()
    assert not [word for word in ("/home/", "/root/", "/tmp/", "/Users/", "/work/") if word in text]
    assert (ROOT / name).stat().st_size < 1_500_000


PLAYGROUND = """
import sys
import matplotlib
import IPython.display
matplotlib.use("agg")
shown = []
IPython.display.display = lambda figure, metadata: shown.append(figure)
import nbformat
cells = [cell.source.replace("%matplotlib inline", "")
         for cell in nbformat.read("load_saved_model.ipynb", as_version=4).cells
         if cell.cell_type == "code"]
space = {}
for cell in cells:
    exec(cell.replace('MODEL = "SavedModel/1"', 'MODEL = "SavedModel/notebook"'), space)
for picture in sys.argv[1:]:  # as a reader does: the last cell, again
    before = len(shown)
    print("cell", picture)
    exec(cells[-1].replace("samples/7_pencil.jpg", picture), space)
    if len(shown) > before:
        pixels = shown[-1].axes[0].images[0].get_array()
        shades = int(pixels.max()) - int(pixels.min())
        print("digit", int(space["answer"]["digits"][0]), "shown" if shades > 50 else "blank")
    print("pictures", len(shown) - before)
"""


def test_the_readers_own_model_reads_the_readers_own_pictures_again_and_again(executed):
    folder = executed[NAMES[0]]  # where the first notebook has exported a model
    with Image.open(ROOT / "samples" / "7_pencil.jpg") as picture:
        exif = Image.Exif()
        exif[274] = 6  # the picture is to be turned by 90°
        picture.rotate(90, expand=True).save(folder / "phone.jpg", exif=exif)
    pictures = ["phone.jpg", "samples/1_sixteen_bits.png"]
    unreadable = ["missing.png", "nn", "load_saved_model.ipynb"]
    finished = run_script(
        "-c", PLAYGROUND, *pictures, *unreadable, cwd=folder, PYTHONPATH=str(folder)
    )
    assert finished.returncode == 0, finished.stderr
    assert f"Model {EXPORT}: dense" in finished.stdout
    parts = dict(re.findall(r"(?ms)^cell (\S+)\n(.*?)\npictures \d$", finished.stdout))
    assert parts["phone.jpg"] == "digit 7 shown"
    assert re.fullmatch(r"digit \d shown", parts["samples/1_sixteen_bits.png"])
    for name in unreadable:
        assert parts[name].startswith(name)
        assert "digit" not in parts[name]
        assert all(len(line) <= COLUMNS for line in parts[name].splitlines())
    assert finished.stdout.count("\npictures 0") == len(unreadable)
    assert finished.stdout.count("\npictures 1") == len(pictures)


def copy_what_git_holds(folder: Path) -> Path:
    """A fresh copy of the project, as after `git clone`, but with changes not yet committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> dict[str, Path]:
    """Each notebook's own fresh copy of the project, in which it alone has been executed."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a clone: nobody knows which files belong to the project")
    parent = tmp_path_factory.mktemp("notebooks")
    folders = {name: copy_what_git_holds(parent / Path(name).stem) for name in NAMES}
    refused = "http://127.0.0.1:9"  # no MNIST here, and none to be had
    finished = run_script(
        "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=90", "--rootdir", parent,
        *(folder / name for name, folder in folders.items()), cwd=parent, PYTHONPATH="",
        HTTPS_PROXY=refused, https_proxy=refused, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout
    return folders


def test_training_in_the_notebook_exports_a_model_that_it_scored(executed):
    card = json.loads((executed[NAMES[0]] / EXPORT / "model_card.json").read_text())
    cells = code_cells(executed[NAMES[0]] / NAMES[0])
    text = "".join(outputs(cells, "text"))
    assert f"Test accuracy {card['test']['accuracy']:.2%}" in text
    assert card["test"]["accuracy"] > 0.9
    assert EXPORT in text
    assert len(outputs(cells, "image/png")) == PLOTS[NAMES[0]]


def test_the_loop_in_the_graph_learns_what_the_plain_way_learns(executed):
    text = "".join(outputs(code_cells(executed[NAMES[0]] / NAMES[0]), "text"))
    found = [float(line.split()[-1][:-1]) for line in text.splitlines() if "validation acc" in line]
    first, *_, plain, looped, _network = found
    assert first < 30  # before the first step
    assert plain > 85
    assert abs(plain - looped) < 5


def test_the_loading_notebook_reads_the_samples_in_all_three_ways(executed):
    text = "".join(outputs(code_cells(executed[NAMES[1]] / NAMES[1]), "text"))
    assert "Model SavedModel/1: flagship" in text
    rows = [part for part in text.split("[")[1:] if re.match(r"\d \d \d", part)]
    assert len(rows) == 3  # a session's digits, those of tf.saved_model.load, and LiteRT's
    assert len({row.split("]")[0] for row in rows}) == 1
    assert len(outputs(code_cells(executed[NAMES[1]] / NAMES[1]), "image/png")) == PLOTS[NAMES[1]]
