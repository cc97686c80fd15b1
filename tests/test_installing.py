"""pip install ., and the commands that it makes, in a folder that has nothing of the project."""

import json
import os
import shutil
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

PARTS = ("pyproject.toml", "README.md", "LICENSE", "requirements.txt", "SavedModel/1", "nn",
         "train_neural_network.py", "load_saved_model.py")  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that `pip install .` installed the project into."""
    copy, target = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("installed")
    for part in PARTS:
        source = ROOT / part
        (copy / part).parent.mkdir(exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=ignore)
        else:
            shutil.copy(source, copy / part)
    # What it depends on is installed here; TensorFlow brings setuptools.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--no-build-isolation", "--target", target, copy]  # fmt: skip
    subprocess.run(command, check=True, timeout=240)
    return target


def test_every_package_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = {"nn", *(f"nn.{file.parent.name}" for file in ROOT.glob("nn/*/__init__.py"))}
    assert {*project["packages"]} == {*packages, "nn.installed_model"}


def test_the_weights_beside_the_networks_are_installed(installed):
    files = {path.name for path in (ROOT / "nn" / "networks").glob("*.npz")}
    assert files == {"finder.npz", "rows.npz"}
    assert files <= {path.name for path in (installed / "nn" / "networks").iterdir()}


def test_the_installed_commands_work_in_a_folder_of_the_users(installed, tmp_path):
    folder = tmp_path / "Müllers Ziffern"
    folder.mkdir()
    shutil.copy(ROOT / "samples" / "7_crossed.jpg", folder)

    def run(name, *arguments):
        return subprocess.run(
            [sys.executable, installed / "bin" / name, *arguments],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(installed)},
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    finished = run("digits-read", ".", "--json")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["digit"] == 7
    version = installed / "nn" / "installed_model" / "1"
    assert finished.stderr.startswith(f"Model {version} in LiteRT: flagship")

    finished = run("digits-train", "--list-networks")
    assert finished.returncode == 0, finished.stderr
    assert "flagship: 206,890 parameters" in finished.stdout
    assert [path.name for path in folder.iterdir()] == ["7_crossed.jpg"]
