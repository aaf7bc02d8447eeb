"""What the cells of many kinds have in common: ages, lists with "+ N more", labels, containers. Follows upstream's printers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from orrery.kinds.kind import Column
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject
from orrery.machinery.selectors import format_label_selector

Cell = Callable[[FrozenObject, float], Any]

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400
_YEAR_D = 365


def human_duration(seconds: float) -> str:
    """An approximate duration as kubectl shows it: 119s, 5m3s, 3h, 2d4h, 3y20d.

    >>> human_duration(125)
    '2m5s'
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 2 * _MINUTE_S:
        return f"{max(whole, 0)}s"
    minutes, hours, days = whole // _MINUTE_S, whole // _HOUR_S, whole // _DAY_S
    if minutes < 10:
        return _two(minutes, "m", whole % _MINUTE_S, "s")
    if minutes < 3 * 60:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * _YEAR_D:
        return f"{days}d"
    if days < 8 * _YEAR_D:
        return _two(days // _YEAR_D, "y", days % _YEAR_D, "d")
    return f"{days // _YEAR_D}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def since(timestamp: str | None, now_s: float) -> str:
    """How long ago an RFC 3339 time was; `<unknown>` without one."""
    return human_duration(now_s - parse_timestamp(timestamp)) if timestamp else "<unknown>"


def spec(obj: FrozenObject) -> FrozenObject:
    found: FrozenObject = obj.get("spec") or {}
    return found


def status(obj: FrozenObject) -> FrozenObject:
    found: FrozenObject = obj.get("status") or {}
    return found


def shown(names: Sequence[str], most: int = 3, *, separator: str = ",") -> str:
    """The first names, and how many more there are."""
    text = separator.join(names[:most])
    return f"{text} + {len(names) - most} more..." if len(names) > most else text


def format_labels(labels: FrozenObject | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def format_selector(selector: FrozenObject | None) -> str:
    """A LabelSelector as text; none at all prints like an empty one."""
    return (format_label_selector(selector) if selector is not None else "") or "<none>"


def containers_of(pod_template: FrozenObject | None) -> Sequence[FrozenObject]:
    found: Sequence[FrozenObject] = ((pod_template or {}).get("spec") or {}).get("containers") or ()
    return found


def joined(items: Iterable[FrozenObject], key: str) -> str:
    return ",".join(item.get(key, "") for item in items)


def has_condition(obj: FrozenObject, kind: str) -> bool:
    return any(condition["type"] == kind and condition["status"] == "True" for condition in status(obj).get("conditions") or ())


NAME = Column("Name", lambda obj, now_s: obj["metadata"]["name"], format="name")
AGE = Column("Age", lambda obj, now_s: since(obj["metadata"].get("creationTimestamp"), now_s))


def wide(name: str, cell: Cell) -> Column:
    return Column(name, cell, priority=1)


def template_columns(template: Callable[[FrozenObject], FrozenObject | None]) -> tuple[Column, Column]:
    """Containers and Images of a workload, for `-o wide`."""
    return (
        wide("Containers", lambda obj, now_s: joined(containers_of(template(obj)), "name")),
        wide("Images", lambda obj, now_s: joined(containers_of(template(obj)), "image")),
    )
