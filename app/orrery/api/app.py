"""The HTTP application: a thin front answers the Kubernetes API, version and health; FastAPI declares and answers the rest.

    uvicorn → Front: host and origin → user → /api, /apis: Resources and Documents
                                             → /version, health: Basics
                                             → the rest: FastAPI's routes (`web.py`: /, and what `routers` bring)

The front writes with the raw ASGI `send`, so that a get costs a few dictionary look-ups and a watch is never buffered. OpenAPI
documents, the documentation pages and Orrery's own API come as routers, from other modules. FastAPI with its models is a third of what
there is to load, in time and in memory: it is loaded when the first request for one of its routes comes, in a thread, while others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from orrery.api.access import attributes_of
from orrery.api.connect import Conversations, new_connects
from orrery.api.discovery import Discovery
from orrery.api.documents import Basics, Documents
from orrery.api.guard import Authenticator, Guard
from orrery.api.health import Check
from orrery.api.impersonation import PREFIX, impersonated
from orrery.api.negotiation import negotiate_error
from orrery.api.requests import Request
from orrery.api.resources import Connect, Resources
from orrery.api.responses import Receive, Scope, Send, send_error
from orrery.api.streams import Streams
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock
from orrery.machinery.errors import ApiError
from orrery.settings import Settings
from orrery.verbs.access import Authorizer, is_privileged, refusal
from orrery.verbs.call import ANONYMOUS, User
from orrery.verbs.containers import Containers
from orrery.verbs.verbs import Verbs

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

_APISERVER: Final = User("system:apiserver", ("system:masters",))
_OPEN_ROOTS: Final = frozenset({"healthz", "livez", "readyz", "version", "docs"})
"""What upstream lets everybody read, so that probes need no token; and the documentation page, where a browser can type one in."""

USER_KEY: Final = "orrery.user"
"""Where routes of other routers find the caller in the ASGI scope."""
INSIDE_KEY: Final = "orrery.inside"
"""In the scope of a request that a container of the simulated cluster has sent: no web page can, whatever its Host header says."""

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """The first to see a request."""

    def __init__(self, guard: Guard, authorizer: Authorizer, resources: Resources, documents: Documents, basics: Basics) -> None:
        self._guard = guard
        self._authorizer = authorizer
        self._resources = resources
        self._documents = documents
        self._basics = basics

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request, or return False when it is FastAPI's; `scope` then carries the user."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path: str = scope["path"]
        if not path.startswith("/"):
            path = f"/{path}"  # `OPTIONS *` asks for no path.
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
        return await self._basics.answer(Request(scope, receive, send, headers=headers, user=user), path)

    def _check_rights(self, user: User, scope: Scope) -> None:
        attributes = attributes_of(scope["path"], scope["method"], scope["query_string"])
        decision = self._authorizer.authorize(user, attributes)
        if not decision.allowed:
            raise refusal(user, attributes, decision.reason)


def _is_resource(parts: list[str]) -> bool:
    """Whether the parts of a path (`['', 'api', 'v1', 'pods']`) go beyond discovery."""
    return len(parts) - (parts[-1] == "") > (3 if parts[1] == "api" else 4)


class OrreryApp:
    """The front, and behind it FastAPI's routes, once somebody asks for one."""

    def __init__(self, front: Front, streams: Streams, *, end_conversations: Callable[[], None], new_web: "Callable[[], FastAPI]") -> None:
        self.new_web = new_web
        """Makes FastAPI's part, which documents itself."""
        self.front = front
        self.streams = streams
        self._end_conversations = end_conversations
        self._web: asyncio.Future[FastAPI] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or await self.front.answer(scope, receive, send):
            return
        web = await self.web()
        await web(scope, receive, send)

    async def web(self) -> "FastAPI":
        """FastAPI's part, made in a thread when it is first asked for."""
        if self._web is None:
            self._web = asyncio.ensure_future(asyncio.to_thread(self.new_web))
        return await asyncio.shield(self._web)

    def end_watches(self) -> None:
        """End every watch, log and session cleanly, as the server is about to stop."""
        self.streams.end()
        self._end_conversations()


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
    routers: "Callable[[], Sequence[APIRouter]]" = tuple,
) -> OrreryApp:
    """Put the application together.

    `readiness` are the named checks of /readyz; `allowed_hosts` are names beside the loopback ones; `containers` is what logs, exec
    and port-forward reach into (without it they answer 501); `routers` makes further routes (OpenAPI, documentation,
    /orrery/v1), behind the same guard, which leaves the caller in `scope[USER_KEY]`.
    """
    discovery = Discovery(catalogue)
    connects: Mapping[tuple[str, str], Connect] = {}
    conversations = Conversations()
    if containers is not None:
        connects, conversations = new_connects(verbs.client(_APISERVER, "kube-apiserver"), containers, clock, verbs.ports.authorizer)
    resources = Resources(verbs=verbs, catalogue=catalogue, discovery=discovery, clock=clock, settings=settings, connects=connects)
    basics = Basics(readiness)
    front = Front(Guard(allowed_hosts, authenticator), verbs.ports.authorizer, resources, Documents(discovery), basics)

    def new_web() -> "FastAPI":
        from orrery.api.web import new_web

        return new_web([*discovery.paths(), *basics.paths()], routers())

    return OrreryApp(front, resources.streams, end_conversations=conversations.end, new_web=new_web)
