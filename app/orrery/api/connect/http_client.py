"""A small HTTP/1.1 client over a tunnel: one request, one answer, both streamed.

httptools reads the answer; what the other side sends that is no HTTP is an OSError, as is its silence.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httptools

from orrery.verbs.containers import Tunnel

Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Head:
    """Status line and headers of an answer; names in lower case."""

    status: int = 0
    headers: list[Header] = field(default_factory=list)

    def value(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key == name), b"")


class BadAnswer(OSError):
    """What came back is no HTTP."""


class Exchange:
    """One request over one tunnel."""

    def __init__(self, tunnel: Tunnel, *, has_body: bool = True) -> None:
        """`has_body` is False for the answer to HEAD."""
        self._tunnel = tunnel
        self._has_body = has_body
        self._parser = httptools.HttpResponseParser(self)
        self._head = Head()
        self._pieces: deque[bytes] = deque()
        self._is_head_complete = False
        self._is_complete = False
        self._is_upgraded = False
        self.rest = b""
        """What came after a 101 answer: no longer HTTP."""
        self._sending: asyncio.Task[None] | None = None

    async def send(self, method: str, target: bytes, headers: Sequence[Header], body: AsyncIterator[bytes] | None) -> None:
        """Send the head, and the body in the background; its framing is in `headers`."""
        lines = [b"%s %s HTTP/1.1" % (method.encode(), target), *(b"%s: %s" % (_title(name), value) for name, value in headers)]
        await self._tunnel.write(b"\r\n".join([*lines, b"", b""]))
        if body is not None:
            is_chunked = any(name == b"transfer-encoding" for name, _ in headers)
            self._sending = asyncio.create_task(self._send_body(body, is_chunked=is_chunked))

    async def _send_body(self, body: AsyncIterator[bytes], *, is_chunked: bool) -> None:
        try:
            async for piece in body:
                if piece:
                    await self._tunnel.write(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)
            if is_chunked:
                await self._tunnel.write(b"0\r\n\r\n")
        except OSError:
            return  # The server has heard enough; its answer says why.

    async def head(self) -> Head:
        """The head of the final answer. OSError when there is none."""
        while not self._is_head_complete:
            data = await self._tunnel.read()
            if not data:
                raise BadAnswer("EOF")
            self._feed(data)
        return self._head

    async def body(self) -> AsyncIterator[bytes]:
        """The answer's body, decoded from chunks. OSError when it is cut off."""
        while self._has_body:
            while self._pieces:
                yield self._pieces.popleft()
            if self._is_complete:
                return
            data = await self._tunnel.read()
            if data:
                self._feed(data)
                continue
            if self._head.value(b"content-length") or self._head.value(b"transfer-encoding"):
                raise BadAnswer("unexpected EOF")
            return

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        self._tunnel.close()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except httptools.HttpParserError as problem:
            if not self._is_complete:
                raise BadAnswer(f"malformed HTTP response: {problem}") from problem

    # The parser's calls.

    def on_message_begin(self) -> None:
        if not self._is_head_complete:
            self._head = Head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_head_complete:
            self._head.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 or status == 101:
            self._head.status = status
            self._is_head_complete = True

    def on_body(self, body: bytes) -> None:
        if not self._is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        self._is_complete = self._is_head_complete


def _title(name: bytes) -> bytes:
    return b"-".join(part.capitalize() for part in name.split(b"-"))
