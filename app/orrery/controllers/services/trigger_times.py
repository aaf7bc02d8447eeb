"""When the change happened that a write of endpoints publishes: upstream's trigger time tracker, from which its latency is measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from orrery.controllers.pods import condition_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, name_of


@dataclass(frozen=True, slots=True)
class _Seen:
    """The times of the last sync."""

    service: str
    pods: dict[str, str]


class TriggerTimes:
    """Remembers, for every Service, the times of its last sync."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def next(self, key: str, service: FrozenObject, pods: Sequence[FrozenObject]) -> str:
        """The earliest of the times that are new since the last sync; the Service's creation at the first; empty when none is new."""
        made = str(service["metadata"]["creationTimestamp"])
        times = {name_of(pod): time for pod in pods if (time := _ready_time(pod))}
        seen, self._seen[key] = self._seen.get(key), _Seen(made, times)
        if seen is None:
            return made
        fresh = [time for name, time in times.items() if _is_later(time, seen.pods.get(name, ""))]
        if _is_later(made, seen.service):
            fresh.append(made)
        return min(fresh, key=parse_timestamp, default="")

    def forget(self, key: str) -> None:
        self._seen.pop(key, None)


def _ready_time(pod: FrozenObject) -> str:
    condition = condition_of(pod, "Ready")
    return str(condition.get("lastTransitionTime") or "") if condition is not None else ""


def _is_later(time: str, than: str) -> bool:
    return time != than and (not than or parse_timestamp(time) > parse_timestamp(than))
