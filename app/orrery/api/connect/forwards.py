"""pods/portforward: connections to ports inside a Pod, many of them in one SPDY connection, or one per port in a WebSocket.

SPDY comes plain or inside a WebSocket (`SPDY/3.1+portforward.k8s.io`). Each forwarded connection is a pair of streams, data and
error, that carry the same request id. Follows the kubelet's `cri/streaming/portforward`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from orrery.api.connect.channels import V4, V4_BASE64, Channels
from orrery.api.connect.pods import check_has_host, find_pod
from orrery.api.connect.upgrades import (
    SPDY,
    WEBSOCKET,
    agree_on_spdy,
    agree_on_websocket,
    header_values,
    send_refusal,
    take_over,
    upgrade_of,
)
from orrery.api.connect.websocket import BinaryTunnel, WebSocket
from orrery.api.duplex import Duplex
from orrery.api.requests import Request
from orrery.api.responses import unexpected
from orrery.api.spdy.connection import SpdyConnection, SpdyStream
from orrery.machinery.byte_queue import ByteQueue
from orrery.machinery.clock import Clock
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import uid_of
from orrery.verbs.call import Call
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers, NodeRefusal, Tunnel

PROTOCOL: Final = "portforward.k8s.io"
TUNNELLED: Final = f"{SPDY}+{PROTOCOL}"
_WEBSOCKET_PROTOCOLS: Final = ("", V4, V4_BASE64)
_PAIR_S: Final = 30.0
"""How long the second stream of a pair may take."""

Open = Callable[[int], Awaitable[Tunnel]]


class Forwards:
    """Answers pods/portforward."""

    def __init__(self, client: Client, containers: Containers, clock: Clock) -> None:
        self._client = client
        self._containers = containers
        self._clock = clock

    async def answer(self, request: Request, call: Call) -> None:
        pod = find_pod(self._client, call.namespace, call.name)
        check_has_host(pod)

        async def open_(port: int) -> Tunnel:
            return await self._containers.forward(call.namespace, call.name, port, uid=uid_of(pod))

        try:
            upgrade = upgrade_of(request)
            if upgrade == SPDY:
                protocol = agree_on_spdy(request, (PROTOCOL,))
            elif TUNNELLED in header_values(request, b"sec-websocket-protocol"):
                protocol = agree_on_websocket(request, (TUNNELLED,))
            else:
                protocol = agree_on_websocket(request, _WEBSOCKET_PROTOCOLS)
            ports = wanted_ports(request) if upgrade == WEBSOCKET and protocol != TUNNELLED else []
            await self._containers.check_forward(call.namespace, call.name)
        except NodeRefusal as refusal:
            await send_refusal(request, refusal)
            return
        wire: Duplex = take_over(request, upgrade, protocol)
        if ports:
            await ChannelForwards(Channels(WebSocket(wire), protocol), ports, open_).run()
            return
        if protocol == TUNNELLED:
            wire = BinaryTunnel(WebSocket(wire))
        await SpdyForwards(wire, open_, self._clock).run()


def wanted_ports(request: Request) -> list[int]:
    """The ports in the query of a WebSocket without SPDY. NodeRefusal (400) as the kubelet words it."""
    values = request.query.get("ports", request.query.get("port", ()))
    if not values:
        raise NodeRefusal('query parameter "port" is required', 400)
    ports = []
    for text in ",".join(values).split(","):
        if not text:
            raise NodeRefusal('query parameter "port" cannot be empty', 400)
        ports.append(_port(text))
    return ports


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise NodeRefusal(f"unable to parse {go_quote(text)} as a port: strconv.ParseUint: parsing {go_quote(text)}: invalid syntax", 400)
    if int(text) > 65_535:
        raise NodeRefusal(
            f"unable to parse {go_quote(text)} as a port: strconv.ParseUint: parsing {go_quote(text)}: value out of range", 400
        )
    if int(text) == 0:
        raise NodeRefusal(f"port {go_quote(text)} must be > 0", 400)
    return int(text)


class SpdyForwards:
    """One SPDY connection full of forwarded ones."""

    def __init__(self, wire: Duplex, open_: Open, clock: Clock) -> None:
        self._connection = SpdyConnection(wire, self._on_stream)
        self._open = open_
        self._clock = clock
        self._halves: dict[str, SpdyStream] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the client leaves; then every forwarded connection is closed."""
        try:
            await self._connection.run()
        except Exception as fault:
            unexpected(fault)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._connection.close()

    def _on_stream(self, stream: SpdyStream) -> bool:
        kind, port = stream.headers.get("streamtype", ""), stream.headers.get("port", "")
        try:
            _port(port)
        except NodeRefusal:
            return False
        if kind not in ("error", "data"):
            return False
        # Clients older than request ids open the error stream first and the data stream next.
        request = stream.headers.get("requestid") or str(stream.number - (0 if kind == "error" else 2))
        other = self._halves.pop(request, None)
        if other is None:
            self._halves[request] = stream
            self._clock.call_later(_PAIR_S, lambda: self._give_up(request, stream), background=True)
        elif other.headers.get("streamtype") == kind:
            return False
        else:
            data, error = (stream, other) if kind == "data" else (other, stream)
            self._start(lambda: self._forward(data, error, int(port)))
        return True

    def _give_up(self, request: str, stream: SpdyStream) -> None:
        if self._halves.get(request) is stream:
            del self._halves[request]
            self._start(stream.reset)

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except ConnectionError:
                pass
            except Exception as fault:
                unexpected(fault)

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _forward(self, data: SpdyStream, error: SpdyStream, port: int) -> None:
        error.incoming.drop()
        try:
            tunnel = await self._open(port)
        except OSError as problem:
            await error.write(str(problem).encode())
            await error.finish()
            await data.reset()
            await error.reset()
            return
        try:
            await join(data.read, data.write, tunnel)
        finally:
            data.incoming.drop()
        await data.finish()
        await error.finish()


class ChannelForwards:
    """One connection per port in a WebSocket: channel 2n carries data, 2n + 1 errors, and both begin with the port's number."""

    def __init__(self, channels: Channels, ports: list[int], open_: Open) -> None:
        self._channels = channels
        self._ports = ports
        self._open = open_
        self._incoming = [ByteQueue() for _ in ports]

    async def run(self) -> None:
        """Until the client leaves, or every connection has ended."""
        listening = asyncio.create_task(self._listen())
        forwarding = asyncio.gather(*(self._forward(index) for index in range(len(self._ports))))
        try:
            await asyncio.wait((listening, forwarding), return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                await self._channels.websocket.say_goodbye()
                await listening
        except ConnectionError:
            pass
        finally:
            listening.cancel()
            forwarding.cancel()
            ends = await asyncio.gather(listening, forwarding, return_exceptions=True)
            for end in ends:
                if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                    unexpected(end)
            self._channels.websocket.abandon()

    async def _listen(self) -> None:
        try:
            while (came := await self._channels.receive()) is not None:
                if came.channel % 2 == 0 and came.channel // 2 < len(self._ports):
                    await self._incoming[came.channel // 2].put(came.data)
        finally:
            for queue in self._incoming:
                queue.finish()

    async def _forward(self, index: int) -> None:
        port, queue, data, error = self._ports[index], self._incoming[index], 2 * index, 2 * index + 1
        for channel in (data, error):
            await self._channels.send(channel, port.to_bytes(2, "little"))
        try:
            tunnel = await self._open(port)
        except OSError as problem:
            await self._channels.send(error, str(problem).encode())
            queue.drop()
            return

        async def write(piece: bytes) -> None:
            await self._channels.send(data, piece)

        try:
            await join(queue.get, write, tunnel)
        finally:
            queue.drop()


async def join(read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]], tunnel: Tunnel) -> None:
    """Copy both ways until the Pod's side has ended; an end of the client's side is passed on, its reset ends everything."""
    upwards = asyncio.create_task(_upwards(read, tunnel))
    downwards = asyncio.create_task(_downwards(write, tunnel))
    try:
        await asyncio.wait((upwards, downwards), return_when=asyncio.FIRST_COMPLETED)
        if not downwards.done() and upwards.exception() is None:
            await asyncio.wait((downwards,))
    finally:
        upwards.cancel()
        downwards.cancel()
        await asyncio.gather(upwards, downwards, return_exceptions=True)
        tunnel.close()


async def _upwards(read: Callable[[], Awaitable[bytes]], tunnel: Tunnel) -> None:
    while piece := await read():
        try:
            await tunnel.write(piece)
        except OSError:
            return  # The Pod's side reads no more; what it still says is worth hearing.
    with contextlib.suppress(OSError):
        await tunnel.close_writing()


async def _downwards(write: Callable[[bytes], Awaitable[None]], tunnel: Tunnel) -> None:
    while piece := await tunnel.read():
        await write(piece)
