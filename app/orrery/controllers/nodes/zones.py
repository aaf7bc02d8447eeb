"""How fast Pods of lost nodes may be evicted, zone by zone: when many nodes are lost at once, it is rather the network. Pure.

Follows `handleDisruption`, `ComputeZoneState` and `RateLimitedTimedQueue` of upstream's node lifecycle controller.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from orrery.machinery.objects import FrozenObject, labels_of

_RATE: Final = 0.1
"""Nodes per second: --node-eviction-rate."""
_SECONDARY_RATE: Final = 0.01
_LARGE: Final = 50
"""Zones of more nodes are evicted slowly when disrupted, smaller ones not at all: --large-cluster-size-threshold."""
_UNHEALTHY: Final = 0.55
_UNHEALTHY_MIN: Final = 3
_ZONE: Final = ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone")
_REGION: Final = ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region")


class ZoneState(Enum):
    INITIAL = "Initial"
    NORMAL = "Normal"
    PARTIAL = "PartialDisruption"
    FULL = "FullDisruption"


def zone_of(node: FrozenObject) -> str:
    """The zone a node fails with: region and zone, empty when it names neither."""
    labels = labels_of(node)
    region, zone = (next((labels[key] for key in keys if key in labels), "") for keys in (_REGION, _ZONE))
    return f"{region}:\x00:{zone}" if region or zone else ""


def zone_state(ready: int, lost: int) -> ZoneState:
    """What befalls a zone with so many nodes. Example: 2 ready and 3 lost are a partial disruption."""
    if not ready and lost:
        return ZoneState.FULL
    if lost >= _UNHEALTHY_MIN and lost / (lost + ready) >= _UNHEALTHY:
        return ZoneState.PARTIAL
    return ZoneState.NORMAL


def eviction_rate(state: ZoneState, size: int) -> float:
    """Nodes per second that may be tainted in a zone of that size."""
    if state is ZoneState.PARTIAL:
        return _SECONDARY_RATE if size > _LARGE else 0.0
    return _RATE


@dataclass(slots=True)
class Limiter:
    """One node at once, then one in every 1/rate seconds; none at all at rate 0."""

    rate: float = _RATE
    next_s: float = 0.0

    def due_s(self) -> float | None:
        """When the next may go; None: never."""
        return self.next_s if self.rate > 0 else None

    def take(self, now_s: float) -> bool:
        """Whether one may go now; it is counted then."""
        if self.rate <= 0 or now_s < self.next_s:
            return False
        self.next_s = now_s + 1 / self.rate
        return True

    def swap(self, rate: float, now_s: float) -> None:
        """Another rate from now on; who had to wait goes on waiting."""
        if rate == self.rate:
            return
        is_free = self.rate > 0 and now_s >= self.next_s
        self.rate = rate
        self.next_s = now_s if is_free or rate <= 0 else now_s + 1 / rate


@dataclass(slots=True)
class Zone:
    """Nodes of one zone that wait to be tainted, oldest first."""

    state: ZoneState = ZoneState.INITIAL
    limiter: Limiter = field(default_factory=Limiter)
    waiting: dict[str, None] = field(default_factory=dict)


class Verdict(Enum):
    """What the states of all zones mean together."""

    USUAL = "each zone has its own rate"
    LOST = "no node answers any more: it is the control plane that is cut off; nobody is evicted"
    FOUND = "some node answers again: all get a fresh start"
    NOTHING = "still no node answers"


def plan_disruption(before: Iterable[ZoneState], after: Mapping[str, ZoneState]) -> Verdict:
    """Compare the zones' states of the last look with those of this one."""
    was_lost = all(state is ZoneState.FULL for state in before)
    is_lost = all(state is ZoneState.FULL for state in after.values())
    if is_lost:
        return Verdict.NOTHING if was_lost else Verdict.LOST
    return Verdict.FOUND if was_lost else Verdict.USUAL
