"""docs/tf1-on-tf2.md: every example does what the page says it does. SECURITY.md: its limits are
those of the code."""

import re

from conftest import ROOT, run_script

from nn.pictures import files, formats, sources


def test_every_example_of_the_page_is_run():
    # A process of its own: the last examples switch the whole process to TensorFlow 1.
    finished = run_script("-m", "pytest", "docs", "-p", "no:cacheprovider")
    assert finished.returncode == 0, finished.stdout
    page = (ROOT / "docs" / "tf1-on-tf2.md").read_text()
    count = len(re.findall(r"^>>> ", page, re.MULTILINE))
    assert f"{count} passed" in finished.stdout
    assert count > 60


def test_the_page_of_security_states_the_limits_of_the_code():
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for limit in (
        f"{formats.MAX_PIXELS // 10**6} megapixels",
        f"{formats.MAX_DECODED_BYTES // 10**6} MB",
        f"{formats.MAX_DECODED_BYTES // formats.DECODING_BYTES['WEBP'] // 10**6} of a WebP file",
        f"over {files.LARGE_PICTURE_PIXELS // 10**6} megapixels",
        f"{sources.MAX_STANDARD_INPUT_BYTES // 10**6} MB | a picture on standard input",
    ):
        assert limit in page
