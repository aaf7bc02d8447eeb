"""The status of a Deployment: counts, conditions, and whether the rollout is complete, moving or stuck.

Upstream: progress.go and calculateStatus in sync.go. Conditions are lists of dicts; functions return new lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.controllers.deployment.sizes import limits_of
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of

_NO_DEADLINE: Final = 2**31 - 1

NEW_AVAILABLE: Final = "NewReplicaSetAvailable"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "DeploymentPaused"

Conditions = list[Object]


def new_condition(type_: str, status: str, *, reason: str, message: str, now_s: float) -> Object:
    now = timestamp(now_s)
    return {"type": type_, "status": status, "lastUpdateTime": now, "lastTransitionTime": now, "reason": reason, "message": message}


def find_condition(conditions: Sequence[FrozenObject], type_: str) -> FrozenObject | None:
    return next((condition for condition in conditions if condition["type"] == type_), None)


def without_condition(conditions: Sequence[FrozenObject], type_: str) -> Conditions:
    return [dict(condition) for condition in conditions if condition["type"] != type_]


def with_condition(conditions: Sequence[FrozenObject], condition: Object) -> Conditions:
    """The list with `condition` at its end; as it was, times included, where status and reason stand already."""
    current = find_condition(conditions, condition["type"])
    if current is not None and current["status"] == condition["status"]:
        if current["reason"] == condition["reason"]:
            return [dict(other) for other in conditions]
        condition = {**condition, "lastTransitionTime": current["lastTransitionTime"]}
    return [*without_condition(conditions, condition["type"]), condition]


def conditions_of(deployment: FrozenObject) -> Sequence[FrozenObject]:
    return deployment.get("status", {}).get("conditions") or ()


def has_deadline(deployment: FrozenObject) -> bool:
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, _NO_DEADLINE)


def _total(replicasets: Sequence[FrozenObject], field: str) -> int:
    return sum(replicaset.get("status", {}).get(field, 0) for replicaset in replicasets)


def plan_counts(deployment: FrozenObject, replicasets: Sequence[FrozenObject], new: FrozenObject | None, *, now_s: float) -> Object:
    """Counts and the Available condition; `replicasets` are all of them, `new` included. Zeros are left out."""
    available = _total(replicasets, "availableReplicas")
    wanted = sum(replicaset["spec"]["replicas"] for replicaset in replicasets)
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": _total(replicasets, "replicas"),
        "updatedReplicas": _total([new], "replicas") if new is not None else 0,
        "readyReplicas": _total(replicasets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(wanted - available, 0),
    }
    status: Object = {key: value for key, value in counts.items() if value}
    terminating = _terminating(replicasets)
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    collisions = deployment.get("status", {}).get("collisionCount")
    if collisions is not None:
        status["collisionCount"] = collisions
    enough = available >= limits_of(deployment).available_min
    status["conditions"] = with_condition(conditions_of(deployment), _availability(enough=enough, now_s=now_s))
    return status


def _terminating(replicasets: Sequence[FrozenObject]) -> int | None:
    """Pods on their way out; unknown while a ReplicaSet that was seen by its controller does not say."""
    total = 0
    for replicaset in replicasets:
        status = replicaset.get("status", {})
        if status.get("terminatingReplicas") is not None:
            total += status["terminatingReplicas"]
        elif status.get("observedGeneration"):
            return None
    return total


def _availability(*, enough: bool, now_s: float) -> Object:
    if enough:
        message = "Deployment has minimum availability."
        return new_condition("Available", "True", reason="MinimumReplicasAvailable", message=message, now_s=now_s)
    message = "Deployment does not have minimum availability."
    return new_condition("Available", "False", reason="MinimumReplicasUnavailable", message=message, now_s=now_s)


def is_complete(deployment: FrozenObject, status: Mapping[str, Any]) -> bool:
    """Whether all replicas are updated and available, no old ones are left, and the controller has seen the newest spec."""
    wanted: int = deployment["spec"]["replicas"]
    generation: int = deployment["metadata"].get("generation", 0)
    seen: int = status.get("observedGeneration", 0)
    return seen >= generation and (
        status.get("updatedReplicas", 0) == wanted and status.get("replicas", 0) == wanted and status.get("availableReplicas", 0) == wanted
    )


def is_progressing(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether there are more updated, ready or available Pods than before, or fewer old ones."""

    def old(status: Mapping[str, Any]) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    grew = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(after) < old(before) or any(after.get(field, 0) > before.get(field, 0) for field in grew)


def is_timed_out(deployment: FrozenObject, *, now_s: float) -> bool:
    """Whether the last sign of progress is longer ago than the deadline.

    Last update 12:00:00 and a deadline of 600 s: not yet at 12:10:00, but at 12:10:01.
    """
    condition = find_condition(conditions_of(deployment), "Progressing")
    if not has_deadline(deployment) or condition is None or condition["reason"] == NEW_AVAILABLE:
        return False
    if condition["reason"] == TIMED_OUT:
        return True
    return _deadline_s(deployment, condition) < now_s


def _deadline_s(deployment: FrozenObject, progressing: FrozenObject) -> float:
    """The moment at which a rollout without further progress counts as stuck."""
    return parse_timestamp(progressing["lastUpdateTime"]) + float(deployment["spec"]["progressDeadlineSeconds"])


def plan_rollout_status(deployment: FrozenObject, replicasets: Sequence[FrozenObject], new: FrozenObject | None, *, now_s: float) -> Object:
    """The status during a rollout: counts, Available, Progressing and, where a ReplicaSet reports one, ReplicaFailure."""
    status = plan_counts(deployment, replicasets, new, now_s=now_s)
    if has_deadline(deployment):
        status["conditions"] = _with_progress(deployment, status, new, now_s=now_s)
    else:
        status["conditions"] = without_condition(status["conditions"], "Progressing")
    failure = _replica_failure(replicasets, new)
    if failure is not None:
        status["conditions"] = with_condition(status["conditions"], failure)
    else:
        status["conditions"] = without_condition(status["conditions"], "ReplicaFailure")
    return status


def _with_progress(deployment: FrozenObject, status: Object, new: FrozenObject | None, *, now_s: float) -> Conditions:
    conditions: Conditions = status["conditions"]
    current = find_condition(conditions_of(deployment), "Progressing")
    settled = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if settled and current is not None and current["reason"] == NEW_AVAILABLE:
        return conditions  # No rollout is under way; there is no progress to estimate.
    who = f'ReplicaSet "{name_of(new)}"' if new is not None else f'Deployment "{name_of(deployment)}"'
    if is_complete(deployment, status):
        message = f"{who} has successfully progressed."
        return with_condition(conditions, new_condition("Progressing", "True", reason=NEW_AVAILABLE, message=message, now_s=now_s))
    if is_progressing(deployment.get("status", {}), status):
        return _with_step(conditions, current, f"{who} is progressing.", now_s)
    if is_timed_out(deployment, now_s=now_s):
        message = f"{who} has timed out progressing."
        return with_condition(conditions, new_condition("Progressing", "False", reason=TIMED_OUT, message=message, now_s=now_s))
    return conditions


def _with_step(conditions: Conditions, current: FrozenObject | None, message: str, now_s: float) -> Conditions:
    """Each sign of progress renews lastUpdateTime, from which the deadline counts, even where the reason stays."""
    condition = new_condition("Progressing", "True", reason="ReplicaSetUpdated", message=message, now_s=now_s)
    if current is not None and current["status"] == "True":
        condition["lastTransitionTime"] = current["lastTransitionTime"]
    return [*without_condition(conditions, "Progressing"), condition]


def _replica_failure(replicasets: Sequence[FrozenObject], new: FrozenObject | None) -> Object | None:
    """The ReplicaFailure of the new ReplicaSet, else of the first that has one, as a Deployment's condition."""
    for replicaset in (*((new,) if new is not None else ()), *replicasets):
        for condition in replicaset.get("status", {}).get("conditions") or ():
            if condition["type"] == "ReplicaFailure":
                return {**condition, "lastUpdateTime": condition["lastTransitionTime"]}
    return None


def plan_deadline_check_s(deployment: FrozenObject, status: Mapping[str, Any], *, now_s: float) -> float | None:
    """In how many seconds to look whether the deadline has passed; None when there is nothing to wait for.

    Last update 12:00:00, deadline 600 s, now 12:03:00: in 421 s, one second after it, so that the look is never early.
    """
    current = find_condition(conditions_of(deployment), "Progressing")
    if not has_deadline(deployment) or current is None or current["reason"] == TIMED_OUT or is_complete(deployment, status):
        return None
    left_s = _deadline_s(deployment, current) - now_s
    return left_s + 1.0 if left_s >= 1.0 else max(left_s, 0.0) + 0.05


def plan_pause_condition(deployment: FrozenObject, *, now_s: float) -> Object | None:
    """The Progressing condition that a pause or a resume asks for; None when it says so already.

    A rollout that has timed out keeps saying so.
    """
    if not has_deadline(deployment):
        return None
    current = find_condition(conditions_of(deployment), "Progressing")
    reason = current["reason"] if current is not None else ""
    paused = bool(deployment["spec"].get("paused"))
    if reason == TIMED_OUT or paused == (reason == PAUSED):
        return None
    if paused:
        return new_condition("Progressing", "Unknown", reason=PAUSED, message="Deployment is paused", now_s=now_s)
    return new_condition("Progressing", "Unknown", reason="DeploymentResumed", message="Deployment is resumed", now_s=now_s)
