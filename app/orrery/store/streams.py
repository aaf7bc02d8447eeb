"""Who is told of an event: subscribers at once, watchers through a bounded queue of their own.

Listeners are found by scope, so an event costs a few look-ups and one call per listener that asked for it, however many others
there are.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from orrery.store.log import Event, HistoryGone, Scope

ReadPage: TypeAlias = Callable[[], Awaitable[Sequence[Event]]]

_LOG = logging.getLogger(__name__)


class Listener(Protocol):
    def offer(self, event: Event) -> None: ...


class Dispatcher:
    """Listeners by scope, called in the order they came."""

    def __init__(self) -> None:
        self._by_scope: dict[tuple[str, str, str], dict[Listener, None]] = {}

    def add(self, scope: Scope, listener: Listener) -> None:
        self._by_scope.setdefault(scope, {})[listener] = None

    def remove(self, scope: Scope, listener: Listener) -> None:
        listeners = self._by_scope.get(scope)
        if listeners is not None:
            listeners.pop(listener, None)
            if not listeners:
                del self._by_scope[scope]

    def dispatch(self, event: Event, place: tuple[str, str, str]) -> None:
        """Tell everybody whose scope holds the event's `place`: its bucket, namespace and name."""
        if not self._by_scope:
            return
        bucket, namespace, name = place
        scopes = [("", "", ""), (bucket, "", ""), (bucket, "", name)]
        if namespace:
            scopes += [(bucket, namespace, ""), place, ("", namespace, "")]
        for scope in scopes:
            listeners = self._by_scope.get(scope)
            if listeners:
                for listener in tuple(listeners):  # A listener may leave, or bring another, while it is called.
                    listener.offer(event)

    def close(self) -> None:
        """End all streams; what they hold can still be read."""
        for listeners in tuple(self._by_scope.values()):
            for listener in tuple(listeners):
                if isinstance(listener, BoundedStream):
                    listener.close()


class CallbackSubscription:
    """Calls back for each event. A callback that raises is logged and goes on being called: the log must not stop for it."""

    def __init__(self, dispatcher: Dispatcher, scope: Scope, callback: Callable[[Event], None]) -> None:
        self._dispatcher = dispatcher
        self._scope = scope
        self._callback: Callable[[Event], None] | None = callback
        dispatcher.add(scope, self)

    def offer(self, event: Event) -> None:
        if self._callback is None:
            return
        try:
            self._callback(event)
        except Exception:
            _LOG.exception("a subscriber of %s failed on %s", self._scope.bucket, event.record.key)

    def cancel(self) -> None:
        self._callback = None
        self._dispatcher.remove(self._scope, self)


class BoundedStream:
    """One watcher's queue. The past (pages that `read_older` gives, then `backlog`) does not count against `events_max`."""

    def __init__(self, dispatcher: Dispatcher, scope: Scope, *, events_max: int, backlog: list[Event]) -> None:
        self.lagged = False
        self._dispatcher = dispatcher
        self._scope = scope
        self._events_max = events_max
        self._read_older: ReadPage | None = None
        self._backlog = backlog
        self._events: list[Event] = []
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        dispatcher.add(scope, self)

    def start_with(self, read_older: ReadPage) -> None:
        """Deliver these pages first, up to the empty one. HistoryGone from it cuts the stream off as lagged."""
        self._read_older = read_older

    def offer(self, event: Event) -> None:
        if self._closed:
            return
        if len(self._events) >= self._events_max:
            self._cut_off()
            return
        self._events.append(event)
        self._wake()

    async def next(self) -> Sequence[Event]:
        """The events that have come since, at least one; empty when the stream was closed."""
        older = await self._older()
        if older:
            return older
        if self._backlog:
            events, self._backlog = self._backlog, []
            return events
        while not self._events:
            if self._closed:
                return ()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        events, self._events = self._events, []
        return events

    async def _older(self) -> Sequence[Event]:
        if self._read_older is None:
            return ()
        try:
            page = await self._read_older()
        except HistoryGone:
            self._cut_off()
            return ()
        if not page:
            self._read_older = None
        return () if self.lagged else page

    def _cut_off(self) -> None:
        """Close a stream whose reader must resume, or list again; what it has not read yet is dropped."""
        self.lagged = True
        self._read_older = None
        self._backlog = []
        self._events = []
        self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._dispatcher.remove(self._scope, self)
            self._wake()

    def _wake(self) -> None:
        """The reader runs once the whole batch is published, and is woken once for it."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
