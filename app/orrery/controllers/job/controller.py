"""Runs a Job's Pods to completion and counts each of them once; upstream's job controller.

A look at a Job costs in proportion to its own Pods, which are found by index. Events of Pods are gathered for `batch_s` before a look,
as upstream's SyncJobBatchPeriod does; the Job's own creation and changes of its spec are looked at at once.
"""
# DIFFERS: upstream tells that no Pod is active while it waits to replace a failed one, which the API refuses when one of the others is
# ready, so the failure is told only after the wait; we tell what is active.

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import Claims, controller_keys, is_controlled_by, plan_claim
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.job.backoff import NONE, Failures, plan_failures
from orrery.controllers.job.finished import API_VERSION, BUCKET, KIND, has_finished, is_finished, is_managed_elsewhere
from orrery.controllers.job.plan import (
    COMPLETIONS_REACHED,
    Seen,
    Sizes,
    deadline_s,
    has_all_completions,
    is_suspended,
    judge,
    look,
    new_condition,
    plan_sizes,
    with_condition,
)
from orrery.controllers.job.pods import TRACKING
from orrery.controllers.job.template import new_indexed_pod, new_job_pod, reference_to_job
from orrery.controllers.job.tracked_pods import TrackedPods
from orrery.controllers.job.tracking import count_ended, put, settle_uncounted
from orrery.controllers.pods import PodControl, is_ready
from orrery.controllers.replicaset.plan import plan_batches
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, controller_of, is_deleting, labels_of, namespace_of, thaw, uid_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BATCH_S: Final = 1.0
_JOB_NAME: Final = "batch.kubernetes.io/job-name"
_OWNED_BY_JOB: Final = b'"kind":"Job"'


@dataclass(slots=True)
class _Round:
    """One look at a Job, from what was seen to what is told."""

    job: FrozenObject
    seen: Seen
    status: Object
    """The status to be, a draft."""
    failures: Failures
    now_s: float
    active: int
    ready: int
    terminating: int
    end: Object | None = None
    wait_s: float = 0.0
    error: BaseException | None = None


class JobController:
    """One key is one Job: claim its Pods, judge, add or remove some, count, report."""

    name = "job-controller"
    backoff_s = (1.0, 60.0)

    def __init__(self, client: Client, recorder: EventRecorder, *, batch_s: float = BATCH_S) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._batch_s = batch_s
        self._control = PodControl(client, recorder)
        self._claims = Claims(client, "pods", finalizer=TRACKING)
        self._tracked = TrackedPods(client)
        self._failures: dict[str, Failures] = {}
        self._by_hand: dict[str, set[str]] = {}  # Names of running Jobs with a selector of their users', by namespace.
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        # Every Job is looked at from the start and finds its Pods by index: Pods need not be listed, only heard.
        informer.hear("pods", self._keys_of_pod)
        informer.on(BUCKET, self._keys_of_job)

    async def reconcile(self, key: str) -> Outcome:
        job = self._client.get(BUCKET, *split_key(key))
        if job is None or is_managed_elsewhere(job) or is_finished(job):
            return DONE
        now_s = self._clock.now_s()
        seen = look(job, await self._claim(job))
        status = thaw(job.get("status") or {})
        status.setdefault("uncountedTerminatedPods", {})
        failures = plan_failures(self._failures.get(uid_of(job), NONE), seen.new_succeeded, seen.new_failed)
        turn = _Round(job, seen, status, failures, now_s, len(seen.active), seen.ready, seen.terminating)
        if "startTime" not in status and not is_suspended(job):
            status["startTime"] = timestamp(now_s)
        try:
            await self._act(turn)
            await self._report(turn)
        except NotFound:
            if self._client.get(BUCKET, *split_key(key)) is not None:
                raise
            return DONE  # Deleted under our hands.
        if turn.error is not None:
            raise turn.error
        return self._next_look(turn)

    async def _claim(self, job: FrozenObject) -> Sequence[FrozenObject]:
        """Its Pods after adoption and release. Orphans are found by the labels that the selector asks for."""
        selector = LabelSelector.of(job["spec"]["selector"])
        wanted = job["spec"]["selector"].get("matchLabels") or None
        owned = [pod for pod in self._client.owned_by("pods", uid_of(job)) if is_controlled_by(pod, job)]
        orphans = [pod for pod in self._client.list("pods", namespace_of(job), labels=wanted) if controller_of(pod) is None]
        claim = plan_claim(job, (*owned, *orphans), lambda pod: selector.matches(labels_of(pod)))
        return await self._claims.carry_out(claim, job, reference_to_job(job))

    async def _act(self, turn: _Round) -> None:
        turn.end = judge(turn.seen, turn.now_s)
        if turn.end is not None:
            await self._end_pods(turn)
            return
        is_managed = not is_deleting(turn.job)
        if is_managed:
            await self._manage(turn)
        if has_all_completions(turn.seen, turn.active):
            turn.end = new_condition("SuccessCriteriaMet", *COMPLETIONS_REACHED, now_s=turn.now_s)
        elif is_managed:
            self._tell_suspension(turn)

    async def _end_pods(self, turn: _Round) -> None:
        """Delete what still runs. Only when all were told to go, the Job's end may be said."""
        deleted = await self._delete(turn, turn.seen.active, freed=False)
        if deleted < len(turn.seen.active):
            turn.end = None

    async def _manage(self, turn: _Round) -> None:
        sizes = plan_sizes(turn.seen, turn.failures, turn.now_s)
        turn.wait_s = sizes.wait_s
        if sizes.delete:
            await self._delete(turn, sizes.delete, freed=True)
        elif sizes.create:
            await self._create(turn, sizes)

    async def _delete(self, turn: _Round, pods: Sequence[FrozenObject], *, freed: bool) -> int:
        """Delete Pods; those `freed` first are not counted as failed. How many were deleted."""
        job = turn.job

        async def delete(pod: FrozenObject) -> None:
            if freed:
                await self._tracked.free(pod)
            await self._control.delete(pod, job)

        results = await asyncio.gather(*(delete(pod) for pod in pods), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        turn.error = next(iter(errors), turn.error)
        deleted = len(pods) - len(errors)
        turn.active -= deleted
        turn.terminating += deleted
        turn.ready -= sum(map(is_ready, pods))
        return deleted

    async def _create(self, turn: _Round, sizes: Sizes) -> None:
        """Create Pods in batches that double; after a batch with a failure the rest is left for the next look."""
        seen, reference = turn.seen, reference_to_job(turn.job)
        indexes = iter(sizes.indexes)
        for size in plan_batches(sizes.create):
            if sizes.indexes:
                pods = [new_indexed_pod(seen, reference, next(indexes)) for _ in range(size)]
            else:
                pods = [new_job_pod(turn.job, reference) for _ in range(size)]
            results = await asyncio.gather(*(self._control.create(pod, turn.job) for pod in pods), return_exceptions=True)
            errors = [result for result in results if isinstance(result, BaseException)]
            turn.active += size - len(errors)
            if errors:
                turn.error = errors[0]
                return

    def _tell_suspension(self, turn: _Round) -> None:
        suspended = is_suspended(turn.job)
        reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
        before = turn.status.get("conditions") or []
        after = with_condition(before, new_condition("Suspended", reason, message, now_s=turn.now_s, is_true=suspended))
        if after == before:
            return
        turn.status["conditions"] = after
        self._recorder.event(turn.job, "Normal", "Suspended" if suspended else "Resumed", message)
        if not suspended:
            # The deadline counts from the moment the Job goes on.
            turn.status["startTime"] = timestamp(turn.now_s)

    async def _report(self, turn: _Round) -> None:
        """Write what ended, let the Pods go, count them, and say that the Job is over when it is."""
        status, tracked = turn.status, {uid_of(pod) for pod in turn.seen.pods if TRACKING in (pod["metadata"].get("finalizers") or ())}
        put(status, "active", turn.active)
        status["ready"] = turn.ready
        status["terminating"] = turn.terminating
        settle_uncounted(status, tracked)
        counted = count_ended(turn.seen, status, turn.end)
        self._promise(turn)
        await self._write(turn)
        freed, error = await self._tracked.free_all(counted.pods)
        settle_uncounted(status, tracked - freed)
        if error is not None:
            await self._write(turn)
            raise error
        is_over = not counted.is_cut and self._conclude(turn)
        await self._write(turn)
        if is_over:
            self._tell_end(turn)

    @staticmethod
    def _promise(turn: _Round) -> None:
        """Tell of the end to come, before any Pod is let go, and go on with the end itself."""
        end = turn.end
        if end is None or end["type"] == "Failed":
            return
        conditions = turn.status.setdefault("conditions", [])
        if not any(condition["type"] == end["type"] and condition["status"] == "True" for condition in conditions):
            conditions.append(end)
        final = "Failed" if end["type"] == "FailureTarget" else "Complete"
        turn.end = new_condition(final, end.get("reason", ""), end.get("message", ""), now_s=turn.now_s)

    @staticmethod
    def _conclude(turn: _Round) -> bool:
        """Put the end into the status once nothing is left to count and no Pod is on its way out."""
        end = turn.end
        if end is None or any(turn.status["uncountedTerminatedPods"].values()) or turn.terminating > 0:
            return False
        turn.status["conditions"] = with_condition(turn.status.get("conditions") or [], end)
        if end["type"] == "Complete":
            turn.status["completionTime"] = end["lastTransitionTime"]
        return True

    async def _write(self, turn: _Round) -> None:
        """Write the status if it differs from what is stored."""
        if turn.status == turn.job.get("status"):
            return
        turn.job = await self._client.update_status(BUCKET, {**turn.job, "status": turn.status})
        if turn.failures.count:
            self._failures[uid_of(turn.job)] = turn.failures
        else:
            self._failures.pop(uid_of(turn.job), None)

    def _tell_end(self, turn: _Round) -> None:
        job, end = turn.job, turn.end
        assert end is not None
        self._failures.pop(uid_of(job), None)
        if end["type"] == "Failed":
            self._recorder.event(job, "Warning", end["reason"], end["message"])
            return
        wanted = job["spec"].get("completions")
        if wanted is not None and turn.status.get("succeeded", 0) > wanted:
            text = "Too many succeeded pods running after completion count reached"
            self._recorder.event(job, "Warning", "TooManySucceededPods", text)
        self._recorder.event(job, "Normal", "Completed", "Job completed")

    def _next_look(self, turn: _Round) -> Outcome:
        """When a replacement may be made, or when the deadline is over."""
        waits = [max(turn.wait_s, self._batch_s)] if turn.wait_s else []
        due_s = deadline_s(turn.job)
        if due_s is not None and turn.end is None:
            waits.append(max(due_s - turn.now_s, 0.001))
        return requeue_after(min(waits)) if waits else DONE

    def _keys_of_job(self, change: Change) -> Iterable[str]:
        """The Job at once when it is new or its spec has changed, a little later for the rest; never one that has finished."""
        namespace, key = change.namespace, key_for(change.namespace, change.name)
        if not change.is_present or has_finished(change.record):
            self._forget_by_hand(namespace, change.name)
            self._failures.pop(change.uid, None)
            return ()
        job, old = change.any, change.old
        if job["spec"].get("manualSelector"):
            self._by_hand.setdefault(namespace, set()).add(change.name)
        if old is None or old["metadata"].get("generation") != job["metadata"].get("generation"):
            return (key,)
        return self._later((key,))

    def _forget_by_hand(self, namespace: str, name: str) -> None:
        names = self._by_hand.get(namespace, set())
        names.discard(name)
        if not names:
            self._by_hand.pop(namespace, None)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        """The Jobs that control the Pod or did so before; for an orphan those that may want it."""
        if change.is_present and not change.is_controlled:
            orphan = self._seekers(change)
            return self._later(orphan) if change.former is None else self._later((*orphan, *self._owners(change)))
        return self._later(self._owners(change))

    @staticmethod
    def _owners(change: Change) -> Iterable[str]:
        former = change.former
        if _OWNED_BY_JOB in change.record.body or (former is not None and _OWNED_BY_JOB in former.body):
            return tuple(controller_keys(change, api_version=API_VERSION, kind=KIND))
        return ()

    def _seekers(self, change: Change) -> tuple[str, ...]:
        names = set(self._by_hand.get(change.namespace, ()))
        named = change.record.index.labels.get(_JOB_NAME)
        if named:
            names.add(named)
        return tuple(key_for(change.namespace, name) for name in sorted(names))

    def _later(self, keys: Iterable[str]) -> Iterable[str]:
        assert self._queue is not None
        for key in keys:
            self._queue.add_after(key, self._batch_s, background=False)
        return ()
