"""When a cron schedule is due next: robfig/cron's walk through the fields on Go's calendar.

Daylight saving included: a time that the change leaves out is not run on that day, an hour that comes twice is run in twice.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from orrery.machinery.cron import Schedule, find_time_zone

_SEARCH_YEARS: Final = 5
_HOUR_S: Final = 3600


def next_after(schedule: Schedule, after_s: float, zone: tzinfo = UTC) -> float | None:
    """The first time later than `after_s` that the schedule is due, in the schedule's own zone or else in `zone`.

    None when that is never, or not within five years: `0 0 31 2 *`.
    """
    if schedule.every_s:
        return float(int(after_s)) + schedule.every_s
    return _Search(schedule, (find_time_zone(schedule.zone) if schedule.zone else None) or zone).after(after_s)


class _Search:
    """Goes from a moment to the next that fits: month, then day, then hour, then minute, and from the start at every wrap."""

    def __init__(self, schedule: Schedule, zone: tzinfo) -> None:
        self.schedule = schedule
        self.zone = zone
        self.at_s = 0
        self.is_reset = False
        """Whether the fields below the one that was moved are at their beginning."""

    def after(self, after_s: float) -> float | None:
        self.at_s = int(after_s) + 1
        year_last = self._local().year + _SEARCH_YEARS
        while self._local().year <= year_last:
            if self._month() and self._day() and self._hour() and self._minute():
                # Schedules of five fields are due at second 0.
                return float(self.at_s)
        return None

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self.at_s, self.zone)

    def _reset(self, local: datetime) -> None:
        if not self.is_reset:
            self.is_reset = True
            self.at_s = self._instant(local.replace(tzinfo=None))

    def _instant(self, local: datetime) -> int:
        """Go's time.Date: a wall clock's time as an instant, also one that daylight saving leaves out or brings twice."""
        naive_s = int(local.replace(tzinfo=UTC).timestamp())
        offset_s = self._offset_s(naive_s)
        return naive_s - self._offset_s(naive_s - offset_s) if offset_s else naive_s

    def _offset_s(self, at_s: int) -> int:
        offset = datetime.fromtimestamp(at_s, self.zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def _month(self) -> bool:
        while (local := self._local()).month not in self.schedule.months:
            first = datetime(local.year, local.month, 1)
            self._reset(first)
            local = self._local()
            year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
            self.at_s = self._instant(local.replace(tzinfo=None, year=year, month=month, fold=0))
            if month == 1:
                return False
        return True

    def _day(self) -> bool:
        while not self._is_day(local := self._local()):
            self._reset(datetime(local.year, local.month, local.day))
            self.at_s = self._instant(self._local().replace(tzinfo=None, fold=0) + timedelta(days=1))
            local = self._local()
            if local.hour:
                # Midnight does not exist on that day, or the day before ended late.
                self.at_s += (24 - local.hour if local.hour > 12 else -local.hour) * _HOUR_S
                local = self._local()
            if local.day == 1:
                return False
        return True

    def _is_day(self, local: datetime) -> bool:
        schedule = self.schedule
        is_day = local.day in schedule.days
        is_weekday = local.isoweekday() % 7 in schedule.weekdays
        return (is_day and is_weekday) if schedule.any_day or schedule.any_weekday else (is_day or is_weekday)

    def _hour(self) -> bool:
        while (local := self._local()).hour not in self.schedule.hours:
            self._reset(datetime(local.year, local.month, local.day, local.hour))
            self.at_s += _HOUR_S
            if self._local().hour == 0:
                return False
        return True

    def _minute(self) -> bool:
        while self._local().minute not in self.schedule.minutes:
            if not self.is_reset:
                self.is_reset = True
                self.at_s -= self.at_s % 60
            self.at_s += 60
            if self._local().minute == 0:
                return False
        return self._second()

    def _second(self) -> bool:
        seconds = self._local().second
        if seconds:
            self.at_s += 60 - seconds
            self.is_reset = True
        return not seconds
