"""Upgrades that go through a proxy: a WebSocket to a server inside the cluster, byte for byte."""

import asyncio
from collections.abc import AsyncIterator

from orrery.api.connect.forwards import join
from orrery.api.connect.http_client import Exchange
from orrery.api.connect.upgrades import without_credentials
from orrery.api.duplex import Duplex
from orrery.api.requests import Request
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
        kept = [(key, value) for key, value in head.headers if key not in (b"transfer-encoding", b"connection", b"date")]
        await request.send({"type": "http.response.start", "status": head.status, "headers": kept})
        await send_body(request, exchange.body())
        return
    lines = [b"HTTP/1.1 101 Switching Protocols", *(b"%s: %s" % header for header in head.headers), b"", b""]
    wire: Socket = request.scope[TAKEOVER](b"\r\n".join(lines))
    await _join(wire, tunnel, exchange.rest)


async def send_body(request: Request, pieces: AsyncIterator[bytes]) -> None:
    """An answer's body as it comes."""
    try:
        async for piece in pieces:
            await request.send({"type": "http.response.body", "body": piece, "more_body": True})
    except OSError:
        return  # Cut off: without a last chunk the client sees it too.
    await request.send({"type": "http.response.body", "body": b""})


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
