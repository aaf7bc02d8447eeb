"""The client's end of an exec or attach: its stdin and terminal sizes come in, stdout, stderr and the final status go out.

Two transports carry the same five streams: a WebSocket with channels, and SPDY with a stream for each. `commands` sees neither.
Follows the kubelet's `cri/streaming/remotecommand`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

import orjson

from orrery.api.connect.channels import PLAIN, PLAIN_BASE64, V4, V4_BASE64, V5, Channels
from orrery.api.duplex import Duplex
from orrery.api.spdy.connection import SpdyConnection, SpdyStream
from orrery.machinery.byte_queue import ByteQueue
from orrery.machinery.clock import Clock
from orrery.machinery.objects import Object
from orrery.verbs.containers import ExecOptions

V3: Final = "v3.channel.k8s.io"
V2: Final = "v2.channel.k8s.io"
SPDY_PROTOCOLS: Final = (V4, V3, V2, PLAIN)
WEBSOCKET_PROTOCOLS: Final = (V5, V4, V4_BASE64, PLAIN, PLAIN_BASE64, "")
STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
_NAMES: Final = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}
_STREAMS_S: Final = 30.0
"""How long an SPDY client has to open its streams."""
_GOODBYE_S: Final = 5.0
"""How long a client has to hang up after the last word."""
_SIZE_BYTES_MAX: Final = 1024

Resize = Callable[[int, int], None]


class Sizes:
    """Reads terminal sizes, one JSON object after the other, in any pieces."""

    def __init__(self) -> None:
        self._tell: Resize | None = None
        self._newest: tuple[int, int] | None = None
        self._text = b""

    def start(self, tell: Resize) -> None:
        """Tell sizes from now on, and the one that came before."""
        self._tell = tell
        if self._newest is not None:
            tell(*self._newest)

    def feed(self, data: bytes) -> None:
        self._text += data
        while (end := self._text.find(b"}")) >= 0:
            document, self._text = self._text[: end + 1], self._text[end + 1 :]
            self._read(document)
        if len(self._text) > _SIZE_BYTES_MAX:
            self._text = b""

    def _read(self, document: bytes) -> None:
        try:
            size = {key.lower(): value for key, value in orjson.loads(document).items()}
            width, height = int(size.get("width", 0)), int(size.get("height", 0))
        except (ValueError, TypeError, AttributeError):
            return
        if 0 <= width < 65_536 and 0 <= height < 65_536:
            self._newest = (width, height)
            if self._tell is not None:
                self._tell(width, height)


class Caller(ABC):
    """The client of one session."""

    def __init__(self, clock: Clock) -> None:
        self.stdin = ByteQueue()
        self.sizes = Sizes()
        self.gone = asyncio.Event()
        """The client has left."""
        self._clock = clock

    @abstractmethod
    async def listen(self) -> None:
        """Take what comes until the client leaves; then stdin is at its end."""

    @abstractmethod
    async def open(self) -> bool:
        """Wait until every stream is there; False when they never come."""

    @abstractmethod
    async def send(self, channel: int, data: bytes) -> None:
        """ConnectionError when the client is gone."""

    @abstractmethod
    async def finish(self, status: Object) -> None:
        """Tell how it ended, as the last word, and let the client hang up."""

    @abstractmethod
    def abandon(self) -> None:
        """Hang up at once."""

    async def _let_hang_up(self) -> None:
        """Close once the client has: closing with its words unread could cost it our last ones. `listen` must be running."""
        self.stdin.drop()
        timer = self._clock.call_later(_GOODBYE_S, self.gone.set, background=True)
        await self.gone.wait()
        timer.cancel()
        self.abandon()


class WebSocketCaller(Caller):
    def __init__(self, channels: Channels, options: ExecOptions, protocol: str, clock: Clock) -> None:
        super().__init__(clock)
        self._channels = channels
        self._options = options
        self._protocol = protocol

    async def listen(self) -> None:
        try:
            while (came := await self._channels.receive()) is not None:
                if came.is_close:
                    if came.channel == STDIN:
                        self.stdin.finish()
                elif came.channel == STDIN and self._options.stdin:
                    await self.stdin.put(came.data)
                elif came.channel == RESIZE:
                    self.sizes.feed(came.data)
        finally:
            self.stdin.finish()
            self.gone.set()

    async def open(self) -> bool:
        """An empty message on the first channel tells clients that the connection stands."""
        options = self._options
        await self.send(STDOUT if options.stdout else STDERR if options.stderr else ERROR, b"")
        return True

    async def send(self, channel: int, data: bytes) -> None:
        await self._channels.send(channel, data)

    async def finish(self, status: Object) -> None:
        body = status_body(status, self._protocol)
        if body:
            await self.send(ERROR, body)
        await self._channels.websocket.say_goodbye()
        await self._let_hang_up()

    def abandon(self) -> None:
        self._channels.websocket.abandon()


class SpdyCaller(Caller):
    def __init__(self, wire: Duplex, options: ExecOptions, protocol: str, clock: Clock) -> None:
        super().__init__(clock)
        self._connection = SpdyConnection(wire, self._on_stream)
        self._protocol = protocol
        self._streams: dict[int, SpdyStream] = {}
        resizes = options.tty and protocol in (V4, V3)
        self._expected = 1 + options.stdin + options.stdout + options.stderr + resizes
        self._complete = asyncio.Event()
        self._resizing: asyncio.Task[None] | None = None

    def _on_stream(self, stream: SpdyStream) -> bool:
        channel = _NAMES.get(stream.headers.get("streamtype", ""))
        if channel is None or channel in self._streams:
            return channel is not None
        self._streams[channel] = stream
        if channel == STDIN:
            self.stdin = stream.incoming
        elif channel == RESIZE:
            self._resizing = asyncio.create_task(self._read_sizes(stream))
        if len(self._streams) >= self._expected:
            self._complete.set()
        return True

    async def _read_sizes(self, stream: SpdyStream) -> None:
        while data := await stream.incoming.get():
            self.sizes.feed(data)

    async def listen(self) -> None:
        try:
            await self._connection.run()
        finally:
            self.stdin.finish()
            self.gone.set()
            self._complete.set()

    async def open(self) -> bool:
        timer = self._clock.call_later(_STREAMS_S, self._complete.set, background=True)
        try:
            await self._complete.wait()
        finally:
            timer.cancel()
        return len(self._streams) >= self._expected

    async def send(self, channel: int, data: bytes) -> None:
        if (stream := self._streams.get(channel)) is not None:
            await stream.write(data)

    async def finish(self, status: Object) -> None:
        for channel in (STDOUT, STDERR):
            if (stream := self._streams.get(channel)) is not None:
                await stream.finish()
        error = self._streams[ERROR]
        await error.write(status_body(status, self._protocol))
        await error.finish()
        for channel in (STDIN, RESIZE):
            if (stream := self._streams.get(channel)) is not None:
                await stream.reset()
        await self._connection.say_goodbye()
        await self._let_hang_up()

    def abandon(self) -> None:
        if self._resizing is not None:
            self._resizing.cancel()
        self._connection.close()


def status_body(status: Object, protocol: str) -> bytes:
    """From v4 on the status itself; before, the message alone, and nothing for success."""
    if protocol in (V5, V4, V4_BASE64):
        return orjson.dumps(status)
    return str(status.get("message", "")).encode() if status["status"] == "Failure" else b""
