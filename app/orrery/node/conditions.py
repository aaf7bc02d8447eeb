"""The Pod conditions a kubelet owns. Pure; reasons, messages and order follow `pkg/kubelet/status/generate.go`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.resize import IN_PROGRESS, PENDING
from orrery.node.restart import is_sidecar

OWNED: Final = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
EVICTED: Final = "Evicted"
"""The reason of a Pod whose node has put it out."""
_RESIZE: Final = frozenset({PENDING, IN_PROGRESS})

Statuses = Mapping[str, FrozenObject]
"""Container statuses by name, init containers included."""


def plan_conditions(
    pod: FrozenObject,
    statuses: Statuses,
    *,
    phase: str,
    has_sandbox: bool,
    old: Sequence[FrozenObject],
    now: str,
    resize: Sequence[FrozenObject] = (),
) -> list[Object]:
    """All conditions of the Pod: those of others first and unchanged, then the kubelet's, those of a resize first.

    `now` is a timestamp.
    """
    spec = pod["spec"]
    foreign = [dict(condition) for condition in old if condition["type"] not in OWNED and condition["type"] not in _RESIZE]
    containers_ready = _containers_ready(spec, statuses, phase)
    fresh = [
        _condition("PodReadyToStartContainers", is_true=has_sandbox),
        _initialized(spec, statuses, phase),
        _ready(spec, containers_ready, foreign),
        {"type": "ContainersReady", **containers_ready},
        _condition("PodScheduled", is_true=True),
    ]
    known = {condition["type"]: condition for condition in old}
    generation = pod["metadata"].get("generation")
    for condition in fresh:
        before = known.get(condition["type"])
        same = before is not None and before["status"] == condition["status"]
        condition["lastTransitionTime"] = before.get("lastTransitionTime") if same and before is not None else now
        condition["lastProbeTime"] = None
        if generation:
            condition["observedGeneration"] = generation
    return [*foreign, *map(dict, resize), *fresh]


def _condition(type_: str, *, is_true: bool, reason: str = "", message: str = "") -> Object:
    condition: Object = {"type": type_, "status": "True" if is_true else "False"}
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition


def _containers_ready(spec: FrozenObject, statuses: Statuses, phase: str) -> Object:
    """Status, reason and message that ContainersReady and, first of all, Ready have."""
    counted = [*filter(is_sidecar, spec.get("initContainers") or ()), *spec["containers"]]
    names = [container["name"] for container in counted]
    unknown = [name for name in names if name not in statuses]
    if phase == "Succeeded" and not unknown:
        return {"status": "False", "reason": "PodCompleted"}
    if phase == "Failed":
        return {"status": "False", "reason": "PodFailed"}
    unready = [name for name in names if name in statuses and not statuses[name].get("ready")]
    message = _listed(("containers with unknown status", unknown), ("containers with unready status", unready))
    return {"status": "False", "reason": "ContainersNotReady", "message": message} if message else {"status": "True"}


def _ready(spec: FrozenObject, containers_ready: Object, others: Iterable[FrozenObject]) -> Object:
    gates = spec.get("readinessGates") or ()
    if containers_ready["status"] != "True" or not gates:
        return {"type": "Ready", **containers_ready}
    states = {condition["type"]: condition["status"] for condition in others}
    missing = []
    for gate in gates:
        kind = gate["conditionType"]
        if kind not in states:
            missing.append(f"corresponding condition of pod readiness gate {go_quote(kind)} does not exist.")
        elif states[kind] != "True":
            missing.append(f'the status of pod readiness gate {go_quote(kind)} is not "True", but {states[kind]}')
    if missing:
        return _condition("Ready", is_true=False, reason="ReadinessGatesNotReady", message=", ".join(missing))
    return _condition("Ready", is_true=True)


def _initialized(spec: FrozenObject, statuses: Statuses, phase: str) -> Object:
    containers = spec.get("initContainers") or ()
    unknown = [container["name"] for container in containers if container["name"] not in statuses]
    if phase == "Succeeded" and not unknown:
        return _condition("Initialized", is_true=True, reason="PodCompleted")
    incomplete = [
        container["name"]
        for container in containers
        if container["name"] in statuses and not statuses[container["name"]].get("started" if is_sidecar(container) else "ready")
    ]
    message = _listed(("containers with unknown status", unknown), ("containers with incomplete status", incomplete))
    if not message or _has_started(spec, statuses):
        return _condition("Initialized", is_true=True)
    return _condition("Initialized", is_true=False, reason="ContainersNotInitialized", message=message)


def _has_started(spec: FrozenObject, statuses: Statuses) -> bool:
    """Whether a regular container runs or has run."""
    states = (statuses[container["name"]]["state"] for container in spec["containers"] if container["name"] in statuses)
    return any("running" in state or "terminated" in state for state in states)


def _listed(*groups: tuple[str, list[str]]) -> str:
    return ", ".join(f"{title}: [{' '.join(names)}]" for title, names in groups if names)
