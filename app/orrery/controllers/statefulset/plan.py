"""What to do about the Pods of a StatefulSet, and what its status says, without reading or writing.

A reconcile goes through its Pods in rounds: first every replica in order, then those beyond the range (condemned), then the update.
OrderedReady stops at the first Pod that is not yet as it should be; Parallel stops for nobody. Upstream: stateful_set_control.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from orrery.controllers.pods import available_at_s, is_ready
from orrery.controllers.statefulset.identity import NO_ORDINAL, new_stateful_pod, ordinal_of, ordinals_of, revision_of
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of


@dataclass(frozen=True, slots=True)
class Row:
    """The Pods of a StatefulSet at one moment."""

    statefulset: FrozenObject
    current: FrozenObject
    """The revision that its Pods come from."""
    update: FrozenObject
    """The revision that they go to; the same when no update is under way."""
    replicas: Sequence[FrozenObject]
    """One Pod for each ordinal; one that does not exist yet has no status."""
    condemned: Sequence[FrozenObject]
    """Pods beyond the range, the highest ordinal first."""
    now_s: float

    @property
    def is_ordered(self) -> bool:
        return bool(self.statefulset["spec"].get("podManagementPolicy") != "Parallel")

    @property
    def min_ready_s(self) -> int:
        return int(self.statefulset["spec"].get("minReadySeconds", 0))

    def is_available(self, pod: FrozenObject) -> bool:
        at_s = available_at_s(pod, self.min_ready_s)
        return at_s is not None and at_s <= self.now_s

    def is_unavailable(self, pod: FrozenObject) -> bool:
        return is_deleting(pod) or not self.is_available(pod)

    def is_settled(self, pod: FrozenObject) -> bool:
        """Whether the next in the row may be touched."""
        return phase_of(pod) == "Running" and self.is_available(pod)


def row_of(statefulset: FrozenObject, pods: Sequence[FrozenObject], *, current: FrozenObject, update: FrozenObject, now_s: float) -> Row:
    """Put Pods in their places, and a Pod yet to be made in every empty one."""
    ordinals = ordinals_of(statefulset)
    placed: dict[int, FrozenObject] = {}
    condemned = []
    for pod in pods:
        ordinal = ordinal_of(pod)
        if ordinal in ordinals:
            placed[ordinal] = pod
        elif ordinal != NO_ORDINAL:
            condemned.append(pod)
    partition = _partition(statefulset)
    replicas = []
    for ordinal in ordinals:
        present = placed.get(ordinal)
        if present is None:
            present = new_stateful_pod(statefulset, current if ordinal - ordinals.start < partition else update, ordinal)
        replicas.append(present)
    condemned.sort(key=ordinal_of, reverse=True)
    return Row(statefulset, current, update, replicas, condemned, now_s)


def _partition(statefulset: FrozenObject) -> int:
    """How many of the first Pods are made from the current revision."""
    strategy = statefulset["spec"].get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return 0
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        return int(statefulset.get("status", {}).get("currentReplicas", 0))
    return int(rolling.get("partition", 0))


def phase_of(pod: FrozenObject) -> str:
    """The Pod's phase; empty for one that does not exist yet."""
    return str(pod.get("status", {}).get("phase", ""))


class Act(Enum):
    """What to do with a Pod."""

    CREATE = "create"
    """Make its claims and the Pod, unless a claim still goes away with the Pod before it."""
    DELETE = "delete"
    CLAIM = "claim"
    """Make claims that a waiting Pod misses."""
    KEEP = "keep"
    """See that its identity, its volumes and the owners of its claims are right."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    act: Act
    pod: FrozenObject


@dataclass(frozen=True, slots=True)
class Round:
    """Things to do in order; `is_last` when the rest must wait for another day."""

    steps: Sequence[Step]
    is_last: bool = False


def plan_replicas(row: Row) -> Round:
    """Look after every Pod in the row.

    Of web-0 (ready), web-1 (absent) and web-2 (absent) an ordered one keeps web-0, makes web-1 and stops; a parallel one makes both.
    """
    steps: list[Step] = []
    for pod in row.replicas:
        acts, is_held_up = _acts_for(pod, row)
        steps += [Step(act, pod) for act in acts]
        if is_held_up and row.is_ordered:
            return Round(steps, is_last=True)
    return Round(steps)


def _acts_for(pod: FrozenObject, row: Row) -> tuple[Sequence[Act], bool]:
    """What to do with one replica, and whether those after it have to wait for it."""
    phase = phase_of(pod)
    if phase in ("Failed", "Succeeded"):
        # The node decides by the exit code which of the two it is; both are replaced, once the Pod is gone.
        return (() if is_deleting(pod) else (Act.DELETE,)), True
    if not phase:
        return (Act.CREATE,), True
    claims = (Act.CLAIM,) if phase == "Pending" else ()
    if row.is_ordered and (is_deleting(pod) or not row.is_settled(pod)):
        return claims, True
    return (*claims, Act.KEEP), False


def plan_condemned(row: Row) -> Round:
    """Remove Pods beyond the range; an ordered StatefulSet takes the highest ordinal, and waits while another Pod is not well."""
    if not row.is_ordered:
        return Round([Step(Act.DELETE, pod) for pod in row.condemned if not is_deleting(pod)])
    if not row.condemned:
        return Round(())
    highest = row.condemned[0]
    if is_deleting(highest) or (not row.is_settled(highest) and highest is not _first_unavailable(row)):
        return Round((), is_last=True)
    return Round((Step(Act.DELETE, highest),), is_last=True)


def _first_unavailable(row: Row) -> FrozenObject | None:
    for pod in (*row.replicas, *reversed(row.condemned)):
        if row.is_unavailable(pod):
            return pod
    return None


def plan_update(row: Row) -> FrozenObject | None:
    """The Pod to replace next: the highest ordinal above the partition that is not of the update revision.

    While a higher one is not available yet, none. A Pod that never gets ready is thus not replaced by a better revision
    unless it is of another one: upstream's known broken state, which a deletion by hand mends.
    """
    strategy = row.statefulset["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return None
    lowest = int((strategy.get("rollingUpdate") or {}).get("partition", 0))
    wanted = name_of(row.update)
    for pod in reversed(row.replicas[lowest:]):
        if revision_of(pod) != wanted and not is_deleting(pod):
            return pod
        if row.is_unavailable(pod):
            return None
    return None


def plan_status(row: Row, *, collisions: int, replaced: int = 0) -> Object:
    """What the status says; `replaced` Pods of the current revision have just been taken away for the update."""
    pods = [pod for pod in (*row.replicas, *row.condemned) if phase_of(pod)]
    ready = [pod for pod in pods if phase_of(pod) == "Running" and is_ready(pod)]
    counts = {
        "readyReplicas": len(ready),
        "currentReplicas": max(_of_revision(pods, row.current) - replaced, 0),
        "updatedReplicas": _of_revision(pods, row.update),
    }
    status: Object = {
        "observedGeneration": row.statefulset["metadata"].get("generation", 0),
        "replicas": len(pods),
        "availableReplicas": sum(row.is_available(pod) for pod in ready),
        "currentRevision": name_of(row.current),
        "updateRevision": name_of(row.update),
        "collisionCount": collisions,
    }
    spec = row.statefulset["spec"]
    is_rolling = (spec.get("updateStrategy") or {}).get("type") == "RollingUpdate"
    if is_rolling and {counts["updatedReplicas"], counts["readyReplicas"], len(pods)} == {int(spec["replicas"])}:
        # The update is complete: what it led to is the current revision now.
        counts["currentReplicas"] = counts["updatedReplicas"]
        status["currentRevision"] = status["updateRevision"]
    status.update({key: count for key, count in counts.items() if count})
    return status


def _of_revision(pods: Sequence[FrozenObject], revision: FrozenObject) -> int:
    name = name_of(revision)
    return sum(revision_of(pod) == name and not is_deleting(pod) for pod in pods)


def next_available_s(row: Row) -> float | None:
    """When the next ready Pod becomes available; None when none is on its way."""
    due = (available_at_s(pod, row.min_ready_s) for pod in (*row.replicas, *row.condemned))
    return min((at_s for at_s in due if at_s is not None and at_s > row.now_s), default=None)
