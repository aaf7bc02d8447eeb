"""What servers share: listening, a thread per connection, an HTTP loop with keep-alive, ending on signals."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from orrery.node.processes.program import Connection, Listener, Process
from orrery.node.programs.call import Call
from orrery.node.programs.net.http import BadMessage, Incoming, Request, Response, read_request, response_head
from orrery.node.programs.system.moments import format_moment

BODY_MAX: Final = 1 << 20
_IDLE_S: Final = 75.0
CONNECTIONS_MAX: Final = 512

Talk: TypeAlias = Callable[[Connection], Awaitable[None]]
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]
Log: TypeAlias = Callable[[Request, Response], Awaitable[None]]


class Stop:
    """Set by a signal; the server waits for it."""

    def __init__(self, call: Call, signals: Sequence[int]) -> None:
        self._event = asyncio.Event()
        self.signal = 0
        for signal in signals:
            call.process.handle(signal, self._came)

    def _came(self, signal: int) -> None:
        self.signal = self.signal or signal
        self._event.set()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> int:
        await self._event.wait()
        return self.signal


async def accept_all(process: Process, listener: Listener, talk: Talk) -> None:
    """Each connection in a thread of its own, until the listener is closed."""
    open_now = 0

    async def one(connection: Connection) -> None:
        nonlocal open_now
        try:
            with suppress(ConnectionResetError, BrokenPipeError, EOFError, TimeoutError):
                await talk(connection)
        finally:
            open_now -= 1
            connection.close()

    try:
        while True:
            try:
                connection = await listener.accept()
            except OSError:
                return
            if open_now >= CONNECTIONS_MAX:
                connection.close()
                continue
            open_now += 1
            process.begin(one(connection))
    finally:
        listener.close()


def http_date(seconds: float) -> str:
    return format_moment("%a, %d %b %Y %H:%M:%S GMT", seconds)


class HttpService:
    """Answers HTTP on connections."""

    def __init__(self, call: Call, answer: Answer, *, server: str = "", log: Log | None = None) -> None:
        self._call = call
        self._answer = answer
        self._server = server
        self._log = log

    async def talk(self, connection: Connection) -> None:
        incoming = Incoming(connection)
        while True:
            requests: list[Request] = []

            async def read(into: list[Request] = requests) -> None:
                with suppress(EOFError, ConnectionResetError):
                    into.append(await read_request(incoming, body_max=BODY_MAX))

            try:
                await self._call.process.first_of(read(), self._call.process.clock.sleep(_IDLE_S, background=True))
            except BadMessage:
                await self._refuse(connection)
                return
            if not requests:
                return
            request = requests[0]
            request.remote, request.local = connection.remote, connection.local
            asked = (request.header("Connection") or "").lower()
            keeps = (request.version == "HTTP/1.1" and "close" not in asked) or "keep-alive" in asked
            response = await self._answer(request)
            await self._send(connection, request, response, keeps=keeps)
            if self._log is not None:
                await self._log(request, response)
            if not keeps:
                return

    async def _send(self, connection: Connection, request: Request, response: Response, *, keeps: bool) -> None:
        now = http_date(self._call.process.clock.now_s())
        head = response_head(response, keeps=keeps, server=self._server, date=now)
        has_body = request.method != "HEAD" and response.status not in (204, 304)
        await connection.write(head + (response.body if has_body and response.pieces is None else b""))
        if has_body and response.pieces is not None:
            async for piece in response.pieces:
                await connection.write(piece)

    async def _refuse(self, connection: Connection) -> None:
        now = http_date(self._call.process.clock.now_s())
        response = Response(400, b"400 Bad Request\n")
        with suppress(BrokenPipeError, ConnectionResetError):
            await connection.write(response_head(response, keeps=False, server=self._server, date=now) + response.body)


async def serve_http(call: Call, port: int, answer: Answer, *, server: str = "", log: Log | None = None, address: str = "0.0.0.0") -> None:
    """Listen and answer for ever; OSError when the port is taken."""
    listener = call.process.network.listen(address, port)
    await accept_all(call.process, listener, HttpService(call, answer, server=server, log=log).talk)


async def serve_until(call: Call, stop: Stop, *services: Awaitable[None]) -> int:
    """Run services until a signal says to stop; the signal."""
    await call.process.first_of(stop.wait(), *services)
    return stop.signal
