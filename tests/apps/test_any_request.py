"""Requests that nobody thought of: Hypothesis makes them up. Each has an answer or one line that
says what is wrong; none is an error of the server."""

import base64

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from serving import Server, serving

from apps.serve.signatures import SIGNATURES

PNG = {"b64": base64.b64encode((ROOT / "samples/0_pen.png").read_bytes()).decode()}
NAMES = sorted({name for signature in SIGNATURES.values() for name in signature.inputs})

numbers = st.one_of(st.integers(), st.integers(0, 255), st.floats(allow_nan=False))
texts = st.text(st.characters(), max_size=8)  # lone surrogates, too: JSON can hold them
leaves = st.one_of(numbers, st.none(), st.booleans(), texts)
files = st.one_of(
    st.just(PNG), st.builds(lambda text: {"b64": text}, leaves), st.just({"b64": "", "x": 1})
)


@st.composite
def grids(draw):
    """A picture of some size as nested lists, in which one value may be anything."""
    height, width = draw(st.sampled_from([(28, 28), (64, 64), (28, 27), (1, 1), (40, 64), (0, 3)]))
    value = draw(st.sampled_from([0, 0, 255, 0.0]))
    rows = [[value] * width for _ in range(height)]
    if height and draw(st.booleans()):
        rows[draw(st.integers(0, height - 1))][draw(st.integers(0, width - 1))] = draw(leaves)
    return rows


sizes = st.lists(st.one_of(st.sampled_from([0, 1, 28, 64, 65]), numbers), min_size=2, max_size=4)
anything = st.recursive(
    st.one_of(leaves, files),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=4), st.sampled_from(NAMES)), inner, max_size=3),
    ),
    max_leaves=12,
)
instances = st.one_of(
    grids(), files, anything,
    st.dictionaries(st.sampled_from(NAMES), st.one_of(grids(), files, sizes), max_size=3),
)  # fmt: skip
bodies = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.one_of(st.sampled_from(sorted(SIGNATURES)), leaves),
        "instances": st.one_of(st.lists(instances, max_size=3), instances),
        "inputs": st.one_of(st.lists(instances, max_size=3), instances),
        "other": anything,
    },
)


uploads = st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=40)), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@given(st.one_of(bodies, anything))
def test_any_json_is_predicted_or_refused_in_one_line(server: Server, asked):
    answered = server.predict(asked)
    if answered.status_code == 200:
        assert answered.json().keys() in ({"predictions"}, {"outputs"})
        return
    assert answered.status_code == 400, answered.text
    assert answered.json().keys() == {"error"}
    assert len(answered.json()["error"].splitlines()) == 1


@given(uploads, st.booleans())
def test_any_upload_is_read_or_refused_in_one_line(server: Server, files, number):
    """None of these is a picture. A reading of a single file is the answer, with status 400."""
    answered = server.read(*files, number=number)
    found = answered.json()
    if "error" in found:
        assert answered.status_code == 400, answered.text
        assert len(found["error"].splitlines()) == 1
        return
    assert answered.status_code == (400 if len(files) == 1 else 200)
    readings = [found] if len(files) == 1 else found
    assert [reading["status"] for reading in readings] == ["error"] * len(files)
    for reading in readings:
        assert reading["reason"].startswith(f"{reading['input']}: ")  # the name as it is
        assert len(reading["reason"].removeprefix(reading["input"]).splitlines()) == 1
