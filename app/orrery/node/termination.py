"""Stopping a Pod's containers: hooks first, then SIGTERM, then SIGKILL; sidecars after everybody else, the last one first.

Follows `killContainersWithSyncResult` and `terminationOrdering` of upstream's runtime manager.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.node.container_start import field_path
from orrery.node.host import Host
from orrery.node.pod_state import PodState, Run, all_containers
from orrery.node.restart import is_sidecar

GRACE_S_MIN: Final = 2.0
"""Every container gets this long, whatever the grace period says."""


@dataclass(slots=True)
class Stop:
    """The end of all containers of one Pod."""

    host: Host
    pod: FrozenObject
    state: PodState

    async def run(self, grace_s: float) -> None:
        """Return once nothing runs any more."""
        running = dict(self.state.running())
        if not running:
            return
        containers = [one for one in all_containers(self.pod["spec"]) if one["name"] in running]
        for container in containers:
            tell_killing(self.host, self.pod, container, f"Stopping container {container['name']}")
        initializers = {one["name"] for one in self.pod["spec"].get("initContainers") or ()}
        sidecars = [one for one in containers if one["name"] in initializers and is_sidecar(one)]
        regular = [one for one in containers if one not in sidecars]
        async with asyncio.TaskGroup() as group:
            before: Sequence[asyncio.Task[None]] = [
                group.create_task(self._stop(one, running[one["name"]], grace_s=grace_s)) for one in regular
            ]
            for one in reversed(sidecars):
                before = [group.create_task(self._stop(one, running[one["name"]], grace_s=grace_s, after=before))]

    def shorten(self, grace_s: float) -> None:
        """A later deletion allows less time."""
        for _, run in self.state.running():
            if run.handle is not None:
                run.handle.stop(max(grace_s, GRACE_S_MIN))

    async def _stop(self, container: FrozenObject, run: Run, *, grace_s: float, after: Sequence[asyncio.Task[None]] = ()) -> None:
        handle, clock = run.handle, self.host.clock
        if handle is None:
            return
        began_s = clock.now_s()
        hook = (container.get("lifecycle") or {}).get("preStop")
        if hook and grace_s > 0:
            await clock.sleep(min(handle.run_hook(hook), grace_s))
        if after:
            await asyncio.wait(after)
        handle.stop(max(grace_s - (clock.now_s() - began_s), GRACE_S_MIN))
        await asyncio.shield(handle.exited)


def tell_killing(host: Host, pod: FrozenObject, container: FrozenObject, message: str) -> None:
    host.recorder.event(pod, "Normal", "Killing", message, field_path=field_path(pod, container))


def grace_s_of(pod: FrozenObject) -> float:
    """The grace period that counts: the deletion's, else the Pod's own."""
    seconds = pod["metadata"].get("deletionGracePeriodSeconds")
    if seconds is None:
        seconds = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return float(seconds)
