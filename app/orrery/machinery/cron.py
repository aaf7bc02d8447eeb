"""Cron schedules: five fields or a descriptor, as robfig/cron's standard parser reads them, with its complaints.

>>> sorted(parse_schedule("0 9-17/4 * * mon-fri").hours)
[9, 13, 17]

When a schedule is due, `due_times` says.
"""

import re
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from orrery.machinery.field_errors import go_quote

_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS: Final = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_UNITS_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY: Final = "@every "
_INT_MAX: Final = 2**63


class ScheduleError(ValueError):
    """Not a schedule; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due: minutes, hours and days that match, or a constant distance in seconds."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""
    any_day: bool = True
    """Whether the days of the month were written as a star: then only the weekday counts, and the reverse."""
    any_weekday: bool = True
    every_s: float = 0.0
    zone: str = ""
    """From a TZ= prefix; empty for the zone of whoever asks."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: dict[str, int]


_MINUTE: Final = _Bounds(0, 59, {})
_HOUR: Final = _Bounds(0, 23, {})
_DAY: Final = _Bounds(1, 31, {})
_MONTH: Final = _Bounds(1, 12, _MONTHS)
_WEEKDAY: Final = _Bounds(0, 6, _DAYS)


def parse_schedule(text: str) -> Schedule:
    """The schedule; ScheduleError when it is none."""
    if not text:
        raise ScheduleError("empty spec string")
    zone = ""
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, text = _split_zone(text)
    if text.startswith("@"):
        return _descriptor(text, zone)
    fields = text.split()
    if len(fields) != 5:
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    minute, hour, day, month, weekday = fields
    minutes, hours = _field(minute, _MINUTE)[0], _field(hour, _HOUR)[0]
    days, any_day = _field(day, _DAY)
    months = _field(month, _MONTH)[0]
    weekdays, any_weekday = _field(weekday, _WEEKDAY)
    return Schedule(minutes, hours, days, months, weekdays, any_day, any_weekday, zone=zone)


def _split_zone(text: str) -> tuple[str, str]:
    end = text.find(" ")
    if end < 0:
        raise ScheduleError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
    zone = text[text.index("=") + 1 : end]
    if problem := time_zone_problem(zone):
        raise ScheduleError(f"provided bad location {zone}: {problem}")
    return zone, text[end:].strip()


def _descriptor(text: str, zone: str) -> Schedule:
    if text in _DESCRIPTORS:
        return replace(parse_schedule(_DESCRIPTORS[text]), zone=zone)
    if text.startswith(_EVERY):
        try:
            seconds = parse_duration(text.removeprefix(_EVERY))
        except ValueError as error:
            raise ScheduleError(f"failed to parse duration {text}: {error}") from None
        return Schedule(every_s=max(float(int(seconds)), 1.0), zone=zone)
    raise ScheduleError(f"unrecognized descriptor: {text}")


def _field(text: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The values of one field, and whether it is a star."""
    values: set[int] = set()
    star = False
    for part in text.split(","):
        if part:
            found, is_star = _range(part, bounds)
            values |= found
            star = star or is_star
    return frozenset(values), star


def _range(text: str, bounds: _Bounds) -> tuple[set[int], bool]:
    interval, *steps = text.split("/")
    ends = interval.split("-")
    star = ends[0] in ("*", "?")
    if star:
        start, end = bounds.low, bounds.high
    else:
        start = end = _number(ends[0], bounds)
        if len(ends) == 2:
            end = _number(ends[1], bounds)
        elif len(ends) > 2:
            raise ScheduleError(f"too many hyphens: {text}")
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {text}")
    step = _integer(steps[0]) if steps else 1
    if steps and len(ends) == 1:
        end = bounds.high
    if start < bounds.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return set(range(start, end + 1, step)), star and step == 1


def _number(text: str, bounds: _Bounds) -> int:
    named = bounds.names.get(text.lower())
    return _integer(text) if named is None else named


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quote(text)}: invalid syntax")
    number = int(text)
    if not -_INT_MAX <= number < _INT_MAX:
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quote(text)}: value out of range")
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number


def parse_duration(text: str) -> float:
    """A Go duration (`1h30m`, `1.5s`) in seconds; ValueError with Go's complaint."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0.0
    if not rest:
        raise ValueError(f"time: invalid duration {go_quote(text)}")
    seconds = 0.0
    while rest:
        found = re.match(r"(\d+\.?\d*|\.\d+)", rest, re.ASCII)
        if found is None:
            raise ValueError(f"time: invalid duration {go_quote(text)}")
        rest = rest[found.end() :]
        unit = re.match(r"[^.0-9]*", rest)
        name = unit[0] if unit else ""
        if not name:
            raise ValueError(f"time: missing unit in duration {go_quote(text)}")
        if name not in _UNITS_S:
            raise ValueError(f"time: unknown unit {go_quote(name)} in duration {go_quote(text)}")
        seconds += float(found[0]) * _UNITS_S[name]
        rest = rest[len(name) :]
    return -seconds if text.startswith("-") else seconds


def time_zone_problem(name: str) -> str:
    """What Go's time.LoadLocation says of a zone it cannot load; empty when it can."""
    if name in ("", "UTC", "Local"):
        return ""
    if name[0] in "/\\" or ".." in name:
        return "time: invalid location name"
    return "" if find_time_zone(name) is not None else f"unknown time zone {name}"


def find_time_zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo  # Imported when first needed: few runs have a CronJob with a time zone.

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
