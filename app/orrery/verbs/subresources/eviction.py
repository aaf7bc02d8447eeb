"""pods/eviction: a deletion that a PodDisruptionBudget may refuse. Follows upstream's EvictionREST.

The budget's status says how many may go; each eviction takes one of them, so that many at once cannot take more than there are.
"""

from dataclasses import replace
from typing import Final

from orrery.kinds.kind import Kind
from orrery.kinds.workloads.poddisruptionbudget import DISRUPTION_ALLOWED, set_disruption_allowed
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import ApiError, BadRequest, Conflict, Forbidden, Invalid, TooManyRequests
from orrery.machinery.field_errors import invalid
from orrery.machinery.objects import FrozenObject, Object, is_deleting, labels_of, name_of, thaw, uid_of
from orrery.machinery.selectors import LabelSelector, SelectorError
from orrery.store.log import Record, Scope, StaleWrite
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call, DeleteOptions
from orrery.verbs.delete import delete
from orrery.verbs.get_list import get
from orrery.verbs.registry import Registry
from orrery.verbs.subresources.binding import success
from orrery.verbs.subresources.handler import Handler
from orrery.verbs.update import rewrite

EVICTION: Final = Kind("policy", "v1", "Eviction", "evictions", "eviction", namespaced=True, verbs=())
BUDGETS: Final = "poddisruptionbudgets.policy"
_DISRUPTED_MAX: Final = 2000
_REFUSAL: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_CHANGED: Final = "the {0} in the precondition ({1}) does not match the {0} in record ({2}). The object might have been {3}"
_STORE_ERROR_OPTION: Final = "ignoreStoreReadErrorWithClusterBreakingPotential"


class SeveralBudgets(ApiError):
    """Upstream answers with a bare message."""

    code, reason = 500, ""


class EvictionHandler(Handler):
    """Create only."""

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        eviction = bodies.decoded_as(call, EVICTION, obj)
        meta = system_fields.metadata_of(eviction)
        system_fields.match_namespace(meta, call.namespace)
        if meta.get("name", "") != call.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        options = eviction.get("deleteOptions") or {}
        if options.get(_STORE_ERROR_OPTION):
            why = "can not be set for pod eviction, try after removing the option"
            raise Invalid("Eviction.policy", call.name, [invalid(f"deleteOptions.{_STORE_ERROR_OPTION}", True, why)])
        if options.get("dryRun"):
            call.dry_run = True
        await _evict(registry, call, delete_options_of(options))
        return success(201)


def delete_options_of(options: Object) -> DeleteOptions:
    """A DeleteOptions body as the verbs take it."""
    preconditions = options.get("preconditions") or {}
    return DeleteOptions(
        grace_period_s=options.get("gracePeriodSeconds"),
        propagation=options.get("propagationPolicy"),
        orphan_dependents=options.get("orphanDependents"),
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        raw=options,
    )


async def _evict(registry: Registry, call: Call, options: DeleteOptions) -> None:
    pod = get(registry, call).object
    if _needs_no_budget(pod):
        await _mark_and_delete(registry, call, options)
        return
    budget = _budget_of(registry, call, pod)
    if budget is None:
        await _mark_and_delete(registry, call, options)
    elif _is_broken_anyway(pod, budget):
        # Only as it was seen: if it gets ready meanwhile, the budget counts.
        try:
            await _mark_and_delete(registry, call, replace(options, resource_version=pod["metadata"]["resourceVersion"]))
        except Conflict:
            if options.resource_version:
                raise
            raise _being_processed(name_of(budget)) from None
    else:
        await _take_one(registry, call, budget)
        await _mark_and_delete(registry, call, options)


def _needs_no_budget(pod: FrozenObject) -> bool:
    """Nobody misses a Pod that has ended, has not begun, or is going."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending") or is_deleting(pod)


def _budget_of(registry: Registry, call: Call, pod: FrozenObject) -> FrozenObject | None:
    found = [record.object for record in registry.log.list(Scope(BUDGETS, call.namespace)).records if _selects(record.object, pod)]
    if len(found) > 1:
        raise SeveralBudgets("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
    return found[0] if found else None


def _selects(budget: FrozenObject, pod: FrozenObject) -> bool:
    try:
        return LabelSelector.of((budget.get("spec") or {}).get("selector")).matches(labels_of(pod))
    except SelectorError:
        return False


def _is_broken_anyway(pod: FrozenObject, budget: FrozenObject) -> bool:
    """Whether the Pod is not ready, and so no loss to a budget that allows it."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
        return False
    status = budget.get("status") or {}
    desired: int = status.get("desiredHealthy", 0)
    return bool(budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or 0 < desired <= status.get("currentHealthy", 0))


async def _take_one(registry: Registry, call: Call, budget: FrozenObject) -> None:
    """Count the eviction in the budget's status; 429 when none is allowed."""
    key = f"{BUDGETS}/{call.namespace}/{name_of(budget)}"
    while True:
        record = registry.log.find(key)
        if record is None:
            return
        _check(record.object)
        if call.dry_run:
            return
        try:
            await registry.replace(
                registry.catalogue.stored(BUDGETS), record, _with_one_less(record.object, call.name, registry.clock.now_s())
            )
            return
        except StaleWrite:
            await registry.log.settled(key)


def _with_one_less(budget: FrozenObject, pod: str, now_s: float) -> Object:
    changed = thaw(budget)
    status = changed["status"]
    status["disruptionsAllowed"] -= 1
    if not status["disruptionsAllowed"]:
        set_disruption_allowed(status, timestamp(now_s))
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod: timestamp(now_s)}
    return changed


def _check(budget: FrozenObject) -> None:
    name, status = name_of(budget), budget.get("status") or {}
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise _being_processed(name)
    if status.get("disruptionsAllowed", 0) < 0:
        raise Forbidden("poddisruptionbudget.policy", name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > _DISRUPTED_MAX:
        raise Forbidden(
            "poddisruptionbudget.policy", name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        )
    if not status.get("disruptionsAllowed", 0):
        raise TooManyRequests(_REFUSAL, retry_after_s=0, causes=[{"reason": "DisruptionBudget", "message": _why_not(name, status)}])


def _why_not(name: str, status: FrozenObject) -> str:
    refusals = (one for one in status.get("conditions") or () if one["type"] == DISRUPTION_ALLOWED and one["status"] == "False")
    condition: FrozenObject = next(refusals, {})
    told = f"The disruption budget {name} does not allow evicting pods currently"
    if condition.get("message") and condition["reason"] == "SyncFailed":
        return f"{told} because it failed sync: {condition['message']}"
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    if healthy <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    return f"{told} ({condition['reason']}): {condition['message']}" if condition.get("message") else told


def _being_processed(name: str) -> TooManyRequests:
    text = f"The disruption budget {name} is still being processed by the server."
    return TooManyRequests(_REFUSAL, retry_after_s=10, causes=[{"reason": "DisruptionBudget", "message": text}])


async def _mark_and_delete(registry: Registry, call: Call, options: DeleteOptions) -> None:
    """Say in the Pod's conditions why it goes, then delete it."""
    if not call.dry_run:
        now = timestamp(registry.clock.now_s())

        def mark(pod: FrozenObject) -> Object:
            _check_preconditions(pod, options)
            return _marked(pod, now)

        record = await rewrite(registry, call, mark)
        if options.resource_version:
            options = replace(options, resource_version=str(record.revision))
    await delete(registry, call, options)


def _marked(pod: FrozenObject, now: str) -> Object:
    changed = thaw(pod)
    wanted = {"type": "DisruptionTarget", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    wanted.update(reason="EvictionByEvictionAPI", message="Eviction API: evicting")
    conditions = changed.setdefault("status", {}).setdefault("conditions", [])
    before = next((one for one in conditions if one["type"] == "DisruptionTarget"), None)
    if before is None:
        conditions.append(wanted)
    else:
        since = before["lastTransitionTime"] if before["status"] == "True" else now
        before.update(wanted, lastTransitionTime=since)
    return changed


def _check_preconditions(pod: FrozenObject, options: DeleteOptions) -> None:
    name, uid, version = name_of(pod), uid_of(pod), pod["metadata"]["resourceVersion"]
    if options.uid and options.uid != uid:
        raise Conflict("Pod", name, _CHANGED.format("UID", options.uid, uid, "deleted and then recreated"))
    if options.resource_version and options.resource_version != version:
        raise Conflict("Pod", name, _CHANGED.format("ResourceVersion", options.resource_version, version, "modified"))
