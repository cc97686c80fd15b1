"""How fast the server answers: python -m benchmarks.serve

It starts the server, waits until /healthz answers, and uploads one small PNG again and again, first
from 1 client, then from 8, each on a connection of its own that stays open. The clients share the
processors with the server.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
PICTURE = "samples/0_pen.png"
CLIENTS = (1, 8)
WARM_UP_SECONDS = 1


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", default=PICTURE, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=10, help="for each row, default: 10")
    options = parser.parse_args()
    body = (ROOT / options.picture).read_bytes()
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "apps.serve", "--port", "0"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stderr is not None
        said: list[str] = []
        for line in server.stderr:
            said.append(line)
            if line.startswith("Serving on "):
                break
        else:
            sys.exit("".join(said))
        port = int(line.rsplit(":", 1)[1])
        asyncio.run(_get(port, "/healthz"))
        print(f"/healthz answers after {time.perf_counter() - started:.2f} s\n")
        print(f"POST /read, {options.picture}, {len(body):,} bytes")
        print("clients   requests/s   p50, ms   p99, ms   processor time of the server, ms")
        for clients in CLIENTS:
            asyncio.run(_load(port, body, clients, WARM_UP_SECONDS))
            before = asyncio.run(_processor_seconds(port))
            seconds = asyncio.run(_load(port, body, clients, options.seconds))
            used = (asyncio.run(_processor_seconds(port)) - before) / len(seconds)
            p50, p99 = np.percentile(np.array(seconds) * 1e3, (50, 99))
            rate = len(seconds) / options.seconds
            print(f"{clients:7d}{rate:13.0f}{p50:10.1f}{p99:10.1f}{used * 1e3:35.1f}")
    finally:
        server.terminate()
        server.wait()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nPeak memory of the server: {peak:.0f} MB")


async def _get(port: int, path: str) -> str:
    """What the server answers, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = await _exchange(reader, writer, request.encode())
    writer.close()
    return body.decode()


async def _processor_seconds(port: int) -> float:
    """The processor time that the server has used so far."""
    lines = (await _get(port, "/metrics")).splitlines()
    return float(next(line for line in lines if line.startswith("process_cpu_")).split()[1])


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bytes:
    """Sends a request → the body of its answer. Raises RuntimeError where that is not 200."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.decode())
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-le"))
    return await reader.readexactly(int(length.partition(b":")[2]))


async def _load(port: int, body: bytes, clients: int, seconds: float) -> list[float]:
    """The seconds that each request took, of several clients at once for so many seconds."""
    head = f"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n\
Content-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < end:
            await _exchange(reader, writer, request)
            took.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return took


if __name__ == "__main__":
    main()
