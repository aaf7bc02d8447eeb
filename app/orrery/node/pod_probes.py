"""The probes of one Pod: begun for each container once its running has been told, dropped when it ends."""

import asyncio
from collections.abc import Callable
from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.node.grace import grace_s_of
from orrery.node.host import Host
from orrery.node.naming import field_path
from orrery.node.pod_state import PodState, Run, RunState, all_containers
from orrery.node.probes import Prober
from orrery.node.restart import is_sidecar
from orrery.node.termination import Killing, tell_killing

_KINDS: Final = ("startupProbe", "livenessProbe", "readinessProbe")


class PodProbes:
    """Keeps `is_started` and `is_ready` of a Pod's runs, and stops containers that are not alive."""

    __slots__ = ("_began_s", "_host", "_killings", "_pod", "_probers", "_state", "_wake")

    def __init__(self, host: Host, state: PodState, *, pod: Callable[[], FrozenObject], wake: Callable[[], None]) -> None:
        self._host = host
        self._state = state
        self._pod = pod
        self._wake = wake
        self._began_s = host.clock.now_s()
        self._probers: dict[str, Prober] = {}
        self._killings: set[asyncio.Future[None]] = set()

    def watch(self) -> None:
        """Begin the probes of every container whose running has been told since the last call."""
        spec = self._pod()["spec"]
        plain_init = {one["name"] for one in spec.get("initContainers") or () if not is_sidecar(one)}
        for container in all_containers(spec):
            run = self._state.find(container["name"])
            if run is None or run.state is not RunState.RUNNING or run.is_reported:
                continue
            run.is_reported = True
            if container["name"] not in plain_init and any(container.get(kind) for kind in _KINDS):
                self._begin(container, run)

    def drop(self, name: str) -> None:
        """The container has ended."""
        if (prober := self._probers.pop(name, None)) is not None:
            prober.cancel()

    def cancel(self) -> None:
        for prober in self._probers.values():
            prober.cancel()
        self._probers.clear()

    def _begin(self, container: FrozenObject, run: Run) -> None:
        def tell(type_: str, reason: str, message: str) -> None:
            pod = self._pod()
            self._host.recorder.event(pod, type_, reason, message, field_path=field_path(pod, container))

        prober = Prober(
            container,
            run,
            clock=self._host.clock,
            began_s=self._began_s,
            tell=tell,
            wake=self._wake,
            kill=lambda probe: self._kill(container, run, probe),
        )
        self._probers[container["name"]] = prober
        prober.begin()

    def _kill(self, container: FrozenObject, run: Run, probe: str) -> None:
        if run.handle is None:
            return
        pod = self._pod()
        tell_killing(self._host, pod, container, _why_killed(pod["spec"], container, probe))
        grace_s = container[f"{probe}Probe"].get("terminationGracePeriodSeconds")
        killing = Killing(self._host, pod, container, run.handle)
        self._killings.add(task := asyncio.ensure_future(killing.run(grace_s_of(pod) if grace_s is None else float(grace_s))))
        task.add_done_callback(self._killings.discard)


def _why_killed(spec: FrozenObject, container: FrozenObject, probe: str) -> str:
    """As the kubelet says it: of sidecars, it does not say that they are restarted."""
    what = f"ontainer {container['name']} failed {probe} probe"
    if any(one["name"] == container["name"] for one in spec.get("initContainers") or ()):
        return f"Init c{what}"
    policy = container.get("restartPolicy") or spec.get("restartPolicy")
    return f"C{what}" if policy == "Never" else f"C{what}, will be restarted"
