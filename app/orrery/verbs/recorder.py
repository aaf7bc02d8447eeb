"""The event recorder of controllers, scheduler and node: fire and forget, written in order, repeated events counted instead of repeated.

Follows client-go: `tools/record` with its correlator for the classic form (count, firstTimestamp, lastTimestamp; many alike are
combined; a source that floods is held back), `tools/events` for the newer one, which kube-scheduler writes (eventTime, action, series).
"""

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from orrery.machinery.clock import micro_timestamp, timestamp
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object
from orrery.verbs.client import Client

Style = Literal["core", "events"]
Value = TypeVar("Value")

_NEWER: Final = frozenset({"default-scheduler"})
"""Components whose real ones write the newer form."""

_CACHE_MAX: Final = 4096
_ALIKE_MAX: Final = 10
"""So many messages of one reason about one object are told apart; the next ones are combined."""
_ALIKE_S: Final = 600.0
_BURST: Final = 25
_REFILL_S: Final = 300.0
_SERIES_S: Final = 360.0
_QUEUE_MAX: Final = 10_000
_LAST_MAX: Final = 100
"""So many events are still written when the recorder stops; the others are dropped, as upstream drops all of them."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Bucket:
    """How many events a source may still write about an object."""

    tokens: float
    filled_s: float


@dataclass(slots=True)
class _Alike:
    """The messages seen lately of one reason about one object."""

    last_s: float
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Written:
    """An event that exists, and how often it has happened."""

    namespace: str
    name: str
    first: str
    count: int
    last_s: float


class EventRecorder:
    """One component's events. `host` is the node's name for a kubelet."""

    def __init__(self, client: Client, component: str, host: str = "", *, style: Style | None = None) -> None:
        """`style` None is the one the real component writes."""
        self._client = client
        self._clock = client.clock
        self._component = component
        self._host = host
        self._style: Style = style or ("events" if component in _NEWER else "core")
        self._queue: deque[Object] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._stopped = False
        self._last_ns = 0
        self._alike: OrderedDict[tuple[str, ...], _Alike] = OrderedDict()
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()
        self._written: OrderedDict[tuple[str, ...], _Written] = OrderedDict()

    def event(
        self,
        obj: FrozenObject,
        type_: str,
        reason: str,
        message: str,
        *,
        action: str = "",
        related: FrozenObject | None = None,
        field_path: str = "",
    ) -> None:
        """Say what happened to `obj`; `type_` is Normal or Warning. Returns at once."""
        if self._stopped:
            return
        if len(self._queue) >= _QUEUE_MAX:
            _LOG.warning("too many events wait to be written; %s about %s is dropped", reason, obj["metadata"].get("name"))
            return
        event = self._new_event(obj, type_, reason, message, field_path)
        if self._style == "events":
            event["action"] = action
            if related is not None:
                event["related"] = reference_to(related)
        self._queue.append(event)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.ensure_future(self._write_all())

    async def flush(self) -> None:
        """Wait until everything said so far is written."""
        if self._drain is not None and not self._drain.done():
            await self._drain

    async def stop(self) -> None:
        """Write what was said last, and hear no more."""
        self._stopped = True
        while len(self._queue) > _LAST_MAX:
            self._queue.pop()
        await self.flush()

    def _new_event(self, obj: FrozenObject, type_: str, reason: str, message: str, field_path: str) -> Object:
        now_s = self._clock.now_s()
        # Names carry the time in nanoseconds; a counter keeps them apart when time stands still.
        self._last_ns = max(int(now_s * 1e9), self._last_ns + 1)
        involved = reference_to(obj)
        if field_path:
            involved["fieldPath"] = field_path
        meta = {"name": f"{involved['name']}.{self._last_ns:x}", "namespace": involved.get("namespace") or "default"}
        event: Object = {"metadata": meta, "involvedObject": involved, "reason": reason, "message": message}
        if self._style == "core":
            source = {"component": self._component, "host": self._host} if self._host else {"component": self._component}
            now = timestamp(now_s)
            event |= {"source": source, "firstTimestamp": now, "lastTimestamp": now, "count": 1, "type": type_, "eventTime": None}
            event |= {"reportingComponent": self._component, "reportingInstance": self._host}
        else:
            event |= {"source": {}, "firstTimestamp": None, "lastTimestamp": None, "type": type_, "eventTime": micro_timestamp(now_s)}
            instance = f"{self._component}-{self._host}" if self._host else self._component
            event |= {"reportingComponent": self._component, "reportingInstance": instance}
        return event

    async def _write_all(self) -> None:
        while self._queue:
            event = self._queue.popleft()
            try:
                await (self._write(event) if self._style == "core" else self._write_series(event))
            except ApiError as error:
                # An event is never worth an error: the namespace may be ending, the object long gone, the disk full.
                _LOG.debug("event %s not written: %s", event["metadata"]["name"], error)

    async def _write(self, event: Object) -> None:
        """Combine, hold back, count; then create or patch."""
        now_s = self._clock.now_s()
        identity = self._combined(event, now_s)
        if not self._has_token(event, now_s):
            return
        known = self._written.get(identity)
        if known is not None:
            known.count += 1
            known.last_s = now_s
            self._written.move_to_end(identity)
            patch = {"count": known.count, "lastTimestamp": event["lastTimestamp"], "message": event["message"]}
            try:
                await self._client.patch("events", known.namespace, known.name, patch)
                return
            except NotFound:
                event["count"], event["firstTimestamp"] = known.count, known.first
        await self._create(identity, event, event["firstTimestamp"], now_s)

    async def _write_series(self, event: Object) -> None:
        """The newer form: the second about the same state of an object begins a series, later ones only count."""
        # DIFFERS: upstream writes a running series' count every half hour; we write it when the series begins.
        now_s = self._clock.now_s()
        about = (*event["involvedObject"].values(), "", *event.get("related", {}).values())
        identity = (event["action"], event["reason"], event["type"], *about)
        known = self._written.get(identity)
        if known is None or now_s - known.last_s > _SERIES_S:
            await self._create(identity, event, event["eventTime"], now_s)
            return
        known.count += 1
        known.last_s = now_s
        if known.count == 2:
            series = {"count": 2, "lastObservedTime": event["eventTime"]}
            try:
                await self._client.patch("events", known.namespace, known.name, {"series": series})
            except NotFound:
                await self._create(identity, event, event["eventTime"], now_s)

    async def _create(self, identity: tuple[str, ...], event: Object, first: str, now_s: float) -> None:
        meta = event["metadata"]
        try:
            await self._client.hand_over("events", event)
        except AlreadyExists:
            # Another component said something about the object in the same moment: the next name is free.
            self._last_ns = max(self._last_ns, int(meta["name"].rpartition(".")[2], 16)) + 1
            meta = event["metadata"] = {**meta, "name": f"{event['involvedObject']['name']}.{self._last_ns:x}"}
            await self._create(identity, event, first, now_s)
            return
        _remember(self._written, identity, _Written(meta["namespace"], meta["name"], first, event.get("count", 1), now_s))

    def _combined(self, event: Object, now_s: float) -> tuple[str, ...]:
        """The identity under which the event is counted; with too many alike, that of their combination."""
        involved = event["involvedObject"]
        about = (involved.get("kind", ""), involved.get("namespace", ""), involved["name"], involved.get("uid", ""))
        group = (*about, involved.get("apiVersion", ""), event["type"], event["reason"])
        alike = self._alike.get(group)
        if alike is None or now_s - alike.last_s > _ALIKE_S:
            alike = _Alike(now_s)
            _remember(self._alike, group, alike)
        alike.last_s = now_s
        alike.messages.add(event["message"])
        if len(alike.messages) < _ALIKE_MAX:
            return (*group, involved.get("fieldPath", ""), event["message"])
        if len(alike.messages) > _ALIKE_MAX:
            alike.messages.pop()
        event["message"] = f"(combined from similar events): {event['message']}"
        event["reportingComponent"] = event["reportingInstance"] = ""  # the combination is written anew, and names its source only
        return group

    def _has_token(self, event: Object, now_s: float) -> bool:
        """Whether the source may say one more thing about the object: 25 at once, then one in five minutes."""
        involved = event["involvedObject"]
        about = (involved.get("kind", ""), involved.get("namespace", ""), involved["name"], involved.get("uid", ""))
        bucket = self._buckets.get(about)
        if bucket is None:
            bucket = _Bucket(_BURST, now_s)
            _remember(self._buckets, about, bucket)
        bucket.tokens = min(_BURST, bucket.tokens + (now_s - bucket.filled_s) / _REFILL_S)
        bucket.filled_s = now_s
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _remember(cache: OrderedDict[tuple[str, ...], Value], key: tuple[str, ...], value: Value) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > _CACHE_MAX:
        cache.popitem(last=False)


def reference_to(obj: FrozenObject) -> Object:
    """An ObjectReference to an object."""
    meta = obj["metadata"]
    fields = {
        "kind": obj.get("kind", ""),
        "namespace": meta.get("namespace", ""),
        "name": meta.get("name", ""),
        "uid": meta.get("uid", ""),
        "apiVersion": obj.get("apiVersion", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    return {name: value for name, value in fields.items() if value}
