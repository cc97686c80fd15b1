"""The server starts from what the Dockerfile copies, and stops without losing an answer."""

import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from conftest import ROOT, run_script
from serving import serving

from apps.serve.command_line import parse_arguments

PEN = (ROOT / "samples/3_pen.webp").read_bytes()
COPY = re.compile(r"^COPY (.+) (\S+)$", re.MULTILINE)


def copies() -> list[tuple[str, str]]:
    """What the Dockerfile copies: sources and the folders that they go to."""
    found = COPY.findall((ROOT / "Dockerfile").read_text())
    return [(source, target) for sources, target in found for source in sources.split()]


def test_dockerignore_lets_through_what_the_dockerfile_copies():
    ignored, *allowed, _ = (ROOT / ".dockerignore").read_text().splitlines()[1:]
    assert ignored == "*"
    sources = [source.rstrip("/") for source, _ in copies()]
    for source in sources:
        assert any(source == each[1:] or source.startswith(f"{each[1:]}/") for each in allowed)
    assert all(any(source.startswith(each[1:]) for source in sources) for each in allowed)


def test_what_the_dockerfile_copies_serves_and_stops_without_losing_an_answer(tmp_path):
    folder = tmp_path / "image"
    for source, target in copies():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)
    with serving(tmp_path, "--host", "0.0.0.0", folder=folder) as server:
        assert server.said[-1] == f"Serving on http://0.0.0.0:{server.port}"
        with ThreadPoolExecutor(4) as pool:  # two requests are read, two wait
            files = [("3.webp", PEN)] * 300
            asked = [pool.submit(server.read, *files) for _ in range(4)]
            server.wait_for("digits_requests_in_work", 4)
            server.process.terminate()
            answered = [each.result() for each in asked]
        assert [each.status_code for each in answered] == [200] * 4
        assert all([r["digit"] for r in each.json()] == [3] * 300 for each in answered)
        assert server.process.wait(60) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{server.port}/healthz")
        said = server.process.stderr.read()
        assert said.startswith("There is no authentication: whoever reaches this address can use ")
        assert len(said.splitlines()) == 1


SLOW = """
import sys, time
from apps.serve import __main__ as main, app
main.MAX_SECONDS_TO_STOP = 1
app._read = lambda *_: time.sleep(4)
sys.exit(main.main(["--port", "0"]))
"""


def test_what_takes_too_long_when_it_stops_is_told_so():
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    port = next(line.split(":")[-1].strip() for line in process.stderr if "Serving" in line)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            httpx.post, f"http://127.0.0.1:{port}/read", files={"file": PEN}, timeout=60
        )
        while "digits_requests_in_work 1" not in httpx.get(f"http://127.0.0.1:{port}/metrics").text:
            time.sleep(0.01)
        process.terminate()
        answered = asked.result()
    assert (answered.status_code, answered.json()) == (503, {"error": "the server stops"})
    assert process.wait(60) == 0
    assert "Traceback" not in process.stderr.read()


def test_an_address_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        finished = run_script("-m", "apps.serve", "--port", port)
    assert finished.returncode == 2
    assert finished.stderr == (
        f"error: 127.0.0.1:{port}: cannot listen there (Address already in use); --port 0 takes "
        "any free port\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "65536"], "argument --port: expected a port from 0 to 65535, found 65536"),
        (["--max-upload-mb", "0"], "argument --max-upload-mb: expected megabytes, up to 1000, fo"),
        (["--max-error", "1"], "argument --max-error: expected a rate such as 0.1% or 0.001, fou"),
    ],
)
def test_wrong_options_are_named(capsys, options, message):
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(options)
    assert message in capsys.readouterr().err
