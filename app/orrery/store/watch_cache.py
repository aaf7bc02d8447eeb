"""The watch cache: every live record in key order, the window of past events, and whoever wants to hear of new ones.

It answers all reads, and never waits: SQL is not asked. It is fed by a log (`publish`), in revision order, with what is durable.
Beyond the window, reads of the past raise HistoryGone; `sql_log` reads older events for watches from the table.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sortedcontainers import SortedList

from orrery.machinery.objects import FrozenObject
from orrery.settings import Settings
from orrery.store.history import History, matcher
from orrery.store.indexes import Indexes
from orrery.store.log import ABSENT, Event, HistoryGone, Index, Operation, Page, Record, Scope
from orrery.store.records import CachedRecord, IndexSharing, ParseCache
from orrery.store.streams import Dispatcher

_WRITTEN_ONLY: Final = frozenset({"events", "leases.coordination.k8s.io"})
"""What is written far more often than anybody looks into it: its parses would push those of Pods out of the cache."""
_AFTER_SLASH: Final = "0"
"""The character after `/`: keys of a namespace are those from `bucket/namespace/` to `bucket/namespace0`."""


class WatchCache:
    """Live records by key, by place and by index; past events; listeners."""

    def __init__(self, settings: Settings, indexed_fields: Mapping[str, Collection[str]]) -> None:
        self.revision = 0
        self.history = History(settings.history_bytes_max)
        self.dispatcher = Dispatcher()
        self._parses = ParseCache(settings.parsed_objects_max)
        self._sharing = IndexSharing()
        self._indexes = Indexes(indexed_fields)
        self._records: dict[str, CachedRecord] = {}
        self._keys: dict[str, Any] = {}  # Bucket to SortedList of keys.
        self._namespaces: dict[str, dict[str, int]] = {}  # Bucket to namespace to number of records.

    # Filling

    def load(self, rows: Iterable[tuple[str, int, bytes, Index]], *, revision: int) -> int:
        """Fill an empty cache with the live objects as they are at `revision`, where the window starts; how many they are."""
        keys: dict[str, list[str]] = {}
        for key, written_at, body, index in rows:
            place = key.split("/", 2)
            self._records[key] = CachedRecord(key, written_at, body, self._sharing.shared(index, None), self._parses)
            keys.setdefault(place[0], []).append(key)
            self._enter(key, place[0], place[1])
        self._keys = {bucket: SortedList(members) for bucket, members in keys.items()}
        self.revision = revision
        self.history.raise_floor(revision)
        return len(self._records)

    def new_record(self, key: str, revision: int, body: bytes, index: Index) -> CachedRecord:
        """A record ready to be published; it is not in the cache yet."""
        previous = self._records.get(key)
        return CachedRecord(
            key, revision, body, self._sharing.shared(index, previous.index if previous is not None else None), self._parses
        )

    def publish(self, record: CachedRecord, operation: Operation, obj: FrozenObject | None = None) -> Event:
        """Make one durable write visible: to readers first, then to listeners. `obj` is its parse, if somebody has it."""
        bucket, namespace, name = record.key.split("/", 2)
        previous = self._records.get(record.key)
        if obj is not None:
            self._parses.keep(record.revision, obj)
        self._replace(record, previous, place=(bucket, namespace), lives=operation is not Operation.DELETED)
        self.revision = record.revision
        event = Event(record.revision, operation, record, previous)
        self.history.add(bucket, event)
        self.dispatcher.dispatch(event, (bucket, namespace, name))
        if previous is not None:
            self._parses.drop(previous.revision)
        if bucket in _WRITTEN_ONLY:
            self._parses.drop(record.revision)
        return event

    def _replace(self, record: CachedRecord, previous: CachedRecord | None, *, place: tuple[str, str], lives: bool) -> None:
        key = record.key
        if lives:
            self._records[key] = record
            if previous is None:
                self._enter(key, *place, indexed=False)
                self._keys.setdefault(place[0], SortedList()).add(key)
        elif previous is not None:
            del self._records[key]
            self._leave(key, *place)
        old = previous.index if previous is not None else None
        self._indexes.replace(key, place=place, old=old, new=record.index if lives else None)

    def _enter(self, key: str, bucket: str, namespace: str, *, indexed: bool = True) -> None:
        counts = self._namespaces.setdefault(bucket, {})
        counts[namespace] = counts.get(namespace, 0) + 1
        if indexed:
            self._indexes.replace(key, place=(bucket, namespace), old=None, new=self._records[key].index)

    def _leave(self, key: str, bucket: str, namespace: str) -> None:
        keys, counts = self._keys[bucket], self._namespaces[bucket]
        keys.remove(key)
        counts[namespace] -= 1
        if not counts[namespace]:
            del counts[namespace]
        if not keys:
            del self._keys[bucket], self._namespaces[bucket]

    # Reading

    def find(self, key: str) -> CachedRecord | None:
        return self._records.get(key)

    def head(self, key: str) -> int:
        """The revision a write of `key` has to name as its previous one."""
        record = self._records.get(key)
        return record.revision if record is not None else ABSENT

    def count(self, bucket: str) -> int:
        return len(self._keys.get(bucket, ()))

    def buckets(self) -> list[str]:
        return sorted(self._keys)

    def owned_by(self, uid: str, bucket: str) -> list[CachedRecord]:
        prefix = f"{bucket}/" if bucket else ""
        return [self._records[key] for key in self._indexes.owned_by(uid) if key.startswith(prefix)]

    def by_field(self, bucket: str, name: str, value: str) -> list[CachedRecord]:
        return [self._records[key] for key in self._indexes.by_field(bucket, name, value)]

    def by_label(self, scope: Scope, key: str, value: str) -> list[CachedRecord]:
        bucket, namespace, name = scope
        namespaces: Iterable[str] = (namespace,) if namespace else self._namespaces.get(bucket, ())
        found = [each for place in namespaces for each in self._indexes.by_label((bucket, place), key, value)]
        wanted = matcher(scope) if name else None
        return [self._records[each] for each in sorted(found) if wanted is None or wanted(each)]

    def label_count(self, bucket: str, namespace: str, key: str, value: str) -> int:
        return self._indexes.label_count((bucket, namespace), key, value)

    def page(self, scope: Scope, *, after: str, limit: int, at: int) -> Page:
        """`Log.list`."""
        if at and at < self.revision:
            return self._past_page(scope, after=after, limit=limit, at=at)
        keys, start, stop = self._run(scope, after)
        end = min(start + limit, stop) if limit else stop
        records = self._records
        return Page([records[key] for key in keys.islice(start, end)], self.revision, end < stop, max(stop - end, 0))

    def _run(self, scope: Scope, after: str) -> tuple[Any, int, int]:
        """A SortedList of live keys, and from where to where they are the scope's keys that follow `after`."""
        bucket, namespace, name = scope
        if name:
            named = [key for key in self._named(scope) if key in self._records and key > after]
            return SortedList(named), 0, len(named)
        keys = self._keys.get(bucket)
        if keys is None:
            return SortedList(), 0, 0
        first = f"{bucket}/{namespace}/" if namespace else ""
        start = keys.bisect_right(after) if after >= first else keys.bisect_left(first)
        stop = keys.bisect_left(first[:-1] + _AFTER_SLASH) if namespace else len(keys)
        return keys, start, max(start, stop)

    def _named(self, scope: Scope) -> list[str]:
        bucket, namespace, name = scope
        namespaces = (namespace,) if namespace else sorted(self._namespaces.get(bucket, ()))
        return sorted(f"{bucket}/{each}/{name}" for each in namespaces)

    def _past_page(self, scope: Scope, *, after: str, limit: int, at: int) -> Page:
        """The same page at revision `at`: the live records, with what the later events changed put back."""
        floor = self.history.floor(scope.bucket)
        if at < floor:
            raise HistoryGone(floor)
        then: dict[str, Record | None] = {}
        for event in self.history.matching(scope, at):
            key = event.record.key
            if key > after and key not in then:
                then[key] = event.previous
        keys, start, stop = self._run(scope, after)
        gone = sorted(key for key, record in then.items() if record is not None and key not in self._records)
        total = stop - start + len(gone) - sum(record is None and key in self._records for key, record in then.items())
        records: list[Record] = []
        for key in _merged(keys.islice(start, stop), gone):
            if limit and len(records) == limit:
                break
            record = then[key] if key in then else self._records[key]
            if record is not None:
                records.append(record)
        return Page(records, at, total > len(records), total - len(records))


def _merged(live: Iterator[str], gone: Sequence[str]) -> Iterator[str]:
    """Two sorted runs without a common key, as one."""
    rest = iter(gone)
    waiting = next(rest, None)
    for key in live:
        while waiting is not None and waiting < key:
            yield waiting
            waiting = next(rest, None)
        yield key
    while waiting is not None:
        yield waiting
        waiting = next(rest, None)
