"""What to do about the Pods of a DaemonSet, node by node, and what its status says, without reading or writing.

Upstream: podsShouldBeOnNode, rollingUpdate and updateDaemonSetStatus.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orrery.controllers.daemonset.placement import Verdict
from orrery.controllers.pods import available_at_s, is_ready
from orrery.kinds.workloads.daemonset import TEMPLATE_GENERATION
from orrery.machinery.int_or_percent import scaled
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, labels_of

HASH_LABEL = "controller-revision-hash"
GENERATION_LABEL = "pod-template-generation"


@dataclass(frozen=True, slots=True)
class View:
    """A DaemonSet and its Pods at one moment."""

    daemonset: FrozenObject
    hashed: str
    """The hash of its present revision."""
    verdicts: Mapping[str, Verdict]
    pods: Mapping[str, Sequence[FrozenObject]]
    """By node, the one to keep first."""
    now_s: float

    def is_available(self, pod: FrozenObject) -> bool:
        at_s = available_at_s(pod, int(self.daemonset["spec"].get("minReadySeconds", 0)))
        return at_s is not None and at_s <= self.now_s

    def is_updated(self, pod: FrozenObject) -> bool:
        """Whether the Pod is of the present template, by its hash or by the generation older clusters wrote."""
        labels = labels_of(pod)
        generation = annotations_of(self.daemonset).get(TEMPLATE_GENERATION)
        return labels.get(HASH_LABEL) == self.hashed or (generation is not None and labels.get(GENERATION_LABEL) == generation)

    @property
    def allows_surge(self) -> bool:
        return _limits(self.daemonset, 1)[0] > 0


@dataclass(slots=True)
class Work:
    """Pods to make and to remove."""

    create: list[str] = field(default_factory=list)
    """Nodes that need a Pod."""
    delete: list[FrozenObject] = field(default_factory=list)
    failed: list[tuple[FrozenObject, str]] = field(default_factory=list)
    """Pods that failed, with their nodes: to be removed as their back-off allows."""
    succeeded: list[tuple[FrozenObject, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.delete or self.failed or self.succeeded)


def plan_nodes(view: View) -> Work:
    """One Pod on every node that takes one: make what is missing, remove what is too much or out of place.

    On a node whose only Pod is being deleted nothing is made until it is gone, unless the update may surge.
    """
    work = Work()
    for node, verdict in view.verdicts.items():
        pods = view.pods.get(node)
        if verdict.should_run and pods is None:
            work.create.append(node)
        elif verdict.may_stay:
            _keep_one(view, node, pods or (), work)
        elif pods is not None:
            work.delete += [pod for pod in pods if not is_deleting(pod)]
    for node, pods in view.pods.items():
        if node not in view.verdicts:
            # Never placed, and its node is gone: nobody else would remove it.
            work.delete += [pod for pod in pods if not pod["spec"].get("nodeName")]
    return work


def _keep_one(view: View, node: str, pods: Sequence[FrozenObject], work: Work) -> None:
    running = []
    for pod in pods:
        phase = pod.get("status", {}).get("phase")
        if is_deleting(pod):
            continue
        if phase == "Failed":
            work.failed.append((pod, node))
        elif phase == "Succeeded":
            work.succeeded.append((pod, node))
        else:
            running.append(pod)
    if not view.allows_surge:
        work.delete += running[1:]
    elif len(running) > 1:
        work.delete += _surplus(view, running)
    elif not running and view.verdicts[node].should_run:
        work.create.append(node)


def _surplus(view: View, running: Sequence[FrozenObject]) -> list[FrozenObject]:
    """While an update surges two Pods may share a node: the oldest new one, not available yet, and the oldest old one, ready."""
    new = [pod for pod in running if labels_of(pod).get(HASH_LABEL) == view.hashed]
    old = [pod for pod in running if labels_of(pod).get(HASH_LABEL) != view.hashed]
    surplus = new[1:] + old[1:]
    if new and old and (not is_ready(old[0]) or view.is_available(new[0])):
        surplus.append(old[0])
    return surplus


def _limits(daemonset: FrozenObject, desired: int) -> tuple[int, int]:
    """maxSurge and maxUnavailable in Pods, both rounded up; (0, 0) unless the update is a rolling one."""
    strategy = daemonset["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") != "RollingUpdate" or rolling is None:
        return 0, 0
    return scaled(rolling.get("maxSurge", 0), desired, up=True), scaled(rolling.get("maxUnavailable", 0), desired, up=True)


def plan_update(view: View) -> Work:
    """The next step of a rolling update.

    Three nodes, maxUnavailable 1, all Pods old and available: one goes. It is gone and the new one not ready: none goes.
    An old Pod that is not available goes at once, whatever the limit.
    """
    desired = sum(verdict.should_run for verdict in view.verdicts.values())
    surge_max, unavailable_max = _limits(view.daemonset, desired)
    if desired > 0 and surge_max == 0 and unavailable_max == 0:
        unavailable_max = 1
    nodes = {**view.pods, **{node: () for node, verdict in view.verdicts.items() if verdict.should_run and node not in view.pods}}
    halves = {node: _halves(view, pods) for node, pods in nodes.items()}
    return _plan_surge(view, halves, desired, surge_max) if surge_max else _plan_replace(view, halves, unavailable_max)


@dataclass(frozen=True, slots=True)
class _Halves:
    """A node's Pod of the present revision and its Pod of another one; `is_clear` is False when there are more of a sort."""

    new: FrozenObject | None = None
    old: FrozenObject | None = None
    is_clear: bool = True


def _halves(view: View, pods: Sequence[FrozenObject]) -> _Halves:
    new: FrozenObject | None = None
    old: FrozenObject | None = None
    for pod in pods:
        if is_deleting(pod):
            continue
        if view.is_updated(pod):
            if new is not None:
                return _Halves(is_clear=False)
            new = pod
        else:
            if old is not None:
                return _Halves(is_clear=False)
            old = pod
    return _Halves(new, old)


def _plan_replace(view: View, nodes: Mapping[str, _Halves], unavailable_max: int) -> Work:
    """Remove old Pods within maxUnavailable; the plan of nodes makes new ones in their place."""
    unavailable = 0
    work = Work()
    candidates = []
    for one in nodes.values():
        if not one.is_clear or (one.new is None) == (one.old is None):
            unavailable += 1  # The plan of nodes has to do with it first.
        elif one.new is not None:
            unavailable += not view.is_available(one.new)
        elif one.old is not None and not view.is_available(one.old):
            work.delete.append(one.old)
            unavailable += 1
        elif one.old is not None:
            candidates.append(one.old)
    work.delete += candidates[: max(unavailable_max - unavailable, 0)]
    return work


def _plan_surge(view: View, nodes: Mapping[str, _Halves], desired: int, surge_max: int) -> Work:
    """Make new Pods beside old ones within maxSurge; an old one goes when the new one is available."""
    work = Work()
    candidates: list[str] = []
    leaving: list[FrozenObject] = []
    surging = available = 0
    for node, one in nodes.items():
        if not one.is_clear:
            surging += 1
            continue
        oldest = one.old or one.new
        available += oldest is not None and view.is_available(oldest)
        if one.old is None:
            continue
        if one.new is not None:
            if view.is_available(one.new):
                work.delete.append(one.old)
            else:
                surging += 1
            continue
        verdict = view.verdicts.get(node)
        should_run = verdict is not None and verdict.should_run
        if view.is_available(one.old):
            if should_run:
                candidates.append(node)
            else:
                leaving.append(one.old)
        elif should_run:
            work.create.append(node)
        else:
            work.delete.append(one.old)
    # On nodes that are left for others a Pod goes only when as many as wanted are available elsewhere.
    work.delete += leaving[: max(available - desired, 0)]
    work.create += candidates[: max(surge_max - surging, 0)]
    return work


def plan_status(view: View) -> Object:
    """The counts a status tells; those that are zero and optional are left out."""
    desired = current = misscheduled = ready = available = updated = 0
    for node, verdict in view.verdicts.items():
        pods = view.pods.get(node)
        if not verdict.should_run:
            misscheduled += bool(pods)
            continue
        desired += 1
        if not pods:
            continue
        current += 1
        ready += is_ready(pods[0])
        available += view.is_available(pods[0])
        updated += view.is_updated(pods[0])
    optional = {"updatedNumberScheduled": updated, "numberAvailable": available, "numberUnavailable": desired - available}
    return {
        "currentNumberScheduled": current,
        "numberMisscheduled": misscheduled,
        "desiredNumberScheduled": desired,
        "numberReady": ready,
        "observedGeneration": view.daemonset["metadata"].get("generation", 0),
        **{name: count for name, count in optional.items() if count},
    }


def next_available_s(view: View) -> float | None:
    """When the next ready Pod becomes available; None when none is on its way."""
    min_ready_s = int(view.daemonset["spec"].get("minReadySeconds", 0))
    if not min_ready_s:
        return None
    due = (available_at_s(pod, min_ready_s) for pods in view.pods.values() for pod in pods)
    return min((at_s for at_s in due if at_s is not None and at_s > view.now_s), default=None)
