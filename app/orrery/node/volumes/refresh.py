"""Letting changes of ConfigMaps, Secrets and the Pod itself reach the volumes that show them, some time after, as the kubelet's sync
loop does. Objects that are immutable are not followed, as upstream's watch-based managers do not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import FrozenObject, namespace_of
from orrery.node.environment import Lookup
from orrery.node.pace import Pace
from orrery.node.volumes.followers import Followers
from orrery.node.volumes.payload import references_of, shows_what_changes
from orrery.store.log import key_of

_PAUSE_S: Final = 10.0
"""Between two tries to replace what is due."""


@dataclass(slots=True, eq=False)
class VolumeRefresh:
    """Calls `refresh` some time after what one Pod has mounted has changed, from `begin` to `end`."""

    clock: Clock
    pace: Pace
    followers: Followers
    refresh: Callable[[], None]
    pod_uid: str
    due_s: Callable[[], float | None] = lambda: None
    """When something is to be made new by itself."""
    keys: list[str] = field(default_factory=list)
    timer: Timer | None = None
    timer_due_s: float = 0.0

    def begin(self, pod: FrozenObject, lookup: Lookup) -> None:
        """Follow what is in the Pod's volumes now."""
        self.end()
        namespace, volumes = namespace_of(pod), pod["spec"].get("volumes") or ()
        for bucket, name in self._mutable(volumes, lookup):
            self._follow(key_of(bucket, namespace, name), self._object_changed)
        if any(shows_what_changes(volume) for volume in volumes):
            self._follow(key_of("pods", namespace, pod["metadata"]["name"]), self._pod_changed)
        self._arm()

    def end(self) -> None:
        for key in self.keys:
            self.followers.drop(key, self.pod_uid)
        self.keys = []
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _mutable(self, volumes: Iterable[FrozenObject], lookup: Lookup) -> Iterator[tuple[str, str]]:
        for volume in volumes:
            for bucket, name in references_of(volume):
                if not (lookup(bucket, name) or {}).get("immutable"):
                    yield bucket, name

    def _follow(self, key: str, callback: Callable[[], None]) -> None:
        self.keys.append(key)
        self.followers.follow(key, self.pod_uid, callback)

    def _object_changed(self) -> None:
        self._refresh_in(self.pace.refresh_s())

    def _pod_changed(self) -> None:
        self._refresh_in(self.pace.look_s())

    def _refresh_in(self, delay_s: float) -> None:
        due_s = self.clock.now_s() + delay_s
        if self.timer is not None:
            if self.timer_due_s <= due_s:
                return
            self.timer.cancel()
        self.timer_due_s = due_s
        self.timer = self.clock.call_later(delay_s, self._refresh, background=delay_s > 0)

    def _refresh(self) -> None:
        self.timer = None
        self.refresh()
        self._arm()

    def _arm(self) -> None:
        due_s = self.due_s()
        if due_s is not None:
            self._refresh_in(max(due_s - self.clock.now_s(), _PAUSE_S))
