"""The API where containers find it: an HTTP/1.1 server on the simulated network, which hands each request to an ASGI application.

It stands at the address behind the Service `default/kubernetes`. Its requests carry a mark (`mark`) in their scope, by which the
application knows that a container has sent them.

DIFFERS: upstream's API server speaks TLS; in the simulation TLS goes in the clear, for it as for all servers.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote

from orrery.node.network.pod_network import PodNetwork, Wire
from orrery.node.processes.program import CHUNK_BYTES, Connection, Listener
from orrery.node.programs.net.http import REASONS, BadMessage, Incoming, header

Message = MutableMapping[str, Any]
Application = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_BODILESS: Final = frozenset({204, 304})
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"


class ApiGateway:
    """Listens from `start` to `stop`."""

    def __init__(self, wire: Wire, address: str, port: int, *, application: Application, mark: str) -> None:
        self._network = PodNetwork(wire, addresses=(address,), hostname="kubernetes")
        self._port = port
        self.application = application
        self._mark = mark
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._begin(self._listen(self._network.listen("0.0.0.0", self._port)))

    async def stop(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._network.leave()

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, listener: Listener) -> None:
        while True:
            self._begin(self._serve(await listener.accept()))

    async def _serve(self, connection: Connection) -> None:
        incoming = Incoming(connection)
        try:
            while await _Exchange(connection, incoming, self._mark).run(self.application):
                pass
        except BadMessage:
            with suppress(OSError):
                await connection.write(_BAD_REQUEST)
        except (EOFError, OSError):
            pass  # The client is gone.
        finally:
            connection.close()


class _Exchange:
    """One request and its answer, as ASGI sees them."""

    def __init__(self, connection: Connection, incoming: Incoming, mark: str) -> None:
        self._connection = connection
        self._incoming = incoming
        self._mark = mark
        self._left = 0
        """Bytes of the body still to come."""
        self._chunks: Any = None
        self._has_body = True
        self._method = ""
        self._stays = True
        self._is_chunked = False
        self._is_over = False

    async def run(self, application: Application) -> bool:
        """Whether the connection stays open for another one."""
        scope = await self._scope()
        await application(scope, self._receive, self._send)
        while self._has_body and self._stays:
            await self._receive()
        return self._stays

    async def _scope(self) -> Message:
        method, _, rest = (await self._incoming.line()).decode("latin-1").partition(" ")
        target, _, version = rest.rpartition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or not target.startswith("/"):
            raise BadMessage
        headers = await self._incoming.headers()
        self._method = method
        wish = (header(headers, "Connection") or "").lower()
        self._stays = wish == "keep-alive" if version == "HTTP/1.0" else wish != "close"
        self._frame(headers)
        path, _, query = target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version[-3:],
            "method": method,
            "scheme": "https",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": self._connection.remote,
            "server": self._connection.local,
            self._mark: True,
        }

    def _frame(self, headers: list[tuple[str, str]]) -> None:
        if (header(headers, "Transfer-Encoding") or "").lower() == "chunked":
            self._chunks = self._incoming.chunked()
            return
        length = header(headers, "Content-Length") or "0"
        if not length.isdigit():
            raise BadMessage
        self._left = int(length)

    async def _receive(self) -> Message:
        if not self._has_body:
            return await self._disconnect()
        piece = await self._piece()
        return {"type": "http.request", "body": piece, "more_body": self._has_body}

    async def _piece(self) -> bytes:
        if self._chunks is not None:
            piece: bytes = await anext(self._chunks, b"")
            self._has_body = bool(piece)
            return piece
        piece = await self._incoming.some(min(self._left, CHUNK_BYTES)) if self._left else b""
        if self._left and not piece:
            raise EOFError
        self._left -= len(piece)
        self._has_body = self._left > 0
        return piece

    async def _disconnect(self) -> Message:
        """Wait until the client is gone, or the answer is complete."""
        if not self._is_over and await self._incoming.is_more():
            await asyncio.get_running_loop().create_future()  # A client that is in a hurry: its next request waits.
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        with suppress(OSError):  # As uvicorn has it: whoever answers hears of a client that is gone by `receive`.
            if message["type"] == "http.response.start":
                await self._connection.write(self._head(message["status"], list(message.get("headers", ()))))
                return
            body, more = message.get("body", b""), message.get("more_body", False)
            if self._method != "HEAD" and (body or self._is_chunked):
                await self._connection.write(self._framed(body, more=more))
        self._is_over = not message.get("more_body", False)

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        names = {name.lower() for name, _ in headers}
        if b"content-length" not in names and status not in _BODILESS:
            self._is_chunked = True
            headers.append((b"transfer-encoding", b"chunked"))
        if not self._stays:
            headers.append((b"connection", b"close"))
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, '')}".encode(), *(name + b": " + value for name, value in headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _framed(self, body: bytes, *, more: bool) -> bytes:
        if not self._is_chunked:
            return body
        framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return framed if more else framed + b"0\r\n\r\n"
