"""Times as Go reads and writes them in JSON: RFC 3339, in seconds (`Time`) or microseconds (`MicroTime`), with Go's complaints."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from orrery.machinery.field_errors import go_quote

SECONDS_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
MICROS_LAYOUT: Final = "2006-01-02T15:04:05.000000Z07:00"

_FRACTION: Final = re.compile(r"[.,]\d+")
_RFC_3339: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))")
_ELEMENTS: Final = (
    # Literal text before the element, the element as Go's layout has it, its digits, its range and its name.
    ("", "2006", 4, 0, 9999, "year"),
    ("-", "01", 2, 1, 12, "month"),
    ("-", "02", 2, 0, 99, "day"),
    ("T", "15", 2, 0, 23, "hour"),
    (":", "04", 2, 0, 59, "minute"),
    (":", "05", 2, 0, 59, "second"),
)


class TimeError(ValueError):
    """Not a time; the text is Go's."""


def canonical_time(text: str) -> str | None:
    """A time as the server writes it back, in UTC and whole seconds; None for Go's zero time. TimeError when it is none."""
    moment = _parse(text, SECONDS_LAYOUT)
    return None if moment == _ZERO else moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def canonical_micro_time(text: str) -> str | None:
    """The same in microseconds; the text must have exactly six digits of them."""
    moment = _parse(text, MICROS_LAYOUT)
    return None if moment == _ZERO else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


_ZERO: Final = datetime(1, 1, 1, tzinfo=UTC)


def _parse(text: str, layout: str) -> datetime:
    found = _RFC_3339.fullmatch(text) if text.isascii() else None
    if found is None:
        raise _complaint(text, layout)
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    if layout is MICROS_LAYOUT and len(fraction or "") != 6:
        raise _complaint(text, layout)
    try:
        micros = int((fraction or "0").ljust(6, "0")[:6])
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micros, UTC)
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            moment = moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        raise _complaint(text, layout) from None
    return moment


def _complaint(text: str, layout: str) -> TimeError:
    """What Go says about a text that is not of the layout: the first element that does not fit."""
    start = f"parsing time {go_quote(text)}"
    cannot = f"{start} as {go_quote(layout)}: cannot parse "
    rest = text
    for literal, element, digits, least, most, name in _ELEMENTS:
        if not rest.startswith(literal):
            return TimeError(f"{cannot}{go_quote(rest)} as {go_quote(literal)}")
        rest = rest[len(literal) :]
        taken = 1 if element == "15" and rest[1:2] == ":" else digits
        number = rest[:taken]
        if len(number) < taken or not (number.isascii() and number.isdigit()):
            return TimeError(f"{cannot}{go_quote(rest)} as {go_quote(element)}")
        rest = rest[taken:]
        if not least <= int(number) <= most:
            return TimeError(f"{start}: {name} out of range")
    return _complaint_about_end(rest, start=start, cannot=cannot, needs_micros=layout is MICROS_LAYOUT)


def _complaint_about_end(rest: str, *, start: str, cannot: str, needs_micros: bool) -> TimeError:
    if needs_micros:
        if len(rest) < 7 or rest[0] not in ".," or not rest[1:7].isdigit():
            return TimeError(f'{cannot}{go_quote(rest)} as ".000000"')
        rest = rest[7:]
    elif fraction := _FRACTION.match(rest):
        rest = rest[fraction.end() :]
    if rest.startswith("Z"):
        rest = rest[1:]
    elif len(rest) >= 6 and rest[0] in "+-" and rest[3] == ":" and (rest[1:3] + rest[4:6]).isdigit():
        rest = rest[6:]
    else:
        return TimeError(f'{cannot}{go_quote(rest)} as "Z07:00"')
    return TimeError(f"{start}: extra text: {go_quote(rest)}" if rest else f"{start}: day out of range")
