"""make draw without a browser: what it serves, how it starts and ends."""

import gzip
import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, in_this_process

from apps.draw import __main__ as draw
from apps.draw.browser import served_page
from apps.draw.site import write_site

MODEL = ROOT / "SavedModel" / "1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("draw") / "site"
    write_site(folder, MODEL)
    return folder


@pytest.fixture(scope="module")
def connection(folder) -> Iterator[http.client.HTTPConnection]:
    with served_page(folder) as address:
        connection = http.client.HTTPConnection(address.split("/")[2], timeout=30)
        yield connection
        connection.close()


def get(connection, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read()


def test_a_file_is_sent_packed_to_those_who_take_it(connection, folder):
    plain, content = get(connection, "/main.js")
    packed, small = get(connection, "/main.js", **{"Accept-Encoding": "gzip, br"})
    assert content == (folder / "main.js").read_bytes() == gzip.decompress(small)
    assert (plain.getheader("Content-Encoding"), packed.getheader("Content-Encoding")) == (
        None, "gzip"
    )  # fmt: skip
    for answer in (plain, packed):
        assert answer.getheader("Content-Type") == "text/javascript"
        assert answer.getheader("Vary") == "Accept-Encoding"
        policy = answer.getheader("Content-Security-Policy")
        assert "default-src 'none'" in policy and "unsafe-eval'" in policy
        assert " 'unsafe-eval'" not in policy and "'unsafe-inline'" not in policy
    again, nothing = get(
        connection, "/main.js", **{"If-Modified-Since": plain.getheader("Last-Modified")}
    )
    assert (again.status, nothing) == (304, b"")


def test_the_page_and_other_hosts_state_the_same_policy(connection):
    answer, content = get(connection, "/")
    policy = answer.getheader("Content-Security-Policy").replace("; frame-ancestors 'none'", "")
    assert f'content="{policy}"' in content.decode()


@pytest.mark.parametrize(
    "path", ["/none.js", "/litert/", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/a%00b",
             "/" + "a" * 5000],
)  # fmt: skip
def test_nothing_else_is_found(connection, path):
    answer, _ = get(connection, path)
    assert answer.status == 404


def test_the_folder_alone(tmp_path):
    finished = in_this_process(draw.main, "--site", tmp_path / "site", "--model", MODEL)
    assert finished.returncode == 0
    assert finished.stdout == f"Wrote the page with {MODEL} to {tmp_path / 'site'}/\n"
    assert json.loads((tmp_path / "site" / "settings.json").read_text())["canvas"] == 64


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [(["--port", "70000"], 2, "argument --port: expected a port from 0 to 65535, found 70000"),
     (["--host", "no.such.host.invalid"], 2, "error: no.such.host.invalid: no address of this"),
     (["--host", "a" * 70], 2, "not the name of a machine"),
     (["--model", "none"], 2, "error: none: no such model")],
)  # fmt: skip
def test_what_is_wrong_is_one_line(options, status, message):
    finished = in_this_process(draw.main, *options)
    assert finished.returncode == status
    assert message in finished.stderr and "Traceback" not in finished.stderr


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = in_this_process(draw.main, "--port", port)
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"error: 127.0.0.1:{port}: cannot listen there (")
    assert "--port 0 takes any free port" in finished.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_at_a_signal_and_leaves_nothing_behind(tmp_path, number, status):
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.draw", "--port", "0"],
        cwd=ROOT, env={"TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True,
        # Where the tests run in the background, SIGINT is ignored, and would stay so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    line = process.stdout.readline()
    assert line.startswith("SavedModel/1: draw at http://127.0.0.1:")
    assert [path for path in tmp_path.iterdir() if path.is_dir()]
    process.send_signal(number)
    assert process.wait(30) == status
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
