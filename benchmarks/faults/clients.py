"""Clients that stall, leave, lie and send bombs to a server, python -m apps.serve: it goes on.

After each of them an honest client must get the right answer. At the end the server's memory is
bounded, and it has written nothing but where it listens.
"""

import json
import random
import re
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults.drill import Row
from benchmarks.faults.http_requests import (
    MULTIPART,
    PEN,
    PREDICT,
    READ,
    ROOT,
    bombs,
    multipart,
    post,
    predict,
)
from benchmarks.faults.mutations import mutated

SEED = 20261130
FULL_MUTATED = 2000  # requests of each kind
FULL_RUDE = 200  # clients that leave, and as many that stall
HONEST_STEP = 20  # mutated requests, before an honest one
ANSWER_SECONDS = 60  # an honest client waits so long at most, on a busy machine
MAX_MEMORY_MB = 1024


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
        yield from (_bomb(server, name, request) for name, request in bombs().items())
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
    status, body = _ask(server, post(READ, PEN))
    if status != 200 or json.loads(body)["digit"] != 3:
        return False
    asked = predict([{"b64": b64encode(PEN).decode()}])
    status, body = _ask(server, post(PREDICT, asked, "application/json"))
    return status == 200 and json.loads(body)["predictions"][0]["digits"] == 3


def _mutated_requests(server: Server, path: str, count: int) -> Row:
    """Damaged bodies, and every fourth damaged as a whole, headers included."""
    rng, seen, survived = random.Random(f"{SEED} {path}"), Counter[int](), 0
    bodies, kind = [multipart(PEN), multipart(PEN, b"none", PEN)], MULTIPART
    if path == PREDICT:
        file, rows = {"b64": b64encode(PEN).decode()}, [[0] * 28] * 28
        bodies, kind = [predict([file]), predict([rows], "serving_default")], "application/json"
    for place in range(count):
        request = post(path, mutated(rng.choice(bodies), bodies, rng), kind)
        is_http = place % 4 != 0
        if not is_http:
            whole = post(path, rng.choice(bodies), kind)
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
    rng, request = random.Random(SEED), post(READ, multipart(*[PEN] * 5), MULTIPART)

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
    half = post(READ, multipart(PEN), MULTIPART)[:-100]
    with ThreadPoolExecutor(count) as pool:
        stalled = [pool.submit(_ask, server, half) for _ in range(count)]
        time.sleep(1)
        meanwhile = _is_honestly_answered(server)
        refused = sum(each.result()[0] == 408 for each in stalled)
    survived = refused if meanwhile and _is_honestly_answered(server) else 0
    return Row("clients that stall", count, survived, "status 408; others are answered meanwhile")


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
    head = post(READ, b"", "image/png", "Transfer-Encoding: chunked")
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
