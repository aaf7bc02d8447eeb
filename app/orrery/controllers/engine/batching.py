"""Looks at something with many Pods are spread out, so that a thousand Pods that become ready do not bring a thousand looks at a thousand.

Upstream's --endpoint-updates-batch-period, but in proportion to what a look costs, and none at all for what is of ordinary size.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from orrery.controllers.engine.workqueue import WorkQueue
from orrery.machinery.clock import Clock

_PODS_FREE: Final = 100


class Batching:
    """When each key with many Pods may be looked at again."""

    def __init__(self, clock: Clock, *, pause_per_pod_s: float = 0.0002) -> None:
        """1,000 Pods rest for 0.2 s after a look, if nothing else is said."""
        self._clock = clock
        self._pause_per_pod_s = pause_per_pod_s
        self._not_before_s: dict[str, float] = {}

    def looked(self, key: str, pods: int) -> None:
        """Note a look at something with that many Pods."""
        if pods > _PODS_FREE:
            self._not_before_s[key] = self._clock.now_s() + pods * self._pause_per_pod_s
        else:
            self._not_before_s.pop(key, None)

    def ready(self, keys: Iterable[str], queue: WorkQueue) -> Iterator[str]:
        """The keys that may be looked at now; the others come to `queue` by themselves."""
        for key in keys:
            pause_s = self._not_before_s.get(key, 0.0) - self._clock.now_s() if key in self._not_before_s else 0.0
            if pause_s > 0:
                queue.add_after(key, pause_s, background=False)
            else:
                yield key
