"""HTTP requests for the server, honest ones and bombs: as bytes, as they travel."""

import gzip
import json
import struct
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEN = (ROOT / "samples/3_pen.webp").read_bytes()
READ, PREDICT = "/read", "/v1/models/digits:predict"
MULTIPART = "multipart/form-data; boundary=b"
_PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="3.webp"\r\n\r\n'


def post(path: str, body: bytes, kind: str = "image/webp", *more: str) -> bytes:
    """A POST request. kind: its Content-Type; more: further lines of its head."""
    head = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Type: {kind}", *more]
    if not any(line.startswith(("Content-Length", "Transfer")) for line in more):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


def multipart(*files: bytes) -> bytes:
    """The body of a request of MULTIPART, which uploads files."""
    return b"".join(_PART + file + b"\r\n" for file in files) + b"--b--\r\n"


def predict(instances: object, signature: str = "read") -> bytes:
    """The body of a request for PREDICT."""
    return json.dumps({"signature_name": signature, "instances": instances}).encode()


def bombs() -> dict[str, bytes]:
    """Requests that are small or legal, and could cost much, by their names."""
    return (
        {name: post(READ, content, "image/png") for name, content in _pictures().items()}
        | {name: post(PREDICT, body, "application/json") for name, body in _documents().items()}
        | _odd_requests()
    )


def _pictures() -> dict[str, bytes]:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    def png(width: int, height: int, packed: bytes) -> bytes:
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")

    return {
        "a PNG of 74 megapixels": png(7400, 10_000, zlib.compress(bytes(296_010_000), 1)),
        "a PNG of 4 gigapixels": png(65_535, 65_535, b""),
        "a PNG of 70 million rows": png(1, 70_000_000, zlib.compress(bytes(350_000_000), 1)),
        "a PNG whose pixels do not end": png(28, 28, zlib.compress(bytes(500_000_000), 1)),
        "a JPEG of empty comments": b"\xff\xd8" + b"\xff\xfe\0\2" * 2_000_000,
        "a JPEG of zeros": b"\xff\xd8\xff" + bytes(9_000_000),
        "a GIF of one long comment": b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"x" * 255) * 30_000,
    }  # fmt: skip


def _documents() -> dict[str, bytes]:
    deep, figures = b"[" * 1_000_000, b"9" * 5_000_000
    rows = [[[0] * 28] * 28]
    return {
        "deep JSON": b'{"instances":' + deep,
        "a number of 5 million figures": b'{"instances":[' + figures + b"]}",
        "3,000 instances": predict(rows * 3000, "serving_default"),
        "10,000 files": predict([{"b64": ""}] * 10_000),
        "JSON of 10 MB of NaN": b'{"instances":[' + b"NaN," * 2_400_000 + b"1]}",
        "a signature name of 9 MB": predict([1], "x" * 9_000_000),
    }


def _odd_requests() -> dict[str, bytes]:
    packed = gzip.compress(multipart(PEN))
    return {
        "gzip as Content-Encoding": post(READ, packed, MULTIPART, "Content-Encoding: gzip"),
        "10,000 parts": post(READ, multipart(*[b"x"] * 10_000), MULTIPART),
        "a Content-Length that is no number": post(READ, PEN, "a/b", "Content-Length: x"),
        "a Content-Length that is negative": post(READ, PEN, "a/b", "Content-Length: -5"),
        "two Content-Lengths": post(
            READ, PEN, "image/webp", f"Content-Length: {len(PEN)}", "Content-Length: 5"
        ),
        "a Content-Length of 10^30": post(
            READ, PEN, "image/webp", f"Content-Length: 1{'0' * 30}"
        ),
        "a chunk of 10^15 bytes": post(
            READ, b"38D7EA4C68000\r\n" + PEN, "image/webp", "Transfer-Encoding: chunked"
        ),
        "a chunk without a size": post(
            READ, b"zz\r\n" + PEN, "image/webp", "Transfer-Encoding: chunked"
        ),
        "a header of 1 MB": post(READ, PEN, "image/webp", f"X: {'x' * 1_000_000}"),
        "a path out of the folder": post("/../../etc/passwd", PEN),
        "a version out of the folder": post(
            "/v1/models/digits/versions/..%2F..%2F1:predict", PEN
        ),
    }  # fmt: skip
