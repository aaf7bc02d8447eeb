"""The health protocol of gRPC, as far as probes need it: one unary call over HTTP/2, asked and answered.

Frames follow RFC 9113, headers are written as HPACK literals without indexing; `grpc.health.v1` is what kubelets ask.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from orrery.node.processes.program import Connection

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUSES: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
SERVING, NOT_SERVING = 1, 2
OK, NOT_FOUND, UNIMPLEMENTED = 0, 5, 12
CODES: Final = {
    1: "Canceled", 2: "Unknown", 3: "InvalidArgument", 4: "DeadlineExceeded", 5: "NotFound", 12: "Unimplemented", 13: "Internal",
    14: "Unavailable",
}  # fmt: skip
CHECK: Final = "/grpc.health.v1.Health/Check"
_DATA, _HEADERS, _SETTINGS, _PING = 0, 1, 4, 6
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4
_FRAME_MAX: Final = 1 << 14

Status = Callable[[str], int | None]
"""What a server says of a service; None: it knows none of that name."""


class NotHttp2(Exception):
    """The other side speaks something else."""


class Reply(NamedTuple):
    """A call's end: gRPC's code and message, and the health when the code is OK."""

    code: int
    message: str = ""
    health: int = 0


class _Frames:
    """Frames of one connection."""

    def __init__(self, connection: Connection, read: bytes = b"") -> None:
        self._connection = connection
        self._read = read

    async def send(self, type_: int, flags: int, stream: int, payload: bytes = b"") -> None:
        head = len(payload).to_bytes(3, "big") + bytes((type_, flags)) + stream.to_bytes(4, "big")
        await self._connection.write(head + payload)

    async def take(self, count: int) -> bytes:
        while len(self._read) < count:
            piece = await self._connection.read()
            if not piece:
                raise NotHttp2
            self._read += piece
        taken, self._read = self._read[:count], self._read[count:]
        return taken

    async def next(self) -> tuple[int, int, int, bytes]:
        """Type, flags, stream and payload; what is asked only of the connection is answered here."""
        while True:
            head = await self.take(9)
            length, type_, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            if length > _FRAME_MAX:
                raise NotHttp2
            payload = await self.take(length)
            if type_ == _SETTINGS and not flags & _ACK:
                await self.send(_SETTINGS, _ACK, 0)
            elif type_ == _PING and not flags & _ACK:
                await self.send(_PING, _ACK, 0, payload)
            return type_, flags, int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload


async def begin(connection: Connection) -> _Frames:
    """Open HTTP/2 as a client; NotHttp2 when the other side does not."""
    frames = _Frames(connection)
    await connection.write(PREFACE)
    await frames.send(_SETTINGS, 0, 0)
    type_, *_ = await frames.next()
    if type_ != _SETTINGS:
        raise NotHttp2
    return frames


async def check(frames: _Frames, authority: str, service: str) -> Reply:
    """Ask for the health of a service; "" is the server itself."""
    asked = [(":method", "POST"), (":scheme", "http"), (":path", CHECK), (":authority", authority)]
    asked += [("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "kube-probe/1.35 grpc-go/1.72.2")]
    await frames.send(_HEADERS, _END_HEADERS, 1, _packed(asked))
    await frames.send(_DATA, _END_STREAM, 1, _message(_field(service.encode()) if service else b""))
    health, headers = 0, dict[str, str]()
    while True:
        type_, flags, stream, payload = await frames.next()
        if stream != 1:
            continue
        if type_ == _DATA and len(payload) > 6:
            health = payload[6]
        elif type_ == _HEADERS:
            headers.update(_unpacked(payload))
        if flags & _END_STREAM:
            return Reply(int(headers.get("grpc-status", "2")), headers.get("grpc-message", ""), health)


async def answer(connection: Connection, status: Status, *, read: bytes = b"") -> None:
    """Serve one client until it leaves. `read` is what has been read from it already."""
    frames = _Frames(connection, read)
    if await frames.take(len(PREFACE)) != PREFACE:
        raise NotHttp2
    await frames.send(_SETTINGS, 0, 0)
    paths: dict[int, str] = {}
    bodies: dict[int, bytes] = {}
    while True:
        type_, flags, stream, payload = await frames.next()
        if type_ == _HEADERS:
            paths[stream] = _unpacked(payload).get(":path", "")
        elif type_ == _DATA:
            bodies[stream] = bodies.get(stream, b"") + payload
        if type_ in (_HEADERS, _DATA) and flags & _END_STREAM:
            await _reply(frames, stream, _answered(paths.pop(stream, ""), bodies.pop(stream, b""), status))


def _answered(path: str, body: bytes, status: Status) -> Reply:
    if path != CHECK:
        service = path.strip("/").rpartition("/")[0]
        return Reply(UNIMPLEMENTED, f"unknown service {service}")
    health = status(body[7:].decode(errors="replace"))
    return Reply(NOT_FOUND, "unknown service") if health is None else Reply(OK, health=health)


async def _reply(frames: _Frames, stream: int, reply: Reply) -> None:
    head = [(":status", "200"), ("content-type", "application/grpc")]
    end = [("grpc-status", str(reply.code)), ("grpc-message", reply.message)]
    if reply.code:
        await frames.send(_HEADERS, _END_HEADERS | _END_STREAM, stream, _packed([*head, *end]))
        return
    await frames.send(_HEADERS, _END_HEADERS, stream, _packed(head))
    await frames.send(_DATA, 0, stream, _message(bytes((0x08, reply.health))))
    await frames.send(_HEADERS, _END_HEADERS | _END_STREAM, stream, _packed(end))


def _message(payload: bytes) -> bytes:
    return b"\0" + len(payload).to_bytes(4, "big") + payload


def _field(text: bytes) -> bytes:
    return bytes((0x0A, len(text))) + text


def _packed(headers: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(b"\0" + _literal(name) + _literal(value) for name, value in headers)


def _literal(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes((len(data),)) + data
    rest = len(data) - 127
    return bytes((127, (rest & 127) | 128, rest >> 7)) + data if rest > 127 else bytes((127, rest)) + data


def _unpacked(data: bytes) -> dict[str, str]:
    """Headers that were written as `_packed` writes them; what is packed otherwise is left out."""
    headers: dict[str, str] = {}
    at = 0
    while at < len(data) and data[at] == 0:
        name, at = _read_literal(data, at + 1)
        value, at = _read_literal(data, at)
        headers[name] = value
    return headers


def _read_literal(data: bytes, at: int) -> tuple[str, int]:
    length, at = data[at] & 127, at + 1
    shift = 0
    while length >= 127 and at < len(data):
        length += (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 128:
            break
    return data[at : at + length].decode(errors="replace"), at + length
