"""Cron schedules, read as robfig/cron reads them. Which texts are refused and how is among the recorded answers of the kinds."""

import pytest

from orrery.machinery.cron import ScheduleError, find_time_zone, parse_duration, parse_schedule


def test_fields_hold_ranges_steps_lists_and_names() -> None:
    schedule = parse_schedule("*/20 8-10,12 1 jan-mar SUN")

    assert schedule.minutes == {0, 20, 40}
    assert schedule.hours == {8, 9, 10, 12}
    assert schedule.days == {1}
    assert schedule.months == {1, 2, 3}
    assert schedule.weekdays == {0}


def test_a_number_with_a_step_runs_to_the_end() -> None:
    assert parse_schedule("50/5 * * * *").minutes == {50, 55}


def test_a_star_is_known_from_its_values() -> None:
    schedule = parse_schedule("0 0 * * 0-6")

    assert schedule.any_day
    assert not schedule.any_weekday


@pytest.mark.parametrize(("text", "seconds"), [("@every 1h30m", 5400), ("@every 10ms", 1), ("@every 1.5s", 1)])
def test_every_is_a_distance_in_whole_seconds(text: str, seconds: int) -> None:
    assert parse_schedule(text).every_s == seconds


def test_descriptors_stand_for_fields_and_zones_are_kept() -> None:
    schedule = parse_schedule("CRON_TZ=UTC @daily")

    assert schedule.minutes == schedule.hours == {0}
    assert schedule.zone == "UTC"


def test_a_zone_without_a_schedule_is_refused() -> None:
    with pytest.raises(ScheduleError, match="invalid schedule format"):
        parse_schedule("TZ=0")


def test_durations_are_gos() -> None:
    assert (parse_duration("-1h"), parse_duration("0"), parse_duration(".5m")) == (-3600.0, 0.0, 30.0)
    with pytest.raises(ValueError, match='time: unknown unit "x" in duration "5x"'):
        parse_duration("5x")


def test_zones_are_found_by_their_exact_names() -> None:
    assert find_time_zone("Etc/UTC") is not None
    assert find_time_zone("No/Where") is None
