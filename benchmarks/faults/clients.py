"""Clients that stall, leave, lie and send bombs to a server, python -m apps.serve: it goes on.

After each of them an honest client must get the right answer. At the end the server's memory is
bounded, and it has written nothing but where it listens.
"""

import gzip
import json
import random
import re
import socket
import struct
import subprocess
import sys
import time
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults.drill import Row
from benchmarks.faults.mutations import mutated

ROOT = Path(__file__).parents[2]
SEED = 20261130
FULL_MUTATED = 2000  # requests of each kind
FULL_RUDE = 200  # clients that leave, and as many that stall
HONEST_STEP = 20  # mutated requests, before an honest one
ANSWER_SECONDS = 60  # an honest client waits so long at most, on a busy machine
MAX_MEMORY_MB = 1024
PEN = (ROOT / "samples/3_pen.webp").read_bytes()
READ, PREDICT = "/read", "/v1/models/digits:predict"
MULTIPART = "multipart/form-data; boundary=b"
_PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="3.webp"\r\n\r\n'


class Server(NamedTuple):
    """A running server. log: the file of its standard error."""

    process: subprocess.Popen
    port: int
    log: Path


def clients(scale: float, folder: Path) -> Iterator[Row]:
    """Yields a row for each kind of client, one for the server's memory, one for its log."""
    print(f"clients: seed {SEED}", file=sys.stderr)
    with _serving(folder) as server:
        mutations = max(10, round(scale * FULL_MUTATED))
        for path in (READ, PREDICT):
            yield _mutated_requests(server, path, mutations)
        rude = max(5, round(scale * FULL_RUDE))
        yield _leaving(server, rude)
        yield _stalling(server, rude)
        yield from (_bomb(server, name, request) for name, request in _bombs().items())
        yield _endless(server)
        peak = _peak_mb(server)
        yield Row("memory of the server", 1, int(peak < MAX_MEMORY_MB), f"at most {peak} MB")
        said = server.log.read_text(encoding="utf-8").splitlines()[3:]
        yield Row("log of the server", 1, int(not said), said[-1] if said else "nothing is logged")


@contextmanager
def _serving(folder: Path) -> Iterator[Server]:
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "apps.serve", "--port", "0"], cwd=ROOT, stderr=file
        )
    try:
        end = time.monotonic() + ANSWER_SECONDS
        while not (found := re.search(r"Serving on \S+:(\d+)\n", log.read_text("utf-8"))):
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError(f"the server does not start: {log.read_text('utf-8')}")
            time.sleep(0.1)
        yield Server(process, int(found[1]), log)
    finally:
        process.kill()
        process.wait()


def _request(path: str, body: bytes, kind: str = "image/webp", *more: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Type: {kind}", *more]
    if not any(line.startswith(("Content-Length", "Transfer")) for line in more):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


def _multipart(*files: bytes) -> bytes:
    return b"".join(_PART + file + b"\r\n" for file in files) + b"--b--\r\n"


def _predict(instances: object, signature: str = "read") -> bytes:
    return json.dumps({"signature_name": signature, "instances": instances}).encode()


def _ask(server: Server, request: bytes, seconds: float = ANSWER_SECONDS) -> tuple[int, bytes]:
    """The status and the body of the answer to a request; status 0 where none has come."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as client:
        with suppress(ConnectionError):  # it may be refused before all of it is sent
            client.sendall(request)
        with suppress(ConnectionError, TimeoutError):
            while not _is_whole(received) and (part := client.recv(1_000_000)):
                received += part
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d+) ", head)
    return (int(found[1]), body) if found and _is_whole(received) else (0, body)


def _is_whole(received: bytes) -> bool:
    head, mark, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    if mark and not length:  # h11 answers bad HTTP itself, then closes the connection
        return b"transfer-encoding: chunked" not in head.lower() or body.endswith(b"0\r\n\r\n")
    return bool(mark and length and len(body) >= int(length[1]))


def _is_honestly_answered(server: Server) -> bool:
    """Whether a picture of a 3 is read as one, at both addresses."""
    status, body = _ask(server, _request(READ, PEN))
    if status != 200 or json.loads(body)["digit"] != 3:
        return False
    asked = _predict([{"b64": b64encode(PEN).decode()}])
    status, body = _ask(server, _request(PREDICT, asked, "application/json"))
    return status == 200 and json.loads(body)["predictions"][0]["digits"] == 3


def _mutated_requests(server: Server, path: str, count: int) -> Row:
    """Damaged bodies, and every fourth damaged as a whole, headers included."""
    rng, seen, survived = random.Random(f"{SEED} {path}"), Counter[int](), 0
    bodies, kind = [_multipart(PEN), _multipart(PEN, b"none", PEN)], MULTIPART
    if path == PREDICT:
        file, rows = {"b64": b64encode(PEN).decode()}, [[0] * 28] * 28
        bodies, kind = [_predict([file]), _predict([rows], "serving_default")], "application/json"
    for place in range(count):
        request = _request(path, mutated(rng.choice(bodies), bodies, rng), kind)
        is_http = place % 4 != 0
        if not is_http:
            whole = _request(path, rng.choice(bodies), kind)
            request = mutated(whole[:200], [whole[:200]], rng) + whole[200:]
        # A body that seems to go on is waited for: the client has left before.
        status, _ = _ask(server, request, ANSWER_SECONDS if is_http else 0.5)
        seen[status] += 1
        is_right = status < 500 and (status > 0 or not is_http)
        if place % HONEST_STEP == HONEST_STEP - 1:
            is_right = _is_honestly_answered(server) and is_right
        survived += is_right
    waited = "waited for more, as its length said"
    statuses = ", ".join(
        f"{number:,} {f'of status {status}' if status else waited}"
        for status, number in seen.most_common()
    )
    return Row(f"damaged requests for {path}", count, survived, statuses)


def _leaving(server: Server, count: int) -> Row:
    """Clients that close the connection: in the headers, in the body, before the answer."""
    rng, request = random.Random(SEED), _request(READ, _multipart(*[PEN] * 5), MULTIPART)

    def leave() -> bool:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(request[: rng.choice([20, 200, len(request) // 2, len(request)])])
            if rng.random() < 0.5:  # without a farewell
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return _is_honestly_answered(server)

    survived = sum(leave() for _ in range(count))
    return Row("clients that leave", count, survived, "the next client is answered")


def _stalling(server: Server, count: int) -> Row:
    """Clients that stop in the middle of a body, all at once. An honest one is answered meanwhile,
    and they are told why."""
    half = _request(READ, _multipart(PEN), MULTIPART)[:-100]
    with ThreadPoolExecutor(count) as pool:
        stalled = [pool.submit(_ask, server, half) for _ in range(count)]
        time.sleep(1)
        meanwhile = _is_honestly_answered(server)
        refused = sum(each.result()[0] == 408 for each in stalled)
    survived = refused if meanwhile and _is_honestly_answered(server) else 0
    return Row("clients that stall", count, survived, "status 408; others are answered meanwhile")


def _bombs() -> dict[str, bytes]:
    """Requests that are small or legal, and could cost much."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    def png(width: int, height: int, packed: bytes) -> bytes:
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")

    pictures = {
        "a PNG of 74 megapixels": png(7400, 10_000, zlib.compress(bytes(296_010_000), 1)),
        "a PNG of 4 gigapixels": png(65_535, 65_535, b""),
        "a PNG of 70 million rows": png(1, 70_000_000, zlib.compress(bytes(350_000_000), 1)),
        "a PNG whose pixels do not end": png(28, 28, zlib.compress(bytes(500_000_000), 1)),
        "a JPEG of empty comments": b"\xff\xd8" + b"\xff\xfe\0\2" * 2_000_000,
        "a JPEG of zeros": b"\xff\xd8\xff" + bytes(9_000_000),
        "a GIF of one long comment": b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"x" * 255) * 30_000,
    }  # fmt: skip
    deep, figures = b"[" * 1_000_000, b"9" * 5_000_000
    rows = [[[0] * 28] * 28]
    asked = {
        "deep JSON": b'{"instances":' + deep,
        "a number of 5 million figures": b'{"instances":[' + figures + b"]}",
        "10,000 instances": _predict(rows * 1500 * 2, "serving_default")[:9_900_000],
        "10,000 files": _predict([{"b64": ""}] * 10_000),
        "JSON of 10 MB of NaN": b'{"instances":[' + b"NaN," * 2_400_000 + b"1]}",
        "a signature name of 9 MB": _predict([1], "x" * 9_000_000),
    }
    packed = gzip.compress(_multipart(PEN))
    odd = {
        "gzip as Content-Encoding": _request(READ, packed, MULTIPART, "Content-Encoding: gzip"),
        "10,000 parts": _request(READ, _multipart(*[b"x"] * 10_000), MULTIPART),
        "a Content-Length that is no number": _request(READ, PEN, "a/b", "Content-Length: x"),
        "a Content-Length that is negative": _request(READ, PEN, "a/b", "Content-Length: -5"),
        "two Content-Lengths": _request(
            READ, PEN, "image/webp", f"Content-Length: {len(PEN)}", "Content-Length: 5"
        ),
        "a Content-Length of 10^30": _request(
            READ, PEN, "image/webp", f"Content-Length: 1{'0' * 30}"
        ),
        "a chunk of 10^15 bytes": _request(
            READ, b"38D7EA4C68000\r\n" + PEN, "image/webp", "Transfer-Encoding: chunked"
        ),
        "a chunk without a size": _request(
            READ, b"zz\r\n" + PEN, "image/webp", "Transfer-Encoding: chunked"
        ),
        "a header of 1 MB": _request(READ, PEN, "image/webp", f"X: {'x' * 1_000_000}"),
        "a path out of the folder": _request("/../../etc/passwd", PEN),
        "a version out of the folder": _request(
            "/v1/models/digits/versions/..%2F..%2F1:predict", PEN
        ),
    }  # fmt: skip
    return (
        {name: _request(READ, content, "image/png") for name, content in pictures.items()}
        | {name: _request(PREDICT, body, "application/json") for name, body in asked.items()}
        | odd
    )


def _bomb(server: Server, name: str, request: bytes) -> Row:
    """A bomb is answered as the client's mistake, or read; a client that comes meanwhile is
    answered, and one that comes then."""
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        asked = pool.submit(_ask, server, request)
        survived = _is_honestly_answered(server)
        status, _ = asked.result()
    seconds = time.monotonic() - started
    survived = _is_honestly_answered(server) and survived and 200 <= status < 500
    return Row(name, 1, int(survived), f"status {status} after {seconds:.1f} s")


def _endless(server: Server) -> Row:
    """A body in chunks that does not end: it is refused as too large."""
    head = _request(READ, b"", "image/png", "Transfer-Encoding: chunked")
    part = b"10000\r\n" + bytes(65_536) + b"\r\n"
    sent, answer = 0, b""
    address = "127.0.0.1", server.port
    with (
        socket.create_connection(address, timeout=ANSWER_SECONDS) as client,
        suppress(ConnectionError, TimeoutError),
    ):
        client.sendall(head)
        while sent < 100_000_000 and not answer:
            client.sendall(part)
            sent += len(part)
            client.setblocking(False)
            with suppress(BlockingIOError):
                answer = client.recv(1000)
            client.settimeout(ANSWER_SECONDS)
    survived = b" 413 " in answer[:20] and _is_honestly_answered(server)
    return Row("a body without end", 1, int(survived), f"status 413 after {sent / 1e6:.0f} MB")


def _peak_mb(server: Server) -> int:
    """The most memory that the server has held."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) // 1024
