"""pods/proxy and services/proxy: any HTTP request to a port inside the cluster, through the API server.

Follows apimachinery's `util/proxy` and the `ResourceLocation` of Pods and Services.
"""

import errno
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from orrery.api.connect.http_client import Exchange, Head, Header
from orrery.api.connect.node_proxies import NodeProxies
from orrery.api.connect.pods import find_pod
from orrery.api.connect.proxy_links import PAGE_BYTES_MAX, Rewrite, rewritten_page, rewritten_url
from orrery.api.connect.proxy_upgrades import pass_upgrade, send_body, wants_upgrade
from orrery.api.connect.upgrades import without_credentials
from orrery.api.requests import Request
from orrery.api.responses import NO_CACHE, off_loop, send_bytes
from orrery.machinery.errors import BadRequest, NotFound, NotImplementedYet, ServiceUnavailable
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.verbs.call import Call
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers

_HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_UNSENT: Final = _HOP_BY_HOP | {b"x-forwarded-for", b"expect"}
_UNANSWERED: Final = _HOP_BY_HOP | {
    b"date",  # The server's own.
    b"access-control-allow-credentials",
    b"access-control-allow-headers",
    b"access-control-allow-methods",
    b"access-control-allow-origin",
}
_PORT_NAMES: Final = {"domain": "53", "ftp": "21", "http": "80", "https": "443", "imap2": "143", "pop3": "110", "smtp": "25", "ssh": "22"}
"""The names of ports that Go knows by itself; those of a Pod's containers mean nothing to a dialler."""
_PORT_MAX: Final = 65535
_DIGITS_MAX: Final = 18
"""A longer number is no number: it does not fit into 64 bits."""
_DIAL_ERRORS: Final = {
    errno.ECONNREFUSED: "connect: connection refused",
    errno.EHOSTUNREACH: "connect: no route to host",
    errno.ENETUNREACH: "connect: network is unreachable",
    errno.ETIMEDOUT: "i/o timeout",
    errno.ECONNRESET: "read: connection reset by peer",
}


def split_target(resource: str, text: str, *, is_kubelet: bool = False) -> tuple[str, str, str]:
    """`[scheme:]name[:port]` as (scheme, name, port). Kubelets serve HTTPS, which the API server speaks to them whatever is asked."""
    parts = text.split(":")
    scheme, name, port = ("", parts[0], "") if len(parts) == 1 else ("", parts[0], parts[1]) if len(parts) == 2 else ("", "", "")
    if len(parts) == 3:
        scheme, name, port = parts
    if not name or scheme not in ("", "http", "https") or len(parts) > 3:
        raise BadRequest(f"invalid {resource} request {go_quote(text)}")
    if scheme == "https" and not is_kubelet:
        # DIFFERS: upstream's proxy speaks TLS to https: targets; the simulated network carries no TLS, and we say so.
        raise NotImplementedYet("Orrery does not proxy to https: targets, because the simulated network carries no TLS")
    return scheme, name, port


class Proxies:
    """Answers pods/proxy, services/proxy and nodes/proxy."""

    def __init__(self, client: Client, containers: Containers) -> None:
        self._client = client
        self._containers = containers
        self._nodes = NodeProxies(client, containers)

    async def pod(self, request: Request, call: Call) -> None:
        _, name, port = split_target("pod", call.name)
        pod = find_pod(self._client, call.namespace, name)
        addresses = (pod.get("status") or {}).get("podIPs") or ()
        if not addresses:
            raise BadRequest("address not allowed")
        if not port:
            declared = (one for container in pod["spec"]["containers"] for one in container.get("ports") or ())
            port = str(next((one["containerPort"] for one in declared), 80))
        await self._pass(request, addresses[0]["ip"], port)

    async def service(self, request: Request, call: Call) -> None:
        _, name, port = split_target("service", call.name)
        address, number = self._endpoint(call.namespace, name, port, call.name)
        await self._pass(request, address, str(number))

    async def node(self, request: Request, call: Call) -> None:
        _, name, port = split_target("node", call.name, is_kubelet=True)
        await self._nodes.answer(request, name, port, _split_path(request)[1].decode("latin-1"))

    def _endpoint(self, namespace: str, name: str, port: str, asked: str) -> tuple[str, int]:
        """An address and port that serve the Service."""
        if port.isascii() and port.isdigit() and len(port) <= _DIGITS_MAX:
            port = self._port_name(namespace, name, int(port))
        endpoints = self._client.get("endpoints", namespace, name)
        if endpoints is None:
            raise NotFound("services", name)
        subsets = endpoints.get("subsets") or ()
        if not subsets:
            raise ServiceUnavailable(f"no endpoints available for service {go_quote(name)}")
        for subset in subsets:
            for one in subset.get("ports") or ():
                if one.get("name", "") == port and (address := self._pod_address(namespace, subset)):
                    return address, int(one["port"])
        raise ServiceUnavailable(f"no endpoints available for service {go_quote(asked)}")

    def _port_name(self, namespace: str, name: str, port: int) -> str:
        service = self._client.get("services", namespace, name)
        if service is None:
            raise NotFound("services", name)
        for one in service["spec"].get("ports") or ():
            if one["port"] == port:
                return str(one.get("name", ""))
        raise ServiceUnavailable(f"no service port {port} found for service {go_quote(name)}")

    def _pod_address(self, namespace: str, subset: FrozenObject) -> str:
        """The first address that belongs to a Pod."""
        # DIFFERS: upstream picks one of the endpoints at random; we take the first that is good, so that answers repeat.
        for address in subset.get("addresses") or ():
            target = address.get("targetRef") or {}
            pod = self._client.get("pods", namespace, target.get("name", "")) if target.get("kind") == "Pod" else None
            if pod is not None and any(one["ip"] == address["ip"] for one in (pod.get("status") or {}).get("podIPs") or ()):
                return str(address["ip"])
        return ""

    async def _pass(self, request: Request, address: str, port: str) -> None:
        prefix, path = _split_path(request)
        query = b"?" + request.raw_query if request.raw_query else b""
        if not path and request.method in ("GET", "HEAD"):
            await send_bytes(request.send, 301, [NO_CACHE, (b"location", prefix + b"/" + query)], b"")
            return
        port = _PORT_NAMES.get(port, port)
        if not (port.isascii() and port.isdigit()):
            raise _unreachable(f"dial tcp: lookup tcp/{port}: unknown port")
        if len(port) > _DIGITS_MAX or int(port) > _PORT_MAX:
            raise _unreachable(f"dial tcp: address {port}: invalid port")
        try:
            tunnel = await self._containers.dial(address, int(port))
        except OSError as problem:
            raise _unreachable(f"dial tcp {address}:{port}: {_words(problem)}") from problem
        exchange = Exchange(tunnel, has_body=request.method != "HEAD")
        try:
            target = (path or b"/") + query
            if wants_upgrade(request):
                await pass_upgrade(request, exchange, tunnel, target)
                return
            await exchange.send(request.method, target, _request_headers(request, prefix + path), _body(request))
            head = await _head(exchange)
            rewrite = _rewriting(request, prefix, f"{address}:{port}")
            if _is_page(head) and request.method != "HEAD":
                await _send_page(request, exchange, head, rewrite)
                return
            await request.send({"type": "http.response.start", "status": head.status, "headers": _headers(head, rewrite)})
            await send_body(request, exchange.body())
        finally:
            await exchange.close()


async def _head(exchange: Exchange) -> Head:
    try:
        return await exchange.head()
    except OSError as problem:
        raise _unreachable(_words(problem)) from problem


def _rewriting(request: Request, prefix: bytes, target: str) -> Rewrite:
    host = request.headers.get(b"host", b"").decode("latin-1")
    return partial(rewritten_url, prefix=prefix.decode("latin-1"), target=target, host=host)


async def _send_page(request: Request, exchange: Exchange, head: Head, rewrite: Rewrite) -> None:
    """A page as a whole, its links rewritten; one that is too long for that goes on as it comes."""
    body = bytearray()
    pieces = exchange.body()
    headers = [(key, value) for key, value in _headers(head, rewrite) if key != b"content-length"]
    try:
        async for piece in pieces:
            body += piece
            # DIFFERS: upstream rewrites the links of HTML pages of any length; we leave pages of more than 8 MiB as they are.
            if len(body) > PAGE_BYTES_MAX:
                await request.send({"type": "http.response.start", "status": head.status, "headers": headers})
                await request.send({"type": "http.response.body", "body": bytes(body), "more_body": True})
                await send_body(request, pieces)
                return
    except OSError as problem:
        raise _unreachable(_words(problem)) from problem
    encoding = head.value(b"content-encoding").decode("latin-1")
    page = await off_loop(lambda: rewritten_page(bytes(body), encoding, rewrite), len(body))
    await send_bytes(request.send, head.status, headers, page)


def _unreachable(why: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"error trying to reach service: {why}")


def _words(problem: OSError) -> str:
    return _DIAL_ERRORS.get(problem.errno or 0, "") or problem.strerror or str(problem)


def _split_path(request: Request) -> tuple[bytes, bytes]:
    """The path up to `/proxy`, and what follows it, both as they were written."""
    raw: bytes = request.scope.get("raw_path") or request.path.encode()
    depth = 8 if b"/namespaces/" in raw else 6
    parts = raw.split(b"/", depth)
    prefix = b"/".join(parts[:depth])
    return prefix, raw[len(prefix) :]


def _request_headers(request: Request, forwarded: bytes) -> list[Header]:
    raw: list[Header] = list(request.scope["headers"])
    named = {value.strip().lower() for key, values in raw if key == b"connection" for value in values.split(b",")}
    headers = [(key, value) for key, value in without_credentials(request) if key not in _UNSENT and key not in named]
    before = [value for key, value in raw if key == b"x-forwarded-for"]
    client = request.scope.get("client")
    if client:
        headers.append((b"x-forwarded-for", b", ".join([*before, client[0].encode()])))
    headers.append((b"x-forwarded-uri", forwarded))
    if any(key == b"transfer-encoding" for key, _ in raw):
        headers.append((b"transfer-encoding", b"chunked"))
    return headers


def _body(request: Request) -> AsyncIterator[bytes] | None:
    if request.headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in request.headers:
        return None
    return _pieces(request)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client is gone")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _headers(head: Head, rewrite: Rewrite) -> list[Header]:
    named = {value.strip().lower() for key, values in head.headers if key == b"connection" for value in values.split(b",")}
    headers = [(key, value) for key, value in head.headers if key not in _UNANSWERED and key not in named]
    if not head.value(b"cache-control"):
        headers.append(NO_CACHE)
    return [(key, rewrite(value.decode("latin-1")).encode("latin-1") if key == b"location" else value) for key, value in headers]


def _is_page(head: Head) -> bool:
    """Whether it is a page of HTML, as far as its headers tell."""
    kind = head.value(b"content-type").partition(b";")[0].strip()
    return kind == b"text/html" and not head.value(b"location")
