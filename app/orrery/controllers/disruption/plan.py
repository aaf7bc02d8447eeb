"""The arithmetic of a PodDisruptionBudget. Pure. Follows upstream's disruption controller."""

from collections.abc import Mapping, Sequence
from typing import Final

from orrery.controllers.pods import is_ready
from orrery.kinds.workloads.poddisruptionbudget import set_disruption_allowed
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.int_or_percent import scaled
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of

DELETION_S: Final = 120.0
"""How long after its eviction a Pod is believed to be about to go."""


def needs_scale(spec: FrozenObject) -> bool:
    """Whether the budget is a share of what controllers want, so that every Pod must have one."""
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def desired_healthy(spec: FrozenObject, expected: int) -> int:
    """How many Pods must stay: 25 % of 5 may be unavailable, that is 2, so 3 must stay; at least 25 % of 5 are 2."""
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    if most is not None:
        return max(expected - scaled(most, expected, up=True), 0)
    return scaled(least, expected, up=True) if least is not None else 0


def still_disrupted(budget: FrozenObject, pods: Sequence[FrozenObject], now_s: float) -> tuple[dict[str, str], list[FrozenObject], float]:
    """Evictions that may still come, Pods that should have gone long ago, and when to look again (0: never)."""
    noted: Mapping[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
    waiting: dict[str, str] = {}
    overdue: list[FrozenObject] = []
    again_s = 0.0
    for pod in pods:
        time = noted.get(name_of(pod))
        if time is None or is_deleting(pod):
            continue
        until_s = parse_timestamp(time) + DELETION_S
        if until_s < now_s:
            overdue.append(pod)
        else:
            waiting[name_of(pod)] = time
            again_s = min(again_s or until_s, until_s)
    return waiting, overdue, again_s


def new_status(budget: FrozenObject, pods: Sequence[FrozenObject], expected: int, disrupted: Mapping[str, str], *, now: str) -> Object:
    """The status as it should be."""
    healthy = sum(is_ready(pod) and not is_deleting(pod) and name_of(pod) not in disrupted for pod in pods)
    desired = desired_healthy(budget["spec"], expected)
    status: Object = {"observedGeneration": budget["metadata"].get("generation", 0)}
    if disrupted:
        status["disruptedPods"] = dict(disrupted)
    status.update(
        disruptionsAllowed=max(healthy - desired, 0) if expected > 0 else 0,
        currentHealthy=healthy,
        desiredHealthy=desired,
        expectedPods=expected,
        conditions=[dict(one) for one in (budget.get("status") or {}).get("conditions") or ()],
    )
    set_disruption_allowed(status, now)
    return status
