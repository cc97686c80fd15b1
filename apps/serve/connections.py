"""Connections of clients that stall: uvicorn by itself would wait for them forever."""

import asyncio
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

from apps.serve.limits import STALL_SECONDS


class ImpatientProtocol(H11Protocol):
    """uvicorn's protocol, but it closes the connection of a client that sends no request, or half
    of its headers, or does not take its answer. limits.py has the time for a request's body."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begins to watch a connection."""
        super().connection_made(transport)
        # The headers and the body of an answer are two packets: without this the second waits for
        # the client's delayed acknowledgment of the first, 40 ms. asyncio does not set it for the
        # sockets that socket.create_server makes.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._idle_since, self._unsent = self.loop.time(), 0
        self._watch = self.loop.call_later(STALL_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the watch."""
        self._watch.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """The connection waits for the next request."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        is_idle = self.cycle is None or self.cycle.response_complete
        idle_seconds = self.loop.time() - self._idle_since if is_idle and not unsent else 0
        if idle_seconds >= STALL_SECONDS or (unsent and unsent == self._unsent):
            self.transport.abort()
            return
        self._unsent = unsent
        self._watch = self.loop.call_later(STALL_SECONDS, self._look)
