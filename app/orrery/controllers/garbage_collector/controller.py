"""The garbage collector: wakes on what gets owners, on what was an owner, and on deletions that wait for it.

A key names one object: `bucket/namespace/name`, as in the log. Events are told apart by the index and the bytes beside it, so an
object that keeps its owners costs two comparisons per event and is not parsed. At the start only those are looked at whose owner is
gone, and those whose deletion waits.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.garbage_collector.plan import (
    FOREGROUND,
    ORPHAN,
    Delete,
    Dependents,
    OwnerState,
    finalizers_of,
    is_blocking,
    is_waiting,
    plan_dependent,
    unblock,
)
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, GroupResource, Object, is_deleting, name_of, namespace_of, owner_references_of, uid_of
from orrery.store.log import Record
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

_NOWHERE_MAX: Final = 10_000
_BLOCKING: Final = b'"blockOwnerDeletion":true'


@dataclass(slots=True)
class _Waiting:
    """An owner in foreground deletion."""

    key: str
    blocker: str = ""
    """A dependent that holds it up: until that one changes, another look at the owner is of no use."""


class GarbageCollector:
    """One key is one object: a dependent to check, or an owner whose deletion waits."""

    name = "garbage-collector-controller"
    workers = 20

    def __init__(self, client: Client, recorder: EventRecorder, catalogue: Catalogue) -> None:
        self._client = client
        self._recorder = recorder
        self._catalogue = catalogue
        self._buckets = [kind.bucket for kind in catalogue if kind.stored_as is None and "delete" in kind.verbs and kind.bucket != "events"]
        self._waiting: dict[str, _Waiting] = {}
        self._nowhere: set[str] = set()
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        for bucket in self._buckets:
            informer.hear(bucket, self._keys_of)
        informer.at_start(self._keys_at_start)

    def _keys_at_start(self) -> Iterator[str]:
        live = {record.index.uid for bucket in self._buckets for record in self._client.records(bucket)}
        for bucket in self._buckets:
            for record in self._client.records(bucket):
                if _may_wait(record):
                    self._note(record)
                    yield record.key
                elif any(uid not in live for uid in record.index.owners):
                    yield record.key

    def _keys_of(self, change: Change) -> Iterator[str]:
        """The object when its owners changed or its deletion waits; its dependents when it goes; owners that waited for it."""
        record, former = change.record, change.former
        owners = former.index.owners if former is not None else ()
        if self._waiting and owners and (not change.is_present or _lets_go(record, former)):
            yield from (waiting.key for uid in owners if (waiting := self._waiting.get(uid)) and waiting.blocker in ("", change.key))
        if not change.is_present:
            self._waiting.pop(change.uid, None)
            yield from (dependent.key for dependent in self._client.dependents(change.uid))
        elif _may_wait(record):
            self._note(record)
            yield change.key
        elif change.owners != owners:
            yield change.key

    def _note(self, record: Record) -> None:
        if is_waiting(record.object, FOREGROUND):
            self._waiting.setdefault(record.index.uid, _Waiting(record.key))

    async def reconcile(self, key: str) -> Outcome:
        bucket, namespace, name = key.split("/", 2)
        obj = self._client.get(bucket, namespace, name)
        if obj is None:
            return DONE
        if is_waiting(obj, ORPHAN):
            await self._orphan_dependents(obj)
            await self._remove_finalizer(bucket, obj, ORPHAN)
        elif is_waiting(obj, FOREGROUND):
            await self._wait_for_dependents(bucket, obj)
        elif owner_references_of(obj) and not is_deleting(obj):
            await self._check_owners(bucket, obj)
        return DONE

    async def _check_owners(self, bucket: GroupResource, obj: FrozenObject) -> None:
        owners = [(reference, state) for reference in owner_references_of(obj) if (state := self._state(reference, obj)) is not None]
        if len(owners) < len(owner_references_of(obj)):
            return  # An owner of a kind nobody knows: upstream cannot tell either, and leaves the object alone.
        waits = any(state is OwnerState.WAITING for _, state in owners)
        plan = plan_dependent(obj, owners, self._dependents_of(obj) if waits else Dependents.NONE)
        if isinstance(plan, Delete):
            await self._delete(bucket, obj, plan)
        elif plan.drop:
            await self._drop_references(bucket, obj, plan.drop)

    def _dependents_of(self, obj: FrozenObject) -> Dependents:
        dependents = self._client.dependents(uid_of(obj))
        if any(_may_wait(record) and is_waiting(record.object, FOREGROUND) for record in dependents):
            return Dependents.WAITING
        return Dependents.SOME if dependents else Dependents.NONE

    async def _delete(self, bucket: GroupResource, obj: FrozenObject, plan: Delete) -> None:
        """Delete what was looked at, unless its owners have changed since; other changes do not save it."""
        if plan.unblock:
            changed = await self._client.change(bucket, namespace_of(obj), name_of(obj), unblock)
            if changed is None or uid_of(changed) != uid_of(obj):
                return
            obj = changed
        version: str | None = obj["metadata"]["resourceVersion"]
        while True:
            try:
                await self._client.delete(
                    bucket, namespace_of(obj), name_of(obj), uid=uid_of(obj), propagation=plan.propagation, resource_version=version
                )
            except NotFound:
                return
            except Conflict:
                live = self._client.get(bucket, namespace_of(obj), name_of(obj))
                if live is None or uid_of(live) != uid_of(obj):
                    return
                if version is None or owner_references_of(live) != owner_references_of(obj):
                    raise
                version = None
            else:
                return

    def _state(self, reference: Object, dependent: FrozenObject) -> OwnerState | None:
        kind = self._catalogue.of(reference["apiVersion"], reference["kind"])
        if kind is None:
            return None
        if kind.namespaced and not namespace_of(dependent):
            self._report_strange(reference, dependent)
            return None
        owner = self._client.get(kind.bucket, namespace_of(dependent) if kind.namespaced else "", reference["name"])
        if owner is None or uid_of(owner) != reference["uid"]:
            if kind.namespaced and self._is_elsewhere(kind.bucket, reference):
                self._report_strange(reference, dependent)
            return OwnerState.DANGLING
        return OwnerState.WAITING if is_waiting(owner, FOREGROUND) else OwnerState.SOLID

    def _is_elsewhere(self, bucket: GroupResource, reference: Object) -> bool:
        """Whether the owner lives in another namespace. One that was nowhere comes never again: it is searched once."""
        # DIFFERS: upstream finds an owner in another namespace by its UID alone; we by its name there, too.
        uid, name = reference["uid"], reference["name"]
        if uid in self._nowhere:
            return False
        for namespace in self._client.records("namespaces"):
            owner = self._client.get(bucket, namespace.key.rpartition("/")[2], name)
            if owner is not None and uid_of(owner) == uid:
                return True
        if len(self._nowhere) >= _NOWHERE_MAX:
            self._nowhere.clear()
        self._nowhere.add(uid)
        return False

    def _report_strange(self, reference: Object, dependent: FrozenObject) -> None:
        namespace = namespace_of(dependent)
        owner = f"{reference['apiVersion']}/{reference['kind']}, namespace: {namespace}, name: {reference['name']}, uid: {reference['uid']}"
        message = f"ownerRef [{owner}] does not exist in namespace {go_quote(namespace)}"
        self._recorder.event(dependent, "Warning", "OwnerRefInvalidNamespace", message)

    async def _wait_for_dependents(self, bucket: GroupResource, owner: FrozenObject) -> None:
        """Let the owner go when nothing holds it up, else have those looked at that were not told to go."""
        uid = uid_of(owner)
        dependents = self._client.dependents(uid)
        blocker = next((record.key for record in dependents if is_blocking(record.object, uid)), None)
        if blocker is None:
            await self._remove_finalizer(bucket, owner, FOREGROUND)
            return
        if uid in self._waiting:
            self._waiting[uid].blocker = blocker
        assert self._queue is not None
        for record in dependents:
            if b'"deletionTimestamp"' not in record.body:
                self._queue.add(record.key)

    async def _orphan_dependents(self, owner: FrozenObject) -> None:
        uid = uid_of(owner)
        places = [(record.key.split("/", 1)[0], record.object) for record in self._client.dependents(uid)]
        results = await asyncio.gather(
            *(self._drop_references(bucket, obj, (uid,)) for bucket, obj in places),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result  # One that keeps its reference would be deleted with its owner: it is tried again.

    async def _drop_references(self, bucket: GroupResource, obj: FrozenObject, uids: Sequence[str]) -> None:
        def drop(draft: Object) -> bool:
            kept = [reference for reference in owner_references_of(draft) if reference["uid"] not in uids]
            if uid_of(draft) != uid_of(obj) or len(kept) == len(owner_references_of(draft)):
                return False
            draft["metadata"]["ownerReferences"] = kept
            return True

        await self._change(bucket, obj, drop)

    async def _remove_finalizer(self, bucket: GroupResource, obj: FrozenObject, finalizer: str) -> None:
        def remove(draft: Object) -> bool:
            if uid_of(draft) != uid_of(obj) or finalizer not in finalizers_of(draft):
                return False
            draft["metadata"]["finalizers"] = [name for name in finalizers_of(draft) if name != finalizer]
            return True

        await self._change(bucket, obj, remove)

    async def _change(self, bucket: GroupResource, obj: FrozenObject, change: Callable[[Object], bool]) -> None:
        try:
            await self._client.change(bucket, namespace_of(obj), name_of(obj), change)
        except NotFound:
            return


def _may_wait(record: Record) -> bool:
    """Whether the bytes speak of a deletion that waits for this controller; true for a few objects that only quote the words."""
    body = record.body
    return b'"deletionTimestamp"' in body and (b'"foregroundDeletion"' in body or b'"orphan"' in body)


def _lets_go(record: Record, former: Record | None) -> bool:
    """Whether an object may hold up fewer owners than before."""
    return former is None or record.index.owners != former.index.owners or record.body.count(_BLOCKING) != former.body.count(_BLOCKING)
