"""When schedules are due: the rows are robfig/cron's own answers, most of them around a change of daylight saving."""

from zoneinfo import ZoneInfo

import pytest

from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.cron import parse_schedule
from orrery.machinery.due_times import next_after

ROWS = [
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T05:37:46Z", "2026-03-30T00:30:00Z"),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:46:22Z", "2026-10-25T01:30:00Z"),
    ("30 2 * * *", "Europe/Berlin", "2026-03-30T16:07:06Z", "2026-03-31T00:30:00Z"),
    ("0 0 * * *", "Europe/Berlin", "2026-03-28T23:53:59Z", "2026-03-29T22:00:00Z"),
    ("0 0 * * *", "America/Sao_Paulo", "2017-10-14T17:39:30Z", "2017-10-16T02:00:00Z"),
    ("0 0 * * *", "America/Sao_Paulo", "2018-02-17T09:54:18Z", "2018-02-18T03:00:00Z"),
    ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T04:03:13Z", "2018-11-05T02:00:00Z"),
    ("15 1-3 * * *", "America/New_York", "2026-03-08T06:50:49Z", "2026-03-08T07:15:00Z"),
    ("15 1-3 * * *", "America/New_York", "2026-11-01T05:45:37Z", "2026-11-01T06:15:00Z"),
    ("15 1-3 * * *", "America/New_York", "2026-03-30T16:07:06Z", "2026-03-31T05:15:00Z"),
    ("15 1-3 * * *", "America/New_York", "2026-03-30T04:57:16Z", "2026-03-30T05:15:00Z"),
    ("30 1 * * *", "America/New_York", "2026-03-08T06:50:49Z", "2026-03-09T05:30:00Z"),
    ("30 1 * * *", "America/New_York", "2026-11-01T05:45:37Z", "2026-11-01T06:30:00Z"),
    ("30 1 * * *", "America/New_York", "2026-03-30T16:07:06Z", "2026-03-31T05:30:00Z"),
    ("30 2 * * *", "Australia/Lord_Howe", "2026-04-04T12:51:41Z", "2026-04-04T16:00:00Z"),
    ("30 2 * * *", "Australia/Lord_Howe", "2026-10-03T08:19:38Z", "2026-10-03T15:30:00Z"),
    ("30 2 * * *", "Australia/Lord_Howe", "2026-03-30T16:07:06Z", "2026-03-31T15:30:00Z"),
    ("0 3 1,15 * 5", "Asia/Kolkata", "2026-03-30T16:07:06Z", "2026-03-31T21:30:00Z"),
    ("0 3 1,15 * 5", "Asia/Kolkata", "2026-10-25T11:38:07Z", "2026-10-29T21:30:00Z"),
    ("0 0 31 * *", "UTC", "2026-03-30T16:07:06Z", "2026-03-31T00:00:00Z"),
    ("0 0 31 * *", "UTC", "2026-10-25T11:38:07Z", "2026-10-31T00:00:00Z"),
    ("0 0 29 2 *", "UTC", "2026-03-30T16:07:06Z", "2028-02-29T00:00:00Z"),
    ("@every 90s", "UTC", "2026-03-30T16:07:06Z", "2026-03-30T16:08:36Z"),
    ("*/7 */3 * * *", "UTC", "2026-03-30T16:07:06Z", "2026-03-30T18:00:00Z"),
    ("*/7 */3 * * *", "UTC", "2026-03-30T04:57:16Z", "2026-03-30T06:00:00Z"),
    ("10 0 13 * 5", "UTC", "2026-03-30T16:07:06Z", "2026-04-03T00:10:00Z"),
    ("10 0 13 * 5", "UTC", "2026-10-25T11:38:07Z", "2026-10-30T00:10:00Z"),
    ("0 0 * * *", "Africa/Cairo", "2026-04-23T16:36:57Z", "2026-04-24T21:00:00Z"),
    ("0 0 * * *", "Africa/Cairo", "2026-03-30T16:07:06Z", "2026-03-30T22:00:00Z"),
    ("0 0 * * *", "America/Santiago", "2026-04-04T15:19:56Z", "2026-04-05T04:00:00Z"),
    ("0 0 * * *", "America/Santiago", "2026-09-05T07:42:24Z", "2026-09-07T03:00:00Z"),
    ("0 0 * * *", "America/Santiago", "2026-03-30T16:07:06Z", "2026-03-31T03:00:00Z"),
]


@pytest.mark.parametrize(("schedule", "zone", "after", "due"), ROWS)
def test_the_next_time_is_the_one_that_cron_finds(schedule: str, zone: str, after: str, due: str) -> None:
    found = next_after(parse_schedule(schedule), parse_timestamp(after), ZoneInfo(zone))

    assert found is not None
    assert timestamp(found) == due


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 0 13 * *", "2026-01-13"),
        ("0 0 * * 5", "2026-01-09"),
        ("0 0 13 * 5", "2026-01-09"),  # Both are said: either will do.
        ("0 0 */2 * 4", "2026-01-08"),  # With a step it is not a star: odd days, and Thursdays.
        ("0 0 * 3 *", "2026-03-01"),
    ],
)
def test_a_day_is_meant_by_the_month_or_by_the_week(schedule: str, due: str) -> None:
    found = next_after(parse_schedule(schedule), parse_timestamp("2026-01-07T12:00:00Z"))

    assert found is not None
    assert timestamp(found) == f"{due}T00:00:00Z"


def test_a_due_time_is_later_than_the_time_asked_about() -> None:
    due_s = parse_timestamp("2026-01-02T03:05:00Z")

    assert next_after(parse_schedule("*/5 * * * *"), due_s - 0.1) == due_s
    assert next_after(parse_schedule("*/5 * * * *"), due_s) == due_s + 300


def test_a_day_that_never_comes_is_not_found() -> None:
    assert next_after(parse_schedule("0 0 31 2 *"), 1_767_323_045.0) is None


def test_the_schedules_own_zone_comes_first() -> None:
    found = next_after(parse_schedule("TZ=Asia/Tokyo 0 9 * * *"), parse_timestamp("2026-01-02T00:00:01Z"), ZoneInfo("Europe/Berlin"))

    assert found == parse_timestamp("2026-01-03T00:00:00Z")
