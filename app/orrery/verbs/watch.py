"""Watch: what is there, then every change, as apiserver's watch handler and watch cache deliver it.

A watch ends when its time is over, when its reader closes it, when it lags too far behind, or after an ERROR event. Selectors are
applied to the state before and after a change: what begins to match is ADDED, what stops matching is DELETED.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.clock import Timer
from orrery.machinery.errors import ApiError, Expired
from orrery.machinery.objects import Object
from orrery.store.log import Event, EventStream, HistoryGone, Operation, Record
from orrery.verbs.call import Call, ListOptions
from orrery.verbs.get_list import watch_scope
from orrery.verbs.options import bare_revision, too_large, watch_options
from orrery.verbs.registry import Registry, as_asked, at_version
from orrery.verbs.results import EventType, WatchEvent, unstored
from orrery.verbs.selection import Selection, select

INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
_TYPES: Final = {Operation.CREATED: EventType.ADDED, Operation.UPDATED: EventType.MODIFIED, Operation.DELETED: EventType.DELETED}


async def watch(registry: Registry, call: Call, options: ListOptions) -> "LogWatch":
    """Begin a watch. Options that upstream refuses raise; a revision that is gone or not there yet is an ERROR event."""
    options = watch_options(options)
    selection = select(call, options)
    since = bare_revision(options.resource_version)
    running = LogWatch(registry, call, options, selection)
    try:
        await running.begin(since)
    except ApiError as error:
        running.fail(error)
    return running


class LogWatch:
    """One client's watch over the log."""

    def __init__(self, registry: Registry, call: Call, options: ListOptions, selection: Selection) -> None:
        self._registry = registry
        self._kind = call.kind
        self._call = call
        self._options = options
        self._selection = selection
        self._first: list[WatchEvent] = []
        self._stream: EventStream | None = None
        self._reading: asyncio.Task[Sequence[Event]] | None = None
        self._wakeup: asyncio.Future[None] | None = None
        self._timers: list[Timer] = []
        self._bookmark_due = False
        self._closed = False
        self._since = 0

    async def begin(self, since: int) -> None:
        """Take the first events and the stream that follows them, with nothing in between."""
        log = self._registry.log
        scope = watch_scope(self._call, self._selection)
        initial = self._options.send_initial_events
        if initial is not None and since > log.revision:
            raise too_large(since, log.revision)
        if initial:
            page = log.list(scope)
            since = page.revision
            matches = self._selection.matches
            records = page.records if self._selection.everything else [record for record in page.records if matches(record)]
            self._first = [WatchEvent(EventType.ADDED, as_asked(self._kind, record)) for record in records]
            if self._options.allow_bookmarks:
                self._first.append(self._bookmark(since, {INITIAL_EVENTS_END: "true"}))
        elif initial is not None and not since:
            since = log.revision
        try:
            self._stream = await log.watch(scope, min(since, log.revision))
        except HistoryGone as gone:
            raise Expired(f"too old resource version: {since} ({gone.oldest - 1})") from None
        self._since = since
        self._start_timers()

    def fail(self, error: ApiError) -> None:
        """End with an ERROR event."""
        self._first = [WatchEvent(EventType.ERROR, unstored(error.status()))]

    def _start_timers(self) -> None:
        clock, settings = self._registry.clock, self._registry.settings
        timeout_s = self._options.timeout_s
        if not timeout_s:
            timeout_s = settings.watch_timeout_s_min * (1 + clock.random.random())
        self._timers.append(clock.call_later(timeout_s, self.close, background=True))
        if self._options.allow_bookmarks:
            self._arm_bookmark()

    def _arm_bookmark(self) -> None:
        clock = self._registry.clock
        self._timers[1:] = [clock.call_later(self._registry.settings.watch_bookmark_s, self._bookmark_now, background=True)]

    def _bookmark_now(self) -> None:
        self._bookmark_due = True
        self._arm_bookmark()
        self._wake()

    def __aiter__(self) -> AsyncIterator[Sequence[WatchEvent]]:
        return self

    async def __anext__(self) -> Sequence[WatchEvent]:
        """The next batch, at least one event."""
        if self._first:
            first, self._first = self._first, []
            return first
        while not self._closed and self._stream is not None:
            batch = await self._next_batch(self._stream)
            if batch:
                return batch
        self.close()
        raise StopAsyncIteration

    async def _next_batch(self, stream: EventStream) -> Sequence[WatchEvent]:
        """Events that matter here, or a bookmark that has come due; nothing when neither."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(stream.next())
            self._reading.add_done_callback(self._wake)
        if not self._reading.done() and not self._bookmark_due:
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        if self._closed:
            return ()
        if self._reading.done():
            events = self._reading.result()
            self._reading = None
            if not events:
                self.close()  # Closed from below: the reader lagged behind, or the log is going down.
                return ()
            return [told for event in events if (told := self._told(event)) is not None]
        if self._bookmark_due:
            self._bookmark_due = False
            # Nothing of this scope is waiting to be read, so all of it up to the newest revision has been told.
            return (self._bookmark(self._registry.log.revision, None),)
        return ()

    def _told(self, event: Event) -> WatchEvent | None:
        """The event as this watch sees it, or None."""
        if event.revision <= self._since:
            return None
        operation, record, selection = event.operation, event.record, self._selection
        if selection.everything:
            return WatchEvent(_TYPES[operation], as_asked(self._kind, record))
        now = operation is not Operation.DELETED and selection.matches(record)
        before = event.previous is not None and selection.matches(event.previous)
        if now:
            return WatchEvent(EventType.MODIFIED if before else EventType.ADDED, as_asked(self._kind, record))
        if not before:
            return None
        return WatchEvent(EventType.DELETED, as_asked(self._kind, self._last_match(event)))

    def _last_match(self, event: Event) -> Record:
        """What is told of an object that stops matching: its last matching state, at the revision of the change."""
        if event.operation is Operation.DELETED or event.previous is None:
            return event.record
        last = at_version(event.previous.object, event.revision)
        return unstored(last, key=event.record.key, revision=event.revision, index=event.previous.index)

    def _bookmark(self, revision: int, annotations: dict[str, str] | None) -> WatchEvent:
        return WatchEvent(EventType.BOOKMARK, unstored(bookmark_object(self._kind, revision, annotations)))

    def _wake(self, _: object = None) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    def close(self) -> None:
        """End the watch; a reader that waits is released."""
        if self._closed:
            return
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        if self._stream is not None:
            self._stream.close()
        self._wake()


def bookmark_object(kind: Kind, revision: int, annotations: dict[str, str] | None) -> Object:
    """The zero object of the kind, which carries nothing but a resourceVersion."""
    meta: Object = {"resourceVersion": str(revision)}
    if annotations:
        meta["annotations"] = annotations
    empty = decode(struct_of(kind), {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {}}, [])
    return {**empty, "kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
