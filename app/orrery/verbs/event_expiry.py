"""Events do not live for ever: each is removed `events_ttl_s` after it was last written, as etcd's leases do it upstream.

All live equally long, so the order of writing is the order of expiry: one queue, one timer, no scan.
"""

import asyncio
from contextlib import suppress
from typing import Final

from orrery.machinery.clock import Timer, parse_timestamp
from orrery.machinery.objects import FrozenObject
from orrery.store.log import Event, Operation, Scope, StaleWrite
from orrery.verbs.registry import Registry

_EVENTS: Final = Scope("events")
_TOGETHER_MAX: Final = 200


class EventExpiry:
    """Watches Events being written, and removes each when its time has come."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._log = registry.log
        self._clock = registry.clock
        self._ttl_s = registry.settings.events_ttl_s
        self._due_s: dict[str, float] = {}
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        known = [(_written_s(record.object, self._clock.now_s()), record.key) for record in self._log.list(_EVENTS).records]
        for written_s, key in sorted(known):
            self._due_s[key] = written_s + self._ttl_s
        self._subscription = self._log.subscribe(_EVENTS, self._on_event)
        self._arm()

    def stop(self) -> None:
        self._subscription.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _on_event(self, event: Event) -> None:
        key = event.record.key
        self._due_s.pop(key, None)  # Written again: to the end of the queue.
        if event.operation is not Operation.DELETED:
            self._due_s[key] = self._clock.now_s() + self._ttl_s
            self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._due_s:
            first_s = next(iter(self._due_s.values()))
            self._timer = self._clock.call_later(first_s - self._clock.now_s(), self._fire, background=True)

    def _fire(self) -> None:
        self._timer = None
        self._task = asyncio.ensure_future(self._expire())

    async def _expire(self) -> None:
        now_s = self._clock.now_s()
        due: list[str] = []
        for key, due_s in self._due_s.items():
            if due_s > now_s or len(due) == _TOGETHER_MAX:
                break
            due.append(key)
        for key in due:
            self._due_s.pop(key, None)
        await asyncio.gather(*(self._remove(key) for key in due))
        self._arm()

    async def _remove(self, key: str) -> None:
        record = self._log.find(key)
        if record is not None:
            with suppress(StaleWrite):  # Somebody writes it just now; its event puts it in the queue again.
                await self._registry.remove(record)


def _written_s(event: FrozenObject, now_s: float) -> float:
    """When an Event from before the start was last written, as far as it tells."""
    try:
        return parse_timestamp(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])
    except (ValueError, KeyError):
        return now_s
