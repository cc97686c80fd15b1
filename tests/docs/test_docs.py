"""docs/tf1-on-tf2.md: every example does what the page says it does."""

import re

from conftest import ROOT, run_script


def test_every_example_of_the_page_is_run():
    # A process of its own: the last examples switch the whole process to TensorFlow 1.
    finished = run_script("-m", "pytest", "docs", "-p", "no:cacheprovider")
    assert finished.returncode == 0, finished.stdout
    page = (ROOT / "docs" / "tf1-on-tf2.md").read_text()
    count = len(re.findall(r"^>>> ", page, re.MULTILINE))
    assert f"{count} passed" in finished.stdout
    assert count > 60
