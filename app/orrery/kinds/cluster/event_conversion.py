"""Events of events.k8s.io/v1, which are stored as core Events: the same facts under other names.

Follows upstream's `apis/events/v1` conversion.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.machinery.objects import FrozenObject, Object

_TO_CORE: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
_FROM_CORE: Final = {core: name for name, core in _TO_CORE.items()}
_EMPTY_IN_CORE: Final[dict[str, Any]] = {"reportingComponent": "", "reportingInstance": ""}
"""What core Events write even when it is empty, and events.k8s.io does not."""


def to_storage(obj: Object) -> Object:
    """A decoded events.k8s.io Event as a core one."""
    stored = _renamed(obj, _TO_CORE)
    stored["apiVersion"] = "v1"
    for name, empty in _EMPTY_IN_CORE.items():
        stored.setdefault(name, empty)
    return stored


def from_storage(stored: FrozenObject) -> Object:
    """A core Event as an events.k8s.io one."""
    obj = _renamed(stored, _FROM_CORE)
    for name in ("reportingController", "reportingInstance"):
        if not obj.get(name):
            obj.pop(name, None)
    obj["apiVersion"] = "events.k8s.io/v1"
    return obj


def _renamed(obj: Mapping[str, Any], names: Mapping[str, str]) -> Object:
    return {names.get(key, key): value for key, value in obj.items()}
