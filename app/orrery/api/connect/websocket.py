"""A WebSocket over a connection that was taken over: wsproto does the framing, this file the waiting.

Messages are handed out in pieces as they arrive, because a client may send forty megabytes in one. Pings are answered here.
wsproto brings h11 with it: it is imported by the first WebSocket, not by the start of the server.
"""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orrery.api.duplex import Duplex

if TYPE_CHECKING:
    from wsproto.events import BytesMessage, TextMessage


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message."""

    data: bytes
    is_first: bool
    is_last: bool


class WebSocket:
    """The server's side."""

    def __init__(self, wire: Duplex) -> None:
        from wsproto.connection import Connection, ConnectionType

        self._wire = wire
        self._protocol = Connection(ConnectionType.SERVER)
        self._pieces: deque[Piece] = deque()
        self._starts = True
        self._is_closing = False

    async def receive(self) -> Piece | None:
        """The next piece of a message; None when the client has closed or is gone."""
        from wsproto.utilities import ProtocolError

        while not self._pieces:
            if self._is_closing:
                return None
            try:
                data = await self._wire.read()
                if not data:
                    return None
                await self._take(data)
            except (ProtocolError, ConnectionError):
                return None
        return self._pieces.popleft()

    async def _take(self, data: bytes) -> None:
        from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

        self._protocol.receive_data(data)
        for event in self._protocol.events():
            if isinstance(event, TextMessage | BytesMessage):
                raw = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                self._pieces.append(Piece(raw, self._starts, event.message_finished))
                self._starts = event.message_finished
            elif isinstance(event, Ping):
                await self._wire.write(self._protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                self._is_closing = True
                await self._wire.write(self._protocol.send(event.response()))

    async def send(self, data: bytes) -> None:
        """One binary message. ConnectionError when the client is gone."""
        from wsproto.events import BytesMessage

        await self._send(BytesMessage(data=data))

    async def send_text(self, text: str) -> None:
        from wsproto.events import TextMessage

        await self._send(TextMessage(data=text))

    async def _send(self, event: "BytesMessage | TextMessage") -> None:
        from wsproto.utilities import ProtocolError

        try:
            frame = self._protocol.send(event)
        except ProtocolError as problem:
            raise ConnectionResetError("the WebSocket is closed") from problem
        await self._wire.write(frame)

    async def say_goodbye(self) -> None:
        """Send the close frame; who receives then waits for the client's. ConnectionError when it is gone."""
        from wsproto.events import CloseConnection
        from wsproto.utilities import ProtocolError

        try:
            await self._wire.write(self._protocol.send(CloseConnection(code=1000)))
        except ProtocolError as problem:
            raise ConnectionResetError("the WebSocket is closed") from problem

    def abandon(self) -> None:
        self._wire.close()


class BinaryTunnel:
    """The bytes inside a WebSocket's binary messages as a connection of its own: SPDY goes through it."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def read(self) -> bytes:
        while (piece := await self._websocket.receive()) is not None:
            if piece.data:
                return piece.data
        return b""

    async def write(self, data: bytes) -> None:
        await self._websocket.send(data)

    def close(self) -> None:
        self._websocket.abandon()
