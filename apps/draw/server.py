"""Serves the page's folder, to this machine alone unless told otherwise."""

import mimetypes
import os
import socket
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

# As in page/index.html, which states it for other hosts. The browser may compile WebAssembly, and
# asks no other machine for anything.
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # ask whether it has changed
    "Vary": "Accept-Encoding",
}
TYPES = {
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
}


class PageHandler(SimpleHTTPRequestHandler):
    """Sends files of the folder, packed where the browser takes that; lists no folders."""

    protocol_version = "HTTP/1.1"
    extensions_map = mimetypes.types_map | TYPES

    def send_head(self) -> BinaryIO | None:
        path = Path(self.translate_path(self.path))
        packed = path.with_name(path.name + ".gz")
        try:
            if path.is_dir():
                path, packed = path / "index.html", path / "index.html.gz"
            is_packed = "gzip" in self.headers.get("Accept-Encoding", "") and packed.exists()
            file = (packed if is_packed else path).open("rb")
        except (OSError, ValueError):  # no such file, or no name of a file
            self.send_error(404, "There is no such file")
            return None
        status = os.fstat(file.fileno())
        modified = self.date_time_string(int(status.st_mtime))
        if self.headers.get("If-Modified-Since") == modified:
            file.close()
            self.send_response(304)
            self.end_headers()
            return None
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(status.st_size))
        self.send_header("Last-Modified", modified)
        if is_packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return file

    def end_headers(self) -> None:
        for name, value in SECURITY.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing of each request."""


class PageServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that was closed in the middle of an answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def make_server(folder: Path, listener: socket.socket) -> PageServer:
    """A server of the folder at a socket that listens; it closes the socket in the end."""
    handler = partial(PageHandler, directory=str(folder))
    server = PageServer(listener.getsockname(), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    return server
