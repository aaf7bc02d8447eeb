"""Taking a connection over from uvicorn: what a request with `Connection: Upgrade` becomes once its handler says so.

The HTTP request goes through the application as any other (host, origin, user, routing, errors). Its scope carries a function
under `TAKEOVER`; called with the bytes of a 101 answer, it returns the raw connection, which from then on is its caller's: SPDY
cannot be spoken through ASGI, and WebSockets need no second implementation. A request that is answered normally stays HTTP.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from orrery.api.requests import Request

TAKEOVER: Final = "orrery.takeover"
"""Where a request that asks for an upgrade carries a `Callable[[bytes], Socket]` in its scope."""

_UNREAD_BYTES_MAX: Final = 64 * 1024
"""The peer is told to wait while more than this is unread."""


def asks_for_websocket(request: Request) -> bool:
    """Whether the client wants a WebSocket, and this server can give it one."""
    return TAKEOVER in request.scope and request.headers.get(b"upgrade", b"").lower() == b"websocket"


class Socket:
    """A connection as plain bytes in both directions."""

    def __init__(self, transport: asyncio.Transport, flow: FlowControl) -> None:
        self._transport = transport
        self._flow = flow
        self._unread: deque[bytes] = deque()
        self._unread_size = 0
        self._arrived = asyncio.Event()
        self._is_lost = transport.is_closing()

    async def read(self) -> bytes:
        """What has arrived; empty when the peer is gone."""
        while not self._unread:
            if self._is_lost:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = self._unread.popleft()
        self._unread_size -= len(data)
        if self._unread_size <= _UNREAD_BYTES_MAX:
            self._flow.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`, in order with other writers, then wait until the peer keeps up. ConnectionResetError when it is gone."""
        if self._is_lost or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._transport.write(data)
        if self._flow.write_paused:
            await self._flow.drain()

    def close(self) -> None:
        """Send what was written, then close; at once when the peer does not read."""
        if self._flow.write_paused:
            self._transport.abort()
        else:
            self._transport.close()

    # What the protocol tells.

    def feed(self, data: bytes) -> None:
        self._unread.append(data)
        self._unread_size += len(data)
        if self._unread_size > _UNREAD_BYTES_MAX:
            self._flow.pause_reading()
        self._arrived.set()

    def lose(self) -> None:
        self._is_lost = True
        self._arrived.set()


class TakeoverProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with a way out of it."""

    _socket: Socket | None = None
    _held: list[bytes] | None = None
    """What came after a request for an upgrade, until it is known whether that is HTTP again."""
    _framing: bytes = b""
    """The header that frames the body of a request for an upgrade. The parser takes such a request to have none."""
    _is_reading_again = False

    def on_message_begin(self) -> None:
        if not self._is_reading_again:
            self._framing = b""
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_reading_again:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_reading_again:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_reading_again:
            self._is_reading_again, self._framing = False, b""
            return
        if self.parser.should_upgrade():
            self._framing = _body_framing(self.headers)
            if not self._framing:
                take_over: Callable[[bytes], Socket] = self._take_over
                cast(dict[str, Any], self.scope)[TAKEOVER] = take_over
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._framing:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.feed(data)
        elif self._held is not None:
            self._hold(data)
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._framing:
                # Java's HTTP client asks for HTTP/2 like this with every request, bodies and all: let the parser see the body.
                self._is_reading_again = True
                self._parse(b"POST / HTTP/1.1\r\n" + self._framing + b"\r\n\r\n" + rest)
            else:
                self._held = []
                self._hold(rest)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _hold(self, data: bytes) -> None:
        assert self._held is not None
        if data:
            self._held.append(data)
        if sum(map(len, self._held)) > _UNREAD_BYTES_MAX:
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._held is not None and self.cycle.response_complete:
            held, self._held = b"".join(self._held), None
            if held and not self.transport.is_closing():
                self.data_received(held)

    def _take_over(self, head: bytes) -> Socket:
        """Answer with `head` and hand the connection over."""
        self.cycle.response_started = self.cycle.response_complete = True
        self._unset_keepalive_if_required()
        self._socket = socket = Socket(self.transport, self.flow)
        self.flow.resume_reading()
        for data in self._held or ():
            socket.feed(data)
        self._held = None
        if not self.transport.is_closing():
            self.transport.write(head)
        return socket

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._socket is not None:
            self._socket.lose()

    def shutdown(self) -> None:
        if self._socket is not None:
            self._socket.close()
        else:
            super().shutdown()


def _body_framing(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The header that says how long the body is; empty without a body."""
    for name, value in headers:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return name + b": " + value
    return b""
