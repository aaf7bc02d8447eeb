"""Who may talk to this server at all: the Host and Origin of a request, and its bearer token.

A local server without passwords is reachable by every web page its user opens: a page can send requests to 127.0.0.1, and by
DNS rebinding it can even read the answers. So the name the client used must be one of ours, and a page's Origin too; no CORS
header is ever sent. Who the caller is then is the authenticator's answer.
"""

import base64
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from orrery.api.failures import HostRefused
from orrery.verbs.call import User

_LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "kubernetes.docker.internal"})
_EVERY_INTERFACE: Final = frozenset({"0.0.0.0", "::"})
_SEEN_MAX: Final = 64
BEARER_PROTOCOL: Final = "base64url.bearer.authorization.k8s.io."
"""What begins the WebSocket sub-protocol that carries a token."""


class Authenticator(Protocol):
    """Says who sends a request; `auth.tokens` has the one of a server."""

    def authenticate(self, token: str, *, is_inside: bool = False) -> User:
        """The user of a bearer token (empty when none was sent); raises Unauthorized. `is_inside`: a container has sent it."""


def host_of(authority: str) -> str:
    """The host of a Host header, without port and brackets, in lower case."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].rstrip(".").lower()


def is_loopback(host: str) -> bool:
    if host in _LOOPBACK_NAMES or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """Checks every request before anything else reads it."""

    def __init__(self, allowed_hosts: Iterable[str], authenticator: Authenticator) -> None:
        """`allowed_hosts` adds to the loopback names; `*` allows every host and origin, 0.0.0.0 every address as Host."""
        self._allowed = frozenset(host_of(host) if host.count(":") < 2 else host.lower() for host in allowed_hosts)
        self._authenticator = authenticator
        self._any_address = not self._allowed.isdisjoint(_EVERY_INTERFACE)
        self._known_good: set[bytes] = set()

    def check_host(self, headers: Mapping[bytes, bytes]) -> None:
        """HostRefused when the request came under a foreign name or from a foreign page."""
        authority = headers.get(b"host", b"")
        if authority not in self._known_good:
            self._check_authority(authority)
        origin = headers.get(b"origin")
        # A page of the very authority that was just found good is our own: /docs at an address of this machine.
        if origin is not None and origin.partition(b"://")[2] != authority:
            self._check_origin(origin.decode("latin-1"))

    def user(self, headers: Mapping[bytes, bytes], *, is_inside: bool = False) -> User:
        """Who sends it; Unauthorized when the token is missing or wrong."""
        authorization = headers.get(b"authorization")
        if authorization is not None:
            token = _bearer_token(authorization)
        else:
            token = _websocket_token(headers) if b"sec-websocket-protocol" in headers else ""
        return self._authenticator.authenticate(token, is_inside=is_inside)

    def _check_authority(self, authority: bytes) -> None:
        host = host_of(authority.decode("latin-1"))
        # A name can be rebound to this machine by whoever owns it; an address cannot.
        if not self._is_allowed(host) and not (self._any_address and _is_address(host)):
            name = authority.decode("latin-1") or "none"
            raise HostRefused(
                f"the Host header of the request ({name}) names no host of this server; start it with --allowed-host to add one"
            )
        if len(self._known_good) < _SEEN_MAX:
            self._known_good.add(authority)

    def _check_origin(self, origin: str) -> None:
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:
            host = ""
        if not self._is_allowed(host):
            raise HostRefused(f"requests from web pages of {origin} are refused; start the server with --allowed-host to add their host")

    def _is_allowed(self, host: str) -> bool:
        return "*" in self._allowed or host in self._allowed or (host != "" and is_loopback(host))


def _bearer_token(authorization: bytes) -> str:
    """The token of a bearer header, or the password of a basic one; empty when there is neither."""
    scheme, _, rest = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        # DIFFERS: upstream has no basic authentication; we take its password for a token, since kubectl sends no token without TLS.
        return _basic_password(rest.strip())
    return ""


def _websocket_token(headers: Mapping[bytes, bytes]) -> str:
    """The token that a web page hides among the sub-protocols it asks for, since it cannot set headers; empty when there is none."""
    for name in headers[b"sec-websocket-protocol"].decode("latin-1").split(","):
        if name.strip().startswith(BEARER_PROTOCOL):
            encoded = name.strip().removeprefix(BEARER_PROTOCOL)
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except ValueError:
                return ""
    return ""


def _basic_password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
