"""How far and how fast an autoscaler may go: minimum, maximum, and the rates of its behavior. Pure but for the history it asks."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final, NamedTuple

from orrery.controllers.autoscaling.history import History

_DOUBLING_FROM: Final = 4
"""Without a behavior replicas at most double, but four are always allowed."""
_WITHIN: Final = ("DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_MANY: Final = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW: Final = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
_TOO_FAST_UP: Final = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_TOO_FAST_DOWN: Final = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")


class Limited(NamedTuple):
    """What is allowed of a wish, and reason and message of ScalingLimited."""

    replicas: int
    why: tuple[str, str] = _WITHIN


def limited(current: int, wanted: int, *, least: int, most: int) -> Limited:
    """Without a behavior. One replica may become four, five may become ten."""
    rate = max(2 * current, _DOUBLING_FROM)
    if wanted < least:
        return Limited(least, _TOO_FEW)
    if wanted > min(rate, most):
        return Limited(rate, _TOO_FAST_UP) if most > rate else Limited(most, _TOO_MANY)
    return Limited(wanted)


class Rates:
    """The limits of a behavior, given what was scaled lately."""

    def __init__(self, behavior: Mapping[str, Any], history: History, now_s: float) -> None:
        self._behavior = behavior
        self._history = history
        self._now_s = now_s

    def limited(self, current: int, wanted: int, *, least: int, most: int) -> Limited:
        if wanted > current:
            rate = max(self._most(current), current)
            if wanted > min(rate, most):
                return Limited(rate, _TOO_FAST_UP) if most > rate else Limited(most, _TOO_MANY)
        elif wanted < current:
            rate = min(self._least(current), current)
            if wanted < max(rate, least):
                return Limited(rate, _TOO_FAST_DOWN) if least < rate else Limited(least, _TOO_FEW)
        return Limited(wanted)

    def _most(self, current: int) -> int:
        """Replicas at the start of a policy's period plus what it allows to add."""
        rules = self._behavior["scaleUp"]
        if rules.get("selectPolicy") == "Disabled":
            return current
        proposals: list[int] = []
        for policy in rules["policies"]:
            start = self._start(current, policy)
            percent = ceil(start * (1 + policy["value"] / 100))
            proposals.append(start + policy["value"] if policy["type"] == "Pods" else percent)
        return min(proposals) if rules.get("selectPolicy") == "Min" else max(proposals)

    def _least(self, current: int) -> int:
        rules = self._behavior["scaleDown"]
        if rules.get("selectPolicy") == "Disabled":
            return current
        proposals: list[int] = []
        for policy in rules["policies"]:
            start = self._start(current, policy)
            percent = int(start * (1 - policy["value"] / 100))
            proposals.append(start - policy["value"] if policy["type"] == "Pods" else percent)
        return max(proposals) if rules.get("selectPolicy") == "Min" else min(proposals)

    def _start(self, current: int, policy: Mapping[str, Any]) -> int:
        period_s = policy["periodSeconds"]
        return current - self._history.added(period_s, self._now_s) + self._history.removed(period_s, self._now_s)
