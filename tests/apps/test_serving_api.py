"""The server answers as TensorFlow Serving's REST API does:
https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import json
from dataclasses import dataclass

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from conftest import ROOT
from serving import serving

from apps.serve.reader import AllOutputs
from apps.serve.signatures import MAX_PICTURES, SIGNATURES
from nn.pictures.files import read_canvas
from nn.prediction.predictor import ImageOutputs, RowOutputs

MODEL = "/v1/models/digits"
PNGS = [ROOT / f"samples/{name}" for name in ("0_pen.png", "8_small.png", "7_transparent.png")]
BLANK = [[0] * 28 for _ in range(28)]
CANVAS = [[0] * 64 for _ in range(64)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


def encoded(content: bytes) -> dict:
    return {"b64": base64.b64encode(content).decode()}


@dataclass(frozen=True)
class ReadOutputs(ImageOutputs):
    """The outputs of `read`."""

    reasons: np.ndarray


def test_the_status_is_that_of_an_available_version(server):
    # The page's own answer, with this model's version.
    status = {"error_code": "OK", "error_message": ""}
    available = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": status}]}
    for path in (MODEL, f"{MODEL}/versions/1"):
        assert server.client.get(path).json() == available


def test_the_metadata_is_the_signatures_of_the_saved_model(server):
    from google.protobuf import json_format
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    content = (ROOT / "SavedModel/1/saved_model.pb").read_bytes()
    exported = SavedModel.FromString(content).meta_graphs[0].signature_def
    answered = server.client.get(f"{MODEL}/metadata").json()
    assert answered == server.client.get(f"{MODEL}/versions/1/metadata").json()
    assert answered["model_spec"] == {"name": "digits", "signature_name": "", "version": "1"}
    signatures = answered["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {name for name in exported if not name.startswith("__")}
    for name, signature in signatures.items():
        expected = json_format.MessageToDict(
            exported[name],
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        for direction in ("inputs", "outputs"):
            for tensor in expected[direction].values():
                del tensor["name"]  # only a graph has these
        assert signature == {key: expected[key] for key in signature}


def test_the_signatures_are_those_of_litert():
    found = Interpreter(str(ROOT / "SavedModel/1/digits.tflite")).get_signature_list()
    assert found.keys() == SIGNATURES.keys() - {"photos", "read"}
    for name, signature in found.items():
        assert set(signature["inputs"]) == SIGNATURES[name].inputs.keys()
        assert set(signature["outputs"]) == SIGNATURES[name].outputs.keys() - {"reasons"}


@pytest.mark.parametrize("name", ["photos", "read"])
def test_photos_are_read_as_the_saved_model_reads_them(server, shipped, name):
    contents = [path.read_bytes() for path in PNGS]
    contents.insert(1, contents[0][:99])
    answered = server.predict(
        {"signature_name": name, "instances": [encoded(content) for content in contents]}
    )
    outputs = AllOutputs if name == "photos" else ReadOutputs
    run = shipped._restored.function(name, ["image_bytes"], outputs)
    expected = vars(run(np.array(contents, object)))
    rows = answered.json()["predictions"]
    assert [row["reasons"] for row in rows] == ["", "cannot be decoded", "", ""]
    for key, values in expected.items():
        found = np.array([row[key] for row in rows])
        if values.dtype == object:
            assert found.tolist() == [value.decode() for value in values]
        else:  # Pillow shrinks to other gray levels than TensorFlow, by 2 at most
            tolerance = 2 if values.dtype == np.uint8 else 1e-4
            np.testing.assert_allclose(found, values, rtol=0, atol=tolerance, err_msg=key)
    assert all(row.keys() == expected.keys() for row in rows)


def test_rows_and_columns_have_the_same_answers_as_the_saved_model(server, shipped):
    photos = [encoded(path.read_bytes()) for path in PNGS]
    columns = server.predict({"signature_name": "photos", "inputs": {"image_bytes": photos}})
    images = columns.json()["outputs"]["normalized"]
    rows = server.predict({"instances": images}).json()["predictions"]
    assert (
        rows
        == server.predict(
            {"signature_name": "", "instances": [{"images": image} for image in images]}
        ).json()["predictions"]
    )
    outputs = server.predict({"inputs": images}).json()["outputs"]
    assert outputs == server.predict({"inputs": {"images": images}}).json()["outputs"]
    assert outputs == {key: [row[key] for row in rows] for key in ("probabilities", "digits")}
    assert outputs["digits"] == [0, 8, 7]
    expected = shipped.predict(np.array(images, np.uint8)).probabilities
    np.testing.assert_allclose(outputs["probabilities"], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["canvases", "pages"])
def test_canvases_and_pages_are_read_in_parts_as_in_one(server, shipped, name):
    side = 64 if name == "canvases" else 512
    canvases = [read_canvas(path, side) for path in PNGS]
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))
    body = {"pixels": pixels.tolist(), "sizes": sizes.tolist()}
    found = server.predict({"signature_name": name, "inputs": body}).json()["outputs"]
    expected = shipped.signature(name, AllOutputs)(pixels, sizes)
    assert found["digits"] == expected.digits.tolist()
    assert found["ink"] == expected.ink.tolist()
    np.testing.assert_allclose(found["certainties"], expected.certainties, rtol=0, atol=1e-5)
    ink = {"signature_name": "ink", "instances": [{"ink": each} for each in found["ink"]]}
    assert [row["digits"] for row in server.predict(ink).json()["predictions"]] == found["digits"]


def test_a_probability_has_no_more_digits_than_a_float32_needs(server):
    text = server.predict({"instances": [BLANK]}).text
    for number in json.loads(text, parse_float=str)["predictions"][0]["probabilities"]:
        assert number == str(np.float32(number)) and len(number) <= 14


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("half:predict", "Servable not found for request: Latest(half)"),
        ("digits/versions/2:predict", "Servable not found for request: Specific(digits, 2)"),
        ("digits/labels/stable:predict", "Unrecognized servable version label: stable"),
        ("half", "Servable not found for request: Latest(half)"),
        ("digits/versions/123/metadata", "Servable not found for request: Specific(digits, 123)"),
    ],
)
def test_there_is_one_model_of_one_version(server, path, message):
    ask = server.client.post if path.endswith(":predict") else server.client.get
    answered = ask(f"/v1/models/{path}")
    assert (answered.status_code, answered.json()) == (404, {"error": message})


def test_only_predict_is_answered(server):
    for path in (":classify", ":regress", ":explain", "/versions/x:predict"):
        answered = server.client.post(f"{MODEL}{path}", content=b"{}")
        assert answered.status_code == 400
        assert answered.json()["error"].startswith(("the model has no signature", "Malformed req"))
    answered = server.client.get(f"{MODEL}:predict")
    assert answered.json() == {"error": "Malformed request: GET /v1/models/digits:predict"}


FAILED = "Failed to process element: "


def test_it_reads_strips_of_rows(server, shipped):
    strips = np.random.default_rng(0).integers(0, 256, (2, 40, 64, 2), dtype=np.uint8)
    asked = {"signature_name": "rows", "instances": strips.tolist()}
    found = server.predict(asked).json()["predictions"]
    expected = shipped.signature("rows", RowOutputs)(strips).log_probabilities
    answers = [row["log_probabilities"] for row in found]
    np.testing.assert_allclose(answers, expected, rtol=1e-4, atol=1e-3)


READ = {"signature_name": "read"}
CANVASES = {"signature_name": "canvases"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("", "JSON Parse error: "),
        ('{"instances": [', "JSON Parse error: "),
        ("[" * 100_000, "JSON Parse error: "),
        ('{"instances": [' + "[" * 40 + "]" * 40 + "]}", f"{FAILED}0 key: images of 'instances'"),
        ("[1.0, 2.0]", "expected a JSON object, found a list"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": [1], "inputs": [1]}, "expecting only one of 'inputs' or 'instances' keys"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": 1.0}, "Expecting 'instances' to be a list, found a decimal number"),
        ({"inputs": {"images": 1}}, "Expecting a list for the input images, found a number"),
        ({"inputs": {"images": [1], "x": 1}}, f"{FAILED}0 key: images of 'inputs' list. Error: "),
        ({"inputs": {"x": [1]}}, "Missing named input: images in 'inputs' object."),
        ({"signature_name": 1, "instances": [1]}, "'signature_name' key must be a string value."),
        (
            {"signature_name": "x", "instances": [1]},
            'Serving signature name: "x" not found in signature def; the model has serving_default',
        ),
        # The page's examples, of other models.
        ({"instances": ["foo", "bar", "baz"]}, f"{FAILED}0 key: images of 'instances' list. Error: "
         "expected shape [28, 28], found []"),
        ({"instances": [[[1, 2]], [[3, 4]]]}, f"{FAILED}0 key: images of 'instances' list. Error: "
         "expected shape [28, 28], found [1, 2]"),
        ({"instances": [{"tag": "foo", "signal": [1]}]}, f"{FAILED}0 of 'instances' list. JSON "
         "object: keys must be equal to: images; found tag, signal"),
        # The second instance is bad.
        ({"instances": [BLANK, [*BLANK[1:], [0] * 27]]}, f"{FAILED}1 key: images of 'instances' "
         "list. Error: expected shape [28, 28], found lists of different lengths"),
        ({"instances": [BLANK, [*BLANK[1:], [256] * 28]]}, f"{FAILED}1 key: images of 'instances' "
         "list. Error: expected 0 to 255, found 256"),
        ({"instances": [BLANK, [*BLANK[1:], [-(10**30)] * 28]]}, f"{FAILED}1 key: images of "
         "'instances' list. Error: expected 0 to 255, found a number of over 20 figures"),
        ({"inputs": [BLANK, [*BLANK[1:], [0.5] * 28]]}, f"{FAILED}1 key: images of 'inputs' list. "
         "Error: expected whole numbers, found a decimal number"),
        ({"inputs": [BLANK, [*BLANK[1:], [True] * 28]]}, f"{FAILED}1 key: images of 'inputs' list. "
         "Error: expected whole numbers, found true or false"),
        ({"instances": [BLANK] * (MAX_PICTURES + 1)}, "1,001 pictures, over 1,000: send several"),
        (READ | {"instances": [encoded(b"x"), {"b64": "a b?"}]}, f"{FAILED}1 key: image_bytes of "
         "'instances' list. Error: Unable to base64 decode"),
        (READ | {"instances": [{"image_bytes": encoded(b"x")}, "x"]}, f"{FAILED}1 key: image_bytes "
         "of 'instances' list. Error: expected a file as {"),
        (CANVASES | {"instances": [CANVAS]}, f"{FAILED}0 of 'instances' list. Expecting an object "
         "of pixels, sizes"),
        (CANVASES | {"inputs": [CANVAS]}, "Expecting 'inputs' to be an object of pixels, sizes"),
        (CANVASES | {"inputs": {"pixels": [CANVAS] * 2, "sizes": [[64, 64, 64]]}}, "'inputs': the "
         "inputs have different numbers of pictures"),
        (CANVASES | {"instances": [{"pixels": CANVAS, "sizes": [64, 64, 64]},
                                   {"pixels": BLANK, "sizes": [28, 28, 28]}]},
         f"{FAILED}1 key: pixels of 'instances' list. Error: Expecting shape [64, 64] but got: "
         "[28, 28]"),
        (CANVASES | {"inputs": {"pixels": [CANVAS] * 2, "sizes": [[64, 64, 64], [65, 64, 64]]}},
         f"{FAILED}1 key: sizes of 'inputs' list. Error: a picture of [65, 64, 64] on a canvas of "
         "[64, 64]"),
        ({"signature_name": "ink", "instances": [[[0] * 513]]}, f"{FAILED}0 key: ink of "
         "'instances' list. Error: expected 1 to 512 pixels a side, found [1, 513]"),
        ({"signature_name": "ink", "instances": [[[]]]}, f"{FAILED}0 key: ink of 'instances' list. "
         "Error: expected 1 to 512 pixels a side, found [1, 0]"),
        ({"signature_name": "rows", "instances": [[[[0, 42]] * 33] * 40]}, f"{FAILED}0 key: strips "
         "of 'instances' list. Error: expected an even width, found 33"),
    ],
)  # fmt: skip
def test_a_bad_request_says_what_is_bad_and_where(server, asked, message):
    answered = server.predict(asked)
    assert answered.status_code == 400
    assert answered.json().keys() == {"error"}
    assert answered.json()["error"].startswith(message)
    assert "\n" not in answered.json()["error"]


def test_metrics_count_instances_by_their_signature(server):
    line = 'digits_instances_total{signature="serving_default"}'
    before = server.metric(line)
    server.predict({"instances": [BLANK] * 3})
    server.predict({"instances": [BLANK, 1]})
    assert server.metric(line) == before + 3
