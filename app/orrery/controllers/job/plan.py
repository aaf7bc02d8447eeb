"""A Job's decisions, without reading or writing: what its Pods add up to, whether it has ended, which Pods to add and remove.

Upstream: syncJob and manageJob of pkg/controller/job, with all gates that are on in 1.35.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from orrery.controllers.job.backoff import Failures, remaining_of_index_s, remaining_s
from orrery.controllers.job.finished import true_condition
from orrery.controllers.job.intervals import NO_INDEXES, Intervals, contains, count_of, first_missing, merge_intervals, with_indexes
from orrery.controllers.job.intervals import parse_intervals as parsed
from orrery.controllers.job.pods import (
    UNKNOWN_INDEX,
    failures_of,
    finished_s,
    has_valid_index,
    ignored_failures_of,
    index_of,
    indexes_of,
    is_failed,
    is_indexed,
    is_tracked,
    phase_of,
    replaces_only_failed,
    restarts_while_alive,
    tracked_where,
    victims_first,
)
from orrery.controllers.job.policies import judge_failure, judge_success
from orrery.controllers.pods import is_active, is_ready, is_terminating
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, uid_of

BURST_MAX: Final = 500
"""How many Pods one look adds or removes at most."""
COMPLETIONS_REACHED: Final = ("CompletionsReached", "Reached expected number of succeeded pods")


@dataclass(slots=True)
class Seen:
    """What a look at a Job and its Pods shows, before anything is done."""

    job: FrozenObject
    pods: Sequence[FrozenObject]
    active: Sequence[FrozenObject]
    ready: int
    terminating: int
    uncounted_succeeded: frozenset[str]
    uncounted_failed: frozenset[str]
    new_succeeded: Sequence[FrozenObject] = ()
    new_failed: Sequence[FrozenObject] = ()
    succeeded: int = 0
    failed: int = 0
    succeeded_before: Intervals = NO_INDEXES
    """Indexes that the status already says; `succeeded_indexes` has those of new Pods, too."""
    succeeded_indexes: Intervals = NO_INDEXES
    failed_indexes: Intervals | None = None
    """None without backoffLimitPerIndex."""
    kept: dict[int, FrozenObject] = field(default_factory=dict)
    """By index the failed Pod that must stay until its replacement has taken over its count of failures."""

    @property
    def completions(self) -> int:
        return int(self.job["spec"].get("completions") or 0)


def look(job: FrozenObject, pods: Sequence[FrozenObject]) -> Seen:
    """Count the Pods; those that ended since the last look come on top of what the status says."""
    status = job.get("status") or {}
    uncounted = status.get("uncountedTerminatedPods") or {}
    active = [pod for pod in pods if is_active(pod)]
    seen = Seen(
        job,
        pods,
        active,
        ready=sum(map(is_ready, active)),
        terminating=sum(map(is_terminating, pods)),
        uncounted_succeeded=frozenset(uncounted.get("succeeded") or ()),
        uncounted_failed=frozenset(uncounted.get("failed") or ()),
    )
    seen.new_succeeded = tracked_where(job, pods, seen.uncounted_succeeded, lambda pod: phase_of(pod) == "Succeeded")
    seen.new_failed = tracked_where(job, pods, seen.uncounted_failed, lambda pod: is_failed(pod, job))
    policy = job["spec"].get("podFailurePolicy")
    seen.succeeded = status.get("succeeded", 0) + len(seen.new_succeeded) + len(seen.uncounted_succeeded)
    seen.failed = status.get("failed", 0) + sum(judge_failure(policy, pod).counts for pod in seen.new_failed) + len(seen.uncounted_failed)
    if is_indexed(job):
        _look_at_indexes(seen, status)
    return seen


def _look_at_indexes(seen: Seen, status: FrozenObject) -> None:
    valid = [pod for pod in seen.pods if is_tracked(pod) and has_valid_index(pod, seen.completions)]
    seen.succeeded_before = parsed(status.get("completedIndexes", ""), seen.completions)
    seen.succeeded_indexes = with_indexes(seen.succeeded_before, {index_of(pod) for pod in valid if phase_of(pod) == "Succeeded"})
    seen.succeeded = count_of(seen.succeeded_indexes)
    if seen.job["spec"].get("backoffLimitPerIndex") is not None:
        before = parsed(status.get("failedIndexes") or "", seen.completions)
        seen.failed_indexes = with_indexes(before, {index_of(pod) for pod in valid if _fails_its_index(seen.job, pod)})
        seen.kept = _kept(seen, valid)


def _fails_its_index(job: FrozenObject, pod: FrozenObject) -> bool:
    if not is_failed(pod, job):
        return False
    verdict = judge_failure(job["spec"].get("podFailurePolicy"), pod)
    return verdict.action == "FailIndex" or (verdict.counts and failures_of(pod) >= job["spec"]["backoffLimitPerIndex"])


def _kept(seen: Seen, valid: Sequence[FrozenObject]) -> dict[int, FrozenObject]:
    """The last failed Pod of every index that neither ended nor runs."""
    active = indexes_of(seen.active)
    kept: dict[int, FrozenObject] = {}
    for pod in valid:
        index = index_of(pod)
        settled = index in active or contains(seen.succeeded_indexes, index) or contains(seen.failed_indexes or (), index)
        if settled or not is_failed(pod, seen.job):
            continue
        other = kept.get(index)
        if other is None or (_all_failures(other) <= _all_failures(pod) and finished_s(pod) >= finished_s(other)):
            kept[index] = pod
    return kept


def _all_failures(pod: FrozenObject) -> int:
    return failures_of(pod) + ignored_failures_of(pod)


def new_condition(condition_type: str, reason: str, message: str, *, now_s: float, is_true: bool = True) -> Object:
    now = timestamp(now_s)
    state = {"type": condition_type, "status": "True" if is_true else "False"}
    return {**state, "lastProbeTime": now, "lastTransitionTime": now, "reason": reason, "message": message}


def with_condition(conditions: Sequence[Object], wanted: Object) -> list[Object]:
    """The list with that condition; one that says the same stays as it is, and False is not said of what was never True."""
    for place, condition in enumerate(conditions):
        if condition["type"] == wanted["type"]:
            if all(condition.get(key) == wanted[key] for key in ("status", "reason", "message")):
                return list(conditions)
            return [*conditions[:place], wanted, *conditions[place + 1 :]]
    return list(conditions) if wanted["status"] == "False" else [*conditions, wanted]


def judge(seen: Seen, now_s: float) -> Object | None:
    """The condition that ends the Job: what the status already promises first, then failures, then successPolicy.

    A new end is FailureTarget or SuccessCriteriaMet; one that was written before comes back as what follows it (Failed), or as it is.
    That all completions are reached is known only once the Pods were looked after.
    """
    job = seen.job
    met = true_condition(job, "SuccessCriteriaMet")
    if met is not None:
        return dict(met)
    target = true_condition(job, "FailureTarget")
    if target is not None:
        return new_condition("Failed", target.get("reason", ""), target.get("message", ""), now_s=now_s)
    failure = _failure(seen, now_s)
    if failure is not None:
        return new_condition("FailureTarget", *failure, now_s=now_s)
    success = judge_success(job["spec"].get("successPolicy"), seen.completions, seen.succeeded_indexes)
    return new_condition("SuccessCriteriaMet", "SuccessPolicy", success, now_s=now_s) if success else None


def _failure(seen: Seen, now_s: float) -> tuple[str, str] | None:
    """Reason and message, when the Job must fail."""
    job, spec = seen.job, seen.job["spec"]
    policy = spec.get("podFailurePolicy")
    if policy is not None:
        messages = (judge_failure(policy, pod).failure for pod in seen.pods if is_failed(pod, job))
        if message := next(filter(None, messages), ""):
            return "PodFailurePolicy", message
    if seen.failed > spec["backoffLimit"] or _restarts_exceed(seen):
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    due_s = deadline_s(job)
    if due_s is not None and now_s >= due_s:
        return "DeadlineExceeded", "Job was active longer than specified deadline"
    if seen.failed_indexes is None:
        return None
    failed, most = count_of(seen.failed_indexes), spec.get("maxFailedIndexes")
    if most is not None and failed > most:
        return "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
    if failed and failed + count_of(seen.succeeded_indexes) >= seen.completions:
        return "FailedIndexes", "Job has failed indexes"
    return None


def _restarts_exceed(seen: Seen) -> bool:
    spec = seen.job["spec"]
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    return restarts_while_alive(seen.pods) >= max(int(spec["backoffLimit"]), 1)


def is_suspended(job: FrozenObject) -> bool:
    return bool(job["spec"].get("suspend"))


def deadline_s(job: FrozenObject) -> float | None:
    """When activeDeadlineSeconds is over; None without one, before the start and while suspended."""
    limit_s, start = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
    if limit_s is None or start is None or is_suspended(job):
        return None
    return parse_timestamp(start) + float(limit_s)


def has_all_completions(seen: Seen, active: int) -> bool:
    """Whether as many Pods succeeded as were asked for, and none runs any more; without a number one success is enough."""
    wanted = seen.job["spec"].get("completions")
    return active == 0 and (seen.succeeded > 0 if wanted is None else seen.succeeded >= wanted)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Pods to delete, or to create, or how long to wait before; at most one of the three."""

    delete: tuple[FrozenObject, ...] = ()
    create: int = 0
    indexes: tuple[int, ...] = ()
    """For an indexed Job, the index of each Pod to create."""
    wait_s: float = 0.0


def plan_sizes(seen: Seen, failures: Failures, now_s: float) -> Sizes:
    """What is to be done about the number of Pods now.

    5 completions, 3 of them reached, parallelism 4, 1 active Pod: one more is created.
    """
    if is_suspended(seen.job):
        return Sizes(delete=plan_victims(seen, len(seen.active)))
    wanted = _wanted_active(seen)
    victims = plan_victims(seen, max(len(seen.active) - wanted, 0))
    if victims:
        return Sizes(delete=victims[:BURST_MAX])
    missing = wanted - len(seen.active) - (seen.terminating if replaces_only_failed(seen.job) else 0)
    if missing <= 0:
        return Sizes()
    per_index = seen.failed_indexes is not None
    wait_s = 0.0 if per_index else remaining_s(failures, now_s)
    if wait_s > 0:
        return Sizes(wait_s=wait_s)
    missing = min(missing, BURST_MAX)
    return _plan_indexes(seen, missing, now_s) if is_indexed(seen.job) else Sizes(create=missing)


def _wanted_active(seen: Seen) -> int:
    parallelism, wanted = int(seen.job["spec"]["parallelism"]), seen.job["spec"].get("completions")
    if wanted is None:
        return len(seen.active) if seen.succeeded else parallelism
    return max(min(int(wanted) - seen.succeeded, parallelism), 0)


def _plan_indexes(seen: Seen, missing: int, now_s: float) -> Sizes:
    taken = with_indexes(seen.succeeded_indexes, indexes_of(seen.active))
    if replaces_only_failed(seen.job):
        taken = with_indexes(taken, indexes_of(pod for pod in seen.pods if is_terminating(pod)))
    indexes = first_missing(merge_intervals(taken, seen.failed_indexes or ()), missing, seen.completions)
    if seen.failed_indexes is not None:
        waits = {index: remaining_of_index_s(seen.kept.get(index), now_s) for index in indexes}
        indexes = [index for index in indexes if waits[index] == 0]
        if waits and not indexes:
            return Sizes(wait_s=min(waits.values()))
    return Sizes(create=len(indexes), indexes=tuple(indexes))


def plan_victims(seen: Seen, least: int) -> tuple[FrozenObject, ...]:
    """At least that many Pods to delete: first those whose index is wrong or taken, then those that have come least far."""
    victims: list[FrozenObject] = []
    left = list(seen.active)
    if is_indexed(seen.job):
        victims, left = _superfluous(seen)
    if len(victims) < least:
        victims += victims_first(left)[: least - len(victims)]
    return tuple(victims)


def _superfluous(seen: Seen) -> tuple[list[FrozenObject], list[FrozenObject]]:
    """Active Pods without a valid index, and all but the best of each index; then the others."""
    victims: list[FrozenObject] = []
    by_index: dict[int, list[FrozenObject]] = {}
    for pod in seen.active:
        index = index_of(pod)
        if UNKNOWN_INDEX < index < seen.completions:
            by_index.setdefault(index, []).append(pod)
        else:
            victims.append(pod)
    left = []
    for index in sorted(by_index):
        *spare, best = victims_first(by_index[index])
        victims += spare
        left.append(best)
    return victims, left


def is_kept(seen: Seen, pod: FrozenObject) -> bool:
    """Whether the failed Pod must stay for the sake of its index."""
    kept = seen.kept.get(index_of(pod))
    return kept is not None and uid_of(kept) == uid_of(pod)
