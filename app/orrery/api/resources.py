"""The resource API: everything under /api/VERSION/… and /apis/GROUP/VERSION/… that names a resource.

One object answers all of it, with the raw ASGI calls: path and method become a target, headers a format, query and body the
options of a verb; the verb's answer is written as it is. It decides nothing about objects.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from orrery.api import payload
from orrery.api.discovery import Discovery
from orrery.api.lists import send_list
from orrery.api.negotiation import JSON, Format, body_encoding, negotiate, negotiate_error, negotiate_stream, patch_type
from orrery.api.options import apply_write_options, delete_options, list_options
from orrery.api.requests import Request
from orrery.api.responses import (
    CONTENT_TYPES,
    NO_CACHE,
    Header,
    encode_body,
    encode_object,
    send_bytes,
    send_error,
    send_page_not_found,
    unexpected,
    warning_headers,
)
from orrery.api.routing import Router, Target
from orrery.api.streams import Streams
from orrery.api.table import View, list_metadata
from orrery.api.takeover import asks_for_websocket
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock
from orrery.machinery.errors import ApiError, BadRequest, MethodNotAllowed, PathNotFound
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.store.log import Record
from orrery.verbs.call import Call, DeleteOptions
from orrery.verbs.results import Listing
from orrery.verbs.subresources.scale import SCALE
from orrery.verbs.verbs import Verbs

_CONVERSATIONS: Final = frozenset({"exec", "attach", "portforward"})
_PLAIN_HEADERS: Final[tuple[Header, ...]] = (NO_CACHE, CONTENT_TYPES["json"])

Connect = Callable[[Request, Call], Awaitable[None]]
"""Answers a request on a subresource that is a conversation rather than an object: log, exec, port-forward."""


class Resources:
    """Answers requests on resources by the verbs."""

    def __init__(
        self,
        *,
        verbs: Verbs,
        catalogue: Catalogue,
        discovery: Discovery,
        clock: Clock,
        settings: Settings,
        connects: Mapping[tuple[str, str], Connect],
    ) -> None:
        """`connects` takes over subresources by bucket and name: `("pods", "log")`."""
        self._verbs = verbs
        self._clock = clock
        self._body_bytes_max = settings.body_bytes_max
        self._router = Router(catalogue)
        self._discovery = discovery
        self._connects = connects
        self.streams = Streams()
        self._actions: dict[str, Callable[[Request, Target, Call], Awaitable[None]]] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
            "connect": self._get,  # A proxy without anything to reach into: the verbs say so.
        }

    async def answer(self, request: Request) -> None:
        """Answer one request; whatever goes wrong is answered too."""
        try:
            target = self._router.target(request.path, request.method)
            call = Call(
                target.served.kind,
                target.namespace,
                target.name,
                target.subresource,
                user=request.user,
                user_agent=request.user_agent.decode("latin-1"),
                warnings=request.warnings,
            )
            if target.served.deprecation:
                request.warnings.append(target.served.deprecation)
            if target.subresource:
                connect = self._connects.get((target.served.kind.group_resource, target.subresource.partition("/")[0]))
                if connect is not None:
                    await connect(request, call)
                    return
                if target.subresource in _CONVERSATIONS:
                    await self._get(request, target, call)  # Whatever the method: there is no body to read, and the verbs know why not.
                    return
            await self._actions[target.verb](request, target, call)
        except ApiError as error:
            if isinstance(error, PathNotFound) and not self._is_served_group(request.path):
                await send_page_not_found(request.send)
                return
            await send_failure(request, error)
        except Exception as error:
            await send_failure(request, unexpected(error))

    def _is_served_group(self, path: str) -> bool:
        """Upstream's resource API has never heard of paths in other groups: its outer router refuses them."""
        return path.startswith("/api/") or self._discovery.serves(path.split("/", 3)[2])

    async def _get(self, request: Request, target: Target, call: Call) -> None:
        wanted = _wanted(request)
        version = request.query.get("resourceVersion") if request.raw_query else None
        record = await self._verbs.get(call, version[0] if version else None)
        await self._send_record(request, call, record, wanted)

    async def _list(self, request: Request, target: Target, call: Call) -> None:
        query = request.query
        watching = "watch" in query and query["watch"][0].lower() not in ("0", "false")
        if watching:
            if not target.served.watches:
                raise MethodNotAllowed(call.kind.group_resource, "watch")
            await self._watch(request, target, call)
            return
        options = list_options(query)
        wanted = _wanted(request, streams=bool(target.served.watches))
        listing = await self._verbs.list(call, options)
        await self._send_listing(request, target, listing, wanted)

    async def _watch(self, request: Request, target: Target, call: Call) -> None:
        options = list_options(request.query)
        wanted = negotiate_stream(request.accept)
        view = self._view(request, call, wanted) if wanted.transform else None
        watch = await self._verbs.watch(call, options)
        if asks_for_websocket(request):
            from orrery.api.connect.watches import watch_by_websocket  # It stands on this module; few clients need it.

            with self.streams.holding(watch):
                await watch_by_websocket(request, watch, view)
            return
        await self.streams.write(watch, request.receive, request.send, view, warning_headers(request.warnings))

    async def _create(self, request: Request, target: Target, call: Call) -> None:
        wanted = _wanted(request)
        apply_write_options(call, request.query, kind="CreateOptions")
        record = await self._verbs.create(call, await self._object(request, call))
        await self._send_record(request, call, record, wanted, status=201)

    async def _update(self, request: Request, target: Target, call: Call) -> None:
        wanted = _wanted(request)
        apply_write_options(call, request.query, kind="UpdateOptions")
        record, created = await self._verbs.update(call, await self._object(request, call))
        await self._send_record(request, call, record, wanted, status=201 if created else 200)

    async def _patch(self, request: Request, target: Target, call: Call) -> None:
        kind_of_patch = patch_type(request.headers.get(b"content-type"))
        wanted = _wanted(request)
        raw = await request.body(self._body_bytes_max)
        apply_write_options(call, request.query, kind="PatchOptions")
        try:
            patch, duplicates = payload.patch_of(raw, kind_of_patch)
        except BadRequest:
            await self._verbs.get(call)  # Upstream looks for the object before it reads the patch.
            raise
        call.strict_errors += duplicates
        record = await self._verbs.patch(call, kind_of_patch, patch)
        await self._send_record(request, call, record, wanted)

    async def _delete(self, request: Request, target: Target, call: Call) -> None:
        wanted = _wanted(request)
        deleted = await self._verbs.delete(call, await self._delete_options(request, call))
        if deleted.record is not None:
            await self._send_record(request, call, deleted.record, wanted, status=deleted.code)
            return
        body = await encode_object(deleted.status, wanted)
        headers = [NO_CACHE, CONTENT_TYPES[wanted.encoding], *warning_headers(call.warnings)]
        await send_bytes(request.send, deleted.code, headers, body)

    async def _delete_collection(self, request: Request, target: Target, call: Call) -> None:
        wanted = _wanted(request)
        options = list_options(request.query)
        listing = await self._verbs.delete_collection(call, options, await self._delete_options(request, call))
        await self._send_listing(request, target, listing, wanted)

    async def _object(self, request: Request, call: Call) -> Object:
        encoding = body_encoding(request.headers.get(b"content-type"))
        raw = await request.body(self._body_bytes_max)
        obj, duplicates = await payload.object_of(raw, encoding, expected=call.kind.kind)
        call.strict_errors += duplicates
        return obj

    async def _delete_options(self, request: Request, call: Call) -> DeleteOptions:
        raw = await request.body(self._body_bytes_max)
        body = await payload.delete_body_of(raw, body_encoding(request.headers.get(b"content-type"))) if raw else None
        return delete_options(request.query, body, call)

    async def _send_record(self, request: Request, call: Call, record: Record, wanted: Format, *, status: int = 200) -> None:
        if wanted.transform:
            body = await encode_object(self._view(request, call, wanted).of_record(record), wanted)
        elif wanted is JSON:
            body = record.body + b"\n"
        else:
            body = await encode_body(record.body, wanted)
        headers = _PLAIN_HEADERS
        if wanted.encoding != "json" or call.warnings:
            headers = (NO_CACHE, CONTENT_TYPES[wanted.encoding], *warning_headers(call.warnings))
        await send_bytes(request.send, status, headers, body)

    async def _send_listing(self, request: Request, target: Target, listing: Listing, wanted: Format) -> None:
        if wanted is JSON:
            warnings = warning_headers(request.warnings) if request.warnings else ()
            await send_list(request.send, target.served, listing, clock=self._clock, extra_headers=warnings)
            return
        if wanted.transform:
            kind = target.served.kind
            include = request.query.get("includeObject", [""])[0]
            document = View(kind, wanted, include=include, now_s=self._clock.now_s).of_listing(listing)
        else:
            document = _list_document(target, listing)
        body = await encode_object(document, wanted)
        headers = [NO_CACHE, CONTENT_TYPES[wanted.encoding], *warning_headers(request.warnings)]
        await send_bytes(request.send, 200, headers, body)

    def _view(self, request: Request, call: Call, wanted: Format) -> View:
        include = request.query.get("includeObject", [""])[0]
        return View(SCALE if call.subresource == "scale" else call.kind, wanted, include=include, now_s=self._clock.now_s)


def _wanted(request: Request, *, streams: bool = False) -> Format:
    """The format of a single answer; `JSON` itself, not an equal one, when it is plain."""
    return request.humanized(negotiate(request.accept, streams=streams))


def _list_document(target: Target, listing: Listing) -> Object:
    kind = target.served.kind
    items = [{key: value for key, value in record.object.items() if key not in ("kind", "apiVersion")} for record in listing.records]
    return {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": list_metadata(listing), "items": items}


async def send_failure(request: Request, error: ApiError) -> None:
    """Render an error in the format its request would take."""
    wanted = request.humanized(negotiate_error(request.accept))
    await send_error(request.send, error, wanted, request.warnings)
