"""The `Client` of `client.py` over the verbs of this process. Its writes are trusted: no schema decoding, everything else as for all."""

from collections.abc import Callable, Mapping, Sequence

from orrery.machinery.clock import Clock
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, thaw
from orrery.store.log import Event, Record, Scope, Subscription, key_of
from orrery.verbs import patch as patches
from orrery.verbs import update as updates
from orrery.verbs.call import Call, DeleteOptions, Propagation, User
from orrery.verbs.create import create
from orrery.verbs.delete import delete
from orrery.verbs.registry import Registry
from orrery.verbs.results import PatchType
from orrery.verbs.subresources.binding import bind
from orrery.verbs.subresources.table import handler_of


class LocalClient:
    """One component's door to the API."""

    def __init__(self, registry: Registry, user: User, field_manager: str) -> None:
        self.clock: Clock = registry.clock
        self._registry = registry
        self._log = registry.log
        self._user = user
        self._field_manager = field_manager

    def get(self, bucket: str, namespace: str, name: str) -> FrozenObject | None:
        record = self._log.find(key_of(bucket, namespace, name))
        return record.object if record is not None else None

    def list(self, bucket: str, namespace: str = "", *, labels: Mapping[str, str] | None = None) -> Sequence[FrozenObject]:
        """Objects in key order; with `labels` in a namespace the rarest of them is looked up, the others are compared."""
        scope = Scope(bucket, namespace)
        if not labels:
            return [record.object for record in self._log.list(scope).records]
        if namespace:
            rarest = min(labels.items(), key=lambda label: self._log.label_count(bucket, namespace, *label)) if len(labels) > 1 else None
            key, value = rarest or next(iter(labels.items()))
            records: Sequence[Record] = self._log.by_label(scope, key, value)
        else:
            records = self._log.list(scope).records
        wanted = labels.items()
        return [record.object for record in records if wanted <= record.index.labels.items()]

    def owned_by(self, bucket: str, uid: str) -> Sequence[FrozenObject]:
        return [record.object for record in self._log.owned_by(uid, bucket)]

    def dependents(self, uid: str) -> Sequence[Record]:
        return self._log.owned_by(uid)

    def by_field(self, bucket: str, field: str, value: str) -> Sequence[FrozenObject]:
        return [record.object for record in self._log.by_field(bucket, field, value)]

    def records(self, bucket: str) -> Sequence[Record]:
        return self._log.list(Scope(bucket)).records

    def subscribe(self, bucket: str, callback: Callable[[Event], None]) -> Subscription:
        return self._log.subscribe(Scope(bucket), callback)

    async def create(self, bucket: str, obj: Object) -> FrozenObject:
        """The object given stays the caller's."""
        call = self._call(bucket, namespace_of(obj))
        return (await create(self._registry, call, thaw(obj))).object

    async def hand_over(self, bucket: str, obj: Object) -> None:
        await create(self._registry, self._call(bucket, namespace_of(obj)), obj)

    async def update(self, bucket: str, obj: Object) -> FrozenObject:
        call = self._call(bucket, namespace_of(obj), name_of(obj))
        record, _ = await updates.update(self._registry, call, thaw(obj))
        return record.object

    async def update_status(self, bucket: str, obj: Object) -> FrozenObject:
        call = self._call(bucket, namespace_of(obj), name_of(obj), "status")
        return (await handler_of(call).update(self._registry, call, thaw(obj))).object

    async def patch(self, bucket: str, namespace: str, name: str, patch: Object, *, subresource: str = "") -> FrozenObject:
        call = self._call(bucket, namespace, name, subresource)
        if subresource:
            return (await handler_of(call).patch(self._registry, call, PatchType.MERGE, patch)).object
        return (await patches.patch(self._registry, call, PatchType.MERGE, patch)).object

    async def change(
        self, bucket: str, namespace: str, name: str, change: Callable[[Object], bool], *, subresource: str = ""
    ) -> FrozenObject | None:
        def edited(old: FrozenObject) -> Object | None:
            obj = _draft(old) if subresource == "status" else thaw(old)
            return obj if change(obj) else None

        return await self._rewrite(bucket, namespace, name, edited, subresource)

    async def renew_status(
        self, bucket: str, namespace: str, name: str, plan: Callable[[FrozenObject], Object | None]
    ) -> FrozenObject | None:
        def renewed(old: FrozenObject) -> Object | None:
            status = plan(old)
            return None if status is None else {**old, "metadata": {**old["metadata"]}, "status": status}

        return await self._rewrite(bucket, namespace, name, renewed, "status")

    async def _rewrite(
        self, bucket: str, namespace: str, name: str, make: Callable[[FrozenObject], Object | None], subresource: str
    ) -> FrozenObject | None:
        key = key_of(bucket, namespace, name)
        while (record := self._log.find(key)) is not None:
            obj = make(record.object)
            if obj is None:
                return record.object
            call = self._call(bucket, namespace, name, subresource)
            try:
                if subresource:
                    return (await handler_of(call).update(self._registry, call, obj)).object
                return (await updates.update(self._registry, call, obj))[0].object
            except NotFound:
                if self._log.find(key) is not None:
                    raise
            except updates.LostRace:
                continue
            except Conflict:
                newest = self._log.find(key)
                if newest is not None and newest.revision == record.revision:
                    raise
        return None

    async def delete(
        self,
        bucket: str,
        namespace: str,
        name: str,
        *,
        grace_period_s: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        options = DeleteOptions(grace_period_s, propagation, uid=uid, resource_version=resource_version)
        await delete(self._registry, self._call(bucket, namespace, name), options)

    async def bind(self, namespace: str, name: str, node: str, *, uid: str = "") -> None:
        await bind(self._registry, self._call("pods", namespace, name, "binding"), node, uid=uid)

    def _call(self, bucket: str, namespace: str, name: str = "", subresource: str = "") -> Call:
        kind = self._registry.catalogue.stored(bucket)
        return Call(kind, namespace, name, subresource, self._user, field_manager=self._field_manager, trusted=True)


def _draft(obj: FrozenObject) -> Object:
    """For a change of status: only that is thawed. A status update takes the rest from what is stored, whatever it says."""
    draft: Object = {**obj, "metadata": {**obj["metadata"]}}
    if "status" in obj:
        draft["status"] = thaw(obj["status"])
    return draft
