"""Stopping a Pod's containers: hooks first, then SIGTERM, then SIGKILL; sidecars after everybody else, the last one first.

Follows `killContainersWithSyncResult` and `terminationOrdering` of upstream's runtime manager.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from orrery.machinery.objects import FrozenObject
from orrery.node.grace import GRACE_S_MIN
from orrery.node.host import Host
from orrery.node.naming import field_path
from orrery.node.pod_state import PodState, Run, every_container
from orrery.node.probing import with_port_numbers
from orrery.node.restart import is_sidecar
from orrery.node.runtime import ContainerHandle, first_done


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
        containers = [one for one in every_container(self.pod["spec"]) if one["name"] in running]
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
        if run.handle is not None:
            await Killing(self.host, self.pod, container, run.handle).run(grace_s, after=after)


@dataclass(slots=True)
class Killing:
    """The end of one container."""

    host: Host
    pod: FrozenObject
    container: FrozenObject
    handle: ContainerHandle

    async def run(self, grace_s: float, *, after: Sequence[asyncio.Task[None]] = ()) -> None:
        """Its hook, its turn, SIGTERM, SIGKILL; return once it has ended."""
        clock = self.host.clock
        began_s = clock.now_s()
        hook = (self.container.get("lifecycle") or {}).get("preStop")
        if hook and grace_s > 0:
            await self._run_hook(hook, grace_s)
        if after:
            await asyncio.wait(after)
        self.handle.stop(max(grace_s - (clock.now_s() - began_s), GRACE_S_MIN))
        await asyncio.shield(self.handle.exited)

    async def _run_hook(self, hook: FrozenObject, grace_s: float) -> None:
        """The preStop hook may take the whole grace period; one that fails changes nothing. It ends with the container."""
        handle = self.handle
        task = asyncio.ensure_future(handle.run_hook(with_port_numbers(hook, self.container)))

        def give_up() -> None:
            task.cancel()

        timer = self.host.clock.call_later(grace_s, give_up)
        await first_done(task, handle.exited)
        timer.cancel()
        if not task.done():
            task.cancel()
        elif not task.cancelled() and task.result().warning:
            self.host.recorder.event(self.pod, "Warning", "LifecycleHTTPFallback", task.result().warning)
        elif task.cancelled() or not task.result().has_passed:
            where = field_path(self.pod, self.container)
            self.host.recorder.event(self.pod, "Warning", "FailedPreStopHook", "PreStopHook failed", field_path=where)


def tell_killing(host: Host, pod: FrozenObject, container: FrozenObject, message: str) -> None:
    host.recorder.event(pod, "Normal", "Killing", message, field_path=field_path(pod, container))
