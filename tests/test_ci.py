"""CI: which commands `.ci/run` runs, also where MNIST is missing, and which tests these run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

ALL = ["make test", "make test-faults", "make test-apps", "make benchmark-quick"]


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A clean checkout, in which `make` writes its target to a log and does nothing else."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / "MNIST").mkdir()
    program(folder / "bin" / "make", 'echo "make $*" >> log')
    program(folder / "bin" / "apt-get", ":")  # installs Chromium and Java where there is none
    return folder


def program(path: Path, command: str) -> None:
    """Writes a shell script that anyone can run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def run(checkout: Path, **environment: str) -> tuple[int, list[str], str]:
    """Runs .ci/run; returns its exit status, the commands that it ran, its standard error."""
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    given = {name: value for name, value in os.environ.items() if name != "CI"}
    finished = subprocess.run(
        [checkout / ".ci" / "run"],
        env={**given, "PATH": path, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    log = checkout / "log"
    return (
        finished.returncode,
        log.read_text().splitlines() if log.exists() else [],
        finished.stderr,
    )


@pytest.mark.parametrize("environment", [{}, {"CI": "false"}])
def test_without_mnist_it_says_so_and_goes_on(checkout, environment):
    status, commands, said = run(checkout, **environment)
    assert (status, commands) == (0, ALL)
    assert len(said.splitlines()) == 1
    assert "MNIST" in said


@pytest.mark.parametrize("value", ["true", "1"])
def test_without_mnist_it_fails_where_ci_is_set(checkout, value):
    status, commands, said = run(checkout, CI=value)
    assert (status, commands) == (1, [])
    assert len(said.splitlines()) == 1
    assert "MNIST" in said


def test_with_mnist_beside_it_imports_that_first(checkout):
    (checkout.parent / "shared" / "mnist").mkdir(parents=True)
    program(checkout / ".venv" / "bin" / "python", 'echo "python $*" >> log')
    status, commands, said = run(checkout, CI="true")
    assert (status, said) == (0, "")
    assert commands == [
        "make install",
        "python -m nn.mnist --from ../shared/mnist --quiet",
        *ALL,
    ]


def test_with_mnist_in_its_folder_nothing_is_missing(checkout):
    (checkout / "MNIST" / "digit_xtest.csv").touch()
    status, commands, said = run(checkout, CI="true")
    assert (status, commands, said) == (0, ALL, "")


def test_a_test_that_fails_ends_it(checkout):
    program(checkout / "bin" / "make", 'echo "make $*" >> log; exit 2')
    status, commands, _ = run(checkout)
    assert status != 0
    assert commands == ["make test"]


def test_each_file_of_tests_is_in_one_target():
    # `make test ARGS=…`, which may run this test, hands its own options on to every other make.
    names = [name for name in os.environ if name.startswith(("MAKE", "MFLAGS", "ARGS"))]
    environment = {name: value for name, value in os.environ.items() if name not in names}
    taken = []
    for target in ("test", "test-faults", "test-apps"):
        finished = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, env=environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        # Without CI, one runs again, on inputs that Hypothesis makes up anew.
        once = [line for line in finished.stdout.splitlines() if "--hypothesis-profile" not in line]
        files = re.findall(r"\btests/\S+\.py\b", "\n".join(once))
        assert files
        taken += files
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(taken) == sorted(there)
