"""Moments: reading the dates that date -d and touch -d accept, and strftime in UTC with the C locale's names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import floor, isfinite
from typing import Final

_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S UTC", "%Y.%m.%d-%H:%M:%S",
    "%H:%M:%S", "%H:%M", "%m/%d/%Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%Y%m%d", "%a %b %d %H:%M:%S %Z %Y",
    "%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S +0000", "%a %b %d %H:%M:%S %Y", "%m%d%H%M%Y.%S", "%Y%m%d%H%M.%S", "%Y%m%d%H%M",
)  # fmt: skip
_UNITS: Final = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "fortnight": 1209600}
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def parse_moment(text: str, now_s: float) -> float | None:
    """Seconds since the epoch; None when the text is no date we read."""
    text = text.strip()
    if text.startswith("@"):
        try:
            return float(text[1:])
        except ValueError:
            return None
    if text in ("now", "", "today"):
        return now_s
    if (relative := _relative(text, now_s)) is not None:
        return relative
    for template in _FORMATS:
        try:
            moment = datetime.strptime(text, template).replace(tzinfo=UTC)
        except ValueError:
            continue
        if template.startswith("%H"):
            today = datetime.fromtimestamp(now_s, UTC)
            moment = moment.replace(year=today.year, month=today.month, day=today.day)
        return moment.timestamp()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _relative(text: str, now_s: float) -> float | None:
    """`yesterday`, `2 hours ago`, `+1 day`, also behind a date."""
    words = text.lower().split()
    if words in (["yesterday"], ["tomorrow"]):
        return now_s + (86400 if words == ["tomorrow"] else -86400)
    head: list[str] = []
    shift_s = 0.0
    sign = -1 if words[-1:] == ["ago"] else 1
    words = words[:-1] if sign < 0 else words
    found, months = False, 0
    while words:
        unit = words[-1].rstrip("s")
        count = words[-2] if len(words) > 1 else ""
        if unit in _UNITS and count.lstrip("+-").isdigit() and len(count) < 12:
            shift_s += int(count) * _UNITS[unit]
        elif unit in ("month", "year") and count.lstrip("+-").isdigit() and len(count) < 5:
            months += sign * int(count) * (12 if unit == "year" else 1)
        else:
            head = words
            break
        found = True
        words = words[:-2]
    if not found:
        return None
    base = now_s if not head else parse_moment(" ".join(text.split()[: len(head)]), now_s)
    return None if base is None else (_add_months(base, months) if months else base) + sign * shift_s


def _add_months(seconds: float, months: int) -> float:
    moment = datetime.fromtimestamp(seconds, UTC)
    total = moment.year * 12 + moment.month - 1 + months
    first = moment.replace(year=min(max(total // 12, 1), 9998), month=total % 12 + 1, day=1)
    return (first + timedelta(days=moment.day - 1)).timestamp()


def _week(moment: datetime, first: int) -> int:
    """Week of the year; weeks begin on `first` (0 is Monday)."""
    return (moment.timetuple().tm_yday + 6 - (moment.weekday() - first) % 7) // 7


_DIRECTIVES: Final[dict[str, Callable[[datetime], str]]] = {
    "Y": lambda m: f"{m.year}",
    "m": lambda m: f"{m.month:02}",
    "d": lambda m: f"{m.day:02}",
    "e": lambda m: f"{m.day:2}",
    "H": lambda m: f"{m.hour:02}",
    "I": lambda m: f"{m.hour % 12 or 12:02}",
    "k": lambda m: f"{m.hour:2}",
    "l": lambda m: f"{m.hour % 12 or 12:2}",
    "M": lambda m: f"{m.minute:02}",
    "S": lambda m: f"{m.second:02}",
    "N": lambda m: f"{m.microsecond:06}000",
    "p": lambda m: "AM" if m.hour < 12 else "PM",
    "P": lambda m: "am" if m.hour < 12 else "pm",
    "a": lambda m: DAYS[m.weekday()][:3],
    "A": lambda m: DAYS[m.weekday()],
    "b": lambda m: MONTHS[m.month - 1][:3],
    "h": lambda m: MONTHS[m.month - 1][:3],
    "B": lambda m: MONTHS[m.month - 1],
    "j": lambda m: f"{m.timetuple().tm_yday:03}",
    "u": lambda m: f"{m.isoweekday()}",
    "w": lambda m: f"{m.isoweekday() % 7}",
    "y": lambda m: f"{m.year % 100:02}",
    "C": lambda m: f"{m.year // 100:02}",
    "Z": lambda _: "UTC",
    "z": lambda _: "+0000",
    "s": lambda m: f"{int(m.timestamp())}",
    "n": lambda _: "\n",
    "t": lambda _: "\t",
    "%": lambda _: "%",
    "U": lambda m: f"{_week(m, 6):02}",
    "W": lambda m: f"{_week(m, 0):02}",
    "V": lambda m: f"{m.isocalendar().week:02}",
    "G": lambda m: f"{m.isocalendar().year}",
    "g": lambda m: f"{m.isocalendar().year % 100:02}",
    "q": lambda m: f"{(m.month + 2) // 3}",
}
_COMPOUND: Final = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "D": "%m/%d/%y", "R": "%H:%M", "r": "%I:%M:%S %p", "c": "%a %b %e %H:%M:%S %Y",
                    "x": "%m/%d/%y", "X": "%H:%M:%S"}  # fmt: skip


def format_moment(template: str, seconds: float) -> str:
    """strftime, in UTC, with the flags - _ 0 ^ and a width before %N."""
    if "N" not in template and isfinite(seconds):
        return _whole(template, floor(seconds))
    return _formatted(template, seconds)


@lru_cache(maxsize=256)  # Servers that start together write the same second again and again.
def _whole(template: str, seconds: int) -> str:
    return _formatted(template, seconds)


def _formatted(template: str, seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return str(int(seconds))
    out: list[str] = []
    position = 0
    while position < len(template):
        char = template[position]
        position += 1
        if char != "%" or position >= len(template):
            out.append(char)
            continue
        start = position
        while position < len(template) and template[position] in "-_0^#:EO123456789":
            position += 1
        letter = template[position : position + 1]
        position += 1
        out.append(_directive(letter, template[start : position - 1], moment, seconds))
    return "".join(out)


def _directive(letter: str, flags: str, moment: datetime, seconds: float) -> str:
    if letter in _COMPOUND:
        return format_moment(_COMPOUND[letter], seconds)
    if letter not in _DIRECTIVES:
        return f"%{flags}{letter}"
    text = _DIRECTIVES[letter](moment)
    if letter == "z" and flags == ":":
        return "+00:00"
    if letter == "N" and flags.isdigit():
        return text[: int(flags)]
    if "-" in flags:
        text = text.lstrip("0 ") or "0" if text.strip().isdigit() else text
    elif "_" in flags and text.isdigit():
        text = (text.lstrip("0") or "0").rjust(len(text))
    return text.upper() if "^" in flags else text
