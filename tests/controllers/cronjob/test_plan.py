"""Which start of a CronJob is due, when to look again, what is cleared away."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import Object, annotations_of, name_of

DAY = "2026-01-02T"


def cronjob(schedule: str = "*/5 * * * *", *, created: str = "10:00:00", last: str = "", **spec: Any) -> Object:
    meta = {"name": "hello", "namespace": "default", "uid": "u", "creationTimestamp": f"{DAY}{created}Z"}
    template = {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": {"completions": 2}}
    status = {"lastScheduleTime": f"{DAY}{last}Z"} if last else {}
    return {"metadata": meta, "spec": {"schedule": schedule, "jobTemplate": template, **spec}, "status": status}


def at(time: str) -> float:
    return parse_timestamp(f"{DAY}{time}Z")


@pytest.mark.parametrize(
    ("made", "now", "due", "missed"),
    [
        (cronjob(), "10:04:59", None, 0),
        (cronjob(), "10:05:00", "10:05:00", 0),
        (cronjob(), "10:09:59", "10:05:00", 0),
        (cronjob(), "10:10:00", "10:10:00", 2),
        (cronjob(last="10:10:00"), "10:14:00", None, 0),
        (cronjob(last="10:10:00"), "10:17:00", "10:15:00", 0),
        (cronjob(), "23:59:00", "23:55:00", 167),
        (cronjob(startingDeadlineSeconds=60), "23:55:30", "23:55:00", 0),
        (cronjob(startingDeadlineSeconds=60), "23:58:00", None, 0),
        (cronjob("@every 90s"), "10:05:00", "10:04:30", 3),
        (cronjob("30 6-16/4 * * 1-5", created="05:00:00"), "15:00:00", "14:30:00", 3),
    ],
)
def test_the_last_start_until_now_is_due(made: Object, now: str, due: str | None, missed: int) -> None:
    recent = recent_start(made, calendar_of(made), at(now), with_deadline=True)

    assert (timestamp(recent.due_s) if recent.due_s is not None else None) == (f"{DAY}{due}Z" if due else None)
    assert recent.missed == missed
    assert has_missed_too_many(recent) is (missed > 100)


def test_a_day_that_never_comes_is_refused() -> None:
    made = cronjob("59 23 31 2 *")

    with pytest.raises(NeverDue, match="time difference between two schedules is less than 1 second"):
        recent_start(made, calendar_of(made), at("10:00:00"), with_deadline=True)


@pytest.mark.parametrize(
    ("made", "now", "expected_s"),
    [
        (cronjob(), "10:00:00", 300.1),
        (cronjob(), "10:06:00", 240.1),
        (cronjob(last="10:05:00"), "10:05:00", 300.1),
        (cronjob(), "23:58:00", 120.1),
        (cronjob("@every 90s"), "10:02:00", 60.1),
    ],
)
def test_the_next_look_is_a_little_after_the_next_start(made: Object, now: str, expected_s: float) -> None:
    assert wait_s(made, calendar_of(made), at(now)) == pytest.approx(expected_s)


def test_the_zone_is_the_schedules_or_the_cronjobs_or_utc() -> None:
    assert calendar_of(cronjob()) == Calendar(calendar_of(cronjob()).schedule, UTC)
    assert calendar_of(cronjob(timeZone="Europe/Berlin")).zone == ZoneInfo("Europe/Berlin")
    assert calendar_of(cronjob("TZ=Asia/Tokyo 0 9 * * *")).after(at("10:00:00")) == parse_timestamp("2026-01-03T00:00:00Z")


def test_a_job_is_named_after_its_minute_and_carries_its_template() -> None:
    made = cronjob(timeZone="Asia/Kolkata")

    job = new_job(made, at("10:05:00"), {"kind": "CronJob"})

    assert name_of(job) == job_name(made, at("10:05:00")) == f"hello-{int(at('10:05:00')) // 60}"
    assert job["metadata"]["labels"] == {"a": "b"}
    assert annotations_of(job) == {"c": "d", "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-02T15:35:00+05:30"}
    assert job["spec"] == {"completions": 2}


def job(name: str, kind: str, start: str | None) -> Object:
    status: Object = {"conditions": [{"type": kind, "status": "True"}]} if kind else {}
    if start is not None:
        status["startTime"] = f"{DAY}{start}Z"
    return {"metadata": {"name": name}, "status": status}


def test_the_oldest_ended_jobs_beyond_each_limit_go() -> None:
    jobs = [
        job("new", "Complete", "10:03:00"),
        job("old", "Complete", "10:01:00"),
        job("middle", "Complete", "10:02:00"),
        job("unknown", "Complete", None),
        job("failed", "Failed", "10:00:00"),
        job("running", "", "09:00:00"),
    ]

    assert [name_of(one) for one in plan_history(cronjob(successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1), jobs)] == [
        "old",
        "middle",
    ]
    assert [name_of(one) for one in plan_history(cronjob(failedJobsHistoryLimit=0), jobs)] == ["failed"]
    assert plan_history(cronjob(), jobs) == []
