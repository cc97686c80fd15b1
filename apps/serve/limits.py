"""What every request goes through: its size, the time that it takes to arrive, how many at once.

A request's body is held in memory, and the app gets it whole. So a slow client keeps no place in
the queue, and a request that is refused has cost no work.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.serve.metrics import IN_WORK, REFUSED, REQUESTS, SECONDS

UNLIMITED = ("/healthz", "/metrics")  # answered at once, however busy the server is
MAX_IN_WORK = 64  # requests; a small picture takes some 5 ms, so the last one waits 0.2 s
MAX_HELD_UPLOADS = 8  # of the largest size, in memory at the same time
STALL_SECONDS = 10  # without a byte
BODY_SECONDS = 60  # for the whole body
LINGER_SECONDS = 2  # for a refused client to read why


class _Refused(Exception):
    """is_whole: whether the body has arrived, so that the connection can go on."""

    def __init__(self, status: int, reason: str, message: str, is_whole: bool = False) -> None:
        super().__init__(message)
        self.status, self.reason, self.is_whole = status, reason, is_whole


class _Gone(Exception):
    """The client has closed the connection."""


class Limits:
    """An ASGI app around another, which sees only requests within the limits."""

    def __init__(self, app: ASGIApp, max_upload_bytes: int) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes
        self._held_bytes = 0
        self._in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, and counts it."""
        started, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._answer(scope, receive, send_and_note)
        except _Gone:
            pass
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            if not status:
                stopping = JSONResponse({"error": "the server stops"}, 503)
                await stopping(scope, receive, send_and_note)
        finally:  # after a fault of the server too, which is status 500
            if status:
                endpoint = _endpoint(scope["path"])
                REQUESTS.labels(endpoint, status).inc()
                SECONDS.labels(endpoint).observe(time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in UNLIMITED:
            await self._app(scope, receive, send)
            return
        try:
            async with self._body(scope, receive) as body:
                with self._place_in_work():
                    await self._app(scope, _whole(body, receive), send)
        except _Refused as refusal:
            REFUSED.labels(refusal.reason).inc()
            await _refuse(refusal, scope, receive, send)

    @asynccontextmanager
    async def _body(self, scope: Scope, receive: Receive) -> AsyncIterator[bytes]:
        """The body of a request, once all of it has arrived."""
        for name, value in scope["headers"]:
            if name == b"content-length":  # uvicorn has checked that it is a number
                self._check_size(int(value))
        body, size = bytearray(), 0
        clock = asyncio.get_running_loop().time
        end = clock() + BODY_SECONDS
        try:
            more = True
            while more:
                try:
                    async with asyncio.timeout_at(min(end, clock() + STALL_SECONDS)):
                        message = await receive()
                except TimeoutError:
                    raise _Refused(408, "stalled", "the request did not arrive in time") from None
                if message["type"] == "http.disconnect":
                    raise _Gone
                body += message["body"]
                size += len(message["body"])
                self._held_bytes += len(message["body"])
                more = message["more_body"]
                self._check_size(size)
                if self._held_bytes > MAX_HELD_UPLOADS * self._max_upload_bytes:
                    raise _Refused(503, "full", "too many uploads at once; try again", not more)
            whole = bytes(body)
            body.clear()
            yield whole
        finally:
            self._held_bytes -= size

    def _check_size(self, size: int) -> None:
        if size > self._max_upload_bytes:
            raise _Refused(413, "large", f"over {self._max_upload_bytes / 1e6:g} MB")

    @contextmanager
    def _place_in_work(self) -> Iterator[None]:
        if self._in_work == MAX_IN_WORK:
            raise _Refused(503, "full", f"{MAX_IN_WORK} requests wait; try again", is_whole=True)
        self._in_work += 1
        IN_WORK.inc()
        try:
            yield
        finally:
            self._in_work -= 1
            IN_WORK.dec()


def _whole(body: bytes, receive: Receive) -> Receive:
    """What the app receives: the body, and then what else comes."""
    waiting = True

    async def replay() -> Message:
        nonlocal waiting
        if not waiting:
            return await receive()
        waiting = False
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(refusal: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers why. Closing a connection while bytes arrive would take the answer back, so it reads
    on for a while."""
    headers = {"retry-after": "1"} if refusal.status == 503 else {}
    if not refusal.is_whole:
        headers["connection"] = "close"

    async def read_on(message: Message) -> None:
        is_body = message["type"] == "http.response.body"
        await send({**message, "more_body": True} if is_body else message)
        if is_body:
            if not refusal.is_whole:
                await _read_to_the_end(receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    response = JSONResponse({"error": str(refusal)}, refusal.status, headers)
    await response(scope, receive, read_on)


async def _read_to_the_end(receive: Receive) -> None:
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        pass


def _endpoint(path: str) -> str:
    """A short name for an address: there are few, whatever clients ask for."""
    if path in (*UNLIMITED, "/read"):
        return path[1:]
    if path.startswith("/v1/models/"):
        return "predict" if path.endswith(":predict") else "model"
    return "other"
