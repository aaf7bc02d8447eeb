"""The reading half of every log: what the contract promises without waiting, answered by the watch cache."""

from collections.abc import Callable, Collection, Mapping, Sequence

from orrery.settings import Settings
from orrery.store.indexes import INDEXED_FIELDS
from orrery.store.log import Event, EventStream, HistoryGone, Page, Record, Scope, Subscription
from orrery.store.streams import BoundedStream, CallbackSubscription
from orrery.store.watch_cache import WatchCache


class CachedLog:
    """Reads, subscriptions and watches over a cache; how it is filled is the subclass's business."""

    def __init__(self, settings: Settings, indexed_fields: Mapping[str, Collection[str]] = INDEXED_FIELDS) -> None:
        self._settings = settings
        self._cache = WatchCache(settings, indexed_fields)

    @property
    def revision(self) -> int:
        return self._cache.revision

    @property
    def oldest(self) -> int:
        return self._cache.history.floor()

    def find(self, key: str) -> Record | None:
        return self._cache.find(key)

    def list(self, scope: Scope, *, after: str = "", limit: int = 0, at: int = 0) -> Page:
        return self._cache.page(scope, after=after, limit=limit, at=at)

    def count(self, bucket: str) -> int:
        return self._cache.count(bucket)

    def buckets(self) -> Sequence[str]:
        return self._cache.buckets()

    def owned_by(self, uid: str, bucket: str = "") -> Sequence[Record]:
        return self._cache.owned_by(uid, bucket)

    def by_field(self, bucket: str, name: str, value: str) -> Sequence[Record]:
        return self._cache.by_field(bucket, name, value)

    def by_label(self, scope: Scope, key: str, value: str) -> Sequence[Record]:
        return self._cache.by_label(scope, key, value)

    def label_count(self, bucket: str, namespace: str, key: str, value: str) -> int:
        return self._cache.label_count(bucket, namespace, key, value)

    def subscribe(self, scope: Scope, callback: Callable[[Event], None]) -> Subscription:
        return CallbackSubscription(self._cache.dispatcher, scope, callback)

    async def watch(self, scope: Scope, since: int) -> EventStream:
        floor = self._cache.history.floor(scope.bucket)
        if since < floor:
            raise HistoryGone(floor)
        return self._stream(scope, since)

    def _stream(self, scope: Scope, since: int) -> BoundedStream:
        """A stream that starts with the events of the window after `since`."""
        cache = self._cache
        return BoundedStream(
            cache.dispatcher,
            scope,
            events_max=self._settings.watch_backlog_events_max,
            backlog=cache.history.matching(scope, since),
        )
