"""The HTTP application: FastAPI declares it, and a thin front answers the Kubernetes API before FastAPI's middleware is entered.

    uvicorn → Front: host and origin → user → /api, /apis: Resources and Documents
                                             → the rest: FastAPI's routes (/, /version, health, and what `routers` bring)

The front writes with the raw ASGI `send`, so that a get costs a few dictionary look-ups and a watch is never buffered. OpenAPI
documents, the documentation pages and Orrery's own API come as routers, from other modules.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from orrery import __version__
from orrery.api.access import attributes_of
from orrery.api.connect import Conversations, new_connects
from orrery.api.discovery import Discovery
from orrery.api.documents import Documents, new_router
from orrery.api.guard import Authenticator, Guard
from orrery.api.health import Check
from orrery.api.impersonation import PREFIX, impersonated
from orrery.api.negotiation import negotiate_error
from orrery.api.requests import Request
from orrery.api.resources import Connect, Resources
from orrery.api.responses import Receive, Scope, Send, encode_object, send_error, unexpected
from orrery.api.streams import Streams
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock
from orrery.machinery.errors import ApiError
from orrery.settings import Settings
from orrery.verbs.access import Authorizer, is_privileged, refusal
from orrery.verbs.call import ANONYMOUS, User
from orrery.verbs.containers import Containers
from orrery.verbs.verbs import Verbs

_APISERVER: Final = User("system:apiserver", ("system:masters",))
_OPEN_ROOTS: Final = frozenset({"healthz", "livez", "readyz", "version", "docs"})
"""What upstream lets everybody read, so that probes need no token; and the documentation page, where a browser can type one in."""

USER_KEY: Final = "orrery.user"
"""Where routes of other routers find the caller in the ASGI scope."""
INSIDE_KEY: Final = "orrery.inside"
"""In the scope of a request that a container of the simulated cluster has sent: no web page can, whatever its Host header says."""


class Front:
    """The first to see a request."""

    def __init__(self, guard: Guard, authorizer: Authorizer, resources: Resources, documents: Documents) -> None:
        self._guard = guard
        self._authorizer = authorizer
        self._resources = resources
        self._documents = documents

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request, or return False when it is FastAPI's; `scope` then carries the user."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path: str = scope["path"]
        parts = path.split("/", 5)
        user = ANONYMOUS
        try:
            is_inside = INSIDE_KEY in scope
            if not is_inside:
                self._guard.check_host(headers)
            if parts[1] not in _OPEN_ROOTS:
                user = self._guard.user(headers, is_inside=is_inside)
                if any(name.startswith(PREFIX) for name in headers):
                    user = impersonated(user, scope["headers"], self._authorizer)
                if not is_privileged(user):
                    self._check_rights(user, scope)
        except ApiError as error:
            request = Request(scope, receive, send, headers=headers, user=user)
            await send_error(send, error, request.humanized(negotiate_error(request.accept)))
            return True
        if parts[1] in ("api", "apis"):
            request = Request(scope, receive, send, headers=headers, user=user)
            if _is_resource(parts):
                await self._resources.answer(request)
            else:
                await self._documents.answer(request, parts)
            return True
        scope[USER_KEY] = user
        return False

    def _check_rights(self, user: User, scope: Scope) -> None:
        attributes = attributes_of(scope["path"], scope["method"], scope["query_string"])
        decision = self._authorizer.authorize(user, attributes)
        if not decision.allowed:
            raise refusal(user, attributes, decision.reason)


def _is_resource(parts: list[str]) -> bool:
    """Whether the parts of a path (`['', 'api', 'v1', 'pods']`) go beyond discovery."""
    return len(parts) - (parts[-1] == "") > (3 if parts[1] == "api" else 4)


class OrreryApp(FastAPI):
    """FastAPI with the front before it."""

    front: Front
    streams: Streams
    end_conversations: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and await self.front.answer(scope, receive, send):
            return
        await super().__call__(scope, receive, send)

    def end_watches(self) -> None:
        """End every watch, log and session cleanly, as the server is about to stop."""
        self.streams.end()
        self.end_conversations()


def new_app(
    *,
    verbs: Verbs,
    catalogue: Catalogue,
    authenticator: Authenticator,
    settings: Settings,
    clock: Clock,
    readiness: Mapping[str, Check],
    allowed_hosts: Sequence[str] = (),
    containers: Containers | None = None,
    routers: Sequence[APIRouter] = (),
) -> OrreryApp:
    """Put the application together.

    `readiness` are the named checks of /readyz; `allowed_hosts` are names beside the loopback ones; `containers` is what logs, exec
    and port-forward reach into (without it they answer 501); `routers` are further routes (OpenAPI, documentation, /orrery/v1),
    behind the same guard, which leaves the caller in `scope[USER_KEY]`.
    """
    discovery = Discovery(catalogue)
    connects: Mapping[tuple[str, str], Connect] = {}
    conversations = Conversations()
    if containers is not None:
        connects, conversations = new_connects(verbs.client(_APISERVER, "kube-apiserver"), containers, clock, verbs.ports.authorizer)
    resources = Resources(verbs=verbs, catalogue=catalogue, discovery=discovery, clock=clock, settings=settings, connects=connects)
    app = OrreryApp(title="Orrery", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.front = Front(Guard(allowed_hosts, authenticator), verbs.ports.authorizer, resources, Documents(discovery))
    app.streams = resources.streams
    app.end_conversations = conversations.end
    app.include_router(new_router(discovery, readiness, lambda: _paths(app.routes)))
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(ApiError, _answer_api_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_unexpected)
    return app


def _paths(routes: Sequence[BaseRoute]) -> list[str]:
    """Fixed paths of the routes, for the list at /."""
    return [path for route in routes if (path := getattr(route, "path", "/")) != "/" and "{" not in path and not path.endswith("/")]


async def _answer_api_error(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return await _status_response(request, error)


async def _answer_unexpected(request: HttpRequest, error: Exception) -> Response:
    return await _status_response(request, unexpected(error))


async def _status_response(request: HttpRequest, error: ApiError) -> Response:
    wanted = negotiate_error(request.headers.get("accept", "").encode())
    body = await encode_object(error.status(), wanted)
    return Response(body, error.code, media_type=f"application/{wanted.encoding}")


async def _answer_http_error(request: HttpRequest, error: Exception) -> Response:
    """Go's own router answers a path nobody registered in plain text."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return PlainTextResponse("404 page not found\n", 404, {"x-content-type-options": "nosniff", "cache-control": "no-cache, private"})
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
