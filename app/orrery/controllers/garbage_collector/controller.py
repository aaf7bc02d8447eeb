"""The garbage collector: wakes on what has owners, on what was an owner, and on deletions that wait for it.

A key names one object: `bucket/namespace/name`, as in the log. It costs nothing for objects without owners: events are told apart
by the index beside the bytes, and nothing is parsed for them.
"""

from collections.abc import Callable, Iterable, Sequence

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.garbage_collector.plan import (
    FOREGROUND,
    ORPHAN,
    Keep,
    OwnerState,
    blocking,
    finalizers_of,
    is_waiting,
    plan_dependent,
)
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, GroupResource, Object, is_deleting, namespace_of, owner_references_of, uid_of
from orrery.store.log import key_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder


class GarbageCollector:
    """One key is one object: a dependent to check, or an owner whose deletion waits."""

    name = "garbage-collector-controller"

    def __init__(self, client: Client, recorder: EventRecorder, catalogue: Catalogue) -> None:
        self._client = client
        self._recorder = recorder
        self._catalogue = catalogue

    def watch(self, informer: Informer) -> None:
        for kind in self._catalogue:
            if kind.stored_as is None and "delete" in kind.verbs and kind.bucket != "events":
                informer.on(kind.bucket, self._keys_of)

    def _keys_of(self, change: Change) -> Iterable[str]:
        """The object itself while it has owners or waits; when it is gone, its dependents, and its owners that wait for it."""
        if change.is_present:
            return (change.key,) if change.owners or change.is_deleting else ()
        dependents = [self._key(obj) for obj in self._client.owned_by("", change.uid)]
        return [*dependents, *self._owner_keys(change.any)] if change.owners else dependents

    def _owner_keys(self, obj: FrozenObject) -> Iterable[str]:
        for reference in owner_references_of(obj):
            bucket, namespace = self._place(reference, obj)
            if bucket:
                yield key_of(bucket, namespace, reference["name"])

    def _key(self, obj: FrozenObject) -> str:
        kind = self._catalogue.of(obj["apiVersion"], obj["kind"])
        assert kind is not None, obj["kind"]
        return key_of(kind.bucket, namespace_of(obj), obj["metadata"]["name"])

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
        plan = plan_dependent(obj, owners, has_dependents=bool(self._client.owned_by("", uid_of(obj))))
        if isinstance(plan, Keep):
            if plan.drop:
                await self._drop_references(bucket, obj, plan.drop)
            return
        try:
            await self._client.delete(
                bucket,
                namespace_of(obj),
                obj["metadata"]["name"],
                uid=uid_of(obj),
                propagation=plan.propagation,
                resource_version=obj["metadata"]["resourceVersion"],
            )
        except NotFound:
            return

    def _place(self, reference: Object, dependent: FrozenObject) -> tuple[GroupResource, str]:
        """Where the owner is to be looked for; an empty bucket when its kind is unknown."""
        kind = self._catalogue.of(reference["apiVersion"], reference["kind"])
        if kind is None:
            return "", ""
        return kind.bucket, namespace_of(dependent) if kind.namespaced else ""

    def _state(self, reference: Object, dependent: FrozenObject) -> OwnerState | None:
        kind = self._catalogue.of(reference["apiVersion"], reference["kind"])
        if kind is None:
            return None
        if kind.namespaced and not namespace_of(dependent):
            message = (
                f"ownerRef [{reference['apiVersion']}/{reference['kind']}, namespace: , name: {reference['name']}, uid: {reference['uid']}]"
                f' does not exist in namespace ""'
            )
            self._recorder.event(dependent, "Warning", "OwnerRefInvalidNamespace", message)
            return None
        bucket, namespace = self._place(reference, dependent)
        owner = self._client.get(bucket, namespace, reference["name"])
        if owner is None or uid_of(owner) != reference["uid"]:
            return OwnerState.DANGLING
        return OwnerState.WAITING if is_waiting(owner, FOREGROUND) else OwnerState.SOLID

    async def _wait_for_dependents(self, bucket: GroupResource, owner: FrozenObject) -> None:
        """Let the owner go when nothing holds it up, else tell those that do to go."""
        dependents = self._client.owned_by("", uid_of(owner))
        if not blocking(dependents, uid_of(owner)):
            await self._remove_finalizer(bucket, owner, FOREGROUND)
            return
        for dependent in dependents:
            if not is_deleting(dependent):
                kind = self._catalogue.of(dependent["apiVersion"], dependent["kind"])
                assert kind is not None
                await self._check_owners(kind.bucket, dependent)

    async def _orphan_dependents(self, owner: FrozenObject) -> None:
        for dependent in self._client.owned_by("", uid_of(owner)):
            kind = self._catalogue.of(dependent["apiVersion"], dependent["kind"])
            assert kind is not None
            await self._drop_references(kind.bucket, dependent, (uid_of(owner),))

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
            await self._client.change(bucket, namespace_of(obj), obj["metadata"]["name"], change)
        except (NotFound, Conflict):
            return  # Gone meanwhile, or its next event brings us back.
