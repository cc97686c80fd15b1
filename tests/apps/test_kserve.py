"""The model in KServe's Python server answers the bodies of KServe's two protocols as the script
reads: https://kserve.github.io/website/docs/concepts/architecture/data-plane.

KServe is not in the environment of the other tests: `make test-kserve` installs it.
"""

import base64
import json
import socket
import subprocess
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import ROOT
from serving import SAMPLES, read_by_the_script

PYTHON = ROOT / ".venv-kserve" / "bin" / "python"
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason=f"{PYTHON} is missing: make test-kserve installs KServe there"
)
PICTURES = [path for path in SAMPLES if path.suffix in (".png", ".jpg", ".webp")]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of the server, which runs in a process of its own and in another environment."""
    (folder := tmp_path_factory.mktemp("kserve") / "tensorflow.py").write_text(
        "raise AssertionError('TensorFlow is imported')"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder.with_name("log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [PYTHON, "-m", "apps.serve.kserve_server", "--http_port", str(port)],
            cwd=ROOT, env={"PYTHONPATH": str(folder.parent)}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(client, process, log)
            yield client
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(client: httpx.Client, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            if client.get("/v2/health/ready").json()["ready"]:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The pictures, in base64."""
    return [base64.b64encode(path.read_bytes()).decode() for path in PICTURES]


@pytest.fixture(scope="module")
def expected() -> list[dict]:
    """What the script reads in the pictures."""
    assert len(PICTURES) > 40
    return read_by_the_script(*map(str, PICTURES))


def assert_as_the_script_reads(
    digits: list, probabilities: list, reasons: list, expected: list[dict]
) -> None:
    for digit, row, reason, reading in zip(digits, probabilities, reasons, expected, strict=True):
        if reading["digit"] is None:
            assert reason == reading["reason"]
            continue
        assert (digit, reason) == (reading["digit"], "")
        np.testing.assert_allclose(row, reading["probabilities"], rtol=0, atol=2e-6)


def test_v1_predicts_as_the_script_reads(client, files, expected):
    body = {"signature_name": "read", "instances": [{"b64": file} for file in files]}
    predictions = client.post("/v1/models/digits:predict", json=body).json()["predictions"]
    columns = [[each[name] for each in predictions] for name in
               ("digits", "probabilities", "reasons")]  # fmt: skip
    assert_as_the_script_reads(*columns, expected)
    # curl -d says that JSON is a form.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    again = client.post("/v1/models/digits:predict", content=json.dumps(body), headers=form)
    assert again.json()["predictions"] == predictions


def test_v2_infers_as_the_script_reads(client, files, expected):
    images = {"name": "image_bytes", "shape": [len(files)], "datatype": "BYTES", "data": files}
    body = {"id": "42", "parameters": {"signature_name": "read"}, "inputs": [images]}
    answer = client.post("/v2/models/digits/infer", json=body).json()
    assert (answer["model_name"], answer["id"]) == ("digits", "42")
    outputs = {each["name"]: each for each in answer["outputs"]}
    assert {name: (each["datatype"], each["shape"]) for name, each in outputs.items()} == {
        "probabilities": ("FP32", [len(files), 10]),
        "digits": ("INT64", [len(files)]),
        "reasons": ("BYTES", [len(files)]),
    }
    probabilities = np.reshape(outputs["probabilities"]["data"], [-1, 10]).tolist()
    columns = outputs["digits"]["data"], probabilities, outputs["reasons"]["data"]
    assert_as_the_script_reads(*columns, expected)


@pytest.mark.parametrize("is_flat", [True, False])
def test_v1_and_v2_answer_alike_to_images(client, digits, is_flat):
    images = digits[1].images[:7]
    data = images.ravel().tolist() if is_flat else images.tolist()
    given = {"name": "images", "shape": [7, 28, 28], "datatype": "UINT8", "data": data}
    body = {"inputs": [given], "outputs": [{"name": "digits"}]}
    (found,) = client.post("/v2/models/digits/infer", json=body).json()["outputs"]
    predictions = client.post("/v1/models/digits:predict", json={"instances": images.tolist()})
    assert found["data"] == [each["digits"] for each in predictions.json()["predictions"]]


def test_both_say_that_the_model_is_ready(client):
    assert client.get("/v1/models/digits").json() == {"name": "digits", "ready": True}
    assert client.get("/v2/models/digits/ready").json() == {"name": "digits", "ready": True}
    described = client.get("/v2/models/digits").json()
    assert described["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 28, 28]}]
    assert [each["name"] for each in described["outputs"]] == ["probabilities", "digits"]


@pytest.mark.parametrize(
    ("address", "body", "message"),
    [
        ("/v1/models/digits:predict", {"instances": [[[0, 255]]]},
         "Failed to process element: 0 key: images of 'instances' list. Error: expected shape "
         "[28, 28], found [1, 2]"),
        ("/v1/models/digits:predict", {"instances": []}, "No values in 'instances' array"),
        ("/v2/models/digits/infer",
         {"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": [0]}]},
         "input images: its data do not have the shape [1, 28, 28]"),
        ("/v2/models/digits/infer",
         {"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [0.5]}]},
         "Missing named input: images in 'inputs' object."),
    ],
)  # fmt: skip
def test_a_wrong_request_is_the_clients_error(client, address, body, message):
    answer = client.post(address, json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": message})
