"""How ended Pods get into a Job's status, each exactly once, whatever is interrupted in between. Edits a draft of the status.

First the UIDs go to status.uncountedTerminatedPods (for an indexed Job the index into completedIndexes), then the Pods lose their
finalizer, then the counters grow and the UIDs go. A Pod without the finalizer was counted.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.job.intervals import contains, count_of, print_intervals, with_indexes
from orrery.controllers.job.plan import Seen, is_kept
from orrery.controllers.job.pods import has_valid_index, index_of, is_failed, is_indexed, is_tracked, phase_of
from orrery.controllers.job.policies import judge_failure
from orrery.machinery.objects import FrozenObject, Object, is_deleting, uid_of

UNCOUNTED_MAX: Final = 500
"""So many Pods are counted in one look; the others in the next ones."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Pods to let go of, and whether there were more than one look may count."""

    pods: Sequence[FrozenObject]
    is_cut: bool


def put(status: Object, field: str, number: int) -> None:
    """A count as Go writes it: none at all for zero."""
    if number:
        status[field] = number
    else:
        status.pop(field, None)


def count_ended(seen: Seen, status: Object, end: FrozenObject | None) -> Counted:
    """Note the Pods that ended in `status`. `end` is the condition that ends the Job: with it, no Pod stays."""
    uncounted = {field: list((status.get("uncountedTerminatedPods") or {}).get(field) or ()) for field in ("succeeded", "failed")}
    indexes: set[int] = set()
    freed: list[FrozenObject] = []
    is_cut = False
    for pod in sorted(seen.pods, key=index_of) if is_indexed(seen.job) else seen.pods:
        if not is_tracked(pod) or not _may_go(seen, pod, end):
            continue
        freed.append(pod)
        if phase_of(pod) == "Succeeded" and uid_of(pod) not in seen.uncounted_failed:
            _count_success(seen, pod, uncounted["succeeded"], indexes)
        elif is_failed(pod, seen.job) or (end is not None and end["type"] != "SuccessCriteriaMet"):
            _count_failure(seen, pod, uncounted["failed"])
        if len(indexes) + len(uncounted["succeeded"]) + len(uncounted["failed"]) >= UNCOUNTED_MAX:
            is_cut = True
            break
    status["uncountedTerminatedPods"] = {field: uids for field, uids in uncounted.items() if uids}
    if is_indexed(seen.job):
        _tell_indexes(seen, status, indexes)
    return Counted(freed, is_cut)


def _may_go(seen: Seen, pod: FrozenObject, end: FrozenObject | None) -> bool:
    if is_deleting(seen.job) or end is not None or phase_of(pod) == "Succeeded":
        return True
    return is_failed(pod, seen.job) and not is_kept(seen, pod)


def _count_success(seen: Seen, pod: FrozenObject, uids: list[str], indexes: set[int]) -> None:
    if is_indexed(seen.job):
        if has_valid_index(pod, seen.completions) and not contains(seen.succeeded_before, index_of(pod)):
            indexes.add(index_of(pod))
    elif uid_of(pod) not in seen.uncounted_succeeded:
        uids.append(uid_of(pod))


def _count_failure(seen: Seen, pod: FrozenObject, uids: list[str]) -> None:
    if uid_of(pod) in seen.uncounted_failed or (is_indexed(seen.job) and not has_valid_index(pod, seen.completions)):
        return
    if judge_failure(seen.job["spec"].get("podFailurePolicy"), pod).counts:
        uids.append(uid_of(pod))


def _tell_indexes(seen: Seen, status: Object, indexes: set[int]) -> None:
    succeeded = with_indexes(seen.succeeded_indexes, indexes)
    put(status, "succeeded", count_of(succeeded))
    text = print_intervals(succeeded)
    if text:
        status["completedIndexes"] = text
    else:
        status.pop("completedIndexes", None)
    if seen.failed_indexes is not None:
        status["failedIndexes"] = print_intervals(seen.failed_indexes)


def settle_uncounted(status: Object, tracked: Container[str]) -> None:
    """Count for good the uncounted Pods that are not `tracked` any more."""
    uncounted = status.get("uncountedTerminatedPods") or {}
    still: Object = {}
    for field in ("succeeded", "failed"):
        uids = uncounted.get(field) or []
        waiting = [uid for uid in uids if uid in tracked]
        put(status, field, status.get(field, 0) + len(uids) - len(waiting))
        if waiting:
            still[field] = waiting
    status["uncountedTerminatedPods"] = still
