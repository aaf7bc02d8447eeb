"""Look-ups beside the key: which live keys have an owner, a label or a field value.

Every index maps a value to the keys that carry it, in the order they came. Most values that are unique (a Pod's own name as a
label) hold one key, so one key is kept as it is, and only the second makes a dictionary.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from orrery.store.log import Index

INDEXED_FIELDS: Final[Mapping[str, Collection[str]]] = MappingProxyType(
    {"pods": ("spec.nodeName",), "events": ("involvedObject.uid",)},
)
"""The fields that `by_field` can be asked for, by bucket; the composition root may pass its own."""

_NOTHING: Final = Index()


class KeyIndex:
    """Keys by one hashable value."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[Hashable, str | dict[str, None]] = {}

    def add(self, value: Hashable, key: str) -> None:
        held = self._keys.get(value)
        if held is None:
            self._keys[value] = key
        elif isinstance(held, dict):
            held[key] = None
        elif held != key:
            self._keys[value] = {held: None, key: None}

    def remove(self, value: Hashable, key: str) -> None:
        held = self._keys.get(value)
        if isinstance(held, dict):
            held.pop(key, None)
            if not held:
                del self._keys[value]
        elif held == key:
            del self._keys[value]

    def keys(self, value: Hashable) -> Iterable[str]:
        held = self._keys.get(value)
        if held is None:
            return ()
        return held if isinstance(held, dict) else (held,)

    def count(self, value: Hashable) -> int:
        held = self._keys.get(value)
        if held is None:
            return 0
        return len(held) if isinstance(held, dict) else 1


class Indexes:
    """All look-ups of the cache, kept in step with its records."""

    def __init__(self, indexed_fields: Mapping[str, Collection[str]]) -> None:
        self._indexed_fields = {bucket: tuple(fields) for bucket, fields in indexed_fields.items()}
        self._owners = KeyIndex()
        self._labels = KeyIndex()
        self._fields = KeyIndex()

    def replace(self, key: str, *, place: tuple[str, str], old: Index | None, new: Index | None) -> None:
        """The object at `key`, in `place` (bucket and namespace), had the index `old` and has `new`; None is no object."""
        before, after = old or _NOTHING, new or _NOTHING
        if before is after:
            return
        if before.owners != after.owners:
            _move(self._owners, key, before.owners, after.owners)
        if before.labels is not after.labels:
            _move(self._labels, key, _pairs(place, before.labels), _pairs(place, after.labels))
        fields = self._indexed_fields.get(place[0])
        if fields is not None:
            _move(self._fields, key, _values(place[0], fields, before), _values(place[0], fields, after))

    def owned_by(self, uid: str) -> Iterable[str]:
        return self._owners.keys(uid)

    def by_label(self, place: tuple[str, str], label: str, value: str) -> Iterable[str]:
        return self._labels.keys((*place, label, value))

    def label_count(self, place: tuple[str, str], label: str, value: str) -> int:
        return self._labels.count((*place, label, value))

    def by_field(self, bucket: str, name: str, value: str) -> Iterable[str]:
        if name not in self._indexed_fields.get(bucket, ()):
            raise KeyError(f"{bucket} are not indexed by {name}")
        return self._fields.keys((bucket, name, value))


def _pairs(place: tuple[str, str], labels: Mapping[str, str]) -> list[Hashable]:
    return [(*place, label, value) for label, value in labels.items()]


def _values(bucket: str, fields: Iterable[str], index: Index) -> list[Hashable]:
    return [(bucket, name, index.fields[name]) for name in fields if name in index.fields]


def _move(keys: KeyIndex, key: str, before: Collection[Hashable], after: Collection[Hashable]) -> None:
    """Values in both keep their place, so that an update does not reorder."""
    for value in before:
        if value not in after:
            keys.remove(value, key)
    for value in after:
        if value not in before:
            keys.add(value, key)
