"""Watch streams: one JSON line per event, one write per batch, and an end for each of the ways a watch ends.

A plain line is the event's type, the stored bytes and a newline: joining them costs one copy and no encoding, so no watcher
has an encoding of its own to pay for. A client that goes away frees its watcher at once; a server that stops ends them all.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import orjson

from orrery.api.responses import CONTENT_TYPES, NO_CACHE, Header, Receive, Send, unexpected
from orrery.api.table import View
from orrery.machinery.errors import ApiError
from orrery.verbs.results import EventType, Watch, WatchEvent

_LEADS: Final = {event_type: f'{{"type":"{event_type}","object":'.encode() for event_type in EventType}
_TAIL: Final = b"}\n"


def plain_lines(batch: Sequence[WatchEvent]) -> bytes:
    """The batch as JSON lines, from the stored bytes."""
    parts: list[bytes] = []
    for event in batch:
        parts += (_LEADS[event.type], event.record.body, _TAIL)
    return b"".join(parts)


def viewed_lines(batch: Sequence[WatchEvent], view: View) -> bytes:
    """The batch as JSON lines of Tables or PartialObjectMetadata."""
    parts: list[bytes] = []
    for event in batch:
        parts += (_LEADS[event.type], orjson.dumps(view.of_event(event)), _TAIL)
    return b"".join(parts)


def error_line(error: ApiError) -> bytes:
    return b"".join((_LEADS[EventType.ERROR], orjson.dumps(error.status()), _TAIL))


class Streams:
    """Every watch this server is writing, so that it can end them when it stops."""

    def __init__(self) -> None:
        self._open: set[Watch] = set()
        self._ending = False

    def __len__(self) -> int:
        return len(self._open)

    def end(self) -> None:
        """End all streams cleanly, and each new one after its headers."""
        self._ending = True
        for watch in tuple(self._open):
            watch.close()

    @contextmanager
    def holding(self, watch: Watch) -> Iterator[None]:
        """While somebody writes the watch: `end` can end it, and afterwards it is closed."""
        self._open.add(watch)
        if self._ending:
            watch.close()
        try:
            yield
        finally:
            watch.close()
            self._open.discard(watch)

    async def write(self, watch: Watch, receive: Receive, send: Send, view: View | None, extra_headers: Sequence[Header] = ()) -> None:
        """Write the watch until its time is over, its client is gone, or the server stops."""
        with self.holding(watch):
            gone = asyncio.create_task(_close_on_disconnect(watch, receive))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": [NO_CACHE, CONTENT_TYPES["json"], *extra_headers]})
                await self._write_batches(watch, send, view)
                await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()

    async def _write_batches(self, watch: Watch, send: Send, view: View | None) -> None:
        try:
            async for batch in watch:
                lines = plain_lines(batch) if view is None else viewed_lines(batch, view)
                await send({"type": "http.response.body", "body": lines, "more_body": True})
        except ApiError as error:
            await send({"type": "http.response.body", "body": error_line(error), "more_body": True})
        except Exception as error:
            await send({"type": "http.response.body", "body": error_line(unexpected(error)), "more_body": True})


async def _close_on_disconnect(watch: Watch, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.close()
