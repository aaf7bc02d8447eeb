"""The window of past events in memory, bounded in bytes over all buckets; a bucket's events are found without touching others.

A *floor* is the newest revision whose event of a bucket is no longer held: whoever has seen the floor misses nothing.
"""

from collections import deque
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Final

from orrery.store.log import Event, Scope

_EVENT_BYTES: Final = 400
"""What an event costs beside its body: the event, its record, key and index."""


def matcher(scope: Scope) -> Callable[[str], bool]:
    """Whether a key of the scope's bucket (or of any, when the bucket is empty) belongs to the scope."""
    bucket, namespace, name = scope
    if not bucket:
        return lambda key: (not namespace or key.split("/", 2)[1] == namespace) and (not name or key.split("/", 2)[2] == name)
    if namespace and name:
        return f"{bucket}/{namespace}/{name}".__eq__
    if namespace:
        prefix = f"{bucket}/{namespace}/"
        return lambda key: key.startswith(prefix)
    if name:
        suffix = f"/{name}"
        return lambda key: key.endswith(suffix)
    return lambda _key: True


class History:
    """Events by bucket, oldest out first."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._events: dict[str, deque[Event]] = {}
        self._order: deque[str] = deque()
        self._base = 0
        self._evicted = 0
        self._floors: dict[str, int] = {}

    def floor(self, bucket: str = "") -> int:
        """The floor of one bucket, or of all together."""
        return max(self._base, self._floors.get(bucket, 0) if bucket else self._evicted)

    def raise_floor(self, revision: int) -> None:
        """Drop the events up to `revision`."""
        self._base = max(self._base, revision)
        while self._order and self._events[self._order[0]][0].revision <= revision:
            self._evict()

    def add(self, bucket: str, event: Event) -> None:
        events = self._events.get(bucket)
        if events is None:
            events = self._events[bucket] = deque()
        events.append(event)
        self._order.append(bucket)
        self._bytes += len(event.record.body) + _EVENT_BYTES
        while self._bytes > self._bytes_max:
            self._evict()

    def since(self, bucket: str, revision: int) -> list[Event]:
        """The held events of a bucket, or of all, after `revision`, in order."""
        if bucket:
            found = list(self._newest_first(bucket, revision))
            found.reverse()
            return found
        found = [event for each in self._events for event in self._newest_first(each, revision)]
        found.sort(key=attrgetter("revision"))
        return found

    def matching(self, scope: Scope, revision: int) -> list[Event]:
        """The held events of a scope after `revision`, in order."""
        wanted = matcher(scope)
        return [event for event in self.since(scope.bucket, revision) if wanted(event.record.key)]

    def _newest_first(self, bucket: str, revision: int) -> Iterator[Event]:
        for event in reversed(self._events.get(bucket, ())):
            if event.revision <= revision:
                return
            yield event

    def _evict(self) -> None:
        bucket = self._order.popleft()
        events = self._events[bucket]
        event = events.popleft()
        if not events:
            del self._events[bucket]
        self._floors[bucket] = self._evicted = event.revision
        self._bytes -= len(event.record.body) + _EVENT_BYTES
