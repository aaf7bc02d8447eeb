"""The part of the application that FastAPI declares: the list of paths at /, and the routers it is given.

What goes wrong is told as everywhere: an ApiError as a `Status`, a path nobody registered in the plain text of Go's own router.
"""

from collections.abc import Sequence
from typing import Final

import orjson
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from orrery import __version__
from orrery.api.negotiation import negotiate_error
from orrery.api.responses import CONTENT_TYPES, NO_CACHE, encode_object, unexpected
from orrery.machinery.errors import ApiError

_ANY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def new_web(paths: Sequence[str], routers: Sequence[APIRouter]) -> FastAPI:
    """`paths` are answered elsewhere, and listed at / beside those of `routers`."""
    app = FastAPI(title="Orrery", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    @app.api_route("/", methods=_ANY_METHOD, include_in_schema=False)
    async def all_paths() -> Response:
        body = orjson.dumps({"paths": sorted({*paths, *_paths(app.routes)})}, option=orjson.OPT_INDENT_2)  # Upstream always indents it.
        response = Response(body)
        response.raw_headers = [NO_CACHE, CONTENT_TYPES["json"], (b"content-length", b"%d" % len(body))]
        return response

    for router in routers:
        app.include_router(router)
    app.add_exception_handler(ApiError, _answer_api_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_unexpected)
    return app


def _paths(routes: Sequence[BaseRoute]) -> list[str]:
    """Fixed paths of the routes, for the list at /."""
    return [path for route in routes if (path := getattr(route, "path", "/")) != "/" and "{" not in path and not path.endswith("/")]


async def _answer_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return await _status_response(request, error)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    return await _status_response(request, unexpected(error))


async def _status_response(request: Request, error: ApiError) -> Response:
    wanted = negotiate_error(request.headers.get("accept", "").encode())
    body = await encode_object(error.status(), wanted)
    return Response(body, error.code, media_type=f"application/{wanted.encoding}")


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """Go's own router answers a path nobody registered in plain text."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return PlainTextResponse("404 page not found\n", 404, {"x-content-type-options": "nosniff", "cache-control": "no-cache, private"})
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
