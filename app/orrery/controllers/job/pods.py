"""What a Job asks of its Pods: tracked or counted already, failed or not, which index, when they ended. Only reads.

Upstream: the helpers of pkg/controller/job (indexed_job_utils, backoff_utils, tracking_utils).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from orrery.controllers.pods import condition_of, is_ready, ready_since_s, restarts_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, annotations_of, is_deleting

TRACKING: Final = "batch.kubernetes.io/job-tracking"
"""The finalizer of a Pod that its Job has not counted yet."""
COMPLETION_INDEX: Final = "batch.kubernetes.io/job-completion-index"
FAILURE_COUNT: Final = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURE_COUNT: Final = "batch.kubernetes.io/job-index-ignored-failure-count"
UNKNOWN_INDEX: Final = -1
_INT32_MAX: Final = 2**31 - 1
_PHASE_ORDER: Final = {"Unknown": 1, "Running": 2}
_is_integer: Final = re.compile(r"[+-]?[0-9]+").fullmatch


def phase_of(pod: FrozenObject) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def is_tracked(pod: FrozenObject) -> bool:
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def is_indexed(job: FrozenObject) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def replaces_only_failed(job: FrozenObject) -> bool:
    """Whether a Pod that is on its way out must have ended before another takes its place."""
    return job["spec"].get("podReplacementPolicy") == "Failed" or job["spec"].get("podFailurePolicy") is not None


def is_failed(pod: FrozenObject, job: FrozenObject) -> bool:
    """Whether the Pod counts as failed: so does one that is being deleted, unless the Job waits for its end."""
    phase = phase_of(pod)
    if phase == "Failed":
        return True
    return not replaces_only_failed(job) and is_deleting(pod) and phase != "Succeeded"


def index_of(pod: FrozenObject) -> int:
    """Its completion index; UNKNOWN_INDEX when it says none."""
    text = annotations_of(pod).get(COMPLETION_INDEX, "")
    return max(int(text), UNKNOWN_INDEX) if _is_integer(text) else UNKNOWN_INDEX


def has_valid_index(pod: FrozenObject, completions: int) -> bool:
    return UNKNOWN_INDEX < index_of(pod) < completions


def indexes_of(pods: Iterable[FrozenObject]) -> set[int]:
    return {index for pod in pods if (index := index_of(pod)) != UNKNOWN_INDEX}


def failures_of(pod: FrozenObject) -> int:
    """How many Pods of the index had failed, and counted, before this one."""
    return _count(pod, FAILURE_COUNT)


def ignored_failures_of(pod: FrozenObject) -> int:
    return _count(pod, IGNORED_FAILURE_COUNT)


def _count(pod: FrozenObject, key: str) -> int:
    text = annotations_of(pod).get(key, "")
    number = int(text) if _is_integer(text) else 0
    return number if 0 <= number <= _INT32_MAX else 0


def finished_s(pod: FrozenObject) -> float:
    """When it ended: its containers, else when it became unready, else when its deletion was asked for, else its creation."""
    ended = _containers_ended_s(pod)
    if ended is not None:
        return ended
    ready = condition_of(pod, "Ready")
    if ready is not None and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return parse_timestamp(ready["lastTransitionTime"])
    meta = pod["metadata"]
    if is_deleting(pod):
        return parse_timestamp(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0)
    return parse_timestamp(meta["creationTimestamp"])


def _containers_ended_s(pod: FrozenObject) -> float | None:
    status = pod.get("status") or {}
    sidecars = {one["name"] for one in pod["spec"].get("initContainers") or () if one.get("restartPolicy") == "Always"}
    entries = [*(status.get("containerStatuses") or ())]
    entries += [one for one in status.get("initContainerStatuses") or () if one["name"] in sidecars]
    ends = [str(((one.get("state") or {}).get("terminated") or {}).get("finishedAt") or "") for one in entries]
    return max(map(parse_timestamp, ends)) if ends and all(ends) else None


def victims_first(pods: Sequence[FrozenObject]) -> list[FrozenObject]:
    """Upstream's ActivePods order: the Pod that has come least far goes first."""
    return sorted(pods, key=_worth)


def _worth(pod: FrozenObject) -> tuple[bool, int, bool, float, int, int, float]:
    ready = is_ready(pod)
    restarts, sidecar_restarts = restarts_of(pod)
    return (
        bool(pod["spec"].get("nodeName")),
        _PHASE_ORDER.get(phase_of(pod), 0),
        ready,
        -(ready_since_s(pod) or 0.0) if ready else 0.0,
        -restarts,
        -sidecar_restarts,
        -parse_timestamp(pod["metadata"]["creationTimestamp"]),
    )


def restarts_while_alive(pods: Iterable[FrozenObject]) -> int:
    """Restarts of all containers of the Pods that have not ended; they count against backoffLimit with restartPolicy OnFailure."""
    total = 0
    for pod in pods:
        status = pod.get("status") or {}
        if status.get("phase") in ("Running", "Pending"):
            entries = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
            total += sum(one.get("restartCount", 0) for one in entries)
    return total


def tracked_where(
    job: FrozenObject, pods: Iterable[FrozenObject], counted: Iterable[str], matches: Callable[[FrozenObject], bool]
) -> list[FrozenObject]:
    """The Pods the status does not account for yet that match: tracked, not among `counted` UIDs, with a valid index if it has one."""
    known = set(counted)
    completions = job["spec"].get("completions") or 0
    indexed = is_indexed(job)
    return [
        pod
        for pod in pods
        if is_tracked(pod) and pod["metadata"]["uid"] not in known and (not indexed or has_valid_index(pod, completions)) and matches(pod)
    ]
