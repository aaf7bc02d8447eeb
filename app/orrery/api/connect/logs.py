"""pods/log: the query's rules, and the log as a chunked text that goes on while the client listens.

Validation follows `ValidatePodLogOptions`, refusals of the node `GenericHttpResponseChecker`.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from orrery.api.connect.pods import choose_container, find_pod
from orrery.api.options import Query, flag, parse_int64
from orrery.api.requests import Request
from orrery.api.responses import NO_CACHE, Header, unexpected
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.errors import ApiError, BadRequest, InternalError, Invalid
from orrery.machinery.field_errors import FieldError, forbidden, go_quote, invalid
from orrery.verbs.call import Call
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers, LogOptions, NodeRefusal

_HEADERS: Final[tuple[Header, ...]] = (NO_CACHE, (b"content-type", b"text/plain"))
_RFC3339: Final = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def log_options(query: Query, pod: str) -> LogOptions:
    """Decode and check the query of pods/log. BadRequest, or Invalid with all that is wrong."""
    tail, limit, since_s = (_integer(query, key) for key in ("tailLines", "limitBytes", "sinceSeconds"))
    since_time_s = _time(query)
    errors: list[FieldError] = []
    if tail is not None and tail < 0:
        errors.append(invalid("tailLines", tail, "must be greater than or equal to 0"))
    if limit is not None and limit < 1:
        errors.append(invalid("limitBytes", limit, "must be greater than 0"))
    if since_s is not None and since_time_s is not None:
        errors.append(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif since_s is not None and since_s < 1:
        errors.append(invalid("sinceSeconds", since_s, "must be greater than 0"))
    if "stream" in query:
        errors.append(forbidden("stream", "may not be specified"))  # Behind a feature gate that is off in 1.35.
    if errors:
        raise Invalid("PodLogOptions", pod, errors)
    return LogOptions(
        container=query.get("container", [""])[0],
        follow=bool(flag(query, "follow")),
        previous=bool(flag(query, "previous")),
        since_s=since_s,
        since_time_s=since_time_s,
        timestamps=bool(flag(query, "timestamps")),
        tail_lines=tail,
        limit_bytes=limit,
    )


def _integer(query: Query, key: str) -> int | None:
    return parse_int64(query[key][0]) if key in query else None


def _time(query: Query) -> float | None:
    text = query.get("sinceTime", [""])[0]
    if not text:
        return None
    if not _RFC3339.fullmatch(text):
        raise BadRequest(f'parsing time {go_quote(text)} as "2006-01-02T15:04:05Z07:00": cannot parse {go_quote(text)} as "2006"')
    try:
        return parse_timestamp(text)
    except ValueError as problem:
        raise BadRequest(f"parsing time {go_quote(text)}: out of range") from problem


def as_api_error(refusal: NodeRefusal) -> ApiError:
    """How the API server tells what the kubelet said instead of a log."""
    return BadRequest(refusal.text) if refusal.code == 400 else InternalError(refusal.text)


class PodLogs:
    """Answers pods/log."""

    def __init__(self, client: Client, containers: Containers) -> None:
        self._client = client
        self._containers = containers

    async def answer(self, request: Request, call: Call) -> None:
        options = log_options(request.query, call.name)
        pod = find_pod(self._client, call.namespace, call.name)
        container = choose_container(pod, options.container)
        if not pod["spec"].get("nodeName"):
            await request.send({"type": "http.response.start", "status": 204, "headers": [NO_CACHE]})
            await request.send({"type": "http.response.body", "body": b""})
            return
        try:
            await answer_with_log(request, self._containers, call.namespace, call.name, options, container)
        except NodeRefusal as refusal:
            raise as_api_error(refusal) from refusal


async def answer_with_log(request: Request, containers: Containers, namespace: str, pod: str, options: LogOptions, container: str) -> None:
    """The log as the answer; NodeRefusal before its first byte."""
    await _stream(request, await containers.logs(namespace, pod, replace(options, container=container)))


async def _stream(request: Request, pieces: AsyncIterator[bytes]) -> None:
    """Send pieces until they end or the client goes away; a server that stops cancels this, and the answer still ends cleanly."""
    await request.send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    sending = asyncio.create_task(_send(request, pieces))
    leaving = asyncio.create_task(_until_gone(request))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        ends = await asyncio.gather(sending, leaving, return_exceptions=True)
        if isinstance(ends[0], Exception):
            unexpected(ends[0])  # It is too late to tell the client, but not to log it.
        await request.send({"type": "http.response.body", "body": b""})


async def _send(request: Request, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        await request.send({"type": "http.response.body", "body": piece, "more_body": True})


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
