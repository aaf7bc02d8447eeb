"""Answers to paths that name no resource: discovery, version, health, and the list of paths.

/api and /apis go to `Documents.answer`; the rest are FastAPI routes made by `new_router`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from orrery.api.discovery import Discovery, content_type
from orrery.api.failures import NoRepresentation, WrongMethod
from orrery.api.health import Check, Health, version
from orrery.api.negotiation import Format, negotiate, negotiate_error
from orrery.api.options import parse_query
from orrery.api.requests import Request
from orrery.api.responses import CONTENT_TYPES, NO_CACHE, PLAIN_HEADERS, encode_object, send_bytes, send_error, send_page_not_found
from orrery.machinery.errors import ApiError, PathNotFound
from orrery.machinery.objects import Object

_ANY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


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


def new_router(discovery: Discovery, readiness: Mapping[str, Check], extra_paths: Callable[[], list[str]]) -> APIRouter:
    """/, /version, /livez, /readyz and /healthz; `extra_paths` are listed at / too."""
    router = APIRouter(include_in_schema=False)
    health = Health(readiness)

    @router.api_route("/", methods=_ANY_METHOD)
    async def paths() -> Response:
        found = sorted({*discovery.paths(), *health.paths(), "/version", *extra_paths()})
        return _indented({"paths": found})

    @router.api_route("/version", methods=_ANY_METHOD)
    @router.api_route("/version/", methods=_ANY_METHOD)
    async def server_version(request: HttpRequest) -> Response:
        if request.method != "GET":
            raise WrongMethod
        return _indented(version())

    for endpoint in health.endpoints:
        _add_health(router, health, endpoint)
    return router


def _add_health(router: APIRouter, health: Health, endpoint: str) -> None:
    @router.api_route(f"/{endpoint}", methods=_ANY_METHOD)
    async def all_checks(request: HttpRequest) -> Response:
        return _plain(*health.answer(endpoint, parse_query(request.scope["query_string"])))

    @router.api_route(f"/{endpoint}/{{check:path}}", methods=_ANY_METHOD)
    async def one_check(check: str) -> Response:
        return _plain(*(health.answer_one(endpoint, check) or (404, "404 page not found\n")))


def _indented(document: Any) -> Response:
    """Upstream always indents these."""
    return _response(200, orjson.dumps(document, option=orjson.OPT_INDENT_2), (NO_CACHE, CONTENT_TYPES["json"]))


def _plain(status: int, text: str) -> Response:
    return _response(status, text.encode(), PLAIN_HEADERS)


def _response(status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> Response:
    response = Response(body, status)
    response.raw_headers = [*headers, (b"content-length", b"%d" % len(body))]
    return response
