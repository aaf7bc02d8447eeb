"""Changing the resources of a running Pod: what is asked for, what the node has granted, what the containers have. Pure.

What a Pod's spec asks for counts only when the node has granted it; a container has what it was started with, or was given since.
Follows `allocation_manager.go`, `computePodResizeAction` and `events/resize.go` of upstream's kubelet.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.quantities import parse
from orrery.node.ledger import Ledger, Refusal, requests_of
from orrery.node.restart import is_sidecar

Grants = Mapping[str, FrozenObject]
"""Resources by container; one that asks for nothing has none."""

PENDING: Final = "PodResizePending"
IN_PROGRESS: Final = "PodResizeInProgress"
_RESIZED: Final = ("cpu", "memory")
_NOTHING: Final[Object] = {}


def grants_of(spec: FrozenObject) -> Grants:
    """What the containers that can be resized ask for."""
    return {one["name"]: one["resources"] for one in _resizable(spec) if one.get("resources")}


def _resizable(spec: FrozenObject) -> Iterable[FrozenObject]:
    return [*spec["containers"], *filter(is_sidecar, spec.get("initContainers") or ())]


def with_grants(pod: FrozenObject, grants: Grants | None) -> FrozenObject:
    """The Pod with what was granted instead of what is asked for; the same object when that makes no difference."""
    spec = pod["spec"]
    if grants is None or grants_of(spec) == grants:
        return pod
    changed: Object = {**spec}
    for field in ("containers", "initContainers"):
        if spec.get(field):
            changed[field] = [_granted(one, grants) if field == "containers" or is_sidecar(one) else one for one in spec[field]]
    return {**pod, "spec": changed}


def _granted(container: FrozenObject, grants: Grants) -> FrozenObject:
    return {**container, "resources": grants.get(container["name"], _NOTHING)}


def why_not_granted(pod: FrozenObject, ledger: Ledger) -> Refusal | None:
    """What speaks against granting what the Pod asks for: never (Infeasible), or not now (Deferred)."""
    spec = pod["spec"]
    wanted = requests_of(spec)
    for name in reversed(_RESIZED):
        amount, capacity = wanted.get(name, 0), ledger.allocatable.get(name, 0)
        if amount > capacity:
            return Refusal("Infeasible", f"Node didn't have enough capacity: {name}, requested: {amount}, capacity: {capacity}")
    shortage = ledger.shortage(pod["metadata"]["uid"], spec)
    return Refusal("Deferred", shortage.message) if shortage is not None else None


def is_resized(granted: FrozenObject, actual: FrozenObject) -> bool:
    """Whether a container has something else than what it was granted."""
    return any(_amount(granted, part, name) != _amount(actual, part, name) for part in ("requests", "limits") for name in _RESIZED)


def needs_restart(container: FrozenObject, actual: FrozenObject) -> bool:
    """Whether one of the changes is one that the container must be started anew for."""
    granted = container.get("resources") or _NOTHING
    strict = {one["resourceName"] for one in container.get("resizePolicy") or () if one.get("restartPolicy") == "RestartContainer"}
    return any(_amount(granted, part, name) != _amount(actual, part, name) for part in ("requests", "limits") for name in strict)


def _amount(resources: FrozenObject, part: str, name: str) -> int:
    text = (resources.get(part) or _NOTHING).get(name)
    return parse(text).nano if text else 0


def memory_limit(resources: FrozenObject) -> int | None:
    """In bytes; None: no limit."""
    return _amount(resources, "limits", "memory") // 10**9 or None


def cpu_limit(resources: FrozenObject) -> float | None:
    """In cores; None: no limit."""
    return _amount(resources, "limits", "cpu") / 10**9 or None


def cpu_request(resources: FrozenObject) -> float:
    """In cores."""
    return _amount(resources, "requests", "cpu") / 10**9


def why_memory_cannot_shrink(
    changes: Sequence[tuple[FrozenObject, FrozenObject, int]], *, pod_used: int, pod_limits: tuple[int, int]
) -> str:
    """Why limits of memory cannot be lowered: for every changed container itself, its present resources, what it uses.

    `pod_limits`: of all containers together, now and then; 0: none. Empty when they can.
    """
    lowered = [(one, limit, used) for one, actual, used in changes if (limit := _lowered_limit(one, actual))]
    now, then = pod_limits
    problems = []
    if then and (not now or then < now) and pod_used >= then:
        problems.append(f"attempting to set pod memory limit ({then}) below current usage ({pod_used})")
    problems += [
        f'attempting to set container "{one["name"]}" memory limit ({limit}) below current usage ({pod_used})'
        for one, limit, used in lowered
        if used >= limit
    ]
    if not problems:
        return ""
    text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    return f"cannot decrease memory limits: {text}"


def _lowered_limit(container: FrozenObject, actual: FrozenObject) -> int:
    wanted, now = memory_limit(container.get("resources") or _NOTHING), memory_limit(actual)
    return wanted if wanted and (now is None or wanted < now) else 0


def pod_memory_limit(grants: Iterable[FrozenObject]) -> int:
    """The limit of all containers together; 0 when one of them has none."""
    limits = [memory_limit(one) or 0 for one in grants]
    return sum(limits) if all(limits) else 0


def shown_resources(granted: FrozenObject, actual: FrozenObject) -> Object:
    """`resources` in the status of a running container: what it was granted, with the amounts it really has."""
    shown: Object = {**granted}
    for part in ("limits", "requests"):
        if part in granted:
            has = actual.get(part) or _NOTHING
            shown[part] = {**granted[part], **{name: has[name] for name in _RESIZED if name in has}}
    return shown


def resize_condition(type_: str, old: FrozenObject | None, refusal: Refusal, *, generation: int, now_s: float) -> Object:
    """PodResizePending or PodResizeInProgress."""
    now = timestamp(now_s)
    is_same = old is not None and old.get("reason", "") == refusal.reason
    condition: Object = {
        "type": type_,
        "status": "True",
        "observedGeneration": generation,
        "lastProbeTime": now,
        "lastTransitionTime": old["lastTransitionTime"] if is_same and old is not None else now,
    }
    condition.update({key: text for key, text in (("reason", refusal.reason), ("message", refusal.message)) if text})
    return condition


def resize_message(head: str, spec: FrozenObject, generation: int, error: str = "") -> str:
    """What events say: the resources of all containers, as JSON."""
    summary: dict[str, Any] = {}
    for field in ("initContainers", "containers"):
        if spec.get(field):
            summary[field] = [{"name": one["name"], "resources": _ordered(one.get("resources") or _NOTHING)} for one in spec[field]]
    summary["generation"] = generation
    if error:
        summary["error"] = error
    text = json.dumps(summary, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{head}: {text}"


def _ordered(resources: FrozenObject) -> Object:
    return {
        part: dict(sorted(resources[part].items())) if part != "claims" else resources[part]
        for part in ("limits", "requests", "claims")
        if resources.get(part)
    }
