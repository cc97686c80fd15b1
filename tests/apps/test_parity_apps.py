"""The page and the server answer as the SavedModel does, from the same pixels."""

import numpy as np
import pytest
from conftest import ROOT

from benchmarks.parity.app_runtimes import page_in_chromium, served
from benchmarks.parity.compare import Answers, compare
from benchmarks.parity.inputs import looks, rows
from benchmarks.parity.runtimes import session
from nn.pictures.sources import as_source

VERSION = ROOT / "SavedModel" / "1"
SAMPLES = [as_source(ROOT / "samples" / name) for name in ("3_pen.webp", "9_far.jpg")]


@pytest.mark.parametrize("opened", [page_in_chromium, served], ids=["page", "server"])
def test_it_answers_as_a_session_does(opened, digits):
    with session(VERSION) as reference, opened(VERSION) as answer:
        sets = [rows("digits", digits[1][:5]), *looks("samples", SAMPLES, reference)]
        assert [each.signature for each in sets] == ["serving_default", "canvases", "pages"]
        for each in sets:
            expected, found = Answers.of(each.run(reference)), Answers.of(answer(each))
            compared = compare(each.names, expected, found, 0.99)
            assert compared.agrees()
            assert (compared.inputs, compared.digits) == (len(each), 0)
            # One gray level of the normalized digit may be rounded otherwise (docs/parity.md).
            np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=2e-3)
