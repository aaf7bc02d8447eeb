"""What the cache keeps of one object at one revision, and how it keeps it small.

A record holds the encoded bytes and its index; the parsed form lives in one bounded cache for all records, least recently used
out first. Label maps are shared between records, because thousands of Pods carry the same few.
"""

from collections import OrderedDict
from collections.abc import Mapping
from sys import intern
from typing import Final

import orjson

from orrery.machinery.objects import FrozenObject
from orrery.store.log import Index

_LABEL_MAPS_MAX: Final = 20_000


class ParseCache:
    """Parsed bodies by revision, at most `objects_max` of them."""

    __slots__ = ("_objects", "_objects_max")

    def __init__(self, objects_max: int) -> None:
        self._objects: OrderedDict[int, FrozenObject] = OrderedDict()
        self._objects_max = max(objects_max, 1)

    def __len__(self) -> int:
        return len(self._objects)

    def parsed(self, revision: int, body: bytes) -> FrozenObject:
        obj = self._objects.get(revision)
        if obj is not None:
            self._objects.move_to_end(revision)
            return obj
        fresh: FrozenObject = orjson.loads(body)
        self.keep(revision, fresh)
        return fresh

    def keep(self, revision: int, obj: FrozenObject) -> None:
        self._objects[revision] = obj
        if len(self._objects) > self._objects_max:
            self._objects.popitem(last=False)

    def drop(self, revision: int) -> None:
        """Forget a parse that nobody is likely to ask for again."""
        self._objects.pop(revision, None)


class CachedRecord:
    """One object at one revision. Immutable."""

    __slots__ = ("_parses", "body", "index", "key", "revision")

    def __init__(self, key: str, revision: int, body: bytes, index: Index, parses: ParseCache) -> None:
        self.key = key
        self.revision = revision
        self.body = body
        self.index = index
        self._parses = parses

    @property
    def object(self) -> FrozenObject:
        return self._parses.parsed(self.revision, self.body)

    def __repr__(self) -> str:
        return f"<{self.key}@{self.revision}>"


class IndexSharing:
    """Makes indexes that share equal label maps and equal strings."""

    def __init__(self) -> None:
        self._label_maps: dict[frozenset[tuple[str, str]], dict[str, str]] = {}

    def shared(self, index: Index, previous: Index | None) -> Index:
        """`index` with the parts it has in common with `previous`, or with anybody, held once."""
        if previous is not None and previous == index:
            return previous
        return Index(
            labels=previous.labels if previous is not None and previous.labels == index.labels else self._labels(index.labels),
            fields={intern(name): intern(value) for name, value in index.fields.items()},
            owners=tuple(intern(uid) for uid in index.owners),
            uid=index.uid,
        )

    def _labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        identity = frozenset(labels.items())
        known = self._label_maps.get(identity)
        if known is None:
            if len(self._label_maps) >= _LABEL_MAPS_MAX:
                self._label_maps.clear()
            known = self._label_maps[identity] = {intern(key): intern(value) for key, value in labels.items()}
        return known
