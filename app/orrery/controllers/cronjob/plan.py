"""A CronJob's arithmetic, without reading or writing: which start is due, when to look again, which old Jobs to clear away.

Upstream: utils.go of pkg/controller/cronjob.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from orrery.controllers.job.finished import end_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.cron import Schedule, find_time_zone, parse_schedule
from orrery.machinery.due_times import next_after
from orrery.machinery.objects import FrozenObject, Object, annotations_of, labels_of, name_of, namespace_of

SCHEDULED_AT: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"
PADDING_S: Final = 0.1
"""How long after a start is due it is looked at, so that a clock a little behind does not look before."""
_MANY_MISSED: Final = 100


class NeverDue(ValueError):
    """The schedule names a time that does not come twice; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A schedule in its zone."""

    schedule: Schedule
    zone: tzinfo = UTC

    def after(self, at_s: float) -> float | None:
        return next_after(self.schedule, at_s, self.zone)


def calendar_of(cronjob: FrozenObject) -> Calendar:
    """ScheduleError when the schedule is none. A zone inside the schedule comes before spec.timeZone."""
    # DIFFERS: upstream takes a schedule without a time zone in the zone of its controller manager's host; we in UTC.
    schedule = parse_schedule(cronjob["spec"].get("schedule", ""))
    return Calendar(schedule, _zone(cronjob) or UTC)


def _zone(cronjob: FrozenObject) -> tzinfo | None:
    name = cronjob["spec"].get("timeZone")
    return find_time_zone(name) if name else None


@dataclass(frozen=True, slots=True)
class Recent:
    """The last start that was due."""

    earliest_s: float
    """From when on starts count: the last one made, or the CronJob's creation."""
    due_s: float | None = None
    missed: int = 0
    """About how many starts came since `earliest_s`; 0 when it is one and there is no second yet."""


def recent_start(cronjob: FrozenObject, calendar: Calendar, now_s: float, *, with_deadline: bool) -> Recent:
    """The last start due until now. NeverDue for a day like 31 February.

    Every 5 minutes, last started at 10:00, now 10:17: due at 10:15, 3 missed.
    """
    spec, status = cronjob["spec"], cronjob.get("status") or {}
    earliest_s = parse_timestamp(status.get("lastScheduleTime") or cronjob["metadata"]["creationTimestamp"])
    deadline_s = spec.get("startingDeadlineSeconds")
    if with_deadline and deadline_s is not None:
        earliest_s = max(earliest_s, now_s - deadline_s)
    first_s = calendar.after(earliest_s)
    second_s = calendar.after(first_s) if first_s is not None else None
    if first_s is not None and now_s < first_s:
        return Recent(earliest_s)
    if first_s is not None and second_s is not None and now_s < second_s:
        return Recent(earliest_s, first_s)
    if first_s is None or second_s is None or second_s - first_s < 1:
        raise NeverDue("time difference between two schedules is less than 1 second")
    distance_s = second_s - first_s
    missed = int((now_s - first_s) // distance_s) + 1
    # One distance before the last guess, so that @every keeps its beat and uneven schedules are walked through.
    due_s, at_s = None, calendar.after(first_s + (missed - 2) * distance_s)
    while at_s is not None and at_s <= now_s:
        due_s, at_s = at_s, calendar.after(at_s)
    return Recent(earliest_s, due_s, missed)


def has_missed_too_many(recent: Recent) -> bool:
    return recent.missed > _MANY_MISSED


def wait_s(cronjob: FrozenObject, calendar: Calendar, now_s: float) -> float:
    """How long until the next start that is not due yet."""
    try:
        recent = recent_start(cronjob, calendar, now_s, with_deadline=False)
    except NeverDue:
        from_s = now_s
    else:
        from_s = recent.due_s if recent.due_s is not None else now_s if recent.missed else recent.earliest_s
    next_s = calendar.after(from_s)
    return next_s + PADDING_S - now_s if next_s is not None else math.inf


def job_name(cronjob: FrozenObject, scheduled_s: float) -> str:
    """`hello-29453890`: the start's minute tells Jobs apart, so that one start makes one Job."""
    return f"{name_of(cronjob)}-{int(scheduled_s) // 60}"


def new_job(cronjob: FrozenObject, scheduled_s: float, reference: Object) -> Object:
    """The Job of one start."""
    template = cronjob["spec"]["jobTemplate"]
    source = {"metadata": template.get("metadata") or {}}
    meta: Object = {"name": job_name(cronjob, scheduled_s), "namespace": namespace_of(cronjob)}
    if labels_of(source):
        meta["labels"] = dict(labels_of(source))
    moment = datetime.fromtimestamp(scheduled_s, _zone(cronjob) or UTC)
    meta["annotations"] = {**annotations_of(source), SCHEDULED_AT: moment.isoformat(timespec="seconds").replace("+00:00", "Z")}
    meta["ownerReferences"] = [reference]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}


def plan_history(cronjob: FrozenObject, jobs: Sequence[FrozenObject]) -> list[FrozenObject]:
    """Finished Jobs beyond the limits, those that started first before others."""
    surplus: list[FrozenObject] = []
    for field, kind in (("successfulJobsHistoryLimit", "Complete"), ("failedJobsHistoryLimit", "Failed")):
        limit = cronjob["spec"].get(field)
        if limit is None:
            continue
        ended = [job for job in jobs if (end := end_of(job)) is not None and end["type"] == kind]
        surplus += sorted(ended, key=_start)[: max(len(ended) - limit, 0)]
    return surplus


def _start(job: FrozenObject) -> tuple[bool, str, str]:
    start = (job.get("status") or {}).get("startTime")
    return start is None, start or "", name_of(job)
