"""What an autoscaler remembers: what was recommended lately, and how far it has scaled. Follows `horizontal.go`.

Kept in memory only, as upstream does: after a restart scaling down waits for a whole window again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

DOWN_WINDOW_S: Final = 300.0
"""--horizontal-pod-autoscaler-downscale-stabilization."""
_UP: Final = ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation")
_DOWN: Final = ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation")
_READY: Final = ("ReadyForNewScale", "recommended size matches current size")


class Stabilized(NamedTuple):
    """A recommendation that is not hasty, and what to say about it: reason and message of AbleToScale."""

    replicas: int
    why: tuple[str, str] = _READY


class _Mark(NamedTuple):
    replicas: int
    at_s: float


@dataclass(slots=True)
class History:
    """One autoscaler's."""

    recommendations: list[_Mark] = field(default_factory=list)
    ups: list[_Mark] = field(default_factory=list)
    """By how many replicas it was scaled up."""
    downs: list[_Mark] = field(default_factory=list)

    def begin(self, replicas: int, now_s: float) -> None:
        """What is found at first counts as recommended."""
        if not self.recommendations:
            self.recommendations.append(_Mark(replicas, now_s))

    def stabilize(self, wanted: int, now_s: float) -> Stabilized:
        """Without a behavior: the highest of the last five minutes."""
        cutoff_s = now_s - DOWN_WINDOW_S
        highest = max([wanted, *(one.replicas for one in self.recommendations if one.at_s >= cutoff_s)])
        self._recommend(wanted, now_s, cutoff_s)
        return Stabilized(highest) if highest == wanted else Stabilized(highest, _DOWN)

    def stabilize_by(self, behavior: Mapping[str, Any], *, current: int, wanted: int, now_s: float) -> Stabilized:
        """With a behavior: up to the lowest of its window upwards, down to the highest of its window downwards."""
        down_s = behavior["scaleDown"].get("stabilizationWindowSeconds")
        up_from_s = now_s - behavior["scaleUp"]["stabilizationWindowSeconds"]
        down_from_s = now_s - (DOWN_WINDOW_S if down_s is None else down_s)
        lowest = min([wanted, *(one.replicas for one in self.recommendations if one.at_s > up_from_s)])
        highest = max([wanted, *(one.replicas for one in self.recommendations if one.at_s > down_from_s)])
        replicas = min(max(current, lowest), highest)
        self._recommend(wanted, now_s, min(up_from_s, down_from_s))
        if replicas == wanted:
            return Stabilized(replicas)
        return Stabilized(replicas, _UP if wanted >= current else _DOWN)

    def _recommend(self, wanted: int, now_s: float, cutoff_s: float) -> None:
        self.recommendations = [*(one for one in self.recommendations if one.at_s >= cutoff_s), _Mark(wanted, now_s)]

    def scaled(self, behavior: Mapping[str, Any] | None, *, before: int, after: int, now_s: float) -> None:
        """Only rules of a behavior ask how much was scaled."""
        if behavior is None:
            return
        marks, rules = (self.ups, behavior["scaleUp"]) if after > before else (self.downs, behavior["scaleDown"])
        longest_s = max((policy["periodSeconds"] for policy in rules.get("policies") or ()), default=0)
        marks[:] = [*(one for one in marks if one.at_s >= now_s - longest_s), _Mark(abs(after - before), now_s)]

    def added(self, period_s: float, now_s: float) -> int:
        return sum(one.replicas for one in self.ups if one.at_s > now_s - period_s)

    def removed(self, period_s: float, now_s: float) -> int:
        return sum(one.replicas for one in self.downs if one.at_s > now_s - period_s)
