"""/openapi/v2 and /openapi/v3: negotiation, caching headers and redirects as upstream's handlers do them.

# DIFFERS: upstream also writes documents of version 3 as protobuf; we write JSON only, which is what kubectl asks for.
"""

from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from orrery.api.negotiation import parse_accept
from orrery.api.openapi.library import SWAGGER, SWAGGER_PROTOBUF, Library
from orrery.machinery.clock import Clock

_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_NO_CACHE: Final = "no-cache, private"
_JSON: Final = "json"
_PROTOBUF: Final = "com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PROTOBUF_OLD: Final = "com.github.proto-openapi.spec.v2@v1.0+protobuf"
_V2_FORMS: Final = {_JSON: (_JSON, SWAGGER), _PROTOBUF: (_PROTOBUF, SWAGGER_PROTOBUF), _PROTOBUF_OLD: (_PROTOBUF, SWAGGER_PROTOBUF)}
_V3_FORMS: Final = {_JSON: (_JSON, "")}
_RFC_1123: Final = "%a, %d %b %Y %H:%M:%S UTC"


def new_router(library: Library, clock: Clock) -> APIRouter:
    """The three routes."""
    router = APIRouter(include_in_schema=False)
    started_s = clock.now_s()

    @router.api_route("/openapi/v2", methods=_METHODS)
    async def version_2(request: Request) -> Response:
        found = _accepted(request, _V2_FORMS)
        headers = {"vary": "Accept", "cache-control": _NO_CACHE}
        if found is None:
            return Response(status_code=406, headers=headers)
        subtype, name = found
        headers |= {"etag": f'"{library.hash(name)}"', "last-modified": formatdate(started_s, usegmt=True)}
        if _is_known(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(await library.document(name), headers=headers | {"content-type": f"application/{subtype}"})

    @router.api_route("/openapi/v3", methods=_METHODS)
    async def index() -> Response:
        paths = {name: {"serverRelativeURL": _url(library, name)} for name in library.names()}
        # Upstream's aggregator sends this as text, and so do we; clients parse it whatever it is called.
        headers = {
            "cache-control": _NO_CACHE,
            "content-type": "text/plain; charset=utf-8",
            "last-modified": formatdate(started_s, usegmt=True),
        }
        return Response(orjson.dumps({"paths": paths}), headers=headers)

    @router.api_route("/openapi/v3/{name:path}", methods=_METHODS)
    async def version_3(request: Request, name: str) -> Response:
        if name not in library.names():
            return Response(status_code=404, headers={"cache-control": _NO_CACHE})
        headers = {"vary": "Accept", "cache-control": _NO_CACHE}
        if _accepted(request, _V3_FORMS) is None:
            return Response(status_code=406, headers=headers)
        digest = library.hash(name)
        headers["etag"] = f'"{digest}"'
        asked = request.query_params.get("hash", "")
        if asked and asked != digest:
            return Response(status_code=301, headers=headers | {"content-type": "application/json", "location": _url(library, name)})
        headers["last-modified"] = formatdate(started_s, usegmt=True)
        if asked:
            headers |= {"cache-control": "public, immutable", "expires": _in_a_year(clock.now_s())}
        if _is_known(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(await library.document(name), headers=headers | {"content-type": "application/json"})

    return router


def _url(library: Library, name: str) -> str:
    return f"/openapi/v3/{name}?hash={library.hash(name)}"


def _accepted(request: Request, forms: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """The first form that the client takes."""
    for clause in parse_accept(request.headers.get("accept") or "*/*"):
        for subtype, form in forms.items():
            if clause.type in ("application", "*") and clause.subtype in (subtype, "*"):
                return form
    return None


def _is_known(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in known.split(","))


def _in_a_year(now_s: float) -> str:
    return datetime.fromtimestamp(now_s + 365 * 86400, UTC).strftime(_RFC_1123)
