"""Makes a Job whenever a CronJob's schedule says so; upstream's cronjob controller.

A look at a CronJob costs in proportion to its own Jobs, which are found by index. Between two starts it is a timer.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from orrery.controllers.cronjob.plan import (
    Calendar,
    NeverDue,
    calendar_of,
    has_missed_too_many,
    job_name,
    new_job,
    plan_history,
    recent_start,
    wait_s,
)
from orrery.controllers.engine.controller import DONE, Outcome, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import controller_keys, is_controlled_by, new_controller_reference
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.job.finished import BUCKET as JOBS
from orrery.controllers.job.finished import end_of
from orrery.controllers.pods import is_namespace_terminating
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.cron import ScheduleError, time_zone_problem
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, thaw, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder, reference_to

CRONJOBS: Final = "cronjobs.batch"
_API_VERSION: Final = "batch/v1"
_KIND: Final = "CronJob"
_OWNED: Final = b'"kind":"CronJob"'
_WAIT_MAX_S: Final = 366 * 86_400.0
_ZONE_INSIDE: Final = (
    "CRON_TZ or TZ used in schedule {} is not officially supported, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


class CronJobController:
    """One key is one CronJob: clear old Jobs away, note which ended, make the one that is due."""

    name = "cronjob-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.hear(JOBS, _keys_of_job)
        informer.on(CRONJOBS, self._keys_of_cronjob)

    async def reconcile(self, key: str) -> Outcome:
        cronjob = self._client.get(CRONJOBS, *split_key(key))
        if cronjob is None:
            return DONE
        jobs = [job for job in self._client.owned_by(JOBS, uid_of(cronjob)) if is_controlled_by(job, cronjob)]
        draft = thaw(cronjob)
        status = draft.setdefault("status", {})
        await self._clear_history(draft, jobs)
        self._note_ends(draft, jobs)
        error: ApiError | None = None
        outcome = DONE
        try:
            if not is_deleting(cronjob):
                outcome = await self._start_due(draft)
        except ApiError as failure:
            error = failure
        if status != (cronjob.get("status") or {}):
            try:
                await self._client.update_status(CRONJOBS, draft)
            except NotFound:
                return DONE  # Deleted meanwhile; its Jobs belong to the garbage collector now.
        if error is not None:
            raise error
        return outcome

    # What became of its Jobs

    async def _clear_history(self, draft: Object, jobs: Sequence[FrozenObject]) -> None:
        for job in plan_history(draft, jobs):
            await self._delete_job(draft, job)

    async def _delete_job(self, draft: Object, job: FrozenObject) -> bool:
        try:
            await self._client.delete(JOBS, namespace_of(job), name_of(job), propagation="Background")
        except ApiError as error:
            self._recorder.event(draft, "Warning", "FailedDelete", f"Deleted job: {error.message}")
            return False
        _forget(draft, uid_of(job))
        self._recorder.event(draft, "Normal", "SuccessfulDelete", f"Deleted job {name_of(job)}")
        return True

    def _note_ends(self, draft: Object, jobs: Sequence[FrozenObject]) -> None:
        """Take ended and vanished Jobs off the list of active ones, and keep the time of the last success."""
        for job in jobs:
            end, is_active = end_of(job), any(one["uid"] == uid_of(job) for one in _active(draft))
            if end is None:
                if not is_active:
                    text = f"Saw a job that the controller did not create or forgot: {name_of(job)}"
                    self._recorder.event(draft, "Warning", "UnexpectedJob", text)
                continue
            if is_active:
                _forget(draft, uid_of(job))
                text = f"Saw completed job: {name_of(job)}, condition: {end['type']}"
                self._recorder.event(draft, "Normal", "SawCompletedJob", text)
            _note_success(draft["status"], job, end)
        known = {uid_of(job) for job in jobs}
        for one in list(_active(draft)):
            if one["uid"] not in known and self._client.get(JOBS, one.get("namespace", namespace_of(draft)), one["name"]) is None:
                self._recorder.event(draft, "Normal", "MissingJob", f"Active job went missing: {one['name']}")
                _forget(draft, one["uid"])

    # What is due

    async def _start_due(self, draft: Object) -> Outcome:
        calendar = self._calendar(draft)
        if calendar is None:
            return DONE
        now_s = self._clock.now_s()
        try:
            recent = recent_start(draft, calendar, now_s, with_deadline=True)
        except NeverDue as error:
            text = f"invalid schedule: {draft['spec']['schedule']} : {error}"
            self._recorder.event(draft, "Warning", "InvalidSchedule", text)
            return DONE
        due_s = recent.due_s
        if due_s is not None:
            if has_missed_too_many(recent):
                text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
                self._recorder.event(draft, "Warning", "TooManyMissedTimes", text)
            if self._may_start(draft, due_s, now_s) and not await self._start(draft, due_s):
                return DONE
        return requeue_after(max(min(wait_s(draft, calendar, now_s), _WAIT_MAX_S), 0.001))

    def _calendar(self, cronjob: Object) -> Calendar | None:
        """Its schedule; None when there is nothing to start, now and later, until somebody changes the CronJob."""
        spec = cronjob["spec"]
        zone = spec.get("timeZone")
        if zone is not None and (problem := time_zone_problem(zone)):
            self._recorder.event(cronjob, "Warning", "UnknownTimeZone", f"invalid timeZone: {go_quote(zone)}: {problem}")
            return None
        if spec.get("suspend"):
            return None
        schedule = spec.get("schedule", "")
        if "TZ" in schedule:
            self._recorder.event(cronjob, "Warning", "UnsupportedSchedule", _ZONE_INSIDE.format(go_quote(schedule)))
        try:
            return calendar_of(cronjob)
        except ScheduleError as error:
            text = f"unparseable schedule: {go_quote(schedule)} : {error}"
            self._recorder.event(cronjob, "Warning", "UnparseableSchedule", text)
            return None

    def _may_start(self, cronjob: Object, due_s: float, now_s: float) -> bool:
        spec, name = cronjob["spec"], job_name(cronjob, due_s)
        deadline_s = spec.get("startingDeadlineSeconds")
        if deadline_s is not None and due_s + deadline_s < now_s:
            when = datetime.fromtimestamp(due_s, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
            self._recorder.event(cronjob, "Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")
            return False
        last = cronjob["status"].get("lastScheduleTime")
        if any(one["name"] == name for one in _active(cronjob)) or (last is not None and parse_timestamp(last) == due_s):
            return False
        if spec.get("concurrencyPolicy") == "Forbid" and _active(cronjob):
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._recorder.event(cronjob, "Normal", "JobAlreadyActive", text)
            return False
        return True

    async def _start(self, draft: Object, due_s: float) -> bool:
        """Make the Job and note it; whether the CronJob is to be looked at again by itself."""
        if draft["spec"].get("concurrencyPolicy") == "Replace":
            await self._replace_active(draft)
        job = await self._create(draft, due_s)
        if job is None:
            return False
        draft["status"].setdefault("active", []).append(reference_to(job))
        draft["status"]["lastScheduleTime"] = timestamp(due_s)
        return True

    async def _replace_active(self, draft: Object) -> None:
        for one in list(_active(draft)):
            job = self._client.get(JOBS, one["namespace"], one["name"])
            if job is None:
                error = NotFound(JOBS, one["name"])
                self._recorder.event(draft, "Warning", "FailedGet", f"Get job: {error.message}")
                raise error
            if not await self._delete_job(draft, job):
                raise ApiError(f"could not replace job {one['namespace']}/{one['name']}")

    async def _create(self, cronjob: Object, due_s: float) -> FrozenObject | None:
        """The Job of that start, made now, or found when it was made but not noted. None when it is somebody else's."""
        reference = new_controller_reference(cronjob, api_version=_API_VERSION, kind=_KIND)
        wanted = new_job(cronjob, due_s, reference)
        try:
            job = await self._client.create(JOBS, wanted)
        except AlreadyExists:
            found = self._client.get(JOBS, namespace_of(cronjob), wanted["metadata"]["name"])
            is_own = found is not None and is_controlled_by(found, cronjob)
            return found if is_own else None
        except ApiError as error:
            if not is_namespace_terminating(error):
                self._recorder.event(cronjob, "Warning", "FailedCreate", f"Error creating job: {error.message}")
            raise
        self._recorder.event(cronjob, "Normal", "SuccessfulCreate", f"Created job {name_of(job)}")
        return job

    # What wakes it

    def _keys_of_cronjob(self, change: Change) -> Iterable[str]:
        cronjob, old = change.new, change.old
        if cronjob is None:
            return
        if old is None or all(old["spec"].get(field) == cronjob["spec"].get(field) for field in ("schedule", "timeZone")):
            yield key_of_object(cronjob)
            return
        # Starts that a new schedule would have had in the past are not made up for: the next look is at its next start.
        try:
            delay_s = wait_s(cronjob, calendar_of(cronjob), self._clock.now_s())
        except ScheduleError:
            text = f"unparseable schedule for cronjob: {cronjob['spec'].get('schedule', '')}"
            self._recorder.event(cronjob, "Warning", "UnParseableCronJobSchedule", text)
            return
        assert self._queue is not None
        self._queue.add_after(key_of_object(cronjob), min(delay_s, _WAIT_MAX_S))


def _active(cronjob: FrozenObject) -> list[Object]:
    return cronjob["status"].get("active") or []


def _forget(draft: Object, uid: str) -> None:
    left = [one for one in _active(draft) if one["uid"] != uid]
    if left:
        draft["status"]["active"] = left
    else:
        draft["status"].pop("active", None)


def _note_success(status: Object, job: FrozenObject, end: FrozenObject) -> None:
    completed = (job.get("status") or {}).get("completionTime")
    if end["type"] != "Complete" or completed is None:
        return
    last = status.get("lastSuccessfulTime")
    if last is None or parse_timestamp(completed) > parse_timestamp(last):
        status["lastSuccessfulTime"] = completed


def _keys_of_job(change: Change) -> Iterable[str]:
    former = change.former
    if _OWNED in change.record.body or (former is not None and _OWNED in former.body):
        return tuple(controller_keys(change, api_version=_API_VERSION, kind=_KIND))
    return ()
