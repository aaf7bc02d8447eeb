"""Answers to paths that name no resource: discovery, version, health, and the list of paths.

`Documents` answers /api and /apis, `Basics` version and health. The list of paths is a route of `web.py`.
"""

from collections.abc import Mapping

import orjson

from orrery.api.discovery import Discovery, content_type
from orrery.api.failures import NoRepresentation, WrongMethod
from orrery.api.health import Check, Health, version
from orrery.api.negotiation import Format, negotiate, negotiate_error
from orrery.api.requests import Request
from orrery.api.responses import CONTENT_TYPES, NO_CACHE, PLAIN_HEADERS, encode_object, send_bytes, send_error, send_page_not_found
from orrery.machinery.errors import ApiError, PathNotFound
from orrery.machinery.objects import Object


class Documents:
    """Discovery under /api and /apis."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    async def answer(self, request: Request, parts: list[str]) -> None:
        """Answer a path of discovery, from its parts (`['', 'apis', 'apps']`)."""
        if parts[-1] == "":
            parts.pop()
        try:
            if parts[1] == "api":
                await self._core(request, parts[2:])
            else:
                await self._groups(request, parts[2:])
        except ApiError as error:
            await send_error(request.send, error, request.humanized(negotiate_error(request.accept)))

    async def _core(self, request: Request, rest: list[str]) -> None:
        if len(rest) > 1 or (rest and not self._discovery.serves("", rest[0])):
            raise PathNotFound
        if request.method != "GET":
            raise WrongMethod
        if rest:
            await self._send(request, self._discovery.resources("", rest[0]), negotiate(request.accept))
            return
        wanted = _root_format(request)
        if wanted.transform:
            await self._send_aggregated(request, wanted, core=True)
        else:
            host = request.headers.get(b"host", b"").decode("latin-1")
            await self._send(request, self._discovery.api_versions(host), wanted)

    async def _groups(self, request: Request, rest: list[str]) -> None:
        if not rest:
            wanted = negotiate(request.accept, discovery=True)
            if wanted.transform:
                await self._send_aggregated(request, wanted, core=False)
            else:
                await self._send(request, self._discovery.group_list(), wanted)
        elif not rest[0] or not self._discovery.serves(rest[0]):
            await send_page_not_found(request.send)
        elif len(rest) == 1:
            await self._send(request, self._discovery.group(rest[0]), negotiate(request.accept, discovery=True))
        elif len(rest) > 2 or not self._discovery.serves(*rest):
            raise PathNotFound
        elif request.method != "GET":
            raise WrongMethod
        else:
            await self._send(request, self._discovery.resources(*rest), negotiate(request.accept))

    async def _send(self, request: Request, document: Object, wanted: Format) -> None:
        body = await encode_object(document, request.humanized(wanted))
        await send_bytes(request.send, 200, (NO_CACHE, CONTENT_TYPES[wanted.encoding]), body)

    async def _send_aggregated(self, request: Request, wanted: Format, *, core: bool) -> None:
        document, etag = self._discovery.aggregated(core=core)
        headers = [(b"etag", etag.encode()), (b"vary", b"Accept"), (b"cache-control", b"public")]
        if request.headers.get(b"if-none-match") == headers[0][1]:
            await request.send({"type": "http.response.start", "status": 304, "headers": headers[:2]})
            await request.send({"type": "http.response.body", "body": b""})
            return
        body = await encode_object(document, request.humanized(wanted))
        await send_bytes(request.send, 200, [*headers, (b"content-type", content_type(wanted))], body)


def _root_format(request: Request) -> Format:
    """For /api: aggregated when it is asked for, else by the router's stricter rules."""
    try:
        wanted = negotiate(request.accept, discovery=True)
    except ApiError:
        raise NoRepresentation(streams=False) from None
    return wanted if wanted.transform else negotiate(request.accept)


class Basics:
    """/version, /livez, /readyz and /healthz: what is asked before anything else, and by probes for ever."""

    def __init__(self, readiness: Mapping[str, Check]) -> None:
        self._health = Health(readiness)

    def paths(self) -> list[str]:
        return [*self._health.paths(), "/version"]

    async def answer(self, request: Request, path: str) -> bool:
        """Answer, or return False when the path is none of these."""
        _, endpoint, *rest = path.split("/", 2)
        if path in ("/version", "/version/"):
            await self._send_version(request)
        elif endpoint not in self._health.endpoints:
            return False
        elif not rest:
            status, text = self._health.answer(endpoint, request.query)
            await send_bytes(request.send, status, PLAIN_HEADERS, text.encode())
        else:
            status, text = self._health.answer_one(endpoint, rest[0]) or (404, "404 page not found\n")
            await send_bytes(request.send, status, PLAIN_HEADERS, text.encode())
        return True

    async def _send_version(self, request: Request) -> None:
        if request.method != "GET":
            await send_error(request.send, WrongMethod(), request.humanized(negotiate_error(request.accept)))
            return
        await send_bytes(request.send, 200, (NO_CACHE, CONTENT_TYPES["json"]), orjson.dumps(version(), option=orjson.OPT_INDENT_2))
