"""For how long a Pod tolerates taints. Pure. Follows upstream's `GetMatchingTolerations` and `getMinTolerationTime`."""

from collections.abc import Sequence

from orrery.controllers.scheduler.taints import tolerates
from orrery.machinery.objects import FrozenObject


def toleration_s(taints: Sequence[FrozenObject], tolerations: Sequence[FrozenObject]) -> float | None:
    """Seconds until a Pod has to go: 0 when it tolerates not all taints, None when it may stay. The shortest of those it needs counts."""
    used = []
    for taint in taints:
        found = next((one for one in tolerations if tolerates((one,), taint)), None)
        if found is None:
            return 0.0
        used.append(found)
    limits = [max(float(seconds), 0.0) for one in used if (seconds := one.get("tolerationSeconds")) is not None]
    return min(limits, default=None)
