"""One SPDY/3.1 connection, seen from the server: the client opens streams, both sides write, finish and reset them.

Follows moby/spdystream, which every Kubernetes client and server speaks: WINDOW_UPDATE and SETTINGS are read and ignored, because
that library never sends or heeds them; the connection's own back-pressure is all there is. So one stream that nobody reads holds up
the others once its queue is full, upstream as here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from orrery.api.duplex import Duplex
from orrery.api.spdy import frames
from orrery.api.spdy.frames import FIN, BadFrame, Control, Data, Parser, Reset, Type
from orrery.api.spdy.headers import BadHeaders, HeaderReader, HeaderWriter
from orrery.machinery.byte_queue import ByteQueue

_STREAMS_MAX: Final = 4096


class SpdyStream:
    """One stream that the client opened."""

    def __init__(self, connection: "SpdyConnection", number: int, headers: Mapping[str, str]) -> None:
        self.number = number
        self.headers = headers
        self.incoming = ByteQueue()
        self.is_reset = False
        self.has_ended = False
        """The client will write no more."""
        self.has_finished = False
        """We will write no more."""
        self._connection = connection

    async def read(self) -> bytes:
        """At most 64 KiB; empty when the client has finished. ConnectionResetError when the stream was reset."""
        data = await self.incoming.get()
        if not data and self.is_reset:
            raise ConnectionResetError("the stream is reset")
        return data

    async def write(self, data: bytes) -> None:
        """BrokenPipeError once the stream is reset."""
        if self.is_reset or self.has_finished:
            raise BrokenPipeError("the stream is closed")
        if data:
            await self._connection.send(frames.data(self.number, data))

    async def finish(self) -> None:
        """Say that we write no more."""
        if not self.has_finished and not self.is_reset:
            self.has_finished = True
            self._connection.forget_if_over(self)
            await self._connection.send(frames.data(self.number, b"", fin=True))

    async def reset(self) -> None:
        """End both directions at once."""
        if not self.is_reset:
            self.cut()
            self._connection.forget_if_over(self)
            await self._connection.send(frames.reset(self.number, Reset.CANCEL))

    def cut(self) -> None:
        self.is_reset = self.has_ended = self.has_finished = True
        self.incoming.finish()


class SpdyConnection:
    """Reads frames in `run`; `on_stream` is told of each stream the client opens, and refuses it by returning False."""

    def __init__(self, wire: Duplex, on_stream: Callable[[SpdyStream], bool]) -> None:
        self._wire = wire
        self._on_stream = on_stream
        self._streams: dict[int, SpdyStream] = {}
        self._last = 0
        self._parser = Parser()
        self._reader = HeaderReader()
        self._writer = HeaderWriter()

    async def run(self) -> None:
        """Read until the client is gone, says goodbye, or talks nonsense; then every stream is at its end."""
        try:
            while data := await self._wire.read():
                for frame in self._parser.feed(data):
                    if isinstance(frame, Data):
                        await self._on_data(frame)
                    elif frame.type == Type.GOAWAY:
                        return
                    else:
                        await self._on_control(frame)
        except (BadFrame, BadHeaders, ConnectionError):
            return
        finally:
            for stream in self._streams.values():
                stream.cut()
            self._streams.clear()

    async def send(self, frame: bytes) -> None:
        await self._wire.write(frame)

    async def say_goodbye(self) -> None:
        await self.send(frames.goaway(self._last))

    def close(self) -> None:
        self._wire.close()

    def forget_if_over(self, stream: SpdyStream) -> None:
        if stream.has_ended and stream.has_finished:
            self._streams.pop(stream.number, None)

    async def _on_data(self, frame: Data) -> None:
        stream = self._streams.get(frame.stream)
        if stream is None or stream.has_ended:
            return  # It is gone already; what was on its way is dropped.
        await stream.incoming.put(frame.payload)
        if frame.fin:
            self._end(stream)

    async def _on_control(self, frame: Control) -> None:
        if frame.type == Type.SYN_STREAM:
            await self._on_syn(frame)
        elif frame.type == Type.RST_STREAM:
            if (stream := self._streams.pop(frame.number(), None)) is not None:
                stream.cut()
        elif frame.type == Type.PING:
            if frame.number() % 2:  # Ours would be even.
                await self.send(frames.control(Type.PING, frame.payload))
        elif frame.type == Type.HEADERS:
            self._reader.read(frame.payload[4:])  # Nobody asks for them, but compression must not lose its place.

    async def _on_syn(self, frame: Control) -> None:
        number = frame.number()
        headers = self._reader.read(frame.payload[10:])
        if number <= self._last or number % 2 == 0 or len(self._streams) >= _STREAMS_MAX:
            await self.send(frames.reset(number, Reset.PROTOCOL_ERROR))
            return
        self._last = number
        stream = SpdyStream(self, number, headers)
        if not self._on_stream(stream):
            await self.send(frames.reset(number, Reset.CANCEL))
            return
        self._streams[number] = stream
        await self.send(frames.syn_reply(number, self._writer.write({})))
        if frame.flags & FIN:
            self._end(stream)

    def _end(self, stream: SpdyStream) -> None:
        stream.has_ended = True
        stream.incoming.finish()
        self.forget_if_over(stream)
