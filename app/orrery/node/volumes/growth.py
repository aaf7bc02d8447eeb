"""The node's part in letting a claim grow: the file system takes the size its volume has by now, and the claim says so.

Follows `NodeExpandVolume` of upstream's volume manager: a look when the Pod starts, and one some time after its claim has changed.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.machinery.quantities import parse
from orrery.node.pace import Pace
from orrery.node.volumes.claims import CLAIMS, VOLUMES, claim_name, is_read_only
from orrery.node.volumes.disks import Disks
from orrery.node.volumes.followers import Followers
from orrery.node.volumes.storage import node_source, size_of, tree_of
from orrery.store.log import key_of
from orrery.verbs.client import Client

PENDING: Final = "FileSystemResizePending"
_CONDITIONS: Final = ("Resizing", PENDING, "ControllerResizeError", "NodeResizeError")

Tell = Callable[[FrozenObject, str, str, str], None]
"""An event: about what, its type, reason and message."""


@dataclass(slots=True, eq=False)
class ClaimGrowth:
    """One Pod's claims, from `begin` to `end`."""

    client: Client
    clock: Clock
    pace: Pace
    disks: Disks
    followers: Followers
    node: str
    tell: Tell
    pod: FrozenObject
    keys: list[str] = field(default_factory=list)
    timer: Timer | None = None
    task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        for _, name in self._claims():
            self.keys.append(key_of(CLAIMS, namespace_of(self.pod), name))
            self.followers.follow(self.keys[-1], uid_of(self.pod), self._changed)
        if self.keys and any(self._grown(name) is not None for _, name in self._claims()):
            self._look()

    def end(self) -> None:
        for key in self.keys:
            self.followers.drop(key, uid_of(self.pod))
        self.keys.clear()
        if self.timer is not None:
            self.timer.cancel()

    def _claims(self) -> Iterator[tuple[FrozenObject, str]]:
        for volume in self.pod["spec"].get("volumes") or ():
            name = claim_name(self.pod, volume)
            if name and not is_read_only(volume):
                yield volume, name

    def _grown(self, name: str) -> tuple[FrozenObject, FrozenObject] | None:
        """The claim and its volume, when that is larger than the claim's file system."""
        claim = self.client.get(CLAIMS, namespace_of(self.pod), name)
        if claim is None or not any(one["type"] == PENDING for one in (claim.get("status") or {}).get("conditions") or ()):
            return None
        volume = self.client.get(VOLUMES, "", claim["spec"].get("volumeName", ""))
        return (claim, volume) if volume is not None and size_of(volume) > _size_held(claim) else None

    def _changed(self) -> None:
        if self.timer is None and any(self._grown(name) is not None for _, name in self._claims()):
            delay_s = self.pace.refresh_s()
            self.timer = self.clock.call_later(delay_s, self._look, background=delay_s > 0)

    def _look(self) -> None:
        self.timer = None
        self.task = asyncio.ensure_future(self._grow())

    async def _grow(self) -> None:
        for _, name in self._claims():
            found = self._grown(name)
            if found is not None and self.keys:
                await self._grow_one(*found)

    async def _grow_one(self, claim: FrozenObject, volume: FrozenObject) -> None:
        if node_source(volume) is None:
            self.disks.of_persistent(tree_of(volume), size_of(volume))
        has_changed = False

        def edit(draft: Object) -> bool:
            nonlocal has_changed
            has_changed = uid_of(draft) == uid_of(claim) and size_of(volume) > _size_held(draft)
            if has_changed:
                _edit_grown(draft, volume)
            return has_changed

        await self.client.change(CLAIMS, namespace_of(claim), name_of(claim), edit, subresource="status")
        if has_changed:
            message = f'MountVolume.NodeExpandVolume succeeded for volume "{name_of(volume)}" {self.node}'
            for about in (self.pod, claim):
                self.tell(about, "Normal", "FileSystemResizeSuccessful", message)


def _size_held(claim: FrozenObject) -> int:
    return int(parse(str(((claim.get("status") or {}).get("capacity") or {}).get("storage", "0"))).value)


def _edit_grown(draft: Object, volume: FrozenObject) -> None:
    status = draft["status"]
    status["capacity"] = {**(status.get("capacity") or {}), "storage": volume["spec"]["capacity"]["storage"]}
    status["conditions"] = [one for one in status.get("conditions") or () if one["type"] not in _CONDITIONS]
    status.get("allocatedResourceStatuses", {}).pop("storage", None)
    for name in ("conditions", "allocatedResourceStatuses"):
        if not status.get(name):
            status.pop(name, None)
