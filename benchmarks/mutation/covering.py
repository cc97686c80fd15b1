"""Which tests execute which line: coverage.py notes it while the tests run once."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from coverage import CoverageData

from nn.errors import UserError

PROCESSES = 2
TESTS = tuple(
    f"tests/{name}"
    for name in ("confidence", "data", "export", "networks", "normalization", "pictures",
                 "prediction", "runs/test_damaged_runs.py", "runs/test_resuming.py", "runtime",
                 "training")
)  # fmt: skip


class Test(NamedTuple):
    """A test, as pytest names it, and how long it took."""

    seconds: float
    name: str


# By the line of a file.
TestsByLine = dict[tuple[str, int], list[Test]]


def learn(project: Path) -> TestsByLine:
    """Runs TESTS of a copy of the project. Returns the tests that execute each line of a file, the
    quickest first.

    Raises UserError if a test fails: then no test could notice a change.
    """
    print("Running the tests, to find out which lines they execute", file=sys.stderr)
    command = (sys.executable, "-m", "pytest", "-q", "-n", str(PROCESSES), "--dist", "loadfile",
               "--cov=nn", "--cov-context=test", "--cov-report=", "--junitxml=times.xml",
               *TESTS)  # fmt: skip
    finished = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, text=True)
    if finished.returncode:
        print(finished.stdout, file=sys.stderr)
        raise UserError("these tests fail without a change; mend the code or the tests first")
    seconds = _seconds(project / "times.xml")
    data = CoverageData(str(project / ".coverage"))
    data.read()
    tests: TestsByLine = defaultdict(list)
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            names = {context.split("|")[0] for context in contexts} & {*seconds}
            place = str(Path(file).relative_to(project)), line
            tests[place] = sorted(Test(seconds[name], name) for name in names)
    return tests


def _seconds(times: Path) -> dict[str, float]:
    """How long each test took, by pytest's report."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": float(
            case.get("time", 0)
        )
        for case in ElementTree.parse(times).iter("testcase")
    }
