"""Update: apiserver's update handler and the generic Store's Update, shared by patch and by the subresources.

A change is made from the newest state, checked, and appended under the condition that this state is still the newest; when it is not,
the same change is made again. A change that carries a resourceVersion then ends in Conflict by itself.
"""

from collections.abc import Callable

import orjson

from orrery.kinds.kind import Kind
from orrery.machinery.errors import Conflict, Invalid, NotFound
from orrery.machinery.field_errors import FieldError
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Record, StaleWrite
from orrery.verbs import bodies, system_fields
from orrery.verbs.admission.admission import Action
from orrery.verbs.call import Call
from orrery.verbs.create import BareServerError, store_new
from orrery.verbs.object_meta import validate_object_meta_update, validate_shared
from orrery.verbs.registry import Registry, as_asked, index_of, key_for, stored_kind
from orrery.verbs.results import unstored
from orrery.verbs.service_addresses import Allocation
from orrery.verbs.strategies import STATUS, UPDATE, Strategy

Change = Callable[[FrozenObject], Object]
"""Makes the wanted object, in its stored form, from the newest state; called again after a lost race."""


class LostRace(Conflict):
    """A component's write came after one that was still on its way to the disk. It is told so even when that one failed later."""


async def update(registry: Registry, call: Call, obj: Object, strategy: Strategy = UPDATE) -> tuple[Record, bool]:
    """Replace an object; the flag says that it was created."""
    obj = bodies.decoded(call, obj)
    meta = system_fields.metadata_of(obj)
    system_fields.match_namespace(meta, call.namespace if call.kind.namespaced else "")
    system_fields.check_name(meta, call.name)
    bodies.dedupe(call, meta)
    if not (call.trusted and strategy is STATUS):  # All the rest of a component's report comes from what is stored, with its defaults.
        obj = bodies.to_storage(call.kind, obj)
    uid = meta.get("uid", "")
    if registry.find(call) is None:
        return await _create_by_update(registry, call, obj, uid, strategy)

    pristine = b"" if call.trusted and meta.get("resourceVersion") else orjson.dumps(obj)
    first = [obj]

    def wanted(_: FrozenObject) -> Object:
        if not first and not pristine:
            raise LostRace(call.kind.group_resource, call.name)
        again: Object = first.pop() if first else orjson.loads(pristine)
        return again

    return await change(registry, call, wanted, strategy=strategy, uid=uid), False


async def _create_by_update(registry: Registry, call: Call, obj: Object, uid: str, strategy: Strategy) -> tuple[Record, bool]:
    behaviour = stored_kind(call.kind).behaviour
    if not (strategy.may_create and behaviour.allow_create_on_update):
        raise NotFound(call.kind.group_resource, call.name)
    check_uid(call, uid, "")
    await registry.admit(call, Action.CREATE, obj, None)
    return await store_new(registry, call, obj), True


async def change(registry: Registry, call: Call, wanted: Change, *, strategy: Strategy = UPDATE, uid: str = "") -> Record:
    """Make one change to what is there: upstream's GuaranteedUpdate. NotFound, Conflict, Invalid, Forbidden."""
    kind = stored_kind(call.kind)
    key = key_for(call)
    while True:
        record = registry.log.find(key)
        if record is None:
            raise NotFound(call.kind.group_resource, call.name)
        try:
            return as_asked(call.kind, await _attempt(registry, call, kind, record, wanted, strategy, uid))
        except StaleWrite:
            await registry.log.settled(key)


async def _attempt(registry: Registry, call: Call, kind: Kind, record: Record, wanted: Change, strategy: Strategy, uid: str) -> Record:
    old = record.object
    check_uid(call, uid, old["metadata"]["uid"])
    obj = wanted(old)
    _check_version(call, kind, obj["metadata"], record)
    await registry.admit(call, Action.UPDATE, obj, old)
    meta = obj["metadata"]
    bodies.dedupe(call, meta, after_admission=True)
    bodies.drop_field_managers(meta)
    allocation = None
    if kind.bucket == "services" and strategy is UPDATE:
        allocation = registry.addresses.begin(old, dry_run=call.dry_run)
    try:
        check_change(call, kind, obj, old, strategy, allocation)
        await registry.check(call, Action.UPDATE, obj, old)
        try:
            return await _store(registry, call, kind, record, obj)
        finally:
            registry.written(call, Action.UPDATE, obj)
    except BaseException:
        if allocation is not None:
            allocation.revert()
        raise


async def rewrite(registry: Registry, call: Call, edit: Change) -> Record:
    """Store what `edit` makes of the newest state without the checks of an update: for subresources that make the change themselves."""
    kind = stored_kind(call.kind)
    key = key_for(call)
    while True:
        record = registry.log.find(key)
        if record is None:
            raise NotFound(call.kind.group_resource, call.name)
        try:
            return await _store(registry, call, kind, record, edit(record.object))
        except StaleWrite:
            await registry.log.settled(key)


def check_uid(call: Call, uid: str, actual: str) -> None:
    """A uid in the body is a precondition; the text is that of upstream's storage."""
    if uid and uid != actual:
        key = f"/registry/{storage_path(call)}"
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {actual}"
        text = f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
        raise Conflict(call.kind.group_resource, call.name, text)


_STORAGE_PREFIXES = {
    "endpoints": "services/endpoints",
    "services": "services/specs",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "ingresses.networking.k8s.io": "ingress",
}


def storage_path(call: Call) -> str:
    """Where etcd would keep the object: some error texts show it."""
    bucket = call.kind.bucket
    resource = _STORAGE_PREFIXES.get(bucket) or bucket.partition(".")[0]
    return f"{resource}/{call.namespace}/{call.name}" if call.kind.namespaced else f"{resource}/{call.name}"


def _check_version(call: Call, kind: Kind, meta: Object, record: Record) -> None:
    """The optimistic lock: a resourceVersion in the object must be the newest one."""
    version = meta.pop("resourceVersion", "") or ""
    if version and not (version.isascii() and version.isdecimal()):
        raise BareServerError(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version in ("", "0"):
        if kind.behaviour.allow_unconditional_update:
            return
        # Upstream puts the resource where the kind belongs.
        why = FieldError("FieldValueInvalid", "metadata.resourceVersion", 0, "must be specified for an update")
        raise Invalid(call.kind.group_resource, call.name, [why])
    if int(version) != record.revision:
        raise Conflict(call.kind.group_resource, call.name)


def check_change(call: Call, kind: Kind, obj: Object, old: FrozenObject, strategy: Strategy, allocation: Allocation | None = None) -> None:
    """Upstream's BeforeUpdate: prepare, keep what is the server's, validate, warn, canonicalize."""
    meta, old_meta = obj["metadata"], old["metadata"]
    system_fields.keep_generation(meta, old_meta)
    strategy.prepare(kind, obj, old)
    if allocation is not None:
        allocation.apply(obj, old)
    system_fields.keep(meta, old_meta)
    errors = validate_shared(kind, meta)
    changed = validate_object_meta_update(meta, old_meta)
    # Upstream checks the change of metadata once for all kinds and once more in each kind's own validation.
    errors += changed + changed
    errors += strategy.validate(call.kind, obj, old)
    if errors:
        raise Invalid(kind.qualified_kind, meta.get("name", ""), errors)
    if strategy.warnings is not None and not call.trusted:
        call.warnings += strategy.warnings(kind, obj, old)
    if kind.behaviour.canonicalize is not None:
        kind.behaviour.canonicalize(obj)


async def _store(registry: Registry, call: Call, kind: Kind, record: Record, obj: Object) -> Record:
    old = record.object
    arranged = system_fields.arrange(kind, obj)
    arranged["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
    if is_finished(kind, arranged, old):
        if not call.dry_run:
            await registry.remove(record)
        return unstored(arranged, key=record.key, revision=record.revision, index=record.index)
    if arranged == old:
        return record
    if call.dry_run:
        return unstored(arranged, key=record.key, revision=record.revision, index=index_of(kind, arranged))
    return await registry.replace(kind, record, arranged)


def is_finished(kind: Kind, obj: FrozenObject, old: FrozenObject) -> bool:
    """Whether the change took the last finalizer of an object whose deletion waits for nothing else."""
    meta, old_meta = obj["metadata"], old["metadata"]
    if meta.get("finalizers") or old_meta.get("deletionTimestamp") is None or old_meta.get("deletionGracePeriodSeconds"):
        return False
    return not (kind.bucket == "namespaces" and obj.get("spec", {}).get("finalizers"))
