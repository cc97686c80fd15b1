"""The server reads as the script does, and keeps its limits."""

import contextlib
import io
import json
import socket
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT
from PIL import Image
from serving import (
    MAX_IN_WORK,
    NUMBERS,
    SAMPLES,
    STALL_SECONDS,
    read_by_the_script,
    serving,
)

from nn.runtime.processors import available_processors

PEN = (ROOT / "samples/3_pen.webp").read_bytes()
HEAD = b"POST /read HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--max-upload-mb", "2") as server:
        yield server


def named(path: Path) -> tuple[str, bytes]:
    return path.name, path.read_bytes()


def test_it_says_what_it_serves_and_where(server):
    model, threshold, where = server.said  # and nothing of authentication: it is loopback
    assert model.startswith("Model SavedModel/1 in LiteRT: flagship, trained on 60,000 digits")
    assert threshold.startswith("Marks answers below 99.")
    assert where == f"Serving on http://127.0.0.1:{server.port}"


def test_several_files_are_read_as_the_script_reads_them(server):
    answered = server.read(*map(named, SAMPLES))
    assert answered.status_code == 200
    assert answered.json() == read_by_the_script("samples/")
    assert len(SAMPLES) > 50


def test_numbers_are_read_as_the_script_reads_them(server):
    answered = server.read(*map(named, NUMBERS), number=True)
    assert answered.json() == read_by_the_script("samples/numbers/", "--number")
    assert len(NUMBERS) > 5


@pytest.mark.parametrize("name", ["3_pen.webp", "9_far.jpg"])
def test_one_file_is_one_object(server, name):
    assert [server.read(named(ROOT / "samples" / name)).json()] == read_by_the_script(
        f"samples/{name}"
    )


def test_a_body_that_is_a_picture_has_the_name_of_standard_input(server):
    (expected,) = read_by_the_script("samples/3_pen.webp")
    for kind in ("image/webp", "image/png", "application/octet-stream"):
        answered = server.client.post("/read", content=PEN, headers={"Content-Type": kind})
        assert answered.json() == expected | {"input": "-"}


def test_a_damaged_picture_fails_no_other(server):
    damaged = PEN[: len(PEN) // 2]
    answered = server.read(("3.webp", PEN), ("half.webp", damaged), ("3.webp", PEN))
    assert answered.status_code == 200
    good, bad, again = answered.json()
    assert good == again
    assert (good["digit"], bad["status"]) == (3, "error")
    assert bad["reason"].startswith("half.webp: cannot be read (")
    alone = server.read(("half.webp", damaged))
    assert (alone.status_code, alone.json()) == (400, bad)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "samples/3_pen.webp", "samples/8_scan.tif#1", "ä 3"]
)
def test_the_name_of_a_file_is_only_a_name(server, name):
    assert server.read((name, PEN)).json()["input"] == name
    answered = server.read((name, b"no picture"))
    assert answered.status_code == 400
    assert answered.json()["reason"].startswith(f"{name}: not a picture")


@pytest.mark.parametrize(
    ("content", "kind", "status", "message"),
    [
        (b"", "multipart/form-data; boundary=b", 400, "found no file; send"),
        (b"--c--", "multipart/form-data; boundary=b", 400, "not multipart/form-data ("),
        (b"", "multipart/form-data", 400, "not multipart/form-data (No boundary given)"),
        (b"x=1", "application/x-www-form-urlencoded", 415, "found application/x-www-form-urlenc"),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n7\r\n--b--',
            "multipart/form-data; boundary=b", 400, "the part 'file' is not a file; send files, as",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"; filename="7.png"\r\n\r\n7\r\n'
            b'--b\r\nContent-Disposition: form-data; name="c"; filename="8.png"\r\n\r\n8',
            "multipart/form-data; boundary=b", 400, "the body is cut off after 7.png; send files",
        ),
    ],
)  # fmt: skip
def test_an_upload_that_is_none_says_how_to_upload(server, content, kind, status, message):
    answered = server.client.post("/read", content=content, headers={"Content-Type": kind})
    assert answered.status_code == status
    assert answered.json()["error"].startswith(message)
    assert "curl -F file=@" in answered.json()["error"]


def test_other_addresses_and_queries_are_errors_in_json(server):
    for answered, status, message in (
        (server.client.get("/read"), 405, "Method Not Allowed: GET /read"),
        (server.client.post("/nothing"), 404, "Not Found: POST /nothing"),
        (server.client.post("/read?number=3"), 400, "number: Input should be a valid boolean"),
    ):
        assert answered.status_code == status
        assert answered.json()["error"].startswith(message)


@pytest.mark.parametrize("is_stream", [False, True], ids=["stated", "streamed"])
def test_a_large_upload_is_refused(server, is_stream):
    parts = [b"x" * 100_000] * 30
    content = iter(parts) if is_stream else b"".join(parts)  # a stream states no Content-Length
    answered = server.client.post("/read", content=content, headers={"Content-Type": "image/png"})
    assert (answered.status_code, answered.json()) == (413, {"error": "over 2 MB"})
    assert server.read(("3.webp", PEN)).status_code == 200


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["nothing", "half of the headers"])
def test_a_connection_without_a_request_is_closed(server, sent):
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert time.monotonic() - started >= STALL_SECONDS * 0.9


def test_a_body_that_stalls_is_refused_and_keeps_no_place(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(HEAD + b"Content-Type: image/webp\r\nContent-Length: 1000\r\n\r\nRIFF")
        assert server.metric("digits_requests_in_work") == 0
        assert server.read(("3.webp", PEN)).status_code == 200
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_does_not_take_its_answer_is_let_go(server):
    counted = 'digits_instances_total{signature="photos"}'
    before = server.metric(counted)
    body = json.dumps({"signature_name": "photos", "instances": [{"b64": "bm9uZQ=="}] * 1000})
    head = HEAD.replace(b"/read", b"/v1/models/digits:predict")
    head += f"Content-Length: {len(body)}\r\n\r\n".encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        client.connect(("127.0.0.1", server.port))
        client.sendall(head + body.encode())
        received = client.recv(1)  # the answer has begun
        time.sleep(3 * STALL_SECONDS)
        assert server.metric(counted) == before + 1000
        with contextlib.suppress(ConnectionResetError):
            while part := client.recv(1_000_000):
                received += part
    assert len(received) < 10_000_000  # of 16 MB


SLOW_COUNT = 200  # pictures of a request that keeps a processor busy for half a minute


@pytest.fixture(scope="module")
def slow_picture() -> bytes:
    """A file of 0.7 KB whose 16 megapixels take some 0.2 s to be decoded."""
    file = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def slow_request(kind: str, picture: bytes) -> bytes:
    """A request of SLOW_COUNT pictures, as it is sent: for /read, with numbers, for :predict."""
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    body = (part + picture + b"\r\n") * SLOW_COUNT + b"--b--"
    head = HEAD + b"Content-Type: multipart/form-data; boundary=b\r\n"
    if kind == "numbers":
        head = head.replace(b"/read", b"/read?number=true")
    if kind == "predict":
        head = HEAD.replace(b"/read", b"/v1/models/digits:predict")
        instance = {"b64": b64encode(picture).decode()}
        body = json.dumps({"signature_name": "read", "instances": [instance] * SLOW_COUNT}).encode()
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def processor_seconds(server) -> float:
    """The processor time that the server has taken, once it takes no more."""
    end, spent = time.monotonic() + 60, -1.0
    while (now := server.metric("process_cpu_seconds_total")) - spent > 0.2:
        assert time.monotonic() < end
        spent = now
        time.sleep(1)
    return now


@pytest.mark.parametrize("kind", ["digits", "numbers", "predict"])
def test_a_request_whose_client_goes_is_read_no_further(server, slow_picture, kind):
    endpoint = "predict" if kind == "predict" else "read"
    gone = f'digits_requests_total{{endpoint="{endpoint}",status="499"}}'
    counted, start = server.metric(gone), processor_seconds(server)
    assert server.read(*[("slow.webp", slow_picture)] * 4).status_code == 200
    before = processor_seconds(server)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(slow_request(kind, slow_picture))
        server.wait_for("digits_requests_in_work", 1)
        time.sleep(1)  # it is being read
    server.wait_for(gone, counted + 1)
    server.wait_for("digits_requests_in_work", 0)
    all_of_them = SLOW_COUNT / 4 * (before - start)
    assert processor_seconds(server) - before < all_of_them / 2


def test_a_request_that_waits_is_never_read_if_its_client_goes(server, slow_picture):
    gone = 'digits_requests_total{endpoint="read",status="499"}'
    before, request = server.metric(gone), slow_request("numbers", slow_picture)
    with contextlib.ExitStack() as connections:
        address = "127.0.0.1", server.port
        *reading, waiting = [
            connections.enter_context(socket.create_connection(address))
            for _ in range(available_processors() + 1)  # the server has a thread for each
        ]
        for client in reading:
            client.sendall(request)
        server.wait_for("digits_requests_in_work", len(reading))
        waiting.sendall(request)
        server.wait_for("digits_requests_in_work", len(reading) + 1)
        waiting.close()
        server.wait_for(gone, before + 1)
        assert server.metric("digits_requests_in_work") == len(reading)  # which go on
    server.wait_for(gone, before + 1 + len(reading))
    assert server.read(("3.webp", PEN)).json()["digit"] == 3


def test_a_full_queue_says_when_to_try_again(server):
    refused = 'digits_requests_refused_total{reason="full"}'
    before = server.metric(refused)
    with ThreadPoolExecutor(5 * MAX_IN_WORK) as pool:
        files = [("3.webp", PEN)] * 50
        answered = list(pool.map(lambda _: server.read(*files), range(5 * MAX_IN_WORK)))
    full = [each for each in answered if each.status_code == 503]
    assert full and len(full) == server.metric(refused) - before
    assert all(each.headers["Retry-After"] == "1" for each in full)
    read = [each.json() for each in answered if each.status_code == 200]
    assert len(read) == len(answered) - len(full) >= MAX_IN_WORK
    assert all([reading["digit"] for reading in readings] == [3] * 50 for readings in read)
    assert server.metric("digits_requests_in_work") == 0


def test_metrics_count(server):
    lines = [
        'digits_requests_total{endpoint="read",status="200"}',
        'digits_requests_total{endpoint="read",status="400"}',
        'digits_request_seconds_count{endpoint="read"}',
        'digits_readings_total{status="ok"}',
        'digits_readings_total{status="unsure"}',
        'digits_readings_total{status="error"}',
    ]
    before = [server.metric(line) for line in lines]
    server.read(("3.webp", PEN), named(ROOT / "samples/8_small.png"), ("no.png", b""))
    server.read(("no.png", b""))
    (small,) = read_by_the_script("samples/8_small.png")
    after = [server.metric(line) for line in lines]
    is_ok = small["status"] == "ok"
    changes = [new - old for new, old in zip(after, before, strict=True)]
    assert changes == [1, 1, 2, 1 + is_ok, 1 - is_ok, 2]
