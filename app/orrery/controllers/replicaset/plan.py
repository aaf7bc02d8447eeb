"""The arithmetic of a ReplicaSet, without reading or writing: how many Pods to add, which to remove, in which batches, and what
the status says. Upstream: pkg/controller/replicaset and ActivePodsWithRanks in controller_utils.go.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Final

from orrery.controllers.pods import available_at_s, deletion_cost_of, is_active, is_ready, ready_since_s, restarts_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, Object, labels_of, uid_of

BURST_MAX: Final = 500
"""How many Pods one reconcile adds or removes at most."""

_PHASE_ORDER: Final = {"Pending": 0, "Unknown": 1, "Running": 2}


@dataclass(frozen=True, slots=True)
class Scale:
    """How many Pods to create, and which to delete; one of the two is empty."""

    create: int = 0
    delete: tuple[FrozenObject, ...] = ()


def plan_scale(wanted: int, active: Sequence[FrozenObject], related: Sequence[FrozenObject], *, now_s: float) -> Scale:
    """Choose the Pods to add or remove; the least useful go first.

    `related` are the Pods of all ReplicaSets of the same owner: a Pod on a crowded node is less useful.
    """
    missing = wanted - len(active)
    if missing > 0:
        return Scale(create=min(missing, BURST_MAX))
    if missing == 0:
        return Scale()
    victims = active if wanted == 0 else plan_victims(active, related, now_s=now_s)
    return Scale(delete=tuple(victims[: min(-missing, BURST_MAX)]))


def plan_batches(count: int) -> Iterator[int]:
    """Slow start: 1, 2, 4 … so that what is bound to fail (a quota, a bad template) fails once and not 500 times.

    10 Pods come as 1, 2, 4, 3.
    """
    size = 1
    while count > 0:
        batch = min(size, count, BURST_MAX)
        yield batch
        count -= batch
        size *= 2


@dataclass(frozen=True, slots=True)
class _Usefulness:
    """What the order of victims looks at, taken from a Pod once."""

    pod: FrozenObject
    certain: tuple[bool, int, bool, int, int]
    """Assigned, phase, ready, deletion cost, less crowded: rules 1 to 5, smaller goes first."""
    ready_s: float | None
    restarts: tuple[int, int]
    created_s: float
    uid: str


def plan_victims(active: Sequence[FrozenObject], related: Sequence[FrozenObject], *, now_s: float) -> list[FrozenObject]:
    """Upstream's order of deletion, the first to go first:

    1. unassigned before assigned, 2. Pending before Unknown before Running, 3. not ready before ready,
    4. lower pod-deletion-cost, 5. more active Pods of the same owner on its node, 6. ready for a shorter time,
    7. more restarts, 8. younger. Times are compared on a logarithmic scale; within one step of it the UID decides,
    so that scaling down does not always hit the youngest.

    Two Pods ready for 10 s and 14 s are on one step (2^33 ns), ready for 10 s and 20 s are not.
    """
    crowd = Counter(pod["spec"].get("nodeName", "") for pod in related if is_active(pod))
    weighed = [_weigh(pod, crowd) for pod in active]
    weighed.sort(key=cmp_to_key(lambda one, two: _compare(one, two, now_s)))
    return [entry.pod for entry in weighed]


def _weigh(pod: FrozenObject, crowd: Mapping[str, int]) -> _Usefulness:
    node = pod["spec"].get("nodeName", "")
    ready = is_ready(pod)
    phase = _PHASE_ORDER.get(pod.get("status", {}).get("phase", ""), 0)
    return _Usefulness(
        pod,
        (bool(node), phase, ready, deletion_cost_of(pod), -crowd.get(node, 0)),
        ready_since_s(pod) if ready else None,
        restarts_of(pod),
        parse_timestamp(pod["metadata"]["creationTimestamp"]),
        uid_of(pod),
    )


def _compare(one: _Usefulness, two: _Usefulness, now_s: float) -> int:
    if one.certain != two.certain:
        return -1 if one.certain < two.certain else 1
    if one.ready_s != two.ready_s:
        if one.ready_s is None or two.ready_s is None:
            return -1 if one.ready_s is None else 1
        return _compare_ages(one.ready_s, two.ready_s, now_s) or _compare_text(one.uid, two.uid)
    if one.restarts != two.restarts:
        return -1 if one.restarts > two.restarts else 1
    if one.created_s != two.created_s:
        return _compare_ages(one.created_s, two.created_s, now_s) or _compare_text(one.uid, two.uid)
    return 0


def _compare_ages(one_s: float, two_s: float, now_s: float) -> int:
    return _age_step(now_s - one_s) - _age_step(now_s - two_s)


def _age_step(age_s: float) -> int:
    """Upstream's logarithmic rank, in powers of two of nanoseconds."""
    return int(math.log2(age_s * 1e9)) if age_s > 0 else -1


def _compare_text(one: str, two: str) -> int:
    return (one > two) - (one < two)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the Pods of a ReplicaSet add up to, and when the next ready one becomes available."""

    replicas: int
    fully_labeled: int
    ready: int
    available: int
    next_available_s: float | None = None


def tally(active: Sequence[FrozenObject], template: FrozenObject, *, min_ready_s: int, now_s: float) -> Tally:
    """Count the active Pods.

    With minReadySeconds 10, a Pod ready since 12:00:00 is not available at 12:00:09, and the next look is due at 12:00:10.
    """
    template_labels = ((template.get("metadata") or {}).get("labels") or {}).items()
    fully_labeled = ready = available = 0
    due_s = []
    for pod in active:
        if template_labels <= labels_of(pod).items():
            fully_labeled += 1
        if not is_ready(pod):
            continue
        ready += 1
        at_s = available_at_s(pod, min_ready_s)
        if at_s is not None and at_s <= now_s:
            available += 1
        elif at_s is not None:
            due_s.append(at_s)
    return Tally(len(active), fully_labeled, ready, available, min(due_s, default=None))


def plan_status(replicaset: FrozenObject, counted: Tally, *, terminating: int | None, conditions: Sequence[Object]) -> Object:
    """The status as it should read; zero counts are left out, as upstream's encoder does."""
    status: Object = {"replicas": counted.replicas}
    counts = {
        "fullyLabeledReplicas": counted.fully_labeled,
        "readyReplicas": counted.ready,
        "availableReplicas": counted.available,
        "observedGeneration": replicaset["metadata"].get("generation", 0),
    }
    status.update({key: value for key, value in counts.items() if value})
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    if conditions:
        status["conditions"] = list(conditions)
    return status


def plan_conditions(conditions: Sequence[Object], failure: Object | None) -> list[Object]:
    """Conditions with ReplicaFailure set or gone; one that stands already is left as it is, first message and time included."""
    if failure is None:
        return [condition for condition in conditions if condition["type"] != "ReplicaFailure"]
    if any(condition["type"] == "ReplicaFailure" for condition in conditions):
        return list(conditions)
    return [*conditions, failure]
