"""load_saved_model.py as users run it, and what the Predictor beneath it promises."""

import json

from conftest import ROOT, load


def test_reads_the_samples(model):
    finished = load(ROOT / "samples", "--model", model, "--json")
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(lines) == 22
    assert all(line["status"] == "ok" for line in lines)
    labels = [int(line["input"].rsplit("/", 1)[1][0]) for line in lines]
    right = sum(line["digit"] == label for line, label in zip(lines, labels, strict=True))
    assert right >= 15  # trained on 1,200 small digits for seconds; chance would be 2
