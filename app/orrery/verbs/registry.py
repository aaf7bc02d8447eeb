"""What all verbs stand on: the log, the kinds, the clock, the settings, admission; and the steps they share.

Follows apiserver's `registry/generic` Store: how a key is made, how an object becomes bytes and an index entry, how a write is made.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Generic, Protocol, TypeVar

import orjson

from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind
from orrery.machinery.clock import Clock
from orrery.machinery.errors import NotStored
from orrery.machinery.objects import FrozenObject, Object
from orrery.settings import Settings
from orrery.store.log import Index, Log, Operation, Record, Write, WriteFailed, key_of
from orrery.verbs.admission.admission import Action, Admission, AdmissionRequest, Counting, Validating
from orrery.verbs.call import Call
from orrery.verbs.ports import Ports
from orrery.verbs.results import unstored
from orrery.verbs.service_addresses import ServiceAddresses

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class _Handler(Protocol):
    def handles(self, kind: Kind, action: Action, subresource: str) -> bool: ...


_Plugin = TypeVar("_Plugin", bound=_Handler)


class _Chain(Generic[_Plugin]):
    """The plugins of one pass, sorted once by what they handle."""

    def __init__(self, plugins: tuple[_Plugin, ...]) -> None:
        self._plugins = plugins
        self._sorted: dict[tuple[str, Action, str], tuple[_Plugin, ...]] = {}

    def of(self, kind: Kind, action: Action, subresource: str) -> tuple[_Plugin, ...]:
        identity = (kind.bucket, action, subresource)
        found = self._sorted.get(identity)
        if found is None:
            found = self._sorted[identity] = tuple(plugin for plugin in self._plugins if plugin.handles(kind, action, subresource))
        return found


class Registry:
    """The ground of all verbs."""

    def __init__(
        self,
        *,
        log: Log,
        catalogue: Catalogue,
        clock: Clock,
        settings: Settings,
        admission: Sequence[Admission],
        validating: Sequence[Validating] = (),
        counting: Counting | None = None,
    ) -> None:
        self.log = log
        self.catalogue = catalogue
        self.clock = clock
        self.settings = settings
        self.addresses = ServiceAddresses(log, clock, settings)
        self.ports = Ports()
        self._admission = _Chain(tuple(admission))
        self._validating = _Chain(tuple(validating))
        self._counting = _Chain((counting,) if counting is not None else ())

    async def admit(self, call: Call, action: Action, obj: Object | None, old: FrozenObject | None) -> None:
        """Ask the plugins that handle this; they may change `obj`, or raise."""
        kind = stored_kind(call.kind)
        chain = self._admission.of(kind, action, call.subresource)
        if chain:
            request = AdmissionRequest(self, self.clock, call, kind, action, obj, old)
            for plugin in chain:
                waiting = plugin.admit(request)
                if waiting is not None:
                    await waiting

    async def check(self, call: Call, action: Action, obj: Object, old: FrozenObject | None) -> None:
        """Ask the plugins of the second pass; they may raise. When they do not, `written` must follow."""
        kind = stored_kind(call.kind)
        for chain in (self._validating.of(kind, action, call.subresource), self._counting.of(kind, action, call.subresource)):
            if chain:
                request = AdmissionRequest(self, self.clock, call, kind, action, obj, old)
                for plugin in chain:
                    waiting = plugin.validate(request)
                    if waiting is not None:
                        await waiting

    def written(self, call: Call, action: Action, obj: Object) -> None:
        """Tell who keeps accounts that the write has ended, well or not."""
        kind = stored_kind(call.kind)
        for plugin in self._counting.of(kind, action, call.subresource):
            plugin.written(AdmissionRequest(self, self.clock, call, kind, action, obj, None))

    def find(self, call: Call) -> Record | None:
        return self.log.find(key_for(call))

    async def create(self, kind: Kind, key: str, obj: Object) -> Record:
        """Append a new object, already arranged; StaleWrite when the key lives."""
        return await self._append(kind, key, obj, previous=0, operation=Operation.CREATED)

    async def replace(self, kind: Kind, old: Record, obj: Object) -> Record:
        """Append a changed object, already arranged; StaleWrite when `old` is no longer the newest."""
        return await self._append(kind, old.key, obj, previous=old.revision, operation=Operation.UPDATED)

    async def remove(self, old: Record) -> Record:
        """Append the end of an object, with its last state."""
        last = {**old.object, "metadata": {**old.object["metadata"]}}

        def encode(revision: int) -> bytes:
            last["metadata"]["resourceVersion"] = str(revision)
            return orjson.dumps(last)

        return await self._write(Write(old.key, old.revision, Operation.DELETED, encode, old.index, last))

    async def _append(self, kind: Kind, key: str, obj: Object, *, previous: int, operation: Operation) -> Record:
        meta = obj["metadata"]

        def encode(revision: int) -> bytes:
            meta["resourceVersion"] = str(revision)
            return orjson.dumps(obj)

        return await self._write(Write(key, previous, operation, encode, index_of(kind, obj), obj))

    async def _write(self, write: Write) -> Record:
        try:
            return await self.log.append(write)
        except WriteFailed as error:
            raise NotStored(str(error)) from error


def stored_kind(kind: Kind) -> Kind:
    return kind.stored_as or kind


def key_for(call: Call) -> str:
    kind = call.kind
    return key_of(kind.bucket, call.namespace if kind.namespaced else "", call.name)


def index_of(kind: Kind, obj: FrozenObject) -> Index:
    """What selectors, the garbage collector and controllers look up."""
    meta = obj["metadata"]
    owners = meta.get("ownerReferences")
    selectable = kind.behaviour.selectable
    return Index(
        labels=meta.get("labels") or _NOTHING,
        fields=selectable(obj) if selectable is not None else _NOTHING,
        owners=tuple(dict.fromkeys(owner["uid"] for owner in owners)) if owners else (),
        uid=meta["uid"],
    )


def as_asked(kind: Kind, record: Record) -> Record:
    """The record as the kind that was asked for, when another is stored."""
    if kind.from_storage is None:
        return record
    return unstored(kind.from_storage(record.object), key=record.key, revision=record.revision, index=record.index)


def object_as_asked(kind: Kind, obj: FrozenObject) -> FrozenObject:
    return obj if kind.from_storage is None else kind.from_storage(obj)


def at_version(obj: FrozenObject, revision: int | str) -> FrozenObject:
    """A shallow copy with another resourceVersion."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
