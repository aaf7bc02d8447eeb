"""The first words of a connection that leaves HTTP: what the client asks for, what is agreed on, and the answers to both.

Follows apimachinery's `httpstream` (SPDY) and x/net's WebSocket server, whose refusals are plain text.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

from orrery.api.guard import BEARER_PROTOCOL
from orrery.api.impersonation import PREFIX as IMPERSONATION
from orrery.api.requests import Request
from orrery.api.responses import Header, send_bytes
from orrery.api.takeover import TAKEOVER, Socket
from orrery.machinery.errors import BadRequest
from orrery.verbs.containers import NodeRefusal

WEBSOCKET: Final = "websocket"
SPDY: Final = "SPDY/3.1"
_PROTOCOLS: Final = b"sec-websocket-protocol"
_VERSION_HEADER: Final = "X-Stream-Protocol-Version"


class HandshakeRefused(NodeRefusal):
    """Both sides speak the transport, but not about the same thing."""

    def __init__(self, text: str, code: int, headers: Sequence[Header] = ()) -> None:
        super().__init__(text, code)
        self.headers = headers


def header_values(request: Request, name: bytes) -> list[str]:
    """Every value of a header that may come several times, each of them a list with commas."""
    raw: list[tuple[bytes, bytes]] = list(request.scope["headers"])
    found = b",".join(value for key, value in raw if key == name).decode("latin-1")
    return [value.strip() for value in found.split(",") if value.strip()]


def upgrade_of(request: Request) -> str:
    """WEBSOCKET or SPDY; BadRequest when the client asks for neither or the server in front cannot hand a connection over."""
    wants_upgrade = any(value.lower() == "upgrade" for value in header_values(request, b"connection"))
    if not wants_upgrade or TAKEOVER not in request.scope:
        raise BadRequest("Upgrade request required")
    if request.headers.get(b"upgrade", b"").lower() == b"websocket":
        return WEBSOCKET
    if b"spdy/3.1" in request.headers.get(b"upgrade", b"").lower():
        return SPDY
    raise NodeRefusal("unable to upgrade: missing upgrade headers in request", 400)


def agree_on_spdy(request: Request, supported: Sequence[str]) -> str:
    """The first protocol of the client's that we speak."""
    asked = header_values(request, _VERSION_HEADER.lower().encode())
    if not asked:
        count = len(request.headers)
        raise HandshakeRefused(f"unable to upgrade: header {_VERSION_HEADER} does not exist in request with {count} headers", 400)
    for protocol in asked:
        if protocol in supported:
            return protocol
    raise HandshakeRefused(
        f"unable to upgrade: unable to negotiate protocol: client supports [{' '.join(asked)}], server accepts [{' '.join(supported)}]",
        403,
        [(b"x-accepted-stream-protocol-versions", protocol.encode()) for protocol in supported],
    )


def asked_protocols(request: Request) -> list[str]:
    """The WebSocket sub-protocols that the client names; what carries its token is none of them."""
    return [name for name in header_values(request, _PROTOCOLS) if not name.startswith(BEARER_PROTOCOL)]


def without_credentials(request: Request) -> list[tuple[bytes, bytes]]:
    """The headers of a request that goes on to somebody else: what says who sent it was for the API server alone."""
    raw: list[tuple[bytes, bytes]] = list(request.scope["headers"])
    headers = [(key, value) for key, value in raw if key not in (b"authorization", _PROTOCOLS) and not key.startswith(IMPERSONATION)]
    protocols = ", ".join(asked_protocols(request)).encode("latin-1")
    return [*headers, (_PROTOCOLS, protocols)] if protocols else headers


def agree_on_websocket(request: Request, supported: Sequence[str]) -> str:
    """The client's first sub-protocol that we speak; empty when it names none and `supported` has the empty one."""
    if request.headers.get(b"sec-websocket-version") != b"13":
        raise HandshakeRefused("missing or bad WebSocket Version", 400, [(b"sec-websocket-version", b"13")])
    if b"sec-websocket-key" not in request.headers:
        raise HandshakeRefused("missing Sec-WebSocket-Key", 400)
    asked = asked_protocols(request) or [""]
    for protocol in asked:
        if protocol in supported:
            return protocol
    raise HandshakeRefused(f"requested protocol(s) are not supported: [{' '.join(asked)}]; supports [{' '.join(supported)}]", 403)


def take_over(request: Request, upgrade: str, protocol: str) -> Socket:
    """Answer 101 and take the connection."""
    lines = ["HTTP/1.1 101 Switching Protocols", f"Upgrade: {upgrade}", "Connection: Upgrade"]
    if upgrade == WEBSOCKET:
        from wsproto.utilities import generate_accept_token

        lines.append(f"Sec-WebSocket-Accept: {generate_accept_token(request.headers[b'sec-websocket-key']).decode()}")
    if protocol:
        lines.append(f"{'Sec-WebSocket-Protocol' if upgrade == WEBSOCKET else _VERSION_HEADER}: {protocol}")
    taking = cast(Callable[[bytes], Socket], request.scope[TAKEOVER])
    return taking("\r\n".join([*lines, "", ""]).encode("latin-1"))


async def send_refusal(request: Request, refusal: NodeRefusal) -> None:
    """The kubelet's plain text, which the API server passes on as it is."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *(refusal.headers if isinstance(refusal, HandshakeRefused) else ())]
    await send_bytes(request.send, refusal.code, headers, refusal.text.encode())
