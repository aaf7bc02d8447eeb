"""Delete: apiserver's delete handler and the generic Store's Delete, with grace periods, finalizers and propagation.

A deletion is planned from the newest state (`plan_deletion`, pure), made as one write (the object is marked) or two (marked, then
removed, as watchers of the real server see it), and planned again when the state changed in between. What a finalizer waits for is
the business of controllers; what a grace period waits for, the node's.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.errors import Conflict, Forbidden, Invalid, NotFound
from orrery.machinery.field_errors import invalid, not_supported
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Record, StaleWrite, key_of
from orrery.verbs import system_fields
from orrery.verbs.admission.admission import Action
from orrery.verbs.call import Call, DeleteOptions
from orrery.verbs.registry import Registry, as_asked, index_of, key_for, stored_kind
from orrery.verbs.results import Deleted, unstored

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
_PROPAGATIONS: Final = ("Foreground", "Background", "Orphan")

RETURNS_OBJECT: Final = frozenset(
    {
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "volumeattributesclasses.storage.k8s.io",
        "deviceclasses.resource.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io",
        "resourceslices.resource.k8s.io",
    }
)
"""Kinds whose deletion answers with the object (upstream's ReturnDeletedObject); the others answer with a Status."""

_DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"
DEFINITION_FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
"""Put on by the first deletion; `controllers/serving` takes it off."""

_NEVER_COLLECTED: Final = frozenset({"events"})
"""Kinds that get no garbage collection finalizer (upstream's Unsupported policy)."""

_JOB_WARNING: Final = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set"
    " propagationPolicy=Orphan to suppress this warning"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deletion does: `marked` is written first when there is one, then the object is removed if `remove`."""

    marked: Object | None
    remove: bool
    pending: bool = False
    """The object is on its way already, and these options change nothing."""


async def delete(registry: Registry, call: Call, options: DeleteOptions) -> Deleted:
    """Delete one object, or begin to. NotFound, Conflict (preconditions), Invalid (options), Forbidden."""
    check_options(options)
    warn_of_orphans(call, options)
    kind = stored_kind(call.kind)
    if kind.behaviour.delete_problem is not None and (why := kind.behaviour.delete_problem(call.name)):
        raise Forbidden(call.kind.group_resource, call.name, why)
    key = key_for(call)
    while True:
        record = registry.log.find(key)
        if record is None:
            raise NotFound(call.kind.group_resource, call.name)
        _check_preconditions(call, record.object, options)
        await registry.admit(call, Action.DELETE, None, record.object)
        plan = plan_deletion(kind, record.object, options, registry.clock.now_s())
        try:
            return await _carry_out(registry, call, kind, record, plan, options)
        except StaleWrite:
            await registry.log.settled(key)


async def _carry_out(registry: Registry, call: Call, kind: Kind, record: Record, plan: Plan, options: DeleteOptions) -> Deleted:
    code = 202 if options.orphan_dependents is False and not plan.remove else 200
    if plan.pending:
        return _answer(call, kind, record, code)
    last = record
    if plan.marked is not None:
        arranged = system_fields.arrange(kind, plan.marked)
        arranged["metadata"]["resourceVersion"] = record.object["metadata"]["resourceVersion"]
        if arranged != record.object:
            if call.dry_run:
                last = unstored(arranged, key=record.key, revision=record.revision, index=index_of(kind, arranged))
            else:
                last = await registry.replace(kind, record, arranged)
    if not plan.remove:
        return Deleted(as_asked(call.kind, last), code=code)
    if not call.dry_run:
        last = await _remove(registry, last, is_marked=last is not record)
        if kind.bucket == "services":
            await _delete_endpoints(registry, call)
    return _answer(call, kind, last, code)


async def _remove(registry: Registry, record: Record, *, is_marked: bool) -> Record:
    """Remove what was marked. Who watches for the mark may be faster, as a node is with a grace period of 0: that is no error, then."""
    try:
        return await registry.remove(record)
    except StaleWrite:
        if is_marked:
            await registry.log.settled(record.key)
            if registry.log.find(record.key) is None:
                return record
        raise


async def _delete_endpoints(registry: Registry, call: Call) -> None:
    """A Service takes the Endpoints of its name with it, so that a new one of that name does not begin with old addresses."""
    record = registry.log.find(key_of("endpoints", call.namespace, call.name))
    if record is not None:
        with suppress(StaleWrite):
            await registry.remove(record)


def _answer(call: Call, kind: Kind, last: Record, code: int) -> Deleted:
    if kind.bucket in RETURNS_OBJECT:
        return Deleted(as_asked(call.kind, last), code=code)
    details: Object = {"name": call.name}
    if call.kind.group:
        details["group"] = call.kind.group
    details["kind"] = call.kind.resource
    details["uid"] = last.object["metadata"]["uid"]
    return Deleted(status={"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}, code=code)


def warn_of_orphans(call: Call, options: DeleteOptions) -> None:
    """Who deletes Jobs without saying what becomes of their Pods is told."""
    kind = stored_kind(call.kind)
    if kind.bucket == "jobs.batch" and kind.behaviour.default_orphans and options.propagation is None and options.orphan_dependents is None:
        call.warnings.append(_JOB_WARNING)


def check_options(options: DeleteOptions) -> None:
    """Upstream's ValidateDeleteOptions."""
    errors = []
    propagation = options.propagation
    if options.orphan_dependents is not None and propagation is not None:
        errors.append(invalid("propagationPolicy", propagation, "orphanDependents and deletionPropagation cannot be both set"))
    if propagation is not None and propagation not in _PROPAGATIONS:
        errors.append(not_supported("propagationPolicy", propagation, (*_PROPAGATIONS, "nil")))
    if errors:
        raise Invalid("DeleteOptions.meta.k8s.io", "", errors)


def _check_preconditions(call: Call, obj: FrozenObject, options: DeleteOptions) -> None:
    """Upstream names the kind where the resource belongs, except for namespaces, whose own check comes first."""
    meta = obj["metadata"]
    kind = call.kind
    if options.uid is not None and options.uid != meta["uid"]:
        if kind.bucket == "namespaces":
            why = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {meta['uid']}"
            raise Conflict(kind.group_resource, call.name, why)
        why = f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta['uid']})."
        raise Conflict(kind.qualified_kind, call.name, f"{why} The object might have been deleted and then recreated")
    version = options.resource_version
    if version is not None and version != meta["resourceVersion"]:
        actual = meta["resourceVersion"]
        if kind.bucket == "namespaces":
            why = f"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {actual}"
            raise Conflict(kind.group_resource, call.name, why)
        why = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({actual})."
        raise Conflict(kind.qualified_kind, call.name, f"{why} The object might have been modified")


def plan_deletion(kind: Kind, obj: FrozenObject, options: DeleteOptions, now_s: float) -> Plan:
    """What deleting `obj` means now. Example: a running Pod with 30 s of grace is marked; one with a period of 0 is marked and removed."""
    if kind.bucket == "namespaces" and (plan := _plan_namespace(obj, options, now_s)) is not None:
        return plan
    if kind.bucket == _DEFINITIONS and obj["metadata"].get("deletionTimestamp") is None:
        return _plan_definition(obj, now_s)
    grace = options.grace_period_s
    if grace is not None and grace < 0:
        grace = 1
    graceful, pending, meta = _plan_grace(kind, obj, grace, now_s)
    if pending:
        return Plan(None, remove=False, pending=True)
    finalizers = _finalizers(kind, meta.get("finalizers") or [], options)
    meta["finalizers"] = finalizers
    marked = {**obj, "metadata": meta}
    if graceful is not None:
        return Plan(marked, remove=not finalizers and graceful == 0)
    if finalizers:
        _mark(meta, now_s)
        return Plan(marked, remove=False)
    return Plan(marked if obj["metadata"].get("finalizers") else None, remove=True)


def _plan_grace(kind: Kind, obj: FrozenObject, grace: int | None, now_s: float) -> tuple[int | None, bool, Object]:
    """The period of a graceful deletion (None: not graceful), whether one is pending unchanged, and the metadata to write."""
    meta = {**obj["metadata"]}
    graceful = kind.behaviour.graceful
    if graceful is None:
        return None, False, meta
    deletion_time = meta.get("deletionTimestamp")
    if deletion_time is None:
        period = graceful(obj, grace)
        meta["deletionTimestamp"] = timestamp(now_s + period)
        meta["deletionGracePeriodSeconds"] = period
        if meta.get("generation"):
            meta["generation"] += 1
        return period, False, meta
    given = meta.get("deletionGracePeriodSeconds") or 0
    if given == 0:
        return None, False, meta
    if grace is None or grace >= given:
        return None, True, meta
    # A grace period can only become shorter: back to when it began, then on by the new one, but never into the past.
    due_s = parse_timestamp(deletion_time) - given + grace
    if due_s < now_s:
        due_s = now_s
        grace = 1 if grace else 0
    meta["deletionTimestamp"] = timestamp(due_s)
    meta["deletionGracePeriodSeconds"] = grace
    return grace, False, meta


def _finalizers(kind: Kind, current: Sequence[str], options: DeleteOptions) -> list[str]:
    """The finalizers with those of garbage collection as the options, the object or the kind's default ask."""
    if kind.bucket in _NEVER_COLLECTED:
        return list(current)
    orphan, foreground = _propagation(kind, current, options)
    wanted = [name for name in current if name not in (ORPHAN, FOREGROUND)]
    if orphan:
        wanted.append(ORPHAN)
    if foreground:
        wanted.append(FOREGROUND)
    return list(current) if set(wanted) == set(current) else wanted


def _propagation(kind: Kind, current: Sequence[str], options: DeleteOptions) -> tuple[bool, bool]:
    """Whether dependents are orphaned, and whether they are deleted first."""
    if options.orphan_dependents is not None:
        return options.orphan_dependents, False
    if options.propagation is not None:
        return options.propagation == "Orphan", options.propagation == "Foreground"
    for name in current:
        if name in (ORPHAN, FOREGROUND):
            return name == ORPHAN, name == FOREGROUND
    return kind.behaviour.default_orphans, False


def _mark(meta: Object, now_s: float) -> None:
    """Upstream's markAsDeleting: a kind without grace periods waits for its finalizers only."""
    deletion_time = meta.get("deletionTimestamp")
    if deletion_time is None and meta.get("generation"):
        meta["generation"] += 1
    if deletion_time is None or parse_timestamp(deletion_time) > now_s:
        meta["deletionTimestamp"] = timestamp(now_s)
    meta["deletionGracePeriodSeconds"] = 0


def _plan_definition(obj: FrozenObject, now_s: float) -> Plan:
    """A definition is Terminating first: its objects go before it does."""
    now = timestamp(now_s)
    meta = {**obj["metadata"], "deletionTimestamp": now}
    meta["finalizers"] = list(dict.fromkeys([*(meta.get("finalizers") or ()), DEFINITION_FINALIZER]))
    status = {**(obj.get("status") or {})}
    terminating = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    status["conditions"] = [*(each for each in status.get("conditions") or () if each["type"] != "Terminating"), terminating]
    return Plan({**obj, "metadata": meta, "status": status}, remove=False)


def _plan_namespace(obj: FrozenObject, options: DeleteOptions, now_s: float) -> Plan | None:
    """A namespace is marked and Terminating first; only when spec.finalizers is empty does it go the way of other objects."""
    meta = {**obj["metadata"]}
    if meta.get("deletionTimestamp") is not None:
        return Plan(None, remove=False) if obj.get("spec", {}).get("finalizers") else None
    meta["deletionTimestamp"] = timestamp(now_s)
    current = meta.get("finalizers") or []
    orphan, foreground = ORPHAN in current, FOREGROUND in current
    if options.orphan_dependents is not None:
        orphan, foreground = options.orphan_dependents, not options.orphan_dependents
    elif options.propagation is not None:
        orphan, foreground = options.propagation == "Orphan", options.propagation == "Foreground"
    others = [name for name in current if name not in (ORPHAN, FOREGROUND)]
    meta["finalizers"] = others + [ORPHAN] * orphan + [FOREGROUND] * foreground
    status = {**(obj.get("status") or {}), "phase": "Terminating"}
    return Plan({**obj, "metadata": meta, "status": status}, remove=False)
