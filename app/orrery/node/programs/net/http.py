"""HTTP/1.1 over simulated connections: reading and writing messages, for clients and servers alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import CHUNK_BYTES, Stream

HEAD_MAX: Final = 65_536
LINE_MAX: Final = 8_192

REASONS: Final = {
    100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    409: "Conflict", 411: "Length Required", 413: "Request Entity Too Large", 414: "URI Too Long", 418: "I'm a teapot", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


class BadMessage(Exception):
    """The other side does not speak HTTP."""


class Incoming:
    """Buffered reading of a connection."""

    __slots__ = ("_buffer", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._buffer = b""

    async def line(self) -> bytes:
        """Up to and without the line's end; BadMessage when it is too long, EOFError at the end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_MAX:
                raise BadMessage
            piece = await self.stream.read(CHUNK_BYTES)
            if not piece:
                raise EOFError
            self._buffer += piece
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.removesuffix(b"\r")

    async def some(self, count: int = CHUNK_BYTES) -> bytes:
        """What there is, at most `count` bytes; empty at the end."""
        if not self._buffer:
            return await self.stream.read(min(count, CHUNK_BYTES))
        piece, self._buffer = self._buffer[:count], self._buffer[count:]
        return piece

    async def is_more(self) -> bool:
        """Wait for more; False when the other side sends nothing any more."""
        if not self._buffer:
            self._buffer = await self.stream.read(CHUNK_BYTES)
        return bool(self._buffer)

    async def exactly(self, count: int) -> AsyncIterator[bytes]:
        while count > 0 and (piece := await self.some(count)):
            count -= len(piece)
            yield piece
        if count > 0:
            raise EOFError

    async def headers(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        size = 0
        while line := await self.line():
            name, colon, value = line.decode("latin-1").partition(":")
            size += len(line)
            if not colon or size > HEAD_MAX:
                raise BadMessage
            found.append((name.strip(), value.strip()))
        return found

    async def chunked(self) -> AsyncIterator[bytes]:
        while True:
            size_text = (await self.line()).split(b";")[0].strip()
            try:
                size = int(size_text, 16)
            except ValueError:
                raise BadMessage from None
            async for piece in self.exactly(size):
                yield piece
            await self.line()
            if size == 0:
                return


def header(headers: list[tuple[str, str]], name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(slots=True)
class Request:
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    remote: tuple[str, int] = ("", 0)
    local: tuple[str, int] = ("", 0)

    @property
    def path(self) -> str:
        """Without the query, percent signs decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.target.partition("?")[2].split("&") if pair)
        return {unquote(name.replace("+", " ")): unquote(value.replace("+", " ")) for name, _, value in pairs}

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    type: str = "text/plain; charset=utf-8"
    pieces: AsyncIterator[bytes] | None = None
    """A body that is streamed, `length` bytes of it."""
    length: int = 0
    reason: str = ""


def unquote(text: str) -> str:
    if "%" not in text:
        return text
    out = bytearray()
    data = text.encode("utf-8", "surrogateescape")
    position = 0
    while position < len(data):
        digits = data[position + 1 : position + 3]
        if data[position] == 37 and len(digits) == 2 and not digits.strip(b"0123456789abcdefABCDEF"):
            out.append(int(digits, 16))
            position += 3
        else:
            out.append(data[position])
            position += 1
    return out.decode("utf-8", "surrogateescape")


async def read_request(incoming: Incoming, *, body_max: int) -> Request:
    """EOFError when there is none; BadMessage when it is none."""
    line = await incoming.line()
    while not line:
        line = await incoming.line()
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        raise BadMessage
    headers = await incoming.headers()
    request = Request(parts[0], parts[1], parts[2], headers)
    length = request.header("Content-Length") or "0"
    chunks: list[bytes] = []
    size = 0
    if (request.header("Transfer-Encoding") or "").lower() == "chunked":
        source = incoming.chunked()
    elif length.isdigit():
        source = incoming.exactly(int(length))
    else:
        raise BadMessage
    async for piece in source:
        size += len(piece)
        if size <= body_max:
            chunks.append(piece)
    request.body = b"".join(chunks)
    return request


def response_head(response: Response, *, keeps: bool, server: str, date: str) -> bytes:
    """The status line and the headers, to the empty line, in the order of that server; one without a name is of Go's library."""
    reason = response.reason or REASONS.get(response.status, "Unknown")
    length = response.length if response.pieces is not None else len(response.body)
    has_body = response.status not in (204, 304)
    sized, typed = ([f"Content-Length: {length}"], [f"Content-Type: {response.type}"]) if has_body else ([], [])
    own, lasts = [f"{name}: {value}" for name, value in response.headers], ["Connection: keep-alive" if keeps else "Connection: close"]
    dated = [f"Date: {date}"]
    if not server:
        lines = [*sorted(own), *dated, *sized, *typed, *([] if keeps else lasts)]
    elif server.startswith("Apache"):
        lines = [*dated, f"Server: {server}", *own, *sized, *([] if keeps else lasts), *typed]
    elif server.startswith("nginx"):
        dates = [line for line in own if line.startswith(("Last-Modified:", "Location:"))]
        own = [line for line in own if line not in dates]
        lines = [f"Server: {server}", *dated, *typed, *sized, *dates, *lasts, *own]
    else:
        lines = [f"Server: {server}", *dated, *typed, *sized, *own, *lasts]
    lines.insert(0, f"HTTP/1.1 {response.status} {reason}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Url:
    scheme: str
    host: str
    port: int
    target: str
    user: str = ""
    has_port: bool = False

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}" if self.has_port else self.host


def parse_url(text: str) -> Url | None:
    """None when it is no URL of http or https. Without a scheme it is http."""
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "http", text
    scheme = scheme.lower()
    if scheme not in ("http", "https"):
        return None
    cut = min((position for position in (rest.find("/"), rest.find("?"), rest.find("#")) if position >= 0), default=len(rest))
    authority, target = rest[:cut], rest[cut:].partition("#")[0]
    user, _, place = authority.rpartition("@")
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    if not host or (port and not (port.isascii() and port.isdigit() and int(port) < 65_536)):
        return None
    if not target.startswith("/"):
        target = "/" + target
    target = target.replace(" ", "%20")
    return Url(scheme, host, int(port) if port else 443 if scheme == "https" else 80, target, user, has_port=bool(port))
