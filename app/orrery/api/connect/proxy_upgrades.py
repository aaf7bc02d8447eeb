"""Upgrades that go through a proxy: a WebSocket to a server inside the cluster, byte for byte."""

import asyncio

from orrery.api.connect.forwards import join
from orrery.api.connect.http_client import Exchange
from orrery.api.connect.upgrades import without_credentials
from orrery.api.duplex import Duplex
from orrery.api.requests import Request
from orrery.api.responses import send_bytes
from orrery.api.takeover import TAKEOVER, Socket
from orrery.machinery.errors import ServiceUnavailable
from orrery.verbs.containers import Tunnel


def wants_upgrade(request: Request) -> bool:
    return TAKEOVER in request.scope and b"upgrade" in request.headers.get(b"connection", b"").lower()


async def pass_upgrade(request: Request, exchange: Exchange, tunnel: Tunnel, target: bytes) -> None:
    """Send the request as it came, without its credentials; when the server agrees to upgrade, its bytes and the client's are joined."""
    try:
        await exchange.send(request.method, target, without_credentials(request), None)
        head = await exchange.head()
    except OSError as problem:
        raise ServiceUnavailable(f"error trying to reach service: {problem.strerror or problem}") from problem
    if head.status != 101:
        body = b"".join([piece async for piece in exchange.body()])
        kept = [(key, value) for key, value in head.headers if key not in (b"content-length", b"transfer-encoding", b"connection", b"date")]
        await send_bytes(request.send, head.status, kept, body)
        return
    lines = [b"HTTP/1.1 101 Switching Protocols", *(b"%s: %s" % header for header in head.headers), b"", b""]
    wire: Socket = request.scope[TAKEOVER](b"\r\n".join(lines))
    await _join(wire, tunnel, exchange.rest)


async def _join(wire: Duplex, tunnel: Tunnel, rest: bytes) -> None:
    copying = asyncio.create_task(join(wire.read, wire.write, tunnel))
    try:
        if rest:
            await wire.write(rest)
        await copying
    except ConnectionError:
        pass
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
        wire.close()
